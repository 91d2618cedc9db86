"""Questions that people and monitors ask; none of them is on the hot path."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, Select, Table, func, literal_column, select

from order_receiver.orders.states import OrderState
from order_receiver.store import tables
from order_receiver.store.errors import NoSuchOrder
from order_receiver.store.values import TaskState

Line = TypeVar("Line")

OPEN_STATES = (OrderState.RECEIVED, OrderState.SUBMITTED, OrderState.PLACED)

_o, _t, _h, _c = tables.orders.c, tables.tasks.c, tables.holds.c, tables.causes.c
_SHOWN = (_o.hold.is_not(None), ~select(_h.order_id).where(_h.order_id == _o.id).exists())
"""Orders whose only hold is the one that they show."""
_PLAIN = (_o.hold.is_not(None), ~select(_c.order_id).where(_c.order_id == _h.order_id, _c.system == _h.system).exists())
"""Holds without causes."""
_NOT_CONFIRMED = _o.state != literal_column("'confirmed'")
"""The condition of ix_orders_state, word for word: only so SQLite sees that the index will do."""


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders to list, newest first; `limit` at most."""

    state: str | None = None
    held: bool = False
    reason: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """An order in a list."""

    id: int
    application_key: str
    client_order_ref: str
    state: str
    hold: str | None
    hold_text: str | None
    erp_order_no: str | None
    received_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class HoldLine:
    """What an order waits for, and whose task it is that cannot go on."""

    system: str
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One change of an order."""

    at: datetime
    actor: str
    event: str
    old: str | None
    new: str | None
    why: str | None


@dataclass(frozen=True, slots=True)
class TaskLine:
    """A task that is not done yet, and when it goes on."""

    system: str
    kind: str
    state: str
    due: datetime | None
    attempts: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One attempt at a task."""

    started_at: datetime
    system: str
    kind: str
    number: int
    milliseconds: float
    outcome: str
    error: str | None


@dataclass(frozen=True, slots=True)
class SubmissionLine:
    """An order's way into one target."""

    target: str
    key: str
    gives_number: bool
    erp_order_no: str | None
    erp_id: str | None
    submitted_at: datetime | None
    document: bytes


@dataclass(frozen=True, slots=True)
class MessageLine:
    """A message that was kept; `body` are its exact bytes."""

    role: str
    received_at: datetime
    remote: str | None
    media_type: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Story:
    """All that is known about one order."""

    order: Listed
    holds: Sequence[HoldLine]
    history: Sequence[HistoryLine]
    tasks: Sequence[TaskLine]
    attempts: Sequence[AttemptLine]
    submissions: Sequence[SubmissionLine]
    messages: Sequence[MessageLine]


_LISTED = (
    *(_o.id, _o.application_key, _o.client_order_ref, _o.state, _o.hold, _o.hold_text, _o.erp_order_no),
    *(_o.received_at, _o.updated_at),
)


def list_orders(engine: Engine, which: OrderFilter) -> list[Listed]:
    """Orders, newest first: the whole list by number, a part of it by the time of receipt.

    Sorted by number, PostgreSQL would now and then look for the few among all orders, from the newest on.
    """
    query = select(*_LISTED)
    if which.state is not None:
        query = query.where(*_in(which.state))
    if which.reason is not None:
        query = query.where(_o.hold == which.reason)
    elif which.held:
        query = query.where(_o.hold.is_not(None))
    if which.held or which.reason is not None or which.state not in {None, OrderState.CONFIRMED}:
        query = query.order_by(_o.received_at.desc())
    with engine.connect() as connection:
        return [Listed(*row) for row in connection.execute(query.order_by(_o.id.desc()).limit(which.limit))]


def _in(state: str) -> Sequence[ColumnElement[bool]]:
    same = _o.state == state
    return (same,) if state == OrderState.CONFIRMED else (same, _NOT_CONFIRMED)


def find_orders(engine: Engine, reference: str, application_key: str | None = None) -> list[Listed]:
    """Orders with a ClientOrderRef; of one application where its key is given. Raises NoSuchOrder."""
    query = select(*_LISTED).where(_o.client_order_ref == reference).order_by(_o.id)
    if application_key is not None:
        query = query.where(_o.application_key == application_key)
    with engine.connect() as connection:
        found = [Listed(*row) for row in connection.execute(query)]
    if not found:
        raise NoSuchOrder(f"There is no order {reference}; `order-receiver orders list` shows what there is.")
    return found


def held_orders(engine: Engine, reason: str | None) -> list[int]:
    """Ids of all orders that are held, by one reason or by any."""
    if reason is None:
        return _ids(engine, select(_o.id).where(_o.hold.is_not(None)))
    held = select(_o.id).join(tables.holds, _h.order_id == _o.id).where(_h.reason == reason, _o.hold.is_not(None))
    return _ids(engine, held, select(_o.id).where(_o.hold == reason))


def story(engine: Engine, order: Listed) -> Story:
    """Everything that happened to an order, oldest first."""
    with engine.connect() as connection:
        return Story(
            order=order,
            holds=_holds(connection, order),
            history=_lines(connection, tables.history, HistoryLine, order.id),
            tasks=_lines(connection, tables.tasks, TaskLine, order.id),
            attempts=_lines(connection, tables.attempts, AttemptLine, order.id),
            submissions=[
                replace(line, gives_number=bool(line.gives_number))
                for line in _lines(connection, tables.submissions, SubmissionLine, order.id)
            ],
            messages=_lines(connection, tables.messages, MessageLine, order.id),
        )


