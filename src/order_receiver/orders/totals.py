"""Sums of the canonical order, exact to the last digit."""

from collections.abc import Iterable
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow

from order_receiver.orders.canonical import PaymentPart, RowPart, TotalsPart

EXACT = Context(prec=120, traps=[Inexact, InvalidOperation, Overflow])
"""Arithmetic that raises `decimal.Inexact` instead of dropping a digit: use it with `decimal.localcontext`."""

CENT = Decimal("0.01")
ZERO_AMOUNT = Decimal("0.00")
_ROUNDING = Context(prec=120, traps=[])


def tidy(value: Decimal) -> Decimal:
    """Drop closing zeros of a computed amount, but keep two places: 600.00000 is 600.00."""
    rounded = value.quantize(CENT, context=_ROUNDING)
    return rounded if rounded == value else value.normalize(_ROUNDING)


def totals_of(rows: Iterable[RowPart], payments: Iterable[PaymentPart]) -> TotalsPart:
    """Add up rows and payments. Raises DecimalException in the context EXACT, which the caller sets."""
    excl_vat = vat = ZERO_AMOUNT
    for row in rows:
        excl_vat += row.total_excl_vat
        vat += row.total_vat
    paid = sum((payment.amount for payment in payments), ZERO_AMOUNT)
    return TotalsPart(excl_vat=excl_vat, vat=vat, incl_vat=excl_vat + vat, paid=tidy(paid))
