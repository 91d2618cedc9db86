"""Notes: what goes beyond the contract without harm."""

import msgspec
import pytest

from order_receiver.contract.findings import Severity
from order_receiver.contract.json_form import read
from order_receiver.contract.notes import NOTES_LIMIT, notes
from order_receiver.contract.request import (
    Address,
    ClientCustomer,
    Header,
    OrderItem,
    OrderRequest,
    Payment,
    Person,
    Promotion,
)


def at_home(country: str = "SE", line: str = "Storgatan 1") -> OrderRequest:
    return OrderRequest(ShipTo=ClientCustomer(Person=Person(Address=Address(Country=country, Line1=line))))


@pytest.mark.parametrize(
    ("order", "where", "rule", "seen"),
    [
        (OrderRequest(ErpOrderNo="9" * 51), "/ErpOrderNo", "too-long", "9" * 51 + " (51 characters)"),
        (OrderRequest(CustomerOrderRef="R" * 51), "/CustomerOrderRef", "too-long", "R*** (51 characters)"),
        (OrderRequest(CurrencyCode="KRONOR"), "/CurrencyCode", "not-a-currency", "KRONOR"),
        (OrderRequest(Payments=[Payment(CurrencyCode="S1")]), "/Payments/0/CurrencyCode", "not-a-currency", "S1"),
        (at_home("Sverige"), "/ShipTo/Person/Address/Country", "not-a-country", "Sverige"),
        (at_home(line="x" * 101), "/ShipTo/Person/Address/Line1", "too-long", "x*** (101 characters)"),
        (OrderRequest(Header=Header(ApplicationKey="shop")), "/Header/ApplicationKey", "not-a-guid", "shop"),
        (OrderRequest(Items=[OrderItem(), OrderItem(Type="Rent")]), "/Items/1/Type", "unknown-word", "Rent"),
        (OrderRequest(Items=[OrderItem(TypeGroup="fee")]), "/Items/0/TypeGroup", "unknown-word", "fee"),
        (
            OrderRequest(Items=[OrderItem(Promotions=[Promotion(DiscountCode="d" * 70)])]),
            "/Items/0/Promotions/0/DiscountCode",
            "too-long",
            "d" * 59 + "… (70 characters)",
        ),
    ],
)
def test_note(order: OrderRequest, where: str, rule: str, seen: str) -> None:
    (note,) = notes(order)
    assert (note.where, note.rule, note.seen, note.severity) == (where, rule, seen, Severity.NOTE)
    assert note.advice.endswith(".")


@pytest.mark.parametrize(
    "order",
    [
        OrderRequest(),
        OrderRequest(ErpOrderNo="9" * 50, CurrencyCode="sek", CustomerOrderComment="x" * 9999),
        at_home("SE", "x" * 100),
        OrderRequest(Header=Header(ApplicationKey="{123E4567E89B12D3A456426614174000}")),
        OrderRequest(Items=[OrderItem(Type="ErpStandard", TypeGroup="AddedFee"), OrderItem(Type="", TypeGroup=None)]),
    ],
)
def test_nothing_to_note(order: OrderRequest) -> None:
    assert notes(order) == ()


def test_notes_are_bounded() -> None:
    assert len(notes(OrderRequest(Items=[OrderItem(Type="Rent")] * 500))) == NOTES_LIMIT


@pytest.mark.parametrize("reference", ["R" * 50, "R" * 51])
def test_a_reader_that_says_lengths_fit_is_right(reference: str) -> None:
    reading = read(msgspec.json.encode(OrderRequest(ClientOrderRef=reference)))
    assert reading.lengths_fit == (len(reference) <= 50)
    assert notes(reading.order, lengths_fit=reading.lengths_fit) == notes(reading.order)
