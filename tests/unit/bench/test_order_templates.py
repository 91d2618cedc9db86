"""What the bench sends must pass the receiver's own checks, or it would measure holding."""

import re
from datetime import UTC
from decimal import Decimal
from pathlib import Path

import pytest

from bench.order_templates import APPLICATION_KEY, LINES, MARK, VARIANTS, read_templates, write_templates
from order_receiver.contract.json_form import read
from order_receiver.contract.reading import Limits
from order_receiver.settings.model import Application
from order_receiver.work.checking import obstacles


@pytest.mark.parametrize("lines", LINES)
def test_every_template_is_an_order_without_obstacles(tmp_path: Path, lines: int) -> None:
    write_templates(tmp_path)
    application = Application(key=APPLICATION_KEY, name="Bench")
    for body in read_templates(tmp_path, lines):
        reading = read(body.replace(MARK.encode(), b"1000000001"), charset=None, zone=UTC, limits=Limits())
        assert obstacles(reading, application).all == ()
        assert len(reading.order.Items or ()) == lines
        assert reading.order.ClientOrderRef == "1000000001"


@pytest.mark.parametrize("lines", LINES)
def test_payments_equal_rows_to_the_ore(tmp_path: Path, lines: int) -> None:
    write_templates(tmp_path)
    for body in read_templates(tmp_path, lines):
        order = read(body, charset=None, zone=UTC, limits=Limits()).order
        rows = sum(((row.UnitPrice + row.UnitVat) * Decimal(row.quantity) for row in order.Items or ()), Decimal(0))
        assert [payment.Amount for payment in order.Payments or ()] == [rows]


def test_the_same_templates_every_time(tmp_path: Path) -> None:
    write_templates(tmp_path / "one")
    write_templates(tmp_path / "two")
    for lines in LINES:
        assert read_templates(tmp_path / "one", lines) == read_templates(tmp_path / "two", lines)


def test_the_mark_is_what_the_load_generator_looks_for() -> None:
    source = (Path(__file__).parents[3] / "bench" / "loadgen.c").read_text("utf-8")
    assert re.findall(r'#define MARK "(.*?)"', source) == [MARK]
    assert len(MARK) == len("1000000000")
    assert f"#define VARIANTS {VARIANTS}" in source
