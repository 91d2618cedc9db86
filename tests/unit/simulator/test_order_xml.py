from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from order_receiver.contract.codes import OrderType
from order_receiver.contract.request import (
    ClientCustomer,
    CodeValue,
    Company,
    OrderItem,
    OrderRequest,
    PriceListItem,
    Promotion,
)
from order_receiver.contract.xml_form import names
from order_receiver.simulator.order_json import read_json
from order_receiver.simulator.order_xml import ADDRESSING, write_soap, write_xml
from order_receiver.simulator.orders import make_order

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
KINDS = sorted(path.stem.removeprefix("newtonsoft-") for path in SAMPLES.glob("newtonsoft-*.json"))
URL = "http://127.0.0.1:8080/orders"
ALLOWED = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff") | st.sampled_from("\t\r\n")


def sample(sender: str, kind: str) -> etree._Element:
    return etree.fromstring((SAMPLES / f"{sender}-{kind}.xml").read_bytes())


def order_of(kind: str) -> OrderRequest:
    return read_json((SAMPLES / f"newtonsoft-{kind}.json").read_bytes())


def flat(element: etree._Element, depth: int = 0) -> Iterator[tuple[object, ...]]:
    """All elements in document order; numbers by value, since Newtonsoft writes 25 as 25.0."""
    text = element.text or ""
    number = text.replace(".", "", 1).removeprefix("-").isdigit()
    yield depth, element.tag, dict(element.attrib.items()), Decimal(text) if number else text
    for child in element:
        yield from flat(child, depth + 1)


def written(order: OrderRequest) -> str:
    return write_xml(order).decode()


def inner(order: OrderRequest, name: str) -> str:
    """What the first element of this name holds."""
    return written(order).partition(f"<{name}>")[2].partition(f"</{name}>")[0]


def reread(order: OrderRequest, name: str) -> str | None:
    return etree.fromstring(write_xml(order)).findtext(f"{{*}}{name}")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sender", ["data-contract", "mono-legacy"])
