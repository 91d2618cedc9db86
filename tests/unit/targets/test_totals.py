"""What an order comes to, and what counts as rounding."""

from decimal import Decimal

import pytest
from tests.erps.orders import order, row

from order_receiver.targets.totals import is_rounding, wanted_total

THREE = [row(line, "A", "1", "79.992") for line in (1, 2, 3)]


def test_a_total_has_the_decimals_of_its_currency() -> None:
    assert wanted_total(order("1", *THREE), 2) == Decimal("299.97")
    assert wanted_total(order("1", *THREE), 0) == Decimal(300)


@pytest.mark.parametrize(("difference", "rounding"), [("0.04", True), ("-0.045", True), ("0.05", False)])
def test_what_counts_as_rounding(difference: str, rounding: bool) -> None:
    assert is_rounding(Decimal(difference), THREE) is rounding


@pytest.mark.parametrize(("difference", "rounding"), [("1.13", True), ("-1.14", False)])
def test_coarse_prices_round_each_unit_and_its_vat(difference: str, rounding: bool) -> None:
    """0.01 for the row, 0.005 for each of 100 units, and half a price step with 25 % VAT for each."""
    assert is_rounding(Decimal(difference), [row(1, "A", "100", "79.992")], Decimal("0.01")) is rounding