def _holds(connection: Connection, order: Listed) -> list[HoldLine]:
    if order.hold is None:
        return []
    found = select(_h.system, _h.reason, _h.text).where(_h.order_id == order.id).order_by(_h.system)
    lines = [HoldLine(*row) for row in connection.execute(found)]
    return lines or [HoldLine("", order.hold, order.hold_text or "")]


def _lines(connection: Connection, table: Table, line: Callable[..., Line], order_id: int) -> list[Line]:
    """Rows of a table about an order; a line's members are named as the columns."""
    columns = [table.c[name] for name in line.__annotations__]
    return [
        line(*row)
        for row in connection.execute(select(*columns).where(table.c.order_id == order_id).order_by(table.c.id))
    ]


@dataclass(frozen=True, slots=True)
class Counted:
    """What waits in the store: tasks by state, holds by reason, and the oldest orders still open."""

    tasks: dict[str, int]
    holds: dict[str, int]
    oldest_waiting: datetime | None
    oldest_unconfirmed: datetime | None


def count(engine: Engine) -> Counted:
    """Count what waits; looks only at open orders and tasks, never at what is finished."""
    with engine.connect() as connection:
        tasks = connection.execute(select(_t.state, func.count()).group_by(_t.state)).all()
        held = select(_o.hold, func.count()).where(_o.hold.is_not(None)).group_by(_o.hold)
        holds = connection.execute(held).all()
        waiting, submitted, placed = (_oldest(connection, state) for state in OPEN_STATES)
        return Counted(
            tasks={row[0]: row[1] for row in tasks},
            holds={row[0]: row[1] for row in holds},
            oldest_waiting=waiting,
            oldest_unconfirmed=min(filter(None, (waiting, submitted, placed)), default=None),
        )


def _oldest(connection: Connection, state: OrderState) -> datetime | None:
    return connection.execute(select(func.min(_o.received_at)).where(*_in(state.value))).scalar()


@dataclass(frozen=True, slots=True)
class CauseLine:
    """What orders are held by: a cause of its own, or else the reason."""

    cause: str
    orders: int
    oldest: datetime


def list_causes(engine: Engine) -> list[CauseLine]:
    """What holds orders, most first; an order with several holds is counted at each."""
    counted = (func.count(_o.id.distinct()), func.min(_o.received_at))
    held = select(_h.reason, *counted).join(tables.orders, _o.id == _h.order_id).where(*_PLAIN).group_by(_h.reason)
    caused = select(_c.cause, *counted).join(tables.orders, _o.id == _c.order_id).where(_o.hold.is_not(None))
    shown = select(_o.hold, *counted).where(*_SHOWN).group_by(_o.hold)
    found: dict[str, CauseLine] = {}
    with engine.connect() as connection:
        for query in (held, caused.group_by(_c.cause), shown):
            for cause, orders, oldest in connection.execute(query):
                known = found.get(cause, CauseLine(cause, 0, oldest))
                found[cause] = CauseLine(cause, known.orders + orders, min(known.oldest, oldest))
    return sorted(found.values(), key=lambda line: (-line.orders, line.cause))


def value_causes(engine: Engine) -> list[str]:
    """The causes of which each order may have several, each once."""
    with engine.connect() as connection:
        return list(connection.execute(select(_c.cause).distinct()).scalars())


def held_by(engine: Engine, cause: str) -> list[int]:
    """The ids of orders that a cause holds, oldest first."""
    held = select(_o.id).join(tables.holds, _h.order_id == _o.id).where(_h.reason == cause, *_PLAIN)
    caused = select(_o.id).join(tables.causes, _c.order_id == _o.id).where(_c.cause == cause, _o.hold.is_not(None))
    return _ids(engine, held, caused, select(_o.id).where(_o.hold == cause, *_SHOWN))


def _ids(engine: Engine, *queries: Select[int]) -> list[int]:
    with engine.connect() as connection:
        return sorted({order_id for query in queries for order_id in connection.execute(query).scalars()})


@dataclass(frozen=True, slots=True)
class QuarantineLine:
    """A message that could not be identified."""

    id: int
    received_at: datetime
    remote: str | None
    media_type: str | None
    reason: str
    body: bytes


def list_quarantine(engine: Engine, limit: int = 50) -> list[QuarantineLine]:
    """Messages in quarantine, newest first."""
    table = tables.quarantine
    columns = [table.c[name] for name in QuarantineLine.__annotations__]
    with engine.connect() as connection:
        return [
            QuarantineLine(*row)
            for row in connection.execute(select(*columns).order_by(table.c.id.desc()).limit(limit))
        ]


def quarantined(engine: Engine, number: int) -> QuarantineLine:
    """One message in quarantine. Raises NoSuchOrder."""
    table = tables.quarantine
    columns = [table.c[name] for name in QuarantineLine.__annotations__]
    with engine.connect() as connection:
        row = connection.execute(select(*columns).where(table.c.id == number)).first()
    if row is None:
        raise NoSuchOrder(
            f"There is no message Q{number} in quarantine; `orders list --quarantine` shows what there is."
        )
    return QuarantineLine(*row)


def orders_waiting_elsewhere(engine: Engine, served: Collection[str]) -> list[tuple[int, str]]:
    """Orders (by id) with tasks of systems that nobody here serves, and the system; held ones left out."""
    waiting = (
        select(_t.order_id, _t.system)
        .join(tables.orders, _o.id == _t.order_id)
        .where(_t.state == TaskState.WAITING.value, _t.system.not_in(served), _o.hold.is_(None))
        .order_by(_t.id)
    )
    with engine.connect() as connection:
        return [(row[0], row[1]) for row in connection.execute(waiting)]
