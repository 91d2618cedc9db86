"""What formats with sums of their own refuse, so that no document contradicts itself."""

from decimal import Decimal

import pytest
from msgspec.structs import replace
from tests.unit.mapping.formats import CONTEXT, written

from order_receiver.contract.request import ClientCustomer, Company, Discount, Fee, OrderItem, OrderRequest, Payment
from order_receiver.mapping import MappingFailed

ROW = OrderItem(LineNo=1, PartNo="A-1", Quantity=1, UnitPrice=Decimal(240), UnitVat=Decimal(60), VatRate=Decimal(25))
ORDER = OrderRequest(
    ClientOrderRef="1", CurrencyCode="SEK", SellTo=ClientCustomer(Company=Company(Name="Bolaget AB")), Items=[ROW]
)
FEE = Fee(Type="Invoice", Amount=Decimal(29), VatRate=Decimal(25))
DISCOUNT = Discount(Code="V-77", Amount=Decimal(50))


@pytest.mark.parametrize("name", ["ubl", "edifact"])
@pytest.mark.parametrize(
    "order",
    [
        replace(ORDER, Fees=[FEE], Discounts=[Discount(), DISCOUNT], Payments=[Payment(Amount=Decimal("286.25"))]),
        replace(ORDER, Items=[replace(ROW, UnitVat=Decimal(0), VatRate=Decimal(0))], Fees=[FEE], Discounts=[DISCOUNT]),
    ],
)
def test_a_discount_in_an_order_with_vat_is_refused(order: OrderRequest, name: str) -> None:
    said = r"at discounts\[[01]\]: the discount has no row, so its VAT is not defined .* let the shop send it as a row"
    with pytest.raises(MappingFailed, match=said):
        written(order, name)


@pytest.mark.parametrize("name", ["ubl", "edifact"])
@pytest.mark.parametrize("paid", ["329.00", "328.50", "332.00"])
def test_a_fee_that_was_paid_without_vat_on_top_is_refused(name: str, paid: str) -> None:
    order = replace(ORDER, Fees=[FEE], Payments=[Payment(Amount=Decimal(paid))])
    with pytest.raises(MappingFailed, match=r"at fees: the payments fit only if .* includes VAT, which is not defined"):
        written(order, name)


@pytest.mark.parametrize("name", ["ubl", "edifact"])
@pytest.mark.parametrize("paid", ["336.25", "336.00", "100.00", "0.00"])
def test_a_fee_that_was_paid_with_vat_on_top_or_not_yet_is_written(name: str, paid: str) -> None:
    written(replace(ORDER, Fees=[FEE], Payments=[Payment(Amount=Decimal(paid))]), name)


@pytest.mark.parametrize("name", ["ubl", "edifact"])
def test_a_small_rest_is_a_rounding_and_says_nothing_about_vat(name: str) -> None:
    fee = Fee(Type="Invoice", Amount=Decimal("1.00"), VatRate=Decimal(25))
    written(replace(ORDER, Fees=[fee], Payments=[Payment(Amount=Decimal("301.00"))]), name)


@pytest.mark.parametrize("name", ["ubl", "edifact"])
@pytest.mark.parametrize(
    ("member", "value", "field"),
    [
        ("Fees", [Fee(Amount=Decimal(f"0.{'7' * 59}"), VatRate=Decimal(f"0.{'7' * 59}7777"))], "fees[0]"),
        ("Discounts", [Discount(Amount=Decimal("1E+59")), Discount(Amount=Decimal("1E-60") / 10**1)], "discounts"),
    ],
)
def test_sums_that_are_not_exact_are_refused(name: str, member: str, value: object, field: str) -> None:
    rows = [replace(ROW, UnitVat=Decimal(0), VatRate=Decimal(0))]
    with pytest.raises(MappingFailed) as failed:
        written(replace(ORDER, Items=rows, **{member: value}), name)
    assert str(failed.value.field).startswith(field)


@pytest.mark.parametrize("name", ["canonical", "csv", "ubl", "edifact"])
@pytest.mark.parametrize(("currency", "other"), [("SEK", "EUR"), ("SEK", "NOK ")])
def test_payments_in_two_currencies_are_never_added_up(currency: str, other: str, name: str) -> None:
    payments = [Payment(Amount=Decimal(189)), Payment(Amount=Decimal(10), CurrencyCode=other)]
    with pytest.raises(MappingFailed) as failed:
        written(replace(ORDER, CurrencyCode=currency, Payments=payments), name)
    assert failed.value.field == "payments[1].currency"
    assert failed.value.message == (
        f"the payment is in {other.strip()} and the order in SEK, and amounts in two currencies cannot be added up; "
        "let the shop settle it in the order's currency, or enter the order by hand"
    )


def test_payments_in_two_currencies_are_refused_where_the_order_names_none() -> None:
    payments = [Payment(CurrencyCode="SEK"), Payment(CurrencyCode="EUR")]
    with pytest.raises(MappingFailed, match=r"at payments\[1\]\.currency: the payment is in EUR and another in SEK"):
        written(replace(ORDER, CurrencyCode=None, Payments=payments), "csv")


@pytest.mark.parametrize("name", ["canonical", "csv", "ubl", "edifact"])
def test_a_currency_may_be_written_in_small_letters(name: str) -> None:
    written(replace(ORDER, Payments=[Payment(Amount=Decimal(300), CurrencyCode=" sek")]), name, context=CONTEXT)
