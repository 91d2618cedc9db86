"""What a template or a function asks of value tables while one order is mapped."""

from collections.abc import Mapping
from decimal import Decimal

from order_receiver.mapping.tables.table import Missing, Table, as_key
from order_receiver.settings.problems import nearest

ASKED_BY_MAPPING = "mapping"
"""The field of what a mapping itself has asked for."""


class NoSuchValue(Exception):
    """A mapping asks what no value table can answer; `str()` is a clause without a full stop."""


class Lookup:
    """Answers for one order, and notes what is missing: all of it is told, and not only the first."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self.missing: list[Missing] = []
        self._tables = tables

    def __call__(self, table: str, key: object) -> str:
        """The target's value for a key. What is missing is noted and given as an empty text. Raises NoSuchValue."""
        found = table_named(self._tables, table)
        if not isinstance(key, str | int | Decimal) or isinstance(key, bool):
            raise NoSuchValue(f'value("{table}", ...) needs a text or a number as key; it is {_in_words(key)}')
        value = found.find(key)
        if value is not None:
            return value
        if found.keeps:
            return as_key(key)
        self.missing.append(Missing(table, as_key(key), ASKED_BY_MAPPING, ""))
        return ""


def table_named(tables: Mapping[str, Table], name: str) -> Table:
    """A table by the name of its file. Raises NoSuchValue that says which there are."""
    found = tables.get(name)
    if found is None:
        known = nearest(name, list(tables)).rstrip(".") or "This target has no tables in its `values`"
        raise NoSuchValue(f'there is no value table "{name}" ({known[0].lower()}{known[1:]})')
    return found


def _in_words(key: object) -> str:
    return "empty" if key is None else f"of type {type(key).__name__}"
