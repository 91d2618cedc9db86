"""The value tables of one target: read once, checked as a whole, and laid out for translating."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from order_receiver.mapping.model import MappingUnusable
from order_receiver.mapping.tables.reading import Entry, Unreadable, read_entries
from order_receiver.mapping.tables.table import Change, Table, ValueTables, as_number, by_number
from order_receiver.settings.problems import Problem
from order_receiver.settings.values import WRITTEN_BESIDE, CodeField, ValueTable, code_field, field_fault


class TablesUnusable(MappingUnusable):
    """Value tables that cannot be used; `problems` has one for each fault, with file and line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


def open_tables(values: Mapping[str, ValueTable], base: Path) -> ValueTables:
    """Read the tables of one target; files are looked for from `base`. Raises TablesUnusable with all problems."""
    problems: list[Problem] = []
    entries: dict[str, Sequence[Entry]] = {}
    for setting in values.values():
        if setting.table not in entries:
            entries[setting.table] = _entries(setting.table, base, problems)
    tables = {setting.name: _table(setting, entries[setting.table]) for setting in values.values()}
    changes: dict[tuple[str, ...], list[Change]] = {}
    for path, setting in values.items():
        fault = field_fault(path)
        source = code_field(path)
        goal = code_field(setting.to or WRITTEN_BESIDE.get(path, path))
        if fault:
            problems.append(Problem("receiver.toml", None, path, fault))
        elif source is not None and goal is not None:
            problems += _unfit(source, goal, setting, entries[setting.table])
            changes.setdefault(source.owner, []).append(Change(source, goal, tables[setting.name]))
    if problems:
        raise TablesUnusable(list(dict.fromkeys(problems)))
    return ValueTables(tables, changes)


def _entries(table: str, base: Path, problems: list[Problem]) -> Sequence[Entry]:
    try:
        return read_entries(base / table, table)
    except Unreadable as error:
        problems.extend(error.problems)
        return ()


def _table(setting: ValueTable, entries: Sequence[Entry]) -> Table:
    values = {entry.key: entry.value for entry in entries}
    return Table(setting.name, values, by_number(values), setting.default, setting.missing == "keep")


def _unfit(source: CodeField, goal: CodeField, setting: ValueTable, entries: Sequence[Entry]) -> Iterator[Problem]:
    """Keys and values that the fields cannot have."""
    seen: dict[object, Entry] = {}
    for entry in entries:
        number = as_number(entry.key)
        if source.is_number and number is None:
            what = f'"{entry.key}" is no number, and {source.path} is one.'
            yield Problem(setting.table, entry.line, "", what, "Write it with a dot, such as 25 or 12.5.")
        elif source.is_number and (earlier := seen.setdefault(number, entry)) is not entry:
            what = f"{entry.key} is the same number as {earlier.key} in line {earlier.line}."
            yield Problem(setting.table, entry.line, "", what, "Keep one of the two lines.")
        if goal.is_number and not _is_whole(entry.value):
            what = f'"{entry.value}" is no whole number, and {goal.path} is one.'
            yield Problem(setting.table, entry.line, "", what, "Name a text field with `to`.")
    if goal.is_number and setting.default is not None and not _is_whole(setting.default):
        what = f'the default "{setting.default}" is no whole number, and {goal.path} is one.'
        yield Problem("receiver.toml", None, source.path, what)


def _is_whole(text: str) -> bool:
    return text.removeprefix("-").isdecimal() and text.isascii()
