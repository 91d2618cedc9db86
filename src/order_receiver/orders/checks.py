"""What must be right about an order before it goes anywhere: its rows, its currency, its payments against its rows.

All arithmetic is exact for believable amounts and never raises for others.
"""

from collections import Counter
from collections.abc import Iterator
from decimal import Context, Decimal

from order_receiver.contract.findings import Finding, Severity
from order_receiver.contract.personal import shorten
from order_receiver.contract.request import OrderItem, OrderRequest

FINDINGS_LIMIT = 100
TOTALS_DIFFER = "totals-differ"
"""The rule of the finding that a setting may let pass."""

_MONEY = Context(prec=150, traps=[])
_ZERO = Decimal(0)
_HUNDRED = Decimal(100)


def check(order: OrderRequest, allowance: Decimal) -> tuple[Finding, ...]:
    """Find what is wrong with an order's content; at most 100 findings.

    `allowance` is how far payments and rows may lie apart, in the order's currency: payments are rounded, rows are not.
    (norce: receiving-orders, money and quantities)
    """
    found = [*_rows(order), *_currency(order), *_totals(order, allowance)]
    return tuple(found[:FINDINGS_LIMIT])


def order_total(order: OrderRequest) -> Decimal:
    """What the order costs, including VAT, in its currency: rows, plus fees with their VAT, less order discounts.

    Every row counts with its own price, bundles too. A row's `Discount` is in its price already. A fee's `Amount` is
    taken as excluding VAT, as all prices of the contract are. NaN where an amount is none.
    """
    return _total(order, _rows_total(order), with_vat=True)


def _total(order: OrderRequest, rows: Decimal, *, with_vat: bool) -> Decimal:
    if order.Fees:
        rows = _MONEY.add(rows, _fees_total(order, with_vat=with_vat))
    return _MONEY.subtract(rows, _discounts_total(order)) if order.Discounts else rows


def _rows(order: OrderRequest) -> Iterator[Finding]:
    rows = order.Items or []
    if not rows:
        yield Finding("/Items", "no-rows", "no rows", "An order needs at least one row.")
    seen = Counter(row.LineNo for row in rows)
    met: set[int] = set()
    for index, row in enumerate(rows):
        yield from _row(index, row, seen)
        if row.LineNo in met:
            advice = "Give every row a line number of its own."
            yield Finding(f"/Items/{index}/LineNo", "repeated-line", str(row.LineNo), advice)
        met.add(row.LineNo)


def _row(index: int, row: OrderItem, lines: Counter[int]) -> Iterator[Finding]:
    if not (row.PartNo or "").strip():
        seen = "nothing" if row.PartNo is None else "an empty text"
        yield Finding(f"/Items/{index}/PartNo", "no-part-no", seen, "Name the row's article.")
    parent = row.ParentLineNo
    if parent is not None and (parent == row.LineNo or parent not in lines):
        advice = "No other row has this line number; the row is taken as one by itself."
        yield Finding(f"/Items/{index}/ParentLineNo", "no-such-parent", str(parent), advice, Severity.NOTE)


def _currency(order: OrderRequest) -> Iterator[Finding]:
    currency = _code(order.CurrencyCode)
    if not currency:
        yield Finding("/CurrencyCode", "no-currency", "nothing", "Name the order's currency, such as SEK.")
    for index, payment in enumerate(order.Payments or ()):
        if currency and _code(payment.CurrencyCode) not in ("", currency):
            seen = f"{shorten(payment.CurrencyCode or '')} in an order in {shorten(currency)}"
            advice = "Settle the payment in the order's currency."
            yield Finding(f"/Payments/{index}/CurrencyCode", "currencies-differ", seen, advice)


def _totals(order: OrderRequest, allowance: Decimal) -> Iterator[Finding]:
    """Compare payments and rows; whether a fee's amount includes VAT is unknown, so either reading passes."""
    currency = _code(order.CurrencyCode)
    if not order.Payments or any(_code(one.CurrencyCode) not in ("", currency) for one in order.Payments):
        return
    paid = _sum(payment.Amount for payment in order.Payments)
    rows = _rows_total(order)
    total = _total(order, rows, with_vat=True)
    bare = _total(order, rows, with_vat=False)
    if not any(_within(_MONEY.subtract(paid, one), allowance) for one in (total, bare)):
        seen = f"payments {_shown(paid)}, rows {_shown(total)} {shorten(currency)}".rstrip()
        advice = "Compare the payments with the rows, then release the order or cancel it."
        yield Finding("/Payments", TOTALS_DIFFER, seen, advice)


def _rows_total(order: OrderRequest) -> Decimal:
    add, multiply = _MONEY.add, _MONEY.multiply
    total = _ZERO
    for row in order.Items or ():
        total = add(total, multiply(add(row.UnitPrice, row.UnitVat), row.quantity))
    return total


def _fees_total(order: OrderRequest, *, with_vat: bool) -> Decimal:
    return _sum(
        _MONEY.multiply(fee.Amount, _MONEY.add(1, _MONEY.divide(fee.VatRate, _HUNDRED))) if with_vat else fee.Amount
        for fee in order.Fees or ()
    )


def _discounts_total(order: OrderRequest) -> Decimal:
    return _sum(discount.Amount for discount in order.Discounts or ())


def _sum(amounts: Iterator[Decimal]) -> Decimal:
    total = _ZERO
    for amount in amounts:
        total = _MONEY.add(total, amount)
    return total


def _within(difference: Decimal, allowance: Decimal) -> bool:
    return difference.is_finite() and _MONEY.compare(_MONEY.abs(difference), allowance) <= 0


def _code(text: str | None) -> str:
    return (text or "").strip().upper()


def _shown(amount: Decimal) -> str:
    """An amount for people, with two decimals or more."""
    if not amount.is_finite() or not -30 <= amount.adjusted() <= 30:
        return shorten(str(amount))
    text = f"{amount:f}"
    whole, _, fraction = text.partition(".")
    return shorten(f"{whole}.{fraction.rstrip('0').ljust(2, '0')}")