def test_bare_xml_is_what_dotnet_writes(sender: str, kind: str) -> None:
    assert list(flat(etree.fromstring(write_xml(order_of(kind))))) == list(flat(sample(sender, kind)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("sender", "envelope"),
    [("mono-soap11", names.SOAP11), ("framework-soap11", names.SOAP11), ("mono-soap12", names.SOAP12)],
)
def test_soap_is_what_wcf_writes(sender: str, envelope: str, kind: str) -> None:
    assert list(flat(etree.fromstring(write_soap(order_of(kind), envelope)))) == list(flat(sample(sender, kind)))


@pytest.mark.parametrize("kind", KINDS)
def test_addressing_is_what_wcf_writes(kind: str) -> None:
    """But for the message id, which is WCF's to choose."""
    ours = etree.fromstring(write_soap(order_of(kind), names.SOAP12, URL))
    theirs = sample("mono-soap12-addressing", kind)
    (our_id,), (their_id,) = (tree.findall(f".//{{{ADDRESSING}}}MessageID") for tree in (ours, theirs))
    assert (our_id.text or "").startswith("urn:uuid:")
    our_id.text = their_id.text
    assert list(flat(ours)) == list(flat(theirs))


def test_the_bytes_of_each_empty_value() -> None:
    order = OrderRequest(ClientOrderRef="", Items=[], SellTo=ClientCustomer())
    assert written(order).startswith(
        f'<OrderRequest xmlns="{names.ORDER}" xmlns:i="{names.XSI}">'
        '<SellTo><Company i:nil="true" /><Person i:nil="true" /></SellTo><BillTo i:nil="true" />'
    )
    assert "<ClientOrderRef></ClientOrderRef>" in written(order)
    assert "<Items />" in written(order)
    assert '<Fees i:nil="true" />' in written(order)
    assert "ExtensionData" not in written(order)


def test_entries_have_their_own_names() -> None:
    company = Company(PricelistCodes=["A", ""], PaymentCodes=["B"], DeliveryCodes=["C"])
    order = OrderRequest(SellTo=ClientCustomer(Company=company), AdditionalInfo=[CodeValue(Id=1, Value="x")])
    assert inner(order, "PricelistCodes") == "<PricelistCode>A</PricelistCode><PricelistCode></PricelistCode>"
    assert inner(order, "PaymentCodes") == "<PaymentCode>B</PaymentCode>"
    assert inner(order, "DeliveryCodes") == "<DeliveryCode>C</DeliveryCode>"
    assert (
        '<AdditionalInfo><Value><Id>1</Id><Code i:nil="true" /><Value>x</Value><Code2 i:nil="true" /></Value>'
    ) in written(order)


def test_promotions_declare_the_namespace_of_their_members() -> None:
    declared = f'<Promotions xmlns:a="{names.PROMOTION}"'
    order = OrderRequest(Items=[OrderItem(Promotions=[Promotion(Id="5")]), OrderItem(Promotions=[])])
    assert (
        f'{declared}><Promotion><a:Id>5</a:Id><a:Name i:nil="true" /><a:DiscountCode i:nil="true" />'
        "<a:AppliedAmount>0</a:AppliedAmount></Promotion></Promotions>"
    ) in written(order)
    assert f"{declared} />" in written(order)


def test_members_without_a_place_come_last_and_only_when_set() -> None:
    bare = OrderRequest(Items=[OrderItem(PriceLists=[PriceListItem()])])
    assert "UnitPriceOriginalVat" not in written(bare)
    assert "UnitPriceVat" not in written(bare)
    row = OrderItem(UnitPriceOriginalVat=Decimal(2), PriceLists=[PriceListItem(UnitPriceVat=Decimal(1))])
    order = OrderRequest(Items=[row])
    assert inner(order, "OrderItem").endswith("<UnitPriceOriginalVat>2</UnitPriceOriginalVat>")
    assert inner(order, "Pricelist").endswith("<UnitPriceVat>1</UnitPriceVat>")


@pytest.mark.parametrize(
    ("amount", "text"),
    [("25", "25"), ("25.00", "25.00"), ("1E+5", "100000"), ("1E-9", "0.000000001"), ("-0.5", "-0.5")],
)
def test_decimals_keep_their_digits_and_never_have_an_exponent(amount: str, text: str) -> None:
    assert inner(OrderRequest(Items=[OrderItem(UnitPrice=Decimal(amount))]), "UnitPrice") == text


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 120_000, timezone(timedelta(hours=1))), "2026-01-02T03:04:05.12+01:00"),
        (datetime(2026, 1, 2, 3, 4, 50, 7, timezone(timedelta(hours=-9.5))), "2026-01-02T03:04:50.000007-09:30"),
        (datetime(2026, 1, 2, 3, 4, 50), "2026-01-02T03:04:50"),  # noqa: DTZ001 - .NET has dates without a zone
    ],
)
def test_dates(moment: datetime, text: str) -> None:
    assert inner(OrderRequest(SubmitDate=moment), "SubmitDate") == text


def test_booleans_and_codes() -> None:
    order = OrderRequest(DoHold=True, OrderType=OrderType.RecurringOrder)
    assert (inner(order, "DoHold"), inner(order, "OrderType")) == ("true", "RecurringOrder")


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("<a & b>", "&lt;a &amp; b&gt;"),
        ("a\r\nb\tc", "a&#xD;\nb\tc"),
        ('"it\'s"', '"it\'s"'),
        ("å 🚚 \x7f\u2028", "å 🚚 \x7f\u2028"),
        ("\x00\x01\x1f\ufffe\uffff", "&#x0;&#x1;&#x1F;&#xFFFE;&#xFFFF;"),
    ],
)
def test_text(text: str, escaped: str) -> None:
    assert inner(OrderRequest(Source=text), "Source") == escaped


@given(st.text(ALLOWED))
def test_text_that_xml_allows_reads_back_the_same(text: str) -> None:
    assert reread(OrderRequest(Source=text), "Source") == text


@given(st.integers(0, 2**40))
def test_same_seed_same_bytes(seed: int) -> None:
    first, second = (make_order(seed, application_key="shop", reference="1", lines=2) for _ in range(2))
    assert write_xml(first) == write_xml(second)
    assert write_soap(first, names.SOAP12, URL) == write_soap(second, names.SOAP12, URL)


def test_an_address_is_escaped() -> None:
    tree = etree.fromstring(write_soap(OrderRequest(), names.SOAP11, f"{URL}?a=1&b=2"))
    assert tree.findtext(f".//{{{ADDRESSING}}}To") == f"{URL}?a=1&b=2"
