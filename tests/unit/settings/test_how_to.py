"""What docs/how-to/route-orders.md and translate-values.md show is what the program takes."""

import re
from pathlib import Path

import pytest

from order_receiver.settings.conditions import condition_fault, rows_fault
from order_receiver.settings.load import load
from order_receiver.settings.values import CODES, field_fault

DOCS = Path(__file__).parents[3] / "docs"
ROUTES = (DOCS / "how-to" / "route-orders.md").read_text("utf-8")
VALUES = (DOCS / "how-to" / "translate-values.md").read_text("utf-8")
TARGET = "[targets.erp]\nadapter = 'folder'\noutbox = 'o'\n"


def blocks(text: str) -> list[str]:
    return re.findall(r"^```toml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("block", [*blocks(ROUTES), *blocks(VALUES)])
def test_the_settings_can_be_read(tmp_path: Path, block: str) -> None:
    (tmp_path / "receiver.toml").write_text(TARGET + block, "utf-8")
    settings = load(tmp_path / "receiver.toml", {})
    assert settings.routes or settings.targets["erp"].values


def test_every_condition_of_the_table_can_be_asked() -> None:
    rows = re.findall(r"^\| .*? \| (.*) \|$", ROUTES.partition("| you want")[2].partition("It reads")[0], re.MULTILINE)
    shown = [condition for row in rows for condition in re.findall(r"`([^`]+)`", row)]
    conditions = [each for each in shown if not re.fullmatch(r"and|or|not|\w+\(\)|write", each)]
    assert len(conditions) > 20
    assert {each: condition_fault(each) for each in conditions if condition_fault(each)} == {}


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (condition_fault('buyer.adress.country == "SE"'), "routes[1].when: "),
        (condition_fault('rows.type == "x"'), "routes[2].when: "),
        (rows_fault("row.type"), ""),
    ],
)
def test_the_messages_are_those_of_the_program(fault: str, message: str) -> None:
    assert f"{message}{fault}" in ROUTES


def test_every_code_is_in_the_table() -> None:
    table = VALUES.partition("| of | fields |")[2].partition("\n\n")[0]
    told = set()
    for of, fields in re.findall(r"^\| (.*?) \| (.*) \|$", table, re.MULTILINE):
        groups = re.findall(r"`(\w+)`", of) or [""]
        for field in re.findall(r"`([\w.]+)`", fields):
            told |= {field if group in ("", "fees", "discounts") else f"{group}.{field}" for group in groups}
    assert {path for path in told if field_fault(path)} == set()
    assert {path.removesuffix(".CODE") for path in told} == set(CODES)
