"""Reading the file of a value table, with every problem told by file and line."""

import csv
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from order_receiver.contract.value import Value
from order_receiver.mapping.tables.table import as_number
from order_receiver.settings.places import lines_of, toml_fault
from order_receiver.settings.problems import Problem

SIZE_LIMIT = 20_000_000
"""Bytes of one file."""


class Entry(Value, frozen=True):
    """One line of a table."""

    line: int | None
    key: str
    value: str


class Unreadable(Exception):
    """A file that is no value table; `problems` says why, one for each fault."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


def read_entries(file: Path, shown: str) -> Sequence[Entry]:
    """The lines of a CSV or TOML file; `shown` is how messages name it. Raises Unreadable."""
    readers = {".csv": _csv, ".toml": _toml}
    read = readers.get(file.suffix.lower())
    if read is None:
        raise Unreadable([Problem(shown, None, "", "is neither .csv nor .toml.", "Name a file with that ending.")])
    found = read(_text(file, shown), shown)
    problems = list(_faults(found, shown))
    if problems:
        raise Unreadable(problems)
    return found


def _text(file: Path, shown: str) -> str:
    try:
        if file.stat().st_size > SIZE_LIMIT:
            raise Unreadable([Problem(shown, None, "", f"has more than {SIZE_LIMIT} bytes.")])
        octets = file.read_bytes()
        return octets.decode("utf-8-sig")
    except FileNotFoundError:
        problem = Problem(shown, None, "", "there is no such file.", "Files are looked for beside receiver.toml.")
    except OSError as error:
        problem = Problem(shown, None, "", f"cannot be read: {error.strerror}.")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problem = Problem(shown, line, "", "is not UTF-8 text.", 'Save it as UTF-8, in Excel as "CSV UTF-8".')
    raise Unreadable([problem])


def _csv(text: str, shown: str) -> Sequence[Entry]:
    separator = ";" if ";" in text.partition("\n")[0] else ","
    reader = csv.reader(text.splitlines(keepends=True), delimiter=separator, strict=True)
    entries: list[Entry] = []
    problems: list[Problem] = []
    line = 1
    try:
        for number, written in enumerate(reader):
            cells = _cells(written)
            if len(cells) not in (0, 2):
                advice = "A line is: what Norce sends; what the target gets. Put a cell with a separator in quotes."
                problems.append(Problem(shown, line, "", f"has {len(cells)} cells instead of 2.", advice))
            elif cells and not number and any(as_number(cell) is not None for cell in cells):
                advice = "The first line is the header. Write one above it, such as: norce;erp."
                problems.append(Problem(shown, line, "", f'"{cells[0]}", "{cells[1]}" is a value.', advice))
            elif cells and number:
                entries.append(Entry(line, cells[0], cells[1]))
            line = reader.line_num + 1
    except csv.Error as error:
        problems.append(Problem(shown, line, "", f"is not valid CSV: {error}."))
    if problems:
        raise Unreadable(problems)
    return entries


def _cells(written: Sequence[str]) -> Sequence[str]:
    """The cells of a line without outer spaces; spreadsheets write empty ones after the last, and empty lines."""
    cells = [cell.strip() for cell in written]
    while len(cells) > 2 and not cells[-1]:
        cells.pop()
    return cells if any(cells) else []


def _toml(text: str, shown: str) -> Sequence[Entry]:
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line, key, what = toml_fault(text, error)
        raise Unreadable([Problem(shown, line, key, what)]) from None
    lines = lines_of(text)
    entries = [Entry(lines.get((key,)), key, value) for key, value in tree.items() if isinstance(value, str)]
    wrong = [key for key, value in tree.items() if not isinstance(value, str)]
    if wrong:
        what = 'must be a text in quotes; a key with a dot needs quotes as well, as in "a.b" = "c".'
        raise Unreadable([Problem(shown, lines.get((key,)), key, what) for key in wrong])
    return entries


def _faults(entries: Sequence[Entry], shown: str) -> Iterator[Problem]:
    if not entries:
        yield Problem(shown, None, "", "has no values.", "Write a header line and below it one line for each value.")
    first: dict[str, Entry] = {}
    for entry in entries:
        if not entry.key or not entry.value:
            what = "has no key." if not entry.key else f'has no value for "{entry.key}".'
            yield Problem(shown, entry.line, "", what, "Fill the cell, or drop the line.")
        elif (earlier := first.setdefault(entry.key, entry)) is not entry:
            what = f'the key "{entry.key}" stands in line {earlier.line} already, with "{earlier.value}".'
            yield Problem(shown, entry.line, "", what, "Keep one of the two lines.")
