"""Results as people read them."""

from pathlib import Path

import pytest

from bench.tables import Aim, Section, keep, table
from bench.workshop import BenchFailed


def test_a_table_lines_up() -> None:
    assert table(("Lines", "ms"), [("1", "0.5"), ("10", "12.25")]).splitlines() == [
        "| Lines |    ms |",
        "| ----- | ----: |",
        "| 1     |   0.5 |",
        "| 10    | 12.25 |",
    ]


@pytest.mark.parametrize(
    ("aim", "verdict"),
    [
        (Aim("ratio", 0.2, 0.2), "met"),
        (Aim("ratio", 0.2, 0.15), "missed by 25%"),
        (Aim("p99", 30, 30, "ms", at_most=True), "met"),
        (Aim("p99", 30, 45, "ms", at_most=True), "missed by 50%"),
    ],
)
def test_an_aim_tells_by_how_much_it_is_missed(aim: Aim, verdict: str) -> None:
    assert aim.row()[-1] == verdict


def test_a_section_replaces_only_what_is_between_its_markers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- bench:a -->\nold\n<!-- /bench:a -->\nafter\n<!-- bench:b -->\nb\n<!-- /bench:b -->\n")
    keep(Section("a", "new \\1"), page)
    keep(Section("a", "newer"), page)
    assert page.read_text("utf-8") == (
        "before\n<!-- bench:a -->\nnewer\n<!-- /bench:a -->\nafter\n<!-- bench:b -->\nb\n<!-- /bench:b -->\n"
    )


def test_a_page_without_markers_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing here\n")
    with pytest.raises(BenchFailed, match="needs the markers"):
        keep(Section("a", "new"), page)
    assert page.read_text("utf-8") == "nothing here\n"
