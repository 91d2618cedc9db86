"""What the worker reads about an order, in one look-up each."""

from sqlalchemy import bindparam, select

from order_receiver.store import tables
from order_receiver.store.accepting import FIRST
from order_receiver.store.changes import ORDER_COLUMNS, order_from
from order_receiver.store.errors import NoSuchOrder
from order_receiver.store.session import Session
from order_receiver.store.statements import Statement
from order_receiver.store.values import OrderRow

_m = tables.messages.c
_first_body = Statement(
    select(_m.body, _m.media_type, *ORDER_COLUMNS)
    .join(tables.orders, tables.orders.c.id == _m.order_id)
    .where(_m.order_id == bindparam("of_order"), _m.role == FIRST)
    .limit(1)
)
_number = Statement(select(tables.orders.c.erp_order_no).where(tables.orders.c.id == bindparam("of_order")))


def order_and_body(session: Session, order_id: int) -> tuple[OrderRow, bytes, str | None]:
    """An order, its first message's bytes and media type. Raises NoSuchOrder."""
    row = session.one(_first_body, of_order=order_id)
    if row is None:
        raise NoSuchOrder(f"There is no order with id {order_id}.")
    return order_from(row[2:]), row[0], row[1]


def number_of(session: Session, order_id: int) -> str | None:
    """The ERP number of an order, if it is known."""
    row = session.one(_number, of_order=order_id)
    found: str | None = row[0] if row else None
    return found
