"""Canonical orders for tests: one by hand, and Hypothesis strategies for any."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from order_receiver.orders.canonical import (
    FORMAT,
    AddressPart,
    ApplicationPart,
    CompanyPart,
    DiscountPart,
    FeePart,
    Info,
    OrderPart,
    PartyPart,
    PaymentPart,
    PersonPart,
    PickupPart,
    PromotionPart,
    RowPart,
    ShippingPart,
)
from order_receiver.orders.totals import totals_of


def a_row(line: int, total: str = "100.00", **changes: Any) -> RowPart:
    """A row of one piece at 25 percent VAT; `total` is without it."""
    price = Decimal(total)
    vat = (price / 4).quantize(Decimal("0.01"))
    given: dict[str, Any] = {
        "quantity": Decimal(1),
        "unit_price_excl_vat": price,
        "unit_vat": vat,
        "vat_rate": Decimal("25.00"),
        "original_unit_price_excl_vat": Decimal(0),
        "total_excl_vat": price,
        "total_vat": vat,
        "total_incl_vat": price + vat,
        "promotions": [],
    }
    return RowPart(line=line, **{**given, **changes})


def an_order(*rows: RowPart, **changes: Any) -> OrderPart:
    """A company's order from Sweden, with these rows and right totals."""
    given: dict[str, Any] = {
        "application": ApplicationPart(name="Sweden", id=1042),
        "type": "order",
        "source": "WEB",
        "currency": "SEK",
        "sales_division": "North",
        "buyer": PartyPart(
            code="C1",
            name="Bolaget AB",
            company=CompanyPart(code="C1", name="Bolaget AB", info={"group": "gold"}),
            address=AddressPart(line1="Storgatan 1", country="SE"),
        ),
        "payments": [PaymentPart(code=7, method="card", amount=Decimal("250.00"))],
        "fees": [],
        "discounts": [],
        "info": {"Gift": "yes", "Twice": ["a", "b"]},
    }
    members = {**given, **changes}
    return OrderPart(
        format=FORMAT,
        key="shop-1",
        reference="1",
        received_at="2026-11-22T10:00:00+00:00",
        order_date="2026-11-22",
        hold=False,
        rows=list(rows),
        totals=totals_of(rows, members["payments"]),
        **members,
    )


amounts = st.integers(-(10**8), 10**8).map(lambda cents: Decimal(cents).scaleb(-4))
texts = st.sampled_from([None, "SE", "NO", "GiftCertificate", "Freight", "A-1", "gold", "", "\N{SNOWMAN}\n"])
known_infos: list[Info | None] = [None, {}, {"Gift": "yes"}, {"group": "gold", "Gift": ["x", "yes"]}, {"group": []}]
infos = st.sampled_from(known_infos)
addresses = st.none() | st.builds(AddressPart, country=texts, city=texts)
companies = st.none() | st.builds(CompanyPart, code=texts, info=infos)
persons = st.none() | st.builds(PersonPart, code=texts, email=texts, info=infos)
parties = st.none() | st.builds(PartyPart, code=texts, name=texts, company=companies, person=persons, address=addresses)
rows = st.builds(
    RowPart,
    line=st.integers(0, 6),
    parent_line=st.none() | st.integers(0, 6),
    type=texts,
    part_no=texts,
    unit=texts,
    quantity=amounts,
    unit_price_excl_vat=amounts,
    unit_vat=amounts,
    vat_rate=st.sampled_from([Decimal(25), Decimal("12.00"), Decimal("NaN")]),
    original_unit_price_excl_vat=amounts,
    discount=st.none() | amounts,
    total_excl_vat=amounts,
    total_vat=amounts,
    total_incl_vat=amounts,
    price_list=st.none() | st.integers(0, 3),
    promotions=st.lists(st.builds(PromotionPart, id=texts, amount=amounts), max_size=2),
    info=infos,
)
payments = st.builds(PaymentPart, code=st.integers(0, 9), method=texts, amount=amounts, info=infos)
orders = st.builds(
    lambda rows, changes: an_order(*rows, **changes),
    st.lists(rows, max_size=6),
    st.fixed_dictionaries(
        {
            "source": texts,
            "currency": texts,
            "sales_division": texts,
            "buyer": parties,
            "payer": parties,
            "recipient": parties,
            "payments": st.lists(payments, max_size=3),
            "fees": st.lists(st.builds(FeePart, type=texts, amount=amounts, vat_rate=amounts), max_size=2),
            "discounts": st.lists(st.builds(DiscountPart, type=texts, amount=amounts), max_size=2),
            "shipping": st.none()
            | st.builds(ShippingPart, method=texts, pickup=st.none() | st.builds(PickupPart, code=texts, info=infos)),
            "info": infos,
        }
    ),
)
"""Any order whose totals are right, with anything missing that may be missing."""
