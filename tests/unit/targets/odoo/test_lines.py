"""Prices, notes and tables as Odoo takes them."""

from decimal import Decimal

import pytest
from tests.erps.orders import order, row

from order_receiver.targets.odoo.lines import price_and_discount
from order_receiver.targets.odoo.notes import note_of
from order_receiver.targets.odoo.tables import table_of, table_with_lines


@pytest.mark.parametrize(
    ("sold", "original", "expected"),
    [
        ("240", "300", ("300", "20")),
        ("239.97", "300", ("300", "20.01")),
        ("79.992", "0", ("79.99", "0")),
        ("79.992", "99.99", ("99.99", "20")),
        ("199", "299", ("199", "0")),
        ("100", "100", ("100", "0")),
        ("120", "100", ("120", "0")),
        ("0", "100", ("100", "100")),
        ("50.00", "100.001", ("50", "0")),
        ("-50", "100", ("-50", "0")),
    ],
)
def test_a_discount_is_shown_where_it_makes_exactly_the_price(
    sold: str, original: str, expected: tuple[str, str]
) -> None:
    made = row(1, "A", "1", sold, original_unit_price_excl_vat=Decimal(original))
    assert price_and_discount(made, Decimal("0.01"), Decimal("0.01")) == tuple(map(Decimal, expected))


def test_the_note_is_text_or_html() -> None:
    made = order("1", row(1, "A", "1", "1"), comment="a < b\r\n& c", invoice_reference="KST")
    assert note_of(made, html=False) == "a < b\n& c\nInvoice reference: KST"
    assert note_of(made, html=True) == "a &lt; b<br>&amp; c<br>Invoice reference: KST"
    assert note_of(order("2", row(1, "A", "1", "1")), html=True) == ""


def test_a_table_has_the_records_cells_in_its_first_row_only() -> None:
    assert table_of("m.a", {"name": "A"}).arguments == [["id", "name"], [["m.a", "A"]]]
    lines = {"m.l1": {"name": "x", "qty": "1"}, "m.l2": {"name": "y", "qty": ""}}
    assert table_with_lines("m.a", {"name": "A"}, "order_line", lines).arguments == [
        ["id", "name", "order_line/id", "order_line/name", "order_line/qty"],
        [["m.a", "A", "m.l1", "x", "1"], ["", "", "m.l2", "y", ""]],
    ]
