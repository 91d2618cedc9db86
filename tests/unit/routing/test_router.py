"""Rules in order: which target gets what, whose number counts, and why."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit import canonical_orders
from tests.unit.canonical_orders import a_row, an_order
from tests.unit.orders.parts import split

from order_receiver.orders.canonical import OrderPart
from order_receiver.orders.totals import tidy
from order_receiver.routing import NoRoute, Part, Routed, Router, RuleTrace
from order_receiver.settings.conditions import WrongCondition
from order_receiver.settings.model import Application
from order_receiver.settings.routes import Route

SHOP = Application(key="k", name="Sweden")
ORDER = an_order(
    a_row(1, part_no="A-1"),
    a_row(2, "49.00", type="Freight"),
    a_row(3, "500.00", type="GiftCertificate", part_no="GC-500"),
)
GIFT_CARDS = 'row.type == "GiftCertificate"'


def rule(*to: str, **members: Any) -> Route:
    return Route(to=list(to), **members)


def routed(*rules: Route, order: OrderPart = ORDER) -> Routed:
    return Router(rules, {target for each in rules for target in each.to}).route(SHOP, lambda: order)


def test_without_rules_the_application_decides_and_the_order_is_not_looked_at() -> None:
    def canonical() -> OrderPart:
        raise AssertionError("the order was looked at")

    found = Router([], ["erp"]).route(SHOP, canonical)
    assert found.parts == (Part("erp"),)
    assert found.trace == (RuleTrace("no rules", matched=True, why="There is one target only, erp."),)
    named = Router([], ["a", "b"]).route(Application(key="k", name="Sweden", target="b"), canonical)
    assert named.parts == (Part("b"),)
    assert named.trace[0].why == "The application Sweden names the target b."
    with pytest.raises(NoRoute, match=r"and there are several: a, b\. .* or write \[\[routes\]\]"):
        Router([], ["a", "b"]).route(SHOP, canonical)


def test_the_first_rule_that_fits_takes_the_order() -> None:
    found = routed(
        rule("norway", name="Norway", when='buyer.address.country == "NO"'),
        rule("back", when='payer.code == "C1"'),
        rule("erp", name="all else"),
        rule("never"),
    )
    assert found.parts == (Part("erp", None, gives_number=True, takes_payments=True),)
    assert found.trace == (
        RuleTrace("rule 1 (Norway)", matched=False, why='Does not fit: buyer.address.country is "SE".'),
        RuleTrace("rule 2", matched=False, why="It cannot be told, so the rule does not fit: payer is not there."),
        RuleTrace("rule 3 (all else)", matched=True, why="Fits every order."),
        RuleTrace("rule 4", matched=False, why="Not asked: the rules before it took everything."),
    )


def test_a_split_by_lines() -> None:
    found = routed(rule("gifts", lines=GIFT_CARDS), rule("erp", when='currency == "SEK"'))
    assert found.parts == (
        Part("gifts", (2,), gives_number=False, takes_payments=False),
        Part("erp", (0, 1), gives_number=True, takes_payments=True),
    )
    assert [each.why for each in found.trace] == [
        'Fits every order. Takes line 3: row.type is "GiftCertificate".',
        'Fits: currency is "SEK". Takes what is left: lines 1 and 2.',
    ]


def test_lines_that_no_row_fits() -> None:
    found = routed(rule("gifts", lines='row.type == "Voucher"', when="not hold"), rule("erp"))
    assert found.parts == (Part("erp"),)
    assert found.trace[0] == RuleTrace(
        "rule 1",
        matched=False,
        why='Fits: hold is false. No row that is left fits: row.type is empty, "Freight", "GiftCertificate".',
    )


def test_lines_that_every_row_fits_leave_nothing_to_ask_for() -> None:
    found = routed(rule("erp", lines="row.line > 0"), rule("never"))
    assert found.parts == (Part("erp"),)
    assert [each.matched for each in found.trace] == [True, False]


def test_several_targets_get_the_whole_order() -> None:
    assert routed(rule("erp", "warehouse")).parts == (
        Part("erp", None, gives_number=True, takes_payments=True),
        Part("warehouse", None, gives_number=False, takes_payments=True),
    )
    assert routed(rule("erp", "warehouse", number_from="warehouse", payments_to="erp")).parts == (
        Part("erp", None, gives_number=False, takes_payments=True),
        Part("warehouse", None, gives_number=True, takes_payments=False),
    )


def test_one_target_by_several_rules_gets_one_part() -> None:
    found = routed(rule("gifts", "erp", lines=GIFT_CARDS), rule("erp"))
    assert found.parts == (Part("gifts", (2,), gives_number=False, takes_payments=False), Part("erp"))


@pytest.mark.parametrize(
    ("rules", "number", "payer"),
    [
        ([rule("a", lines=GIFT_CARDS), rule("b")], "b", "b"),
        ([rule("a", lines=GIFT_CARDS, number_from="a"), rule("b")], "a", "a"),
        ([rule("a", lines=GIFT_CARDS, number_from="a"), rule("b", number_from="b")], "a", "a"),
        ([rule("a", lines=GIFT_CARDS, payments_to="a"), rule("b")], "b", "a"),
        ([rule("a", lines=GIFT_CARDS), rule("b", lines='row.type != "GiftCertificate"')], "a", "a"),
        ([rule("a", lines=GIFT_CARDS), rule("b", "c", number_from="c")], "c", "c"),
    ],
)
def test_whose_number_and_whose_payments(rules: list[Route], number: str, payer: str) -> None:
    parts = routed(*rules).parts
    assert [part.target for part in parts if part.gives_number] == [number]
    assert [part.target for part in parts if part.takes_payments] == [payer]


def test_no_rule_fits() -> None:
    with pytest.raises(NoRoute) as failed:
        routed(rule("erp", when='currency == "EUR"'), rule("b", name="B", when="hold"))
    assert str(failed.value) == (
        'No rule of [[routes]] fits this order. Rule 1: Does not fit: currency is "SEK". Rule 2 (B): Does not fit: '
        "hold is false. Correct the rules, or add a last one without `when` and `lines`; restart, then retry the order."
    )
    assert [each.matched for each in failed.value.trace] == [False, False]


def test_rows_that_no_rule_takes() -> None:
    with pytest.raises(
        NoRoute, match=r"No rule of \[\[routes\]\] takes lines 1 and 2 of this order\. Rule 1: Fits every"
    ):
        routed(rule("gifts", lines=GIFT_CARDS))
    many = an_order(a_row(0, type="GiftCertificate"), *(a_row(line) for line in range(1, 31)))
    with pytest.raises(NoRoute, match=r"takes lines 1, 2, .*, 20 and 10 more of this order"):
        routed(rule("gifts", lines=GIFT_CARDS), order=many)


def test_an_order_without_rows() -> None:
    empty = an_order()
    assert routed(rule("gifts", lines=GIFT_CARDS), rule("erp"), order=empty).parts == (Part("erp"),)
    with pytest.raises(NoRoute, match="fits this order"):
        routed(rule("gifts", lines=GIFT_CARDS), order=empty)


def test_a_bundle_stays_together_with_its_first_row() -> None:
    order = an_order(
        a_row(1, type="GiftCertificate"),
        a_row(2, parent_line=1),
        a_row(3, parent_line=2),
        a_row(4, type="GiftCertificate", parent_line=5),
        a_row(5),
        a_row(6, type="GiftCertificate", parent_line=99),
        a_row(7, parent_line=8),
        a_row(8, type="GiftCertificate", parent_line=7),
        a_row(9, type="GiftCertificate", parent_line=9),
    )
    found = routed(rule("gifts", lines=GIFT_CARDS), rule("erp"), order=order)
    assert {part.target: part.rows for part in found.parts} == {"gifts": (0, 1, 2, 5, 8), "erp": (3, 4, 6, 7)}


def test_line_numbers_that_come_twice_do_not_confuse_rows() -> None:
    order = an_order(a_row(0, type="GiftCertificate"), a_row(0), a_row(0, type="GiftCertificate"))
    found = routed(rule("gifts", lines=GIFT_CARDS), rule("erp"), order=order)
    assert [part.rows for part in found.parts] == [(0, 2), (1,)]


def test_a_rule_that_cannot_be_understood() -> None:
    with pytest.raises(WrongCondition, match="there is no field `curency`"):
        Router([rule("erp", when='curency == "SEK"')], ["erp"])


rules = st.lists(
    st.builds(
        rule,
        st.sampled_from("abc"),
        when=st.sampled_from([None, 'currency == "SE"', 'buyer.address.country == "SE"', "totals.paid > 0"]),
        lines=st.sampled_from(
            [
                None,
                GIFT_CARDS,
                "row.quantity > 0",
                'row.part_no.startswith("A")',
                "row.vat_rate < 20",
                "row.price_list > 1",
            ]
        ),
    ),
    max_size=4,
)


@given(rules, canonical_orders.orders)
def test_every_row_and_every_amount_is_in_exactly_one_part(given_rules: list[Route], order: OrderPart) -> None:
    parts = routed(*given_rules, rule("rest"), order=order).parts
    assert len({part.target for part in parts}) == len(parts)
    assert sum(part.gives_number for part in parts) == 1
    positions = [
        position for part in parts for position in (range(len(order.rows)) if part.rows is None else part.rows)
    ]
    assert sorted(positions) == list(range(len(order.rows)))
    pieces = [split(order, part.rows, payments=part.takes_payments) for part in parts]
    assert Counter(map(repr, order.rows)) == Counter(repr(row) for piece in pieces for row in piece.rows)
    for name in ("excl_vat", "vat", "incl_vat", "paid"):
        assert sum(getattr(piece.totals, name) for piece in pieces) == tidy(getattr(order.totals, name))
    for name in ("payments", "fees", "discounts"):
        assert [each for piece in pieces for each in getattr(piece, name)] == getattr(order, name)


@given(rules.filter(bool), canonical_orders.orders)
def test_an_order_goes_somewhere_or_it_is_told_of_every_rule_why_not(
    given_rules: list[Route], order: OrderPart
) -> None:
    whole = routed(*given_rules, rule("rest"), order=order)
    if "rest" not in {part.target for part in whole.parts}:
        assert routed(*given_rules, order=order).parts == whole.parts
        return
    with pytest.raises(NoRoute) as failed:
        routed(*given_rules, order=order)
    assert len(failed.value.trace) == len(given_rules)
    assert all(each.why in str(failed.value) for each in failed.value.trace)
