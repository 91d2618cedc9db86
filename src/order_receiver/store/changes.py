"""Changes of an order: each moves a state, a hold or a number, and writes it to the history in the same breath."""

from datetime import datetime

import msgspec
from sqlalchemy import bindparam, select, update

from order_receiver.orders.identity import OrderKey
from order_receiver.orders.states import HoldReason, OrderState, can_move
from order_receiver.store import tables
from order_receiver.store.errors import NoSuchOrder, NotPossible
from order_receiver.store.history import record
from order_receiver.store.session import Session
from order_receiver.store.statements import Deferrable, Rank, Row, Statement
from order_receiver.store.values import OrderRow

_o = tables.orders.c
ORDER_COLUMNS = (
    *(_o.id, _o.application_key, _o.client_order_ref, _o.state, _o.hold, _o.waived, _o.erp_order_no),
    *(_o.received_at, _o.hold_text),
)

_select = Statement(select(*ORDER_COLUMNS).where(_o.id == bindparam("order_id")))
_select_for_change = Statement(
    select(*ORDER_COLUMNS).where(_o.id == bindparam("order_id")).with_for_update(key_share=True)
)
_move = Deferrable(
    update(tables.orders)
    .where(
        _o.id == bindparam("order_id"),
        _o.state == bindparam("from_state"),
        _o.hold.is_not_distinct_from(bindparam("under_hold")),
    )
    .values(state=bindparam("to_state"), erp_order_no=bindparam("number"), updated_at=bindparam("at"))
    .returning(_o.id),
    Rank.MOVE_ORDER,
    "order_id",
)


def order_row(session: Session, order_id: int) -> OrderRow:
    """An order by its id; in a transaction that writes, nobody else changes it before the end. Raises NoSuchOrder."""
    row = session.one(_select_for_change if session.writing else _select, order_id=order_id)
    if session.writing:
        session.locked.add(order_id)
    if row is None:
        raise NoSuchOrder(f"There is no order with id {order_id}.")
    return order_from(row)


def move(
    session: Session,
    order: OrderRow,
    to: OrderState,
    at: datetime,
    actor: str,
    *,
    number: str | None = None,
    why: str | None = None,
) -> OrderRow:
    """Move an order to a later state, with its ERP number where that is the news; the order as it is then.

    Raises NotPossible where no such move exists, or where the order is no longer in the state and hold `order` shows.
    """
    if not can_move(order.state, to):
        raise NotPossible(f"Order {order.key} is {order.state} and cannot become {to}.")
    number = number or order.erp_order_no
    values = {
        "order_id": order.id,
        "from_state": order.state.value,
        "under_hold": None if order.hold is None else order.hold.value,
        "to_state": to.value,
        "number": number,
        "at": at,
    }

    def moved(row: Row | None) -> None:
        if row is None:
            raise NotPossible(f"Order {order.key} is not {order.state} any more, or its hold has changed.")

    session.defer(_move, moved, about=order.id, **values)
    session.locked.add(order.id)
    record(
        session,
        order.id,
        at,
        actor,
        to.value,
        old=order.state.value,
        new=number if to is OrderState.PLACED else to.value,
        why=why,
    )
    return msgspec.structs.replace(order, state=to, erp_order_no=number)


def order_from(row: Row) -> OrderRow:
    """An order from its ORDER_COLUMNS."""
    order_id, application_key, reference, state, held, waived, number, received_at, hold_text = row
    return OrderRow(
        id=order_id,
        key=OrderKey(application_key, reference),
        state=OrderState(state),
        hold=None if held is None else HoldReason(held),
        hold_text=hold_text,
        waived=frozenset(msgspec.json.decode(waived, type=list[str])) if waived else frozenset(),
        erp_order_no=number,
        received_at=received_at,
    )


def waived_text(reasons: frozenset[str]) -> str | None:
    """Reasons that were passed by, as `orders` keeps them."""
    return msgspec.json.encode(sorted(reasons)).decode() if reasons else None
