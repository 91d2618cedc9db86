import json
from datetime import datetime
from decimal import Decimal, localcontext
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from order_receiver.contract.codes import OrderType
from order_receiver.contract.request import (
    Address,
    ClientCustomer,
    CodeValue,
    Company,
    Discount,
    Fee,
    OrderItem,
    OrderRequest,
    Payment,
    ShippingAdvice,
)
from order_receiver.mapping import MappingContext, MappingFailed, open_mapping
from order_receiver.mapping.canonical.mapping import TYPES, order_part
from order_receiver.mapping.canonical.parties import info_part
from order_receiver.orders.totals import EXACT

REFERENCE = Path(__file__).parents[3] / "docs/reference/canonical-order.md"
amounts = st.decimals(min_value=-(10**13), max_value=10**13, places=4) | st.decimals(
    allow_nan=False, allow_infinity=False
).filter(lambda value: len(value.as_tuple().digits) <= 28 and abs(int(value.as_tuple().exponent)) <= 28)


def mapped(order: OrderRequest, context: MappingContext) -> dict[str, object]:
    document = open_mapping("canonical", Path()).map(order, context)
    assert (document.media_type, document.extension) == ("application/json", "json")
    read = json.loads(document.content, parse_float=Decimal, parse_int=Decimal)
    assert isinstance(read, dict)
    return read


def test_the_whole_document_is_the_example_of_the_reference(order: OrderRequest, context: MappingContext) -> None:
    example = REFERENCE.read_text("utf-8").partition("```json\n")[2].partition("```")[0]
    content = open_mapping(None, Path()).map(order, context).content
    assert msgspec.json.format(content, indent=2).decode() == example.strip()


def test_an_empty_order_has_its_lists_and_no_null(context: MappingContext) -> None:
    read = mapped(OrderRequest(ClientOrderRef="1"), context)
    assert [read[name] for name in ("rows", "fees", "discounts", "payments")] == [[], [], [], []]
    assert read["totals"] == {"excl_vat": 0, "vat": 0, "incl_vat": 0, "paid": 0}
    assert read["order_date"] == "2026-11-22"
    assert read["application"] == {"name": "Sweden", "id": 1042}
    assert not {"submitted_at", "buyer", "payer", "recipient", "shipping", "info"} & read.keys()


def test_a_date_without_zone_is_in_the_zone_of_the_application(context: MappingContext) -> None:
    naive = datetime.fromisoformat("2026-07-01T00:30:00")
    read = mapped(OrderRequest(ClientOrderRef="1", SubmitDate=naive), context)
    assert (read["submitted_at"], read["order_date"]) == ("2026-07-01T00:30:00+02:00", "2026-07-01")


def test_shipping_without_a_pickup_place(context: MappingContext) -> None:
    read = mapped(OrderRequest(ClientOrderRef="1", ShippingAdvice=ShippingAdvice(TmsReference="T1")), context)
    assert read["shipping"] == {"complete": False, "fee_once": False, "notify_by_sms": False, "tms_reference": "T1"}


def test_every_order_type_has_a_word(context: MappingContext) -> None:
    assert set(TYPES) == set(OrderType)
    assert (
        order_part(OrderRequest(ClientOrderRef="1", OrderType=OrderType.ExternalOrder), context).type
        == "external_order"
    )


def test_an_order_without_reference_is_refused(context: MappingContext) -> None:
    with pytest.raises(MappingFailed, match="at ClientOrderRef: the order has no reference"):
        mapped(OrderRequest(), context)


def test_info_by_code2_then_code_then_id() -> None:
    entries = [
        CodeValue(Code="Name", Value="1", Code2="code"),
        CodeValue(Code="old", Value="2"),
        CodeValue(Id=9, Value="3"),
        CodeValue(Code="many", Value="a"),
        CodeValue(Code="many", Value="b"),
        CodeValue(Code="many", Value="c"),
        CodeValue(Code="nothing"),
    ]
    assert info_part(entries) == {"code": "1", "old": "2", "id:9": "3", "many": ["a", "b", "c"]}
    assert info_part([CodeValue(Code="nothing")]) is None


