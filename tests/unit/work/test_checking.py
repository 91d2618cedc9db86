"""What stands in an order's way, sorted and told."""

from decimal import Decimal

import pytest

from order_receiver.contract.findings import Finding, Severity
from order_receiver.contract.reading import Reading
from order_receiver.contract.request import OrderItem, OrderRequest, Payment
from order_receiver.settings.model import Application
from order_receiver.work.checking import MOST_TOLD, obstacles, tell

SHOP = Application(key="shop", name="Shop")
PASSING = Application(key="shop", name="Shop", on_difference="pass")


def order(paid: str = "100", **members: object) -> OrderRequest:
    row = OrderItem(LineNo=1, PartNo="A", Quantity=1, UnitPrice=Decimal(80), UnitVat=Decimal(20), ParentLineNo=9)
    payment = Payment(Amount=Decimal(paid), CurrencyCode="SEK")
    return OrderRequest(CurrencyCode="SEK", Items=[row], Payments=[payment])


def test_problems_differences_and_notes_are_kept_apart() -> None:
    finding = Finding("/Items/0/Quantity", "not-a-number", "x", "Send a number.")
    found = obstacles(Reading(order("90"), (finding,)), SHOP)
    assert list(found.problems) == [finding]
    assert [each.rule for each in found.totals] == ["totals-differ"]
    assert [each.rule for each in found.noted] == ["no-such-parent"]
    assert [each.rule for each in found.all] == ["not-a-number", "totals-differ"]


def test_a_difference_that_may_pass_is_noted() -> None:
    found = obstacles(Reading(order("90"), ()), PASSING)
    assert list(found.all) == []
    assert {each.rule for each in found.noted} == {"no-such-parent", "totals-differ"}


@pytest.mark.parametrize("application", [SHOP, PASSING])
def test_a_good_order_has_no_obstacles(application: Application) -> None:
    found = obstacles(Reading(order(), ()), application)
    assert list(found.all) == []
    assert all(each.severity is Severity.NOTE for each in found.noted)


def test_findings_are_told_with_place_rule_value_and_advice() -> None:
    assert tell([Finding("/Items", "no-rows", "no rows", "Add one.")]) == "/Items: no-rows (no rows). Add one."
    assert tell([Finding("", "empty", "nothing", "Send one.")]) == "message: empty (nothing). Send one."
    assert tell([]) == ""


@pytest.mark.parametrize(("count", "lines"), [(MOST_TOLD, MOST_TOLD), (MOST_TOLD + 3, MOST_TOLD + 1)])
def test_only_the_first_findings_are_told(count: int, lines: int) -> None:
    told = tell(Finding(f"/{number}", "r", "s", "a.") for number in range(count)).splitlines()
    assert len(told) == lines
    assert (told[-1] == "and 3 more") == (lines > MOST_TOLD)
