"""What an order comes to, for formats whose sums must agree with each other. (docs/explanation/money-and-totals.md)"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, DecimalException, localcontext

from order_receiver.contract.personal import shorten
from order_receiver.mapping.model import MappingFailed
from order_receiver.mapping.numbers import rounded
from order_receiver.orders.canonical import FeePart, OrderPart
from order_receiver.orders.totals import EXACT, ZERO_AMOUNT, tidy

ROUNDING = Decimal(1)
"""What remains of a payment up to here may be a rounding, and says nothing about VAT."""

BY_HAND = "let the shop send it as a row, or enter the order by hand"


@dataclass(frozen=True, slots=True)
class Sums:
    """Rows, plus fees with their VAT, less discounts: `incl_vat` is what `orders.checks.order_total` says."""

    charges: Decimal
    """Fees, excluding VAT."""
    allowances: Decimal
    excl_vat: Decimal
    vat: Decimal
    incl_vat: Decimal
    payable: Decimal
    """What remains to be paid, in the decimals of the currency; less than nothing where more was paid."""
    rounding: Decimal
    """What was added to make it so."""


def sums_of(order: OrderPart) -> Sums:
    """Raises MappingFailed for what cannot be computed exactly, and fees and discounts whose VAT is not defined."""
    _check_discounts(order)
    try:
        with localcontext(EXACT):
            return _added_up(order)
    except DecimalException as error:
        raise MappingFailed("the totals cannot be computed exactly; correct the amounts", field="totals") from error


def vat_of(fee: FeePart, field: str) -> Decimal:
    """The VAT on top of a fee. Raises MappingFailed."""
    try:
        return tidy(EXACT.multiply(fee.amount, fee.vat_rate.scaleb(-2, EXACT)))
    except DecimalException as error:
        raise MappingFailed("its VAT cannot be computed exactly; correct the amount", field=field) from error


def check_currency(order: OrderPart) -> None:
    """Raise MappingFailed where payments are in another currency than the order, as they are added up."""
    known, whose = _code(order.currency), "the order"
    for index, payment in enumerate(order.payments):
        currency = _code(payment.currency)
        if currency and known and currency != known:
            raise MappingFailed(
                f"the payment is in {shorten(currency)} and {whose} in {shorten(known)}, and amounts in two currencies "
                "cannot be added up; let the shop settle it in the order's currency, or enter the order by hand",
                field=f"payments[{index}].currency",
            )
        if currency and not known:
            known, whose = currency, "another"


def _code(currency: str | None) -> str:
    return (currency or "").strip().upper()


def _added_up(order: OrderPart) -> Sums:
    totals = order.totals
    charges = tidy(sum((fee.amount for fee in order.fees), ZERO_AMOUNT))
    allowances = tidy(sum((discount.amount for discount in order.discounts), ZERO_AMOUNT))
    excl_vat = tidy(totals.excl_vat + charges - allowances)
    on_top = sum((vat_of(fee, f"fees[{index}]") for index, fee in enumerate(order.fees)), ZERO_AMOUNT)
    vat = tidy(totals.vat + on_top)
    incl_vat = tidy(excl_vat + vat)
    left = tidy(incl_vat - totals.paid)
    _check_fees(order, on_top, left)
    payable = rounded(left, order.currency or "")
    return Sums(charges, allowances, excl_vat, vat, incl_vat, payable, payable - left)


def _check_discounts(order: OrderPart) -> None:
    """Only where nothing has VAT is it known what VAT a discount has: none."""
    if not any(_rates_and_vat(order)):
        return
    for index, discount in enumerate(order.discounts):
        if discount.amount:
            raise MappingFailed(
                "the discount has no row, so its VAT is not defined and the sums cannot be told; " + BY_HAND,
                field=f"discounts[{index}]",
            )


def _rates_and_vat(order: OrderPart) -> Iterator[Decimal]:
    yield from (row.vat_rate for row in order.rows)
    yield from (fee.vat_rate for fee in order.fees)
    yield order.totals.vat


def _check_fees(order: OrderPart, on_top: Decimal, left: Decimal) -> None:
    """A fee is taken as excluding VAT, unless what is left to pay is about its VAT."""
    if order.payments and abs(on_top) > ROUNDING and abs(left - on_top) < abs(on_top) / 2:
        raise MappingFailed(
            "the payments fit only if the amount of a fee includes VAT, which is not defined; " + BY_HAND, field="fees"
        )
