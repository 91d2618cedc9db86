"""History: every change of an order, in the words of those who ask later."""

from datetime import datetime

from order_receiver.store import tables
from order_receiver.store.session import Session
from order_receiver.store.statements import Deferrable, Rank, insertion

_insert = Deferrable(insertion(tables.history, "order_id", "at", "actor", "event", "old", "new", "why"), Rank.RECORD)


def record(
    session: Session,
    order_id: int,
    at: datetime,
    actor: str,
    event: str,
    *,
    old: str | None = None,
    new: str | None = None,
    why: str | None = None,
) -> None:
    """Write one line of an order's history: who or what (`actor`), when, from, to, why."""
    session.defer(
        _insert, about=order_id, order_id=order_id, at=at, actor=actor, event=event, old=old, new=new, why=why
    )
