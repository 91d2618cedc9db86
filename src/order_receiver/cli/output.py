"""How commands speak: tables for people, JSON for programs, one plain line for an error."""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import typer
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

console = Console(highlight=False, markup=False, emoji=False)
errors = Console(stderr=True, highlight=False, markup=False, emoji=False)

GAP, BORDER = 2, 3
"""Spaces between columns without lines, and with them."""
PROSE = 30
"""Characters of a line that can be read."""


def print_json(value: object) -> None:
    """Print a value as JSON on standard output."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value, enc_hook=_plain), indent=2).decode() + "\n")


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table for people, on any width without leaving anything out.

    The last column is prose: it wraps, and where it would be too narrow to be read it stands below its row.
    """
    widths = [max(map(cell_len, cells)) for cells in zip(columns, *rows, strict=True)]
    left = console.width - sum(widths[:-1]) - BORDER * len(widths) - 1
    if left >= min(widths[-1], PROSE):
        table = Table(title=title, title_justify="left", header_style="bold", box=SIMPLE_HEAD)
        for column in columns[:-1]:
            table.add_column(column, no_wrap=True)
        table.add_column(columns[-1], overflow="fold")
        for row in rows:
            table.add_row(*row)
        console.print(table)
        return
    console.print(f"{title}\n", style="italic")
    fitting = _fitting(widths[:-1], console.width - GAP * (len(widths) - 2))
    _print_row(columns, fitting, "bold")
    for row in rows:
        _print_row(row, fitting, "")
    console.print()


def _fitting(widths: Sequence[int], room: int) -> Sequence[int]:
    """Widths that are together no more than `room`: the widest give way."""
    found = list(widths)
    while sum(found) > room and max(found) > 1:
        found[found.index(max(found))] -= 1
    return found


def _print_row(row: Sequence[str], widths: Sequence[int], style: str) -> None:
    """A row of its own, and below it what its last column says."""
    line = Table(box=None, show_header=False, padding=(0, GAP, 0, 0), pad_edge=False)
    for width in widths:
        line.add_column(overflow="fold", width=width)
    line.add_row(*row[:-1])
    console.print(line, style=style)
    if row[-1]:
        console.print(Padding(Text(row[-1], overflow="fold"), (0, 0, 0, 2 * GAP)), style=style)


def fail(message: str, code: int = 1) -> typer.Exit:
    """Say what is wrong on standard error; raise what this returns."""
    errors.print(message, style="red", markup=False, soft_wrap=True)
    return typer.Exit(code)


def local(moment: datetime | None, zone: ZoneInfo) -> str:
    """A moment in the zone of the people who read it."""
    return "" if moment is None else moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)
