from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_receiver.contract.request import OrderItem, OrderRequest
from order_receiver.simulator.goods import VAT_RATES, Market
from order_receiver.simulator.order_rows import rows_total
from order_receiver.simulator.orders import change_order, decode_order, encode_order, make_order

KEY = "123e4567-e89b-12d3-a456-426614174000"
SEEDS = st.integers(0, 2**40)


def order_of(seed: int, lines: int | None = None, market: Market | None = None) -> OrderRequest:
    return make_order(seed, application_key=KEY, reference="100001", lines=lines, market=market)


def rows_of(order: OrderRequest) -> list[OrderItem]:
    assert order.Items is not None
    return order.Items


@given(SEEDS)
def test_payments_add_up_to_the_rows_within_half_a_krona(seed: int) -> None:
    order = order_of(seed)
    paid = sum((payment.Amount for payment in order.Payments or []), Decimal(0))
    assert abs(paid - rows_total(rows_of(order))) <= Decimal("0.50")
    assert all(payment.Amount == payment.Amount.quantize(Decimal("0.01")) > 0 for payment in order.Payments or [])


@given(SEEDS, st.integers(1, 40))
def test_lines_counts_every_row(seed: int, lines: int) -> None:
    rows = rows_of(order_of(seed, lines))
    assert [row.LineNo for row in rows] == list(range(1, lines + 1))


@given(SEEDS)
def test_what_is_encoded_reads_back_the_same(seed: int) -> None:
    order = order_of(seed)
    assert decode_order(encode_order(order)) == order


@given(SEEDS)
def test_same_seed_same_bytes(seed: int) -> None:
    assert encode_order(order_of(seed)) == encode_order(order_of(seed))


@given(SEEDS)
def test_unit_vat_fits_its_rate(seed: int) -> None:
    for row in rows_of(order_of(seed)):
        assert abs(row.UnitVat - row.UnitPrice * row.VatRate / 100) <= Decimal("0.01")


@given(SEEDS)
def test_parts_of_a_bundle_point_at_its_parent(seed: int) -> None:
    rows = {row.LineNo: row for row in rows_of(order_of(seed, 12))}
    for row in rows.values():
        if row.ParentLineNo is not None:
            assert rows[row.ParentLineNo].Type == "Structure"
            assert row.ParentLineNo < row.LineNo


@pytest.mark.parametrize(("market", "currency"), [("SE", "SEK"), ("NO", "NOK")])
def test_a_market_has_its_currency_and_vat_rates(market: Market, currency: str) -> None:
    orders = [order_of(seed, market=market) for seed in range(200)]
    assert {order.CurrencyCode for order in orders} == {currency}
    assert {row.VatRate for order in orders for row in rows_of(order)} == set(VAT_RATES[market].values())


def test_a_few_hundred_orders_show_everything_that_shops_send() -> None:
    orders = [order_of(seed) for seed in range(400)]
    rows = [row for order in orders for row in rows_of(order)]
    assert {row.Type for row in rows} == {"ErpStandard", "Freight", "PackingFee", "Invoice", "Structure"}
    assert any(row.Quantity2 is not None and row.Quantity2 != row.Quantity for row in rows)
    assert any(row.AdditionalInfo for row in rows)
    assert {len(order.Payments or []) for order in orders} == {1, 2}
    assert any(order.AdditionalInfo for order in orders)
    assert any(order.SellTo and order.SellTo.Company for order in orders)
    assert any(order.ShippingAdvice and order.ShippingAdvice.PickupStore for order in orders)
    assert any("å" in (order.CustomerOrderComment or "") for order in orders)
    sizes = {len(rows_of(order)) for order in orders}
    assert (min(sizes), max(sizes)) == (1, 40)


def test_location_numbers_have_a_right_check_digit() -> None:
    numbers = [
        person.Address.Gln
        for seed in range(100)
        if (payer := order_of(seed).BillTo) and (person := payer.Person) and person.Address and person.Address.Gln
    ]
    assert numbers
    for number in numbers:
        assert len(number) == 13
        assert sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(number)) % 10 == 0


def test_hold_and_time_only_when_asked() -> None:
    moment = datetime(2026, 11, 21, 20, tzinfo=UTC)
    assert not order_of(1).DoHold
    asked = make_order(1, application_key=KEY, reference="7", submitted=moment, do_hold=True)
    assert (asked.DoHold, asked.SubmitDate, asked.ClientOrderRef) == (True, moment, "7")


def test_decimals_are_written_plainly() -> None:
    order = OrderRequest(
        Items=[OrderItem(UnitPrice=Decimal("1E+5"), UnitVat=Decimal("1E-9"), Discount=Decimal("0.00"))]
    )
    body = encode_order(order)
    assert b'"UnitPrice":100000,' in body
    assert b'"UnitVat":0.000000001,' in body
    assert b'"Discount":0.00,' in body
    assert decode_order(body) == order


def test_members_come_in_contract_order() -> None:
    members = list(msgspec.json.decode(encode_order(order_of(3))))
    assert members == list(OrderRequest.__struct_fields__)


def test_a_changed_order_keeps_its_reference_only() -> None:
    order = order_of(3, lines=3)
    changed = change_order(order)
    assert changed.ClientOrderRef == order.ClientOrderRef
    assert rows_of(changed)[0].quantity == rows_of(order)[0].quantity + 1
    assert changed != order
    assert change_order(OrderRequest(ClientOrderRef="1")).CustomerOrderComment == "Ändrad: skicka till jobbet."
