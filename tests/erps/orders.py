"""Canonical orders for real ERPs, with totals that follow from their rows."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from order_receiver.orders.canonical import (
    FORMAT,
    AddressPart,
    ApplicationPart,
    CompanyPart,
    OrderPart,
    PartyPart,
    PaymentPart,
    PersonPart,
    PickupPart,
    RowPart,
    ShippingPart,
    TotalsPart,
)
from order_receiver.orders.identity import OrderKey
from order_receiver.targets.adapter import Document, Submission
from order_receiver.targets.keys import submission_key

SHOP = "123e4567-e89b-12d3-a456-426614174000"
HOME = AddressPart(line1="Storgatan 1", postal_code="111 22", city="Stockholm", country="SE")
ASA = PartyPart(
    code="C1",
    name="Åsa Öberg",
    person=PersonPart(code="C1", first_name="Åsa", last_name="Öberg", email="asa@example.com", mobile="+46701234567"),
    address=HOME,
)
COMPANY = PartyPart(
    code="F1",
    name="Bolaget AB",
    company=CompanyPart(code="F1", name="Bolaget AB", vat_no="SE556036079301", email="inkop@example.com"),
    person=PersonPart(first_name="Bo", last_name="Ek", email="bo@example.com"),
    address=AddressPart(line1="Industrivägen 2", postal_code="222 33", city="Lund", country="SE"),
)

NORWEGIAN = PartyPart(
    name="Bjørn Ærlig-Ødegård",
    person=PersonPart(first_name="Bjørn", last_name="Ærlig-Ødegård", email="Bjorn@Example.com"),
    address=AddressPart(line1="Østre gate 5 «B»", postal_code="0150", city="Oslo", country="NO"),
)
GIFT = PartyPart(
    name="Mormor Łucja 日本",
    address=AddressPart(care_of="Svensson", line1="Lillgatan 3", postal_code="333 44", city="Visby", country="SE"),
)
SHIPPING = ShippingPart(
    method="POSTNORD",
    complete=True,
    fee_once=False,
    notify_by_sms=False,
    pickup=PickupPart(code="S1", name="Butiken"),
)

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def row(line: int, part_no: str | None, quantity: str, price: str, vat: str = "25", **more: object) -> RowPart:
    """A row with price excluding VAT."""
    number, each, rate = Decimal(quantity), Decimal(price), Decimal(vat)
    unit_vat = each * rate / 100
    members: dict[str, object] = {
        "line": line,
        "part_no": part_no,
        "description": part_no,
        "quantity": number,
        "unit_price_excl_vat": each,
        "unit_vat": unit_vat,
        "vat_rate": rate,
        "original_unit_price_excl_vat": Decimal(0),
        "total_excl_vat": number * each,
        "total_vat": number * unit_vat,
        "total_incl_vat": number * (each + unit_vat),
        "promotions": [],
    }
    return msgspec.convert({**members, **more}, RowPart)


def payment(code: int, amount: str, reference: str = "PSP-1") -> PaymentPart:
    return PaymentPart(code=code, method="card", amount=Decimal(amount), reference=reference)


def order(reference: str, *rows: RowPart, **more: object) -> OrderPart:
    """An order of Åsa's unless another buyer is given."""
    payments = more.pop("payments", [])
    assert isinstance(payments, list)
    members: dict[str, object] = {
        "format": FORMAT,
        "key": submission_key(OrderKey(SHOP, reference)),
        "reference": reference,
        "application": ApplicationPart(name="shop.se", key=SHOP),
        "type": "order",
        "received_at": "2026-11-21T23:30:05+00:00",
        "order_date": datetime.now(UTC).date().isoformat(),
        "currency": "SEK",
        "hold": False,
        "buyer": ASA,
        "rows": list(rows),
        "fees": [],
        "discounts": [],
        "totals": TotalsPart(
            excl_vat=sum((each.total_excl_vat for each in rows), Decimal(0)),
            vat=sum((each.total_vat for each in rows), Decimal(0)),
            incl_vat=sum((each.total_incl_vat for each in rows), Decimal(0)),
            paid=sum((each.amount for each in payments), Decimal(0)),
        ),
        "payments": payments,
    }
    return OrderPart(**{**members, **more})  # type: ignore[arg-type]


def submission(order: OrderPart) -> Submission:
    document = Document(_ENCODER.encode(order), "application/json", "json")
    return Submission(order.key, OrderKey(SHOP, order.reference), document)


ORDERS = {
    "private person": order("T1", row(1, "ITEM001", "2", "300")),
    "company": order("T2", row(1, "ITEM002", "10", "79.99"), buyer=COMPANY, customer_reference="PO 7"),
    "discount": order("T3", row(1, "ITEM001", "1", "240", original_unit_price_excl_vat=300, discount=60)),
    "freight and fee": order(
        "T4",
        row(1, "ITEM001", "1", "300"),
        row(2, "DHL-EXPRESS", "1", "49", type="Freight"),
        row(3, None, "1", "23.20", type="Invoice"),
        shipping=SHIPPING,
    ),
    "bundle": order(
        "T5",
        row(1, "BUNDLE", "2", "500"),
        row(2, "ITEM001", "2", "0", parent_line=1),
        row(3, "ITEM002", "4", "0", parent_line=1, comment="Röd"),
    ),
    "three VAT rates": order(
        "T6", row(1, "ITEM001", "1", "100"), row(2, "FOOD", "3", "35.50", "12"), row(3, "BOOK", "1", "188.6792", "6")
    ),
    "comment and measured goods": order(
        "T7",
        row(1, "CLOTH", "2.5", "79.99", unit="m"),
        comment='Ring "Åsa" <först> &\nsedan',
        invoice_reference="KST 9",
    ),
    "other delivery address": order("T8", row(1, "ITEM001", "1", "300"), payer=COMPANY, recipient=GIFT),
    "several payments": order(
        "T9", row(1, "ITEM001", "2", "300"), payments=[payment(7, "500"), payment(9, "250"), payment(7, "0")]
    ),
    "foreign characters": order("T10", row(1, "ITEM003", "1", "12.3456"), buyer=NORWEGIAN),
}
"""Ten kinds of orders, by what is special about each."""
