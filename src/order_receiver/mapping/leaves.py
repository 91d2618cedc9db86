"""Every single value of a canonical order, with its place."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from order_receiver.mapping.written import number

Leaf: TypeAlias = str | int | Decimal
"""A value that has no parts; true and false are integers to Python, and are told by their type."""


def leaves(value: object, path: str = "") -> Iterator[tuple[str, Leaf]]:
    """Each value with its path, such as `rows[0].info.colour`; what is left out in the document is left out here."""
    if isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from leaves(getattr(value, name), f"{path}.{name}".lstrip("."))
    elif isinstance(value, Mapping):
        for name, member in value.items():
            yield from leaves(member, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from leaves(member, f"{path}[{index}]")
    elif isinstance(value, str | int | Decimal):
        yield path, value


def as_word(leaf: Leaf, path: str) -> str:
    """The value as text: true or false, numbers exact and in plain notation. Raises MappingFailed."""
    if isinstance(leaf, bool):
        return "true" if leaf else "false"
    return number(leaf, path) if isinstance(leaf, Decimal) else str(leaf)
