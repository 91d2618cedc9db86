"""Circuits: what the workers of an installation know together about each target.

A circuit is closed while orders flow, and open where they do not, as in the trade. The rules are in `work.breaker`.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Engine, bindparam, func, select, update

from order_receiver.contract.value import Value
from order_receiver.store import tables
from order_receiver.store.session import Session
from order_receiver.store.statements import Row, Statement, insertion_if_new
from order_receiver.store.tables import UtcTime
from order_receiver.store.values import TaskState


class CircuitState(StrEnum):
    """Whether a target is given orders."""

    CLOSED = "closed"
    """It is, as fast as it takes them."""
    OPEN = "open"
    """It failed again and again: until a time it is given none."""
    HALF_OPEN = "half-open"
    """That time is over: one order goes first and shows whether the target is back."""
    PAUSED = "paused"
    """A person wants it to get none."""


class Circuit(Value, frozen=True):
    """A target as all workers see it; a row of `circuits`."""

    system: str
    since: datetime
    """When it was opened or closed last."""
    failures: int = 0
    """In a row, while it was closed."""
    openings: int = 0
    """How often in a row it was opened."""
    until: datetime | None = None
    """None while it is closed."""
    probe: int | None = None
    """The task that was let through last while it was open."""
    next_start: datetime | None = None
    """Before this the rate limit allows no submission."""
    paused_at: datetime | None = None
    paused_by: str | None = None
    paused_why: str | None = None

    @property
    def flows(self) -> bool:
        """Closed, and not paused."""
        return self.until is None and self.paused_at is None

    def state(self, at: datetime) -> CircuitState:
        """The one word for it."""
        if self.paused_at is not None:
            return CircuitState.PAUSED
        if self.until is None:
            return CircuitState.CLOSED
        return CircuitState.OPEN if self.until > at else CircuitState.HALF_OPEN


class Seen(Value, frozen=True):
    """A circuit, and what decides beside it: the end of the probe's lease, and the next task's due time."""

    circuit: Circuit
    at: datetime
    """The database's time of this look."""
    probe_ends: datetime | None
    """None where no worker has the probe in its hands."""
    first_due: datetime | None
    """Leases included, as a lease is a due time."""


_c, _t = tables.circuits.c, tables.tasks.c
_COLUMNS = [_c[name] for name in Circuit.__struct_fields__]
_this = _c.system == bindparam("of_system")

_look = select(
    *_COLUMNS,
    select(_t.due).where(_t.id == _c.probe, _t.state == TaskState.RUNNING.value).scalar_subquery().label("probe_ends"),
    select(func.min(_t.due)).where(_t.system == bindparam("of_system"), _t.due.is_not(None)).scalar_subquery(),
).where(_this)
_seen = Statement({"sqlite": _look, "postgresql": _look.add_columns(func.clock_timestamp(type_=UtcTime).label("time"))})
_lock = Statement(select(_c.system).where(_this).with_for_update())
_save = Statement(
    update(tables.circuits)
    .where(_this)
    .values({name: bindparam(f"new_{name}") for name in Circuit.__struct_fields__ if name != "system"})
)
_ensure = Statement(insertion_if_new(tables.circuits, "system", "since", "failures", "openings"))

_in_sequence = Statement(
    update(tables.tasks)
    .where(
        _t.id.in_(
            select(_t.id)
            .where(
                _t.system == bindparam("of_system"),
                _t.state == TaskState.WAITING.value,
                _t.due > _t.created_at,
            )
            .with_for_update(skip_locked=True)
        )
    )
    .values(due=_t.created_at)
)


def ensure(session: Session, system: str, now: datetime) -> None:
    """Make sure that a system has a circuit; a new one is closed."""
    session.change(_ensure, system=system, since=now, failures=0, openings=0)


def look(session: Session, system: str) -> Seen:
    """What there is to know before anything is claimed, in one statement. Raises LookupError without a circuit."""
    row = session.one(_seen, of_system=system)
    if row is None:
        raise LookupError(f"{system} has no circuit")
    width = len(_COLUMNS)
    time: datetime = row[width + 2] if len(row) > width + 2 else session.now
    return Seen(_circuit(row[:width]), time, row[width], row[width + 1])


def lock(session: Session, system: str) -> None:
    """Let nobody else change a circuit, or take a probe, before this transaction ends."""
    session.one(_lock, of_system=system)


def save(session: Session, circuit: Circuit) -> None:
    """Write a circuit down. It must be locked, so that nobody else's change is lost."""
    values = {f"new_{name}": getattr(circuit, name) for name in Circuit.__struct_fields__ if name != "system"}
    session.change(_save, of_system=circuit.system, **values)


def in_sequence(session: Session, system: str) -> None:
    """Make all waiting tasks of a system due, the oldest first, whatever the waits for their retries."""
    session.change(_in_sequence, of_system=system)


def list_circuits(engine: Engine) -> list[Circuit]:
    """All circuits, for people and monitors."""
    with engine.connect() as connection:
        return [_circuit(tuple(row)) for row in connection.execute(select(*_COLUMNS).order_by(_c.system))]


class Waiting(Value, frozen=True):
    """What waits for a system: tasks, those in a worker's hands too, and when the oldest was added."""

    tasks: int
    oldest: datetime


def waiting(engine: Engine) -> dict[str, Waiting]:
    """What waits, by system; systems that nothing waits for are left out, and so is what waits for a person."""
    counted = select(_t.system, func.count(), func.min(_t.created_at)).where(
        _t.order_id.is_not(None), _t.state != TaskState.PARKED.value
    )
    with engine.connect() as connection:
        rows: Sequence[Row] = [tuple(row) for row in connection.execute(counted.group_by(_t.system))]
    return {system: Waiting(tasks, oldest) for system, tasks, oldest in rows}


def _circuit(row: Row) -> Circuit:
    return Circuit(*row)
