import os
import re
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree
from msgspec.structs import replace
from tests.unit.mapping.formats import CONTEXT, summed_orders, values_of, written
from tests.unit.mapping.schemas import Unavailable, order_schema

from order_receiver.contract.request import CodeValue, Discount, Fee, OrderItem, OrderRequest, Payment
from order_receiver.mapping import MappingContext, MappingFailed
from order_receiver.orders.checks import order_total
from order_receiver.settings.formats import Formats, UblFormat

NAMESPACES = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
    "o": "urn:order-receiver:order:1",
}


@pytest.fixture(scope="session")
def schema() -> etree.XMLSchema:
    try:
        return etree.XMLSchema(etree.parse(order_schema()))
    except Unavailable as reason:
        if os.environ.get("CI") == "true":
            pytest.fail(str(reason), pytrace=False)
        pytest.skip(str(reason))


def parsed(content: bytes) -> etree._Element:
    return etree.fromstring(content)


def texts(root: etree._Element, path: str) -> list[str]:
    found = root.xpath(f"{path}/text()", namespaces=NAMESPACES)
    assert isinstance(found, list)
    return [str(each) for each in found]


def test_the_order_is_valid(order: OrderRequest, context: MappingContext, schema: etree.XMLSchema) -> None:
    document = written(order, "ubl", context=context)
    assert (document.media_type, document.extension) == ("application/xml", "xml")
    root = parsed(document.content)
    schema.assertValid(root)
    assert texts(root, "cbc:ID") == ["100001"]
    assert texts(root, "cac:AdditionalDocumentReference/cbc:ID") == [context.key]
    assert texts(root, "cac:BuyerCustomerParty/cac:Party/cac:PartyName/cbc:Name") == ["Bolaget AB"]
    assert texts(root, "cac:OrderLine/cac:LineItem/cbc:LineExtensionAmount") == ["199.975", "39.20"]
    assert texts(root, "cac:AnticipatedMonetaryTotal/cbc:PayableAmount") == ["0.00"]
    assert texts(root, "cac:AnticipatedMonetaryTotal/cbc:PayableRoundingAmount") == ["0.00125"]
    assert b"800101-1234" not in document.content


def test_what_the_receiver_asks_for(order: OrderRequest, schema: etree.XMLSchema) -> None:
    settings = UblFormat(
        seller_name="Säljaren", seller_id="7300000000001", seller_scheme="0088", customization="c", profile="p",
        extension=False,
    )  # fmt: skip
    root = parsed(written(order, "ubl", Formats(ubl=settings)).content)
    schema.assertValid(root)
    assert texts(root, "cbc:CustomizationID") + texts(root, "cbc:ProfileID") == ["c", "p"]
    assert texts(root, "cac:SellerSupplierParty//cbc:EndpointID") == ["7300000000001"]
    assert texts(root, "cac:SellerSupplierParty//cbc:Name") == ["Säljaren"]
    assert not texts(root, ".//o:Value")


@pytest.mark.parametrize(
    ("member", "value", "message"),
    [
        ("CurrencyCode", None, "at currency: UBL needs a currency of three letters"),
        ("SellTo", None, "at buyer: UBL needs a buyer"),
        ("Items", [], "at rows: UBL needs at least one row"),
        ("CustomerOrderComment", "a\x0bb", r"at comment: the text has the character '\\x0b', which XML cannot hold"),
        ("CustomerOrderComment", "a\ud800", r"at comment: the text has the character '\\ud800', which XML"),
        ("DiscountCode", "a\x01", r"at discount_code: the text has the character '\\x01', which XML cannot hold"),
        (
            "AdditionalInfo",
            [CodeValue(Code="a\x01", Value="b")],
            r"at info\.a\\x01: the text has the character '\\x01'",
        ),
        ("Items", [OrderItem(UnitOfMeasure="m\x01")], r"at rows\[0\]\.unit: the text has the character '\\x01', which"),
        ("Items", [OrderItem(UnitOfMeasure="\ud800")], r"at rows\[0\]\.unit: the text has the character '\\ud800'"),
        ("Payments", [Payment(CurrencyCode="SEK\x01")], r"at payments\[0\]\.currency: the payment is in SEK\\x01 and"),
    ],
)
def test_what_ubl_cannot_hold(order: OrderRequest, member: str, value: object, message: str) -> None:
    with pytest.raises(MappingFailed, match=message):
        written(replace(order, **{member: value}), "ubl")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=summed_orders())
def test_every_value_is_found_again(order: OrderRequest, schema: etree.XMLSchema) -> None:
    root = parsed(written(order, "ubl").content)
    schema.assertValid(root)
    found = [element.text or "" for element in root.iter("*")]
    found += [str(value) for element in root.iter("*") for value in element.attrib.values()]
    numbers = {Decimal(text) for text in found if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text)}
    for path, value in values_of(order).items():
        if path in ("format", "totals.vat", "totals.incl_vat") or path.endswith("personal_number"):
            continue
        if isinstance(value, Decimal):
            assert value in numbers, path
        else:
            assert (str(value).lower() if isinstance(value, bool) else value) in found, path
    assert CONTEXT.key in found


