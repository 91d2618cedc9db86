"""What Tryton makes of rows, against totals that a real Tryton 8.0 came to."""

from decimal import Decimal

from tests.erps.orders import row

from order_receiver.targets.tryton.totals import price, trytons_total

THREE = [row(line, "A", "1", "79.992") for line in (1, 2, 3)]


def test_rows_are_rounded_one_by_one_and_vat_once() -> None:
    assert trytons_total(THREE, 2, tax_by_row=False) == Decimal("299.96")
    assert trytons_total(THREE, 2, tax_by_row=True) == Decimal("299.97")


def test_rows_with_the_same_number_are_rounded_one_by_one() -> None:
    same = [row(7, "A", "1", "79.992")] * 3
    assert trytons_total(same, 2, tax_by_row=True) == Decimal("299.97")


def test_each_rate_has_its_own_vat() -> None:
    rows = [row(1, "A", "1", "0.1", "25"), row(2, "B", "1", "0.1", "12"), row(3, "C", "1", "0.1", "0")]
    assert trytons_total(rows, 2, tax_by_row=False) == Decimal("0.30") + Decimal("0.02") + Decimal("0.01")


def test_a_price_has_four_decimals() -> None:
    assert price(Decimal("12.345678")) == Decimal("12.3457")
