"""Results as people read them: Markdown tables, printed as they come and kept in docs/benchmarks.md."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.workshop import ROOT, BenchFailed

PAGE = ROOT / "docs" / "benchmarks.md"


@dataclass(frozen=True, slots=True)
class Section:
    """The result of one part of the bench; `name` is that of its markers in the page."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Aim:
    """A figure that is to be reached: `limit` or more, or with `at_most` no more than it."""

    what: str
    limit: float
    reached: float
    unit: str = ""
    at_most: bool = False

    def row(self) -> tuple[str, str, str, str]:
        """What, aim, reached, and by how much it was met or missed."""
        met = self.reached <= self.limit if self.at_most else self.reached >= self.limit
        off = abs(self.reached / self.limit - 1)
        sign = "at most" if self.at_most else "at least"
        return self.what, f"{sign} {self._shown(self.limit)}", self._shown(self.reached), self._verdict(off, met=met)

    def _verdict(self, off: float, *, met: bool) -> str:
        return "met" if met else f"missed by {off:.0%}"

    def _shown(self, value: float) -> str:
        number = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
        return f"{number} {self.unit}".strip()


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table whose columns line up; the first column to the left, the others to the right."""
    lines = [tuple(head), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    made = [" | ".join(_cell(text, widths[at], at) for at, text in enumerate(line)) for line in lines]
    rule = " | ".join("-" * width if at == 0 else "-" * (width - 1) + ":" for at, width in enumerate(widths))
    return "\n".join(f"| {line} |" for line in (made[0], rule, *made[1:]))


def aims(given: Sequence[Aim]) -> str:
    """The aims as a table."""
    return table(("Aim", "", "Reached", ""), [aim.row() for aim in given])


def keep(section: Section, page: Path = PAGE) -> None:
    """Put a section between its markers in the page. Raises BenchFailed where they are missing."""
    begin, end = f"<!-- bench:{section.name} -->", f"<!-- /bench:{section.name} -->"
    text = page.read_text("utf-8")
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    new, count = pattern.subn(lambda _: f"{begin}\n{section.text}\n{end}", text)
    if count != 1:
        raise BenchFailed(f"{page.name} needs the markers {begin} and {end}, once.")
    page.write_text(new, "utf-8")


def _cell(text: str, width: int, column: int) -> str:
    return text.ljust(width) if column == 0 else text.rjust(width)
