"""What Tryton will make of an order's rows: it rounds each row without VAT, and VAT for each tax or for each row."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

from order_receiver.orders.canonical import RowPart

PRICE_STEP = Decimal("0.0001")
"""Tryton keeps four decimals of a price; what that changes shows in the total, which is compared."""

_HUNDRED = Decimal(100)


def price(value: Decimal) -> Decimal:
    """A price as Tryton keeps it."""
    return value.quantize(PRICE_STEP, ROUND_HALF_UP)


def trytons_total(rows: Sequence[RowPart], digits: int, *, tax_by_row: bool) -> Decimal:
    """The total of a sale with these rows, including VAT."""
    step = Decimal(1).scaleb(-digits)
    untaxed = Decimal(0)
    taxes: dict[object, Decimal] = defaultdict(Decimal)
    for position, row in enumerate(rows):
        amount = price(row.unit_price_excl_vat) * row.quantity
        untaxed += amount.quantize(step, ROUND_HALF_EVEN)
        taxes[position if tax_by_row else (row.vat_code, row.vat_rate)] += amount * row.vat_rate / _HUNDRED
    return untaxed + sum((tax.quantize(step, ROUND_HALF_EVEN) for tax in taxes.values()), Decimal(0))
