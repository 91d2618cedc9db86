"""What an order comes to, and what rounding in an ERP may make of it."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from order_receiver.orders.canonical import OrderPart, RowPart

_ROUNDING_OF_A_ROW = Decimal("0.01")
_ROUNDING_OF_A_UNIT = Decimal("0.005")
_HUNDRED = Decimal(100)


def wanted_total(order: OrderPart, digits: int) -> Decimal:
    """What the customer pays; `digits` are the decimals of the currency."""
    return order.totals.incl_vat.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def is_rounding(difference: Decimal, rows: Sequence[RowPart], price_step: Decimal = Decimal(0)) -> bool:
    """Whether a difference may come from rounding: each row is rounded, and a shop may round the VAT of each unit.

    `price_step` is the last decimal of a price that the ERP keeps, where that is coarse.
    """
    allowed = _ROUNDING_OF_A_ROW * len(rows)
    for row in rows:
        of_the_price = price_step / 2 * (1 + row.vat_rate / _HUNDRED)
        allowed += abs(row.quantity) * (_ROUNDING_OF_A_UNIT + of_the_price)
    return abs(difference) <= allowed
