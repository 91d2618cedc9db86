"""A part of an order: some of its rows, with or without its payments. (docs/explanation/routing.md)

Rows are named by their positions, from 0, which are the same in the message and in the canonical order: line numbers
may be missing or come twice.
"""

from collections.abc import Sequence

from msgspec import structs

from order_receiver.contract.request import OrderRequest


def split_request(order: OrderRequest, rows: Sequence[int] | None, *, payments: bool = True) -> OrderRequest:
    """The order with these rows only (None: all), as Norce would have sent it.

    With `payments` the part has all payments, fees and discounts of the order, else none of them.
    """
    if rows is None and payments:
        return order
    items = order.Items or []
    return structs.replace(
        order,
        Items=items if rows is None else [items[position] for position in rows],
        Payments=order.Payments if payments else [],
        Fees=order.Fees if payments else [],
        Discounts=order.Discounts if payments else [],
    )
