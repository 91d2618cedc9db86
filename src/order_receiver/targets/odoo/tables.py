"""What Odoo's `load` takes: a table of text, with external ids that let no record be made twice.

`load` makes the record of an external id only where there is none. Without external ids of their own, the lines of a
sale would be added again by a repeat.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from order_receiver.targets.odoo.encoding import Json

Cells: TypeAlias = Mapping[str, str]
"""Text by column; an empty text empties the field. A linked record goes by its id, in a column that ends in `/.id`."""


@dataclass(frozen=True, slots=True)
class Table:
    """The columns and rows of one record; the first column is its external id."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    @property
    def arguments(self) -> list[Json]:
        return [list(self.columns), [list(row) for row in self.rows]]


def table_of(external_id: str, cells: Cells) -> Table:
    """A record without lines."""
    return Table(["id", *cells], [[external_id, *cells.values()]])


def table_with_lines(external_id: str, cells: Cells, field: str, lines: Mapping[str, Cells]) -> Table:
    """A record with its lines, which are by external id in `field`; from the second on, the record's cells are empty.

    All lines have the same columns.
    """
    names = list(next(iter(lines.values()))) if lines else []
    columns = ["id", *cells, *(f"{field}/{name}" for name in ("id", *names))]
    head, rest = [external_id, *cells.values()], [""] * (1 + len(cells))
    rows = [
        [*(rest if index else head), line_id, *(line[name] for name in names)]
        for index, (line_id, line) in enumerate(lines.items())
    ]
    return Table(columns, rows)
