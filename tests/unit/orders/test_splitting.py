"""Parts of an order, in its canonical form and as Norce sent it."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from tests.unit import canonical_orders
from tests.unit.canonical_orders import a_row, an_order
from tests.unit.orders.parts import split

from order_receiver.contract.request import Discount, Fee, OrderItem, OrderRequest, Payment
from order_receiver.mapping import MappingContext
from order_receiver.mapping.canonical.mapping import order_part
from order_receiver.orders.canonical import OrderPart, TotalsPart
from order_receiver.orders.splitting import split_request

CONTEXT = MappingContext("shop-1", "Sweden", 1042, datetime(2026, 11, 22, tzinfo=UTC))


def test_the_totals_are_those_of_the_part() -> None:
    order = an_order(a_row(1, "100.00"), a_row(2, "49.00"), a_row(3, "500.00"))
    part = split(order, (0, 2), payments=False)
    assert [row.line for row in part.rows] == [1, 3]
    assert part.totals == TotalsPart(excl_vat=Decimal(600), vat=Decimal(150), incl_vat=Decimal(750), paid=Decimal(0))
    assert part.payments == []
    assert split(order, (1,)).totals.paid == Decimal("250.00")
    assert split(order, None) is order
    assert split(order, None, payments=False).rows == order.rows


@given(canonical_orders.orders, st.data())
def test_the_parts_make_the_order(order: OrderPart, data: st.DataObject) -> None:
    positions = range(len(order.rows))
    first = sorted(data.draw(st.sets(st.sampled_from(positions)) if positions else st.just(set())))
    second = [position for position in positions if position not in first]
    pieces = [split(order, first), split(order, second, payments=False)]
    for name in ("excl_vat", "vat", "incl_vat", "paid"):
        assert sum(getattr(piece.totals, name) for piece in pieces) == getattr(order.totals, name)
    assert [row for piece in pieces for row in piece.rows] == [order.rows[position] for position in [*first, *second]]


amounts = st.decimals(min_value=-1000, max_value=1000, places=4)
requests = st.builds(
    OrderRequest,
    ClientOrderRef=st.just("1"),
    Items=st.none()
    | st.lists(
        st.builds(OrderItem, LineNo=st.integers(0, 3), Quantity2=amounts, UnitPrice=amounts, UnitVat=amounts),
        max_size=5,
    ),
    Payments=st.none() | st.lists(st.builds(Payment, Amount=amounts), max_size=2),
    Fees=st.none() | st.lists(st.builds(Fee, Amount=amounts), max_size=2),
    Discounts=st.none() | st.lists(st.builds(Discount, Amount=amounts), max_size=2),
)


@given(requests, st.data(), st.booleans())
def test_a_part_of_the_message_maps_to_the_part_of_the_order(
    request: OrderRequest, data: st.DataObject, payments: bool
) -> None:
    positions = range(len(request.Items or ()))
    chosen = st.none() | (st.sets(st.sampled_from(positions)).map(sorted) if positions else st.just([]))
    rows = data.draw(chosen)
    whole = order_part(request, CONTEXT)
    part = order_part(split_request(request, rows, payments=payments), CONTEXT)
    assert part == split(whole, rows, payments=payments)
    assert order_part(request, CONTEXT) == whole
