"""Fingerprints and differences: what counts as the same order."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject, SearchStrategy

from order_receiver.contract.codes import OrderType
from order_receiver.contract.request import (
    Address,
    ClientCustomer,
    Company,
    Header,
    OrderItem,
    OrderRequest,
    Payment,
    Person,
)
from order_receiver.orders.fingerprint import DIFFERENCES_LIMIT, Difference, differences, fingerprint

NOON = datetime(2024, 12, 18, 11, tzinfo=UTC)


def row(**members: object) -> OrderRequest:
    item = OrderItem()
    for name, value in members.items():
        setattr(item, name, value)
    return OrderRequest(Items=[item])


def price(text: str) -> OrderRequest:
    return row(UnitPrice=Decimal(text))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (OrderRequest(), OrderRequest(Payments=[], Items=[])),
        (OrderRequest(Source=""), OrderRequest(Source=None)),
        (OrderRequest(SellTo=ClientCustomer(Person=Person())), OrderRequest()),
        (price("25"), price("25.00")),
        (price("2500"), price("2.5E+3")),
        (price("-0.50"), price("-5E-1")),
        (price("0.0000001"), price("0.00000010")),
        (price("0"), price("-0.00")),
        (price("0E+5"), price("0")),
        (row(Quantity2=Decimal("0E+5")), row(Quantity2=Decimal("-0"))),
        (price("1E+100"), price("10E+99")),
        (row(Comment="a\r\nb"), row(Comment="a\nb")),
        (OrderRequest(SubmitDate=NOON), OrderRequest(SubmitDate=NOON.astimezone(timezone(timedelta(hours=1))))),
        (OrderRequest(SubmitDate=NOON), OrderRequest(SubmitDate=NOON + timedelta(microseconds=457))),
        (OrderRequest(SubmitDate=NOON), OrderRequest(SubmitDate=NOON.replace(tzinfo=None))),
        (OrderRequest(Header=Header(ApplicationKey="AB")), OrderRequest(Header=Header(ApplicationKey="ab"))),
    ],
)
def test_the_same_order(first: OrderRequest, second: OrderRequest) -> None:
    assert fingerprint(first) == fingerprint(second)
    assert differences(first, second) == ()


@pytest.mark.parametrize(
    ("first", "second", "difference"),
    [
        (row(Quantity2=None), row(Quantity2=Decimal(0)), Difference("/Items/0/Quantity2", None, "0")),
        (row(PriceListNo=0), row(), Difference("/Items/0/PriceListNo", "0", None)),
        (price("25.00"), price("25.01"), Difference("/Items/0/UnitPrice", "25", "25.01")),
        (price("1E+100"), price("1E-100"), Difference("/Items/0/UnitPrice", "1E100", "1E-100")),
        (price("NaN"), price("1"), Difference("/Items/0/UnitPrice", "NaN", "1")),
        (OrderRequest(DoHold=True), OrderRequest(), Difference("/DoHold", "true", None)),
        (OrderRequest(OrderType=OrderType.ExternalOrder), OrderRequest(), Difference("/OrderType", "5", "1")),
        (row(), OrderRequest(), Difference("/Items", "1 entries", None)),
        (
            OrderRequest(SubmitDate=NOON),
            OrderRequest(),
            Difference("/SubmitDate", "2024-12-18T11:00:00.000+00:00", None),
        ),
        (
            OrderRequest(SellTo=ClientCustomer(Company=Company(PaymentCodes=["a", "b"]))),
            OrderRequest(SellTo=ClientCustomer(Company=Company(PaymentCodes=["ab"]))),
            Difference("/SellTo/Company/PaymentCodes", '["a","b"]', '["ab"]'),
        ),
        (
            OrderRequest(SellTo=ClientCustomer(Person=Person(SSN="1", FirstName="Åsa"))),
            OrderRequest(SellTo=ClientCustomer(Person=Person(SSN="2", FirstName="Åsa"))),
            Difference("/SellTo/Person/SSN", "***", "***"),
        ),
        (
            OrderRequest(ShipTo=ClientCustomer(Person=Person(Address=Address(City="Umeå")))),
            OrderRequest(),
            Difference("/ShipTo/Person/Address/City", "U***", None),
        ),
    ],
)
def test_another_order(first: OrderRequest, second: OrderRequest, difference: Difference) -> None:
    assert fingerprint(first) != fingerprint(second)
    assert differences(first, second) == (difference,)


def test_dates_at_the_end_of_time_do_no_harm() -> None:
    last = datetime.max.replace(tzinfo=timezone(-timedelta(hours=1)))
    assert fingerprint(OrderRequest(SubmitDate=last)) != fingerprint(OrderRequest())


def test_fingerprint_is_32_bytes_and_stable() -> None:
    assert len(fingerprint(OrderRequest())) == 32
    known = OrderRequest(ClientOrderRef="1", Payments=[Payment(Amount=Decimal("1.50"))])
    assert fingerprint(known).hex()[:12] == "a55ac252685e"


def test_differences_are_bounded() -> None:
    many = OrderRequest(Items=[OrderItem(PartNo="A")] * 200)
    assert len(differences(many, OrderRequest())) == DIFFERENCES_LIMIT


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_no_differences_means_equal_fingerprints(data: DataObject, orders: SearchStrategy[OrderRequest]) -> None:
    first = data.draw(orders)
    second = deepcopy(first)
    for name in data.draw(st.lists(st.sampled_from(OrderRequest.__struct_fields__), max_size=3)):
        setattr(second, name, getattr(data.draw(orders), name))
    assert (differences(first, second) == ()) == (fingerprint(first) == fingerprint(second))
    assert len(differences(first, second)) == len(differences(second, first))


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_every_change_of_an_amount_is_seen(data: DataObject, orders: SearchStrategy[OrderRequest]) -> None:
    first = data.draw(orders)
    first.Payments = [Payment(Amount=data.draw(st.decimals(-10_000, 10_000, places=3)))]
    second = msgspec.structs.replace(first, Payments=[Payment(Amount=first.Payments[0].Amount + Decimal("0.001"))])
    assert [one.pointer for one in differences(first, second)] == ["/Payments/0/Amount"]
    assert fingerprint(first) != fingerprint(second)
