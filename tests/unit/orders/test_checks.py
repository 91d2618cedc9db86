"""Checks of an order's content."""

from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, Rounded, localcontext
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject, SearchStrategy

from order_receiver.contract.findings import Finding, Severity
from order_receiver.contract.json_form import read
from order_receiver.contract.request import Discount, Fee, OrderItem, OrderRequest, Payment
from order_receiver.orders.checks import FINDINGS_LIMIT, check, order_total

ONE = Decimal(1)


def row(line: int = 1, price: str = "80", vat: str = "20", **members: object) -> OrderItem:
    item = OrderItem(LineNo=line, PartNo="A", Quantity=1, UnitPrice=Decimal(price), UnitVat=Decimal(vat))
    for name, value in members.items():
        setattr(item, name, value)
    return item


def payment(amount: str, currency: str | None = "SEK") -> Payment:
    return Payment(Amount=Decimal(amount), CurrencyCode=currency)


def order(*rows: OrderItem, paid: str | None = None, **members: object) -> OrderRequest:
    whole = OrderRequest(CurrencyCode="SEK", Items=list(rows), Payments=None if paid is None else [payment(paid)])
    for name, value in members.items():
        setattr(whole, name, value)
    return whole


def only(found: tuple[Finding, ...]) -> Finding:
    (finding,) = found
    assert finding.advice.endswith(".")
    return finding


@pytest.mark.parametrize(
    "good",
    [
        order(row()),
        order(row(), paid="100"),
        order(row(), paid="101"),
        order(row(), paid="99.00"),
        order(row(price="0", vat="0"), paid="0"),
        order(row(price="0", vat="0")),
        order(row(), Payments=[]),
        order(row(), row(2, "40", "10", ParentLineNo=1), paid="150"),
        order(row(), row(2, "-8", "-2"), paid="90"),
        order(row(Quantity=3, Quantity2=Decimal("2.5")), paid="250"),
        order(row(), Payments=[payment("60"), payment("40", None), payment("0", " sek ")]),
        order(row(), paid="90", Discounts=[Discount(Amount=Decimal(10))]),
        order(row(), paid="150", Fees=[Fee(Amount=Decimal(40), VatRate=Decimal(25))]),
        order(row(), paid="140", Fees=[Fee(Amount=Decimal(40), VatRate=Decimal(25))]),
    ],
)
def test_nothing_wrong(good: OrderRequest) -> None:
    assert check(good, ONE) == ()


@pytest.mark.parametrize(
    ("bad", "where", "rule", "seen"),
    [
        (order(), "/Items", "no-rows", "no rows"),
        (OrderRequest(CurrencyCode="SEK"), "/Items", "no-rows", "no rows"),
        (order(row(PartNo=None)), "/Items/0/PartNo", "no-part-no", "nothing"),
        (order(row(), row(2, PartNo=" ")), "/Items/1/PartNo", "no-part-no", "an empty text"),
        (order(row(), row(2), row(1)), "/Items/2/LineNo", "repeated-line", "1"),
        (order(row(), CurrencyCode=None), "/CurrencyCode", "no-currency", "nothing"),
        (
            order(row(), Payments=[payment("5", "NOK")]),
            "/Payments/0/CurrencyCode",
            "currencies-differ",
            "NOK in an order in SEK",
        ),
        (order(row(), paid="101.01"), "/Payments", "totals-differ", "payments 101.01, rows 100.00 SEK"),
        (order(row(), paid="0"), "/Payments", "totals-differ", "payments 0.00, rows 100.00 SEK"),
        (
            order(row(price="0.333333", vat="0"), paid="5"),
            "/Payments",
            "totals-differ",
            "payments 5.00, rows 0.333333 SEK",
        ),
    ],
)
def test_problem(bad: OrderRequest, where: str, rule: str, seen: str) -> None:
    finding = only(check(bad, ONE))
    assert (finding.where, finding.rule, finding.seen, finding.severity) == (where, rule, seen, Severity.PROBLEM)


@pytest.mark.parametrize("parent", [1, 7])
def test_a_parent_that_is_none_is_noted(parent: int) -> None:
    finding = only(check(order(row(ParentLineNo=parent)), ONE))
    assert (finding.where, finding.rule, finding.severity) == ("/Items/0/ParentLineNo", "no-such-parent", Severity.NOTE)


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "1E+999999", "-9E+27"])
def test_hostile_amounts_are_findings_and_never_raise(amount: str) -> None:
    hostile = order(row(price=amount, Quantity2=Decimal(amount)), Payments=[Payment(Amount=Decimal(amount))])
    (finding,) = check(hostile, ONE)
    assert finding.rule == "totals-differ"
    assert len(finding.seen) < 200


def test_the_callers_context_does_not_matter() -> None:
    strict = Context(prec=2, traps=[Inexact, InvalidOperation, Overflow, Rounded])
    with localcontext(strict):
        finding = only(check(order(row(price="1234.5678", vat="0.0000000000000000001"), paid="1"), ONE))
    assert finding.seen == "payments 1.00, rows 1234.5678000000000000001 SEK"


def test_tiny_amounts_are_nothing() -> None:
    assert check(order(row(price="1E-999999", vat="0"), paid="0.00"), ONE) == ()


def test_findings_are_bounded() -> None:
    assert len(check(order(*(row(PartNo=None) for _ in range(500))), ONE)) == FINDINGS_LIMIT


def test_order_total() -> None:
    fees = [Fee(Amount=Decimal(40), VatRate=Decimal(25))]
    whole = order(row(), row(2, Quantity2=Decimal("0.5")), Fees=fees, Discounts=[Discount(Amount=Decimal(5))])
    assert order_total(whole) == Decimal(195)
    assert order_total(OrderRequest()) == 0


@pytest.mark.parametrize("kind", ["lines30", "b2b", "payments", "external", "utc"])
def test_samples_are_right(samples: Path, kind: str) -> None:
    assert check(read((samples / f"newtonsoft-{kind}.json").read_bytes()).order, ONE) == ()


def test_the_sample_without_currency_is_found_out(samples: Path) -> None:
    found = check(read((samples / "newtonsoft-minimal.json").read_bytes()).order, ONE)
    assert [finding.rule for finding in found] == ["no-currency"]


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_any_order_can_be_checked(data: DataObject, orders: SearchStrategy[OrderRequest]) -> None:
    some = data.draw(orders)
    for finding in check(some, ONE):
        assert finding.where.startswith("/")
    some.Payments = [Payment(Amount=order_total(some))]
    assert not any(finding.rule == "totals-differ" for finding in check(some, ONE))
