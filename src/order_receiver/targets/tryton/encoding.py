"""How Tryton writes values in JSON: amounts and dates as objects that name their class, quantities as plain numbers."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeAlias

import msgspec

Json: TypeAlias = str | int | Decimal | bool | Sequence["Json"] | Mapping[str, "Json"] | None
"""What goes to Tryton. A Decimal is written as a number with its digits: right for quantities, which Tryton holds as
floating point; an amount goes through `amount`."""
Values: TypeAlias = dict[str, Json]
"""Fields of a record by name."""


class Amount(msgspec.Struct, frozen=True, gc=False):
    """An amount as Tryton answers it."""

    decimal: Decimal


def amount(value: Decimal) -> Values:
    """An amount, exact."""
    return {"__class__": "Decimal", "decimal": format(value, "f")}


def calendar_date(text: str) -> Values:
    """A date that came as text, ISO 8601."""
    day = date.fromisoformat(text)
    return {"__class__": "date", "year": day.year, "month": day.month, "day": day.day}


def quantity(value: Decimal) -> Decimal:
    """A quantity with a point in it, so that Tryton reads a floating point number from `2` too."""
    return value if value != value.to_integral_value() else value.to_integral_value() + Decimal("0.0")


def create(records: Sequence[Values]) -> Json:
    """Records to be made within another one."""
    return [["create", records]]


def link(ids: Sequence[int]) -> Json:
    """Records to be linked to another one."""
    return [["add", ids]]