def test_a_company_without_a_person_has_its_own_address(context: MappingContext) -> None:
    company = Company(Name="Bolaget", Addresses=[Address(City="Lund")])
    read = mapped(
        OrderRequest(ClientOrderRef="1", SellTo=ClientCustomer(Company=company), BillTo=ClientCustomer()), context
    )
    assert read["buyer"] == {"name": "Bolaget", "company": {"name": "Bolaget"}, "address": {"city": "Lund"}}
    assert "payer" not in read
    nameless = mapped(OrderRequest(ClientOrderRef="1", SellTo=ClientCustomer(Company=Company())), context)
    assert nameless["buyer"] == {"company": {}}


def test_fees_and_discounts_are_listed_and_not_in_the_totals(context: MappingContext) -> None:
    order = OrderRequest(
        ClientOrderRef="1",
        Fees=[Fee(Type="0", Amount=Decimal(49), VatRate=Decimal(25))],
        Discounts=[Discount(Code="X", Amount=Decimal("-5.0"))],
    )
    read = mapped(order, context)
    assert read["fees"] == [{"type": "0", "amount": 49, "vat_rate": 25}]
    assert read["discounts"] == [{"code": "X", "amount": Decimal("-5.0")}]
    assert read["totals"] == {"excl_vat": 0, "vat": 0, "incl_vat": 0, "paid": 0}


@given(quantity=amounts, price=amounts, vat=amounts, paid=amounts)
def test_decimals_stay_exact(quantity: Decimal, price: Decimal, vat: Decimal, paid: Decimal) -> None:
    context = MappingContext("k", "Shop", None, datetime.fromisoformat("2026-11-21T12:00:00+01:00"))
    row = OrderItem(Quantity2=quantity, UnitPrice=price, UnitVat=vat)
    order = OrderRequest(ClientOrderRef="1", Items=[row, row], Payments=[Payment(Amount=paid)])
    with localcontext(EXACT):
        excl, tax = quantity * price, quantity * vat
        expected = {"excl_vat": excl + excl, "vat": tax + tax, "incl_vat": 2 * (excl + tax), "paid": paid}
    read = mapped(order, context)
    [first, _] = read["rows"] if isinstance(read["rows"], list) else []
    assert (first["quantity"], first["unit_price_excl_vat"], first["unit_vat"]) == (quantity, price, vat)
    assert (first["total_excl_vat"], first["total_vat"]) == (excl, tax)
    assert read["totals"] == expected


def test_numbers_that_cannot_be_written_are_named(context: MappingContext) -> None:
    good, huge = OrderItem(), OrderItem(UnitPrice=Decimal("1E+70"))
    with pytest.raises(MappingFailed, match=r"at rows\[1\]\.unit_price_excl_vat: 1.000E\+70 has more than 60 places"):
        mapped(OrderRequest(ClientOrderRef="1", Items=[good, huge]), context)
    long = OrderItem(Quantity2=Decimal("1." + "1" * 80), UnitPrice=Decimal("1." + "1" * 80))
    with pytest.raises(MappingFailed, match=r"at Items\[1\]: quantity times price cannot be computed exactly"):
        mapped(OrderRequest(ClientOrderRef="1", Items=[good, long]), context)
    payments = [Payment(Amount=Decimal("1E+100")), Payment(Amount=Decimal("1E-100"))]
    with pytest.raises(MappingFailed, match="the totals cannot be computed exactly"):
        mapped(OrderRequest(ClientOrderRef="1", Payments=payments), context)


def test_the_same_order_gives_the_same_document(order: OrderRequest, context: MappingContext) -> None:
    assert mapped(order, context) == mapped(order, replace(context))
