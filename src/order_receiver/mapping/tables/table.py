"""One value table, and what is told where it lacks a value."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import TypeAlias

from order_receiver.contract.value import Value
from order_receiver.orders.states import CAUSES, HoldReason
from order_receiver.settings.values import CodeField

Key: TypeAlias = str | int | Decimal
"""What is looked up. Numbers are compared as numbers: 25 and 25.00 are the same key, and the text "25.0" another."""

PLACES_LIMIT = 60
"""Numbers that are longer are told with an exponent."""

CAUSE = CAUSES[HoldReason.MISSING_VALUE]
"""First word of the cause of a hold that a missing value makes."""


class Missing(Value, frozen=True):
    """A value that a table lacks: `field` as receiver.toml names it, `where` the place in the order, if any."""

    table: str
    key: str
    field: str
    where: str

    @property
    def cause(self) -> str:
        """What holds the order, the same for all orders that lack this value: `value:payment-methods:klarna`."""
        return cause_of(self.table, self.key)

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        return f'the table {self.table} has no value for "{self.key}"{place}'


class Table(Value, frozen=True):
    """The values of one file by their keys, and what becomes of a key that it does not have."""

    name: str
    values: Mapping[str, str]
    numbers: Mapping[Decimal, str]
    default: str | None = None
    keeps: bool = False
    """What the table does not have is left as it is, and nothing is missing."""

    def find(self, key: Key) -> str | None:
        """The value for a key; None where the table does not have it and names no default."""
        if isinstance(key, str):
            return self.values.get(key, self.default)
        number = Decimal(key)
        return self.numbers.get(number, self.default) if number.is_finite() else self.default


def as_key(key: Key) -> str:
    """A key as text, the same for the same number: 25.00 is `25`."""
    if isinstance(key, str):
        return key
    number = Decimal(key)
    if not number.is_finite() or abs(number.adjusted()) > PLACES_LIMIT:
        return str(number)
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def as_number(key: str) -> Decimal | None:
    """The number that a key of a file is, written with a dot; None where it is none."""
    try:
        number = Decimal(key)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


class Change(Value, frozen=True):
    """One field that is translated, and the field of the same group that gets the result."""

    source: CodeField
    goal: CodeField
    table: Table


class ValueTables(Value, frozen=True):
    """All tables of a target by name, and the changes for each group of fields, by the way to the group."""

    tables: Mapping[str, Table] = MappingProxyType({})
    changes: Mapping[tuple[str, ...], Sequence[Change]] = MappingProxyType({})


NO_TABLES = ValueTables()


def by_number(values: Mapping[str, str]) -> Mapping[Decimal, str]:
    """The values whose keys are numbers, by these; of keys that are the same number the first counts."""
    found: dict[Decimal, str] = {}
    for key, value in values.items():
        number = as_number(key)
        if number is not None:
            found.setdefault(number, value)
    return found


def cause_of(table: str, key: str) -> str:
    """The cause of a hold: table and key."""
    return f"{CAUSE}:{table}:{key}"


def solved(causes: Iterable[str], tables: Sequence[Mapping[str, Table]]) -> Sequence[str]:
    """Those causes of holds that are none any more: every target with such a table has the value, or does without."""
    return [cause for cause in causes if _is_solved(cause, tables)]


def _is_solved(cause: str, tables: Sequence[Mapping[str, Table]]) -> bool:
    word, _, rest = cause.partition(":")
    name, _, key = rest.partition(":")
    named = [found for each in tables if (found := each.get(name)) is not None]
    return word == CAUSE and bool(named) and all(_has(table, key) for table in named)


def _has(table: Table, key: str) -> bool:
    number = as_number(key)
    return table.keeps or table.find(key) is not None or (number is not None and table.find(number) is not None)
