"""The canonical form of a part, reckoned by another way than the program takes: what its mappings must come to."""

from collections.abc import Sequence
from decimal import localcontext

from msgspec import structs

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
