"""A part of an order: some of its rows, with or without its payments. (docs/explanation/routing.md)

Rows are named by their positions, from 0, which are the same in the message and in the canonical order: line numbers
may be missing or come twice.
"""

from collections.abc import Sequence
from decimal import localcontext

from msgspec import structs

from order_receiver.contract.request import OrderRequest
from order_receiver.orders.canonical import OrderPart
from order_receiver.orders.totals import EXACT, totals_of


def split(order: OrderPart, rows: Sequence[int] | None, *, payments: bool = True) -> OrderPart:
    """The canonical order with these rows only (None: all), its totals those of the part.

    With `payments` the part has all payments, fees and discounts of the order, else none of them. Raises
    DecimalException where the totals cannot be computed exactly.
    """
    if rows is None and payments:
        return order
    kept = order.rows if rows is None else [order.rows[position] for position in rows]
    paid = order.payments if payments else []
    with localcontext(EXACT):
        totals = totals_of(kept, paid)
    return structs.replace(
        order,
        rows=kept,
        payments=paid,
        fees=order.fees if payments else [],
        discounts=order.discounts if payments else [],
        totals=totals,
    )


def split_request(order: OrderRequest, rows: Sequence[int] | None, *, payments: bool = True) -> OrderRequest:
    """The same of the order as Norce sent it, for mappings: mapped canonically it gives what `split` gives."""
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
