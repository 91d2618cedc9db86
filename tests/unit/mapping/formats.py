"""What the tests of the formats share: whole orders, made at random, and settings."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from hypothesis import strategies as st
from msgspec.structs import replace

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
    Person,
    Promotion,
    ShippingAdvice,
)
from order_receiver.mapping import MappingContext, open_mapping
from order_receiver.orders.checks import order_total
from order_receiver.orders.document import Document
from order_receiver.settings.formats import EdifactFormat, Formats

CONTEXT = MappingContext(
    key="123e4567-e89b-12d3-a456-426614174000-100001",
    application="Sweden",
    application_id=1042,
    received_at=datetime(2026, 11, 21, 23, 30, 5, tzinfo=UTC),
)
HALF_ORE = Decimal("0.005")
FORMATS = Formats(
    edifact=EdifactFormat(
        sender="7300000000001", sender_qualifier="14", recipient="7300000000002", recipient_qualifier="14"
    )
)


def written(order: OrderRequest, name: str, formats: Formats = FORMATS, context: MappingContext = CONTEXT) -> Document:
    return open_mapping(name, Path(), formats=formats).map(order, context)


def values_of(order: OrderRequest) -> dict[str, object]:
    """Every value of the canonical document by its path, read from the JSON that the mapping `canonical` writes."""
    content = open_mapping("canonical", Path()).map(order, CONTEXT).content
    return dict(_flat(json.loads(content, parse_float=Decimal, parse_int=Decimal), ""))


def _flat(value: object, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _flat(member, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _flat(member, f"{path}[{index}]")
    else:
        yield path, value


LATIN = st.characters(codec="iso8859-1", exclude_categories=["Cc"])
ANY = st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")


@st.composite
def summed_orders(draw: st.DrawFn, characters: st.SearchStrategy[str] = ANY, digits: int = 14) -> OrderRequest:
    """The same, as formats with sums of their own take it: a discount only without VAT, and paid but for a rounding."""
    order = draw(orders(characters, digits))
    if draw(st.booleans()):
        zero = Decimal(0)
        items = [replace(item, UnitVat=zero, VatRate=zero) for item in order.Items or ()]
        order = replace(order, Items=items, Fees=[replace(fee, VatRate=zero) for fee in order.Fees or ()])
    else:
        order = replace(order, Discounts=[replace(discount, Amount=Decimal(0)) for discount in order.Discounts or ()])
    paid = order_total(order) + draw(st.sampled_from([Decimal(0), HALF_ORE, -HALF_ORE]))
    return replace(order, Payments=[replace(payment, Amount=paid) for payment in order.Payments or ()])


@st.composite
def orders(draw: st.DrawFn, characters: st.SearchStrategy[str] = ANY, digits: int = 14) -> OrderRequest:
    """An order with every kind of part, texts of at most 30 characters and numbers of at most `digits` digits."""

    def text(longest: int = 30) -> str:
        return draw(st.text(characters, min_size=1, max_size=longest))

    def amount() -> Decimal:
        places = draw(st.integers(0, 4))
        return Decimal(draw(st.integers(-(10**digits) + 1, 10**digits - 1))).scaleb(-places)

    def small() -> Decimal:
        return Decimal(draw(st.integers(-99_999, 99_999))).scaleb(-draw(st.integers(0, 3)))

    def customer() -> ClientCustomer:
        address = Address(
            Line1=text(), Line2=text(), CareOf=text(), ZipCode=text(9), City=text(), Region=text(9), Country="SE",
            ShippingPhoneNumber=text(), Gln=draw(st.none() | st.just("7300000000003")),
        )  # fmt: skip
        person = Person(
            FirstName=text(15), LastName=text(15), Email=text(), CellPhone=text(), PrivatePhone=text(),
            CustomerCode=text(17), SSN="800101-1234", Address=address,
        )  # fmt: skip
        company = Company(Code=text(17), Name=text(), VatNo=text(), Email=text(), Phone=text())
        return ClientCustomer(Person=person, Company=draw(st.sampled_from([None, company])))

    def row(number: int) -> OrderItem:
        return OrderItem(
            LineNo=number, PartNo=text(), ErpPartNo=draw(st.none() | st.just("ERP 1")), Description=text(),
            Quantity2=small(), UnitOfMeasure=draw(st.sampled_from([None, "PCE", "m"])), UnitPrice=small(),
            UnitVat=small(), VatRate=Decimal(draw(st.sampled_from(["25", "12.00", "6.5"]))), Comment=text(),
            UnitPriceOriginal=amount(), AdditionalInfo=[CodeValue(Code="Colour", Value=text())],
            Promotions=[Promotion(Name=text(), AppliedAmount=amount())],
        )  # fmt: skip

    return OrderRequest(
        ClientOrderRef=text(), CustomerOrderRef=text(), CustomerInvoiceRef=text(), CurrencyCode="SEK",
        CustomerOrderComment=text(400), DiscountCode=text(), Source=text(),
        SellTo=customer(), BillTo=draw(st.none() | st.just(customer())), ShipTo=draw(st.none() | st.just(customer())),
        Items=[row(number) for number in range(1, draw(st.integers(2, 4)))],
        Fees=[Fee(Type=text(), Description=text(), Amount=amount(), VatRate=Decimal(25))],
        Discounts=[Discount(Type=text(), Code=text(), Amount=amount())],
        Payments=[Payment(PaymentCode=7, PaymentMethodCode=text(), PaymentRef=text(), Amount=amount())],
        ShippingAdvice=ShippingAdvice(DeliveryMethodCode=text(), TmsReference=text()),
        AdditionalInfo=[CodeValue(Code="Gift", Value=text())],
    )  # fmt: skip
