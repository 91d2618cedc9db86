"""Holds: why an order waits, one for each system that cannot go on with it.

An order of several parts may wait for several things at once, and none of them may hide another: a hold ends with the
system that made it, or by a person. `orders` shows the weightiest. (ADR 0036)
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update

from order_receiver.contract.value import Value
from order_receiver.orders.states import HoldReason
from order_receiver.store import lanes, tables
from order_receiver.store.changes import order_row, waived_text
from order_receiver.store.history import record
from order_receiver.store.session import Session
from order_receiver.store.statements import Statement, insertion
from order_receiver.store.values import OrderRow, name_of

CAUSES_LIMIT = 100
"""Causes that are kept of one hold; what lies behind them comes to light when the order is tried again."""
CAUSE_LENGTH = 300
"""Characters; databases index no text of any length."""
ANY_SYSTEM = ""
"""The system of a hold that was made with the order, or by a release that knew one hold for an order only."""

_WEIGHTIEST = (HoldReason.NUMBERS_DIFFER, HoldReason.ERP_REFUSED)
"""What no retry can mend comes first."""

_o, _h, _c = tables.orders.c, tables.holds.c, tables.causes.c
_of_order = Statement(select(_h.system, _h.reason, _h.text).where(_h.order_id == bindparam("of_order")))
_insert = Statement(insertion(tables.holds, "order_id", "system", "reason", "text"))
_delete = Statement(delete(tables.holds).where(_h.order_id == bindparam("of_order")))
_insert_cause = Statement(insertion(tables.causes, "order_id", "cause", "system"))
_delete_causes = Statement(delete(tables.causes).where(_c.order_id == bindparam("of_order")))
_delete_causes_of = Statement(
    delete(tables.causes).where(_c.order_id == bindparam("of_order"), _c.system == bindparam("of_system"))
)
_show = Statement(
    update(tables.orders)
    .where(_o.id == bindparam("of_order"))
    .values(hold=bindparam("code"), hold_text=bindparam("text"), waived=bindparam("passed"), updated_at=bindparam("at"))
)


class Held(Value, frozen=True):
    """One hold of an order: the system whose task cannot go on, the reason code, and a plain sentence."""

    system: str
    reason: HoldReason
    text: str

    def by(self, system: str) -> bool:
        """Whether a system made it."""
        return self.system in (system, ANY_SYSTEM)


def holds_of(session: Session, order: OrderRow) -> Sequence[Held]:
    """The holds of an order, by system.

    Rows that do not say what `orders` shows are left from a release that knew one hold for an order only.
    """
    if order.hold is None:
        return ()
    found = [Held(row[0], HoldReason(row[1]), row[2]) for row in session.all(_of_order, of_order=order.id)]
    if order.hold not in {each.reason for each in found}:
        return [Held(ANY_SYSTEM, order.hold, order.hold_text or "")]
    return sorted(found, key=lambda each: each.system)


def hold(
    session: Session,
    order: OrderRow,
    reason: HoldReason,
    text: str,
    at: datetime,
    actor: str,
    *,
    system: str,
    causes: Sequence[str] = (),
) -> None:
    """Let an order wait for a person, with the reason code and a plain sentence; in place of the system's last hold.

    `causes` tell orders apart that are held for one reason: each is let go when its own are mended.
    """
    order = order_row(session, order.id)
    if order.hold is None:
        session.change(_delete_causes, of_order=order.id)
    held = {each.system: each for each in holds_of(session, order)}
    earlier = held.pop(system, None) or (held.pop(ANY_SYSTEM, None) if system == lanes.RECEIVER else None)
    held[system] = Held(system, reason, text)
    session.change(_delete_causes_of, of_order=order.id, of_system=system)
    for cause in list(dict.fromkeys(map(_indexable, causes)))[:CAUSES_LIMIT]:
        session.change(_insert_cause, order_id=order.id, cause=cause, system=system)
    _write(session, order.id, held, order.waived, at)
    old = None if earlier is None else earlier.reason.value
    record(session, order.id, at, actor, "held", old=old, new=reason.value, why=text)


def lift(
    session: Session,
    order: OrderRow,
    which: Collection[Held],
    at: datetime,
    actor: str,
    *,
    waive: bool = False,
    why: str | None,
) -> OrderRow:
    """End holds of an order; the order as it is then.

    With `waive` their reasons are passed by from now on (a person released the order in spite of them); without it the
    same checks are made again (the cause has been mended). Its tasks are not made due by this.
    """
    order = order_row(session, order.id)
    held = {each.system: each for each in holds_of(session, order) if each not in which}
    waived = order.waived | {each.reason.value for each in which} if waive else order.waived
    for each in which:
        session.change(_delete_causes_of, of_order=order.id, of_system=each.system)
        event = "released" if waive else "retried"
        record(session, order.id, at, actor, event, old=each.reason.value, why=why)
    _write(session, order.id, held, waived, at)
    return order_row(session, order.id)


def settle(session: Session, order: OrderRow, reasons: Collection[HoldReason], system: str, at: datetime) -> OrderRow:
    """A system has told that what it held the order for is over: that hold ends, and its own tasks are due."""
    if order.hold is None:
        return order
    ended = [each for each in holds_of(session, order) if each.by(system) and each.reason in reasons]
    if not ended:
        return order
    lanes.wake(session, order.id, at, system)
    return lift(session, order, ended, at, name_of(system), why="the ERP has the order after all")


def drop_all(session: Session, order: OrderRow, at: datetime) -> OrderRow:
    """An order that goes no further waits for nothing."""
    session.change(_delete_causes, of_order=order.id)
    _write(session, order.id, {}, order.waived, at)
    return order_row(session, order.id)


def _write(session: Session, order_id: int, held: Mapping[str, Held], waived: frozenset[str], at: datetime) -> None:
    session.change(_delete, of_order=order_id)
    for each in held.values():
        session.change(_insert, order_id=order_id, system=each.system, reason=each.reason.value, text=each.text)
    shown = min(held.values(), key=_weight, default=None)
    code, text = (None, None) if shown is None else (shown.reason.value, shown.text)
    session.change(_show, of_order=order_id, code=code, text=text, passed=waived_text(waived), at=at)


def _weight(held: Held) -> tuple[bool, str]:
    return held.reason not in _WEIGHTIEST, held.system


def _indexable(cause: str) -> str:
    """A long cause is told apart from others by its hash."""
    if len(cause) <= CAUSE_LENGTH:
        return cause
    return f"{cause[: CAUSE_LENGTH - 20]}...{hashlib.sha256(cause.encode()).hexdigest()[:16]}"
