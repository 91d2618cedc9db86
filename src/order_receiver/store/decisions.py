"""What a person decides about an order: let it go on, or cancel it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, or_, select

from order_receiver.orders.states import RETRY_ONLY, HoldReason, OrderState
from order_receiver.store import changes, holding, lanes, tables
from order_receiver.store.errors import NotPossible
from order_receiver.store.holding import Held
from order_receiver.store.session import Session
from order_receiver.store.statements import Statement
from order_receiver.store.values import OrderRow, name_of

_s = tables.submissions.c
_begun = Statement(
    select(_s.target)
    .where(_s.order_id == bindparam("of_order"), or_(_s.step.is_not(None), _s.submitted_at.is_not(None)))
    .order_by(_s.target)
)
"""The targets that have something of an order: calls that change something were made there."""
_beside = Statement(select(_s.target).where(_s.order_id == bindparam("of_order"), _s.gives_number == 0))
"""The targets of an order whose numbers Norce does not get."""


def resume(
    session: Session,
    order: OrderRow,
    at: datetime,
    actor: str,
    *,
    waive: bool,
    why: str | None,
    reason: HoldReason | None = None,
) -> None:
    """A person lets an order go on: released in spite of its holds (`waive`), or tried again.

    With `reason` only what is held for it. Raises NotPossible, with what to do.
    """
    held = holding.holds_of(session, order)
    chosen = [each for each in held if reason in (None, each.reason)]
    if reason is not None and not chosen:
        raise NotPossible(f"Order {order.key} is not held for {reason} any more.")
    if not held and waive:
        raise NotPossible(f"Order {order.key} is not held: it is {order.state}.")
    if not held and not lanes.has_tasks(session, order.id):
        raise NotPossible(f"Nothing of order {order.key} waits: it is {order.state}.")
    if waive and (firm := [each.reason for each in chosen if each.reason in RETRY_ONLY]):
        raise NotPossible(retry_only(firm[0]))
    ended = [each for each in chosen if each.reason is not HoldReason.ERP_REFUSED]
    ended += _settled_by_hand(session, order, chosen) if waive else []
    if chosen and not ended:
        raise NotPossible(_refused(session, order, chosen))
    holding.lift(session, order, ended, at, actor, waive=waive, why=why)
    lanes.wake(session, order.id, at)


def retry_only(reason: HoldReason) -> str:
    """Why an order cannot be released."""
    return f"An order held for {reason} cannot go on in spite of it; use retry once the cause is mended."


def cancel(
    session: Session, order: OrderRow, at: datetime, actor: str, why: str | None, *, looked: bool = False
) -> None:
    """Cancel an order that no ERP has: its tasks go. Raises NotPossible where one has it, or may have it.

    `looked`: a person has looked into the ERPs, and nothing of it is there.
    """
    refused = {name_of(each.system) for each in _refusals(holding.holds_of(session, order))}
    if order.state is not OrderState.RECEIVED and not refused:
        raise NotPossible(
            f"Order {order.key} is {order.state}: only an order that no ERP has yet can be cancelled here. "
            "Cancel it in the ERP."
        )
    if lanes.under_way(session, order.id):
        raise NotPossible(
            f"Order {order.key} is being worked on just now and may be on its way into an ERP. Try again."
        )
    begun = [row[0] for row in session.all(_begun, of_order=order.id)]
    kept = [target for target in begun if target not in refused and holding.ANY_SYSTEM not in refused]
    if order.state is not OrderState.RECEIVED and kept:
        raise NotPossible(
            f"Order {order.key} is {order.state}: {', '.join(kept)} has it, or its part of it. Cancel it there."
        )
    if order.state is OrderState.RECEIVED and not looked:
        _refuse_if_there(session, order, kept)
    lanes.drop_all(session, order.id)
    order = holding.drop_all(session, order, at)
    changes.move(session, order, OrderState.CANCELLED, at, actor, why=why)


def _refuse_if_there(session: Session, order: OrderRow, kept: Sequence[str]) -> None:
    """Raises NotPossible where a target has something of the order, or may have."""
    advice = "Retry the order, which looks first, or look there yourself: where nothing of it is, add --not-in-erp."
    if kept:
        raise NotPossible(f"Order {order.key} has been handed to {', '.join(kept)}, or a piece of it. {advice}")
    if lanes.ended_unclear(session, order.id):
        raise NotPossible(
            f"An attempt to hand order {order.key} to the ERP ended unclear, so the ERP may have it. {advice}"
        )


def _refusals(held: Sequence[Held]) -> Sequence[Held]:
    return [each for each in held if each.reason is HoldReason.ERP_REFUSED]


def _settled_by_hand(session: Session, order: OrderRow, held: Sequence[Held]) -> Sequence[Held]:
    """The refusals of targets that the order does not depend on: a person may have settled their parts otherwise."""
    beside = {row[0] for row in session.all(_beside, of_order=order.id)}
    return [each for each in _refusals(held) if name_of(each.system) in beside]


def _refused(session: Session, order: OrderRow, held: Sequence[Held]) -> str:
    if _settled_by_hand(session, order, held):
        targets = ", ".join(name_of(each.system) for each in _refusals(held))
        return (
            f"{targets} refused its part of order {order.key}. When it answers again with a number, the hold ends by "
            "itself; if you have settled the part otherwise, release the order."
        )
    return (
        f"The ERP refused order {order.key}. When it answers again with a number, the order goes on by itself; "
        "if it never will, cancel the order."
    )
