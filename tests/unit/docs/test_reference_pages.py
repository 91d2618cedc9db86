"""Reference pages say what the code says."""

from pathlib import Path

import pytest
from tools.reference_pages import PARTS, TEXTS, pages, words_below

PAGES = pages()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_is_fresh(page: Path) -> None:
    assert page.read_text("utf-8") == PAGES[page], "The page is stale: run `make docs`."


@pytest.mark.parametrize("part", PARTS)
def test_every_part_has_its_place(part: str) -> None:
    places = [text.name for text in TEXTS.glob("*.md") if f"<!-- {part} -->\n" in text.read_text("utf-8")]
    assert len(places) == 1


def test_no_mark_is_left() -> None:
    assert not [page.name for page, text in PAGES.items() if "<!--" in text]


def test_texts_below_assignments_are_found() -> None:
    from order_receiver.orders import states

    assert words_below(states, "OrderState")["RECEIVED"] == "Stored and answered."
