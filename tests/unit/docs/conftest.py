"""What the docs are: every Markdown file that is kept."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FOLDERS = ("docs", "src", "tests", "tools")


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def texts() -> Mapping[Path, str]:
    """Every Markdown file of the project; the texts that pages are made from have their links in the page."""
    found = [*ROOT.glob("*.md"), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.md"))]
    kept = [path for path in found if "reference_texts" not in path.parts]
    return {path: path.read_text("utf-8") for path in sorted(kept)}


@pytest.fixture(scope="session")
def anchors(texts: Mapping[Path, str]) -> Mapping[Path, frozenset[str]]:
    """The anchors that a reader's browser knows in each file, made of its headings."""
    return {path: frozenset(_anchor(line) for line in _headings(text)) for path, text in texts.items()}


def _headings(text: str) -> list[str]:
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"^#{1,6} +(.+?) *$", prose, re.MULTILINE)


def _anchor(heading: str) -> str:
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
