"""The reference page."""

from pathlib import Path

from msgspec import inspect

from order_receiver.settings.model import Settings
from order_receiver.settings.reference import render
from order_receiver.settings.words import in_words, sections_of

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "configuration.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == render(), "run: python tools/configuration_reference.py"


def test_every_setting_is_described() -> None:
    rows = [line for line in render().splitlines() if line.startswith("| `")]
    assert len(rows) > 50
    assert [row for row in rows if row.endswith("|  |")] == []


def test_every_section_stands_there() -> None:
    page = render()
    for heading in ("[door]", "[[door.credentials]]", "[[applications]]", "[targets.NAME]", "[norce.client_secret]"):
        assert f"## `{heading}`" in page


def test_words_for_types_that_are_not_used_yet() -> None:
    assert in_words(inspect.type_info(list[str])) == "a list, each text"
    assert in_words(inspect.type_info(list[int])) == "a list, each a whole number"
    assert sections_of(inspect.type_info(Settings | None)) == sections_of(inspect.type_info(Settings))