@settings(max_examples=30)
@given(order=summed_orders())
def test_amounts_are_where_they_belong(order: OrderRequest) -> None:
    root, values = parsed(written(order, "ubl").content), values_of(order)
    for index, line in enumerate(root.iterfind("cac:OrderLine/cac:LineItem", NAMESPACES)):
        for path, name in (
            ("cbc:Quantity", "quantity"), ("cbc:LineExtensionAmount", "total_excl_vat"),
            ("cbc:TotalTaxAmount", "total_vat"), ("cac:Price/cbc:PriceAmount", "unit_price_excl_vat"),
        ):  # fmt: skip
            assert [Decimal(text) for text in texts(line, path)] == [values[f"rows[{index}].{name}"]]
    assert Decimal(texts(root, "cac:PaymentTerms/cbc:Amount")[0]) == values["payments[0].amount"]
    assert {element.get("currencyID") for element in root.iter("{*}Amount", "{*}PriceAmount")} == {"SEK"}


def sums(root: etree._Element) -> dict[str, Decimal]:
    """The amounts of the monetary total, and the sums of what it is made of; 0 for what is not there."""
    missing = dict.fromkeys(("ChargeTotalAmount", "AllowanceTotalAmount", "PayableRoundingAmount"), Decimal(0))
    totals = {
        etree.QName(element).localname: Decimal(element.text or "")
        for element in root.iterfind("cac:AnticipatedMonetaryTotal/*", NAMESPACES)
    }
    ways = {
        "lines": "cac:OrderLine/cac:LineItem/cbc:LineExtensionAmount",
        "charges": 'cac:AllowanceCharge[cbc:ChargeIndicator="true"]/cbc:Amount',
        "allowances": 'cac:AllowanceCharge[cbc:ChargeIndicator="false"]/cbc:Amount',
        "tax": "cac:TaxTotal/cbc:TaxAmount",
        "tax of lines": "cac:OrderLine/cac:LineItem/cbc:TotalTaxAmount",
        "tax of charges": "cac:AllowanceCharge/cac:TaxTotal/cbc:TaxAmount",
        "payments": "cac:PaymentTerms/cbc:Amount",
    }
    added = {name: sum(map(Decimal, texts(root, way)), Decimal(0)) for name, way in ways.items()}
    return {**missing, **totals, **added}


@settings(max_examples=60)
@given(order=summed_orders())
def test_the_sums_agree_with_each_other_and_with_the_order(order: OrderRequest) -> None:
    found = sums(parsed(written(order, "ubl").content))
    assert found["LineExtensionAmount"] == found["lines"]
    assert found["ChargeTotalAmount"] == found["charges"]
    assert found["AllowanceTotalAmount"] == found["allowances"]
    assert found["TaxExclusiveAmount"] == found["lines"] + found["charges"] - found["allowances"]
    assert found["tax"] == found["tax of lines"] + found["tax of charges"]
    assert found["TaxInclusiveAmount"] == found["TaxExclusiveAmount"] + found["tax"] == order_total(order)
    assert found["PrepaidAmount"] == found["payments"]
    left = found["TaxInclusiveAmount"] - found["PrepaidAmount"]
    assert found["PayableAmount"] == left + found["PayableRoundingAmount"] == round(found["PayableAmount"], 2)
    assert abs(found["PayableRoundingAmount"]) <= Decimal("0.005")


def test_fees_are_counted_with_their_vat_and_discounts_where_there_is_none(
    order: OrderRequest, schema: etree.XMLSchema
) -> None:
    row = OrderItem(LineNo=1, PartNo="A-1", Quantity=1, UnitPrice=Decimal(240))
    taxed = replace(row, UnitVat=Decimal(60), VatRate=Decimal(25))
    fee = Fee(Type="Invoice", Amount=Decimal(29), VatRate=Decimal(25))
    root = parsed(written(replace(order, Items=[taxed], Fees=[fee], Payments=None), "ubl").content)
    schema.assertValid(root)
    found = sums(root)
    shown = [str(found[name]) for name in ("ChargeTotalAmount", "tax", "PayableAmount")]
    assert shown == ["29.00", "67.25", "336.25"]
    free = replace(order, Items=[row], Discounts=[Discount(Code="V-77", Amount=Decimal(50))], Payments=None)
    assert sums(parsed(written(free, "ubl").content))["PayableAmount"] == 190


@pytest.mark.parametrize(("currency", "payable"), [("SEK", "0.13"), ("ISK", "0"), ("KWD", "0.125"), ("CLF", "0.1250")])
def test_what_is_to_be_paid_has_the_decimals_of_the_currency(order: OrderRequest, currency: str, payable: str) -> None:
    row = OrderItem(PartNo="A-1", Quantity=1, UnitPrice=Decimal("0.125"))
    root = parsed(written(replace(order, CurrencyCode=currency, Items=[row], Payments=None), "ubl").content)
    assert texts(root, "cac:AnticipatedMonetaryTotal/cbc:PayableAmount") == [payable]
