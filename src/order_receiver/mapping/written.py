"""What the built-in mappings have in common: they write the canonical order, with the codes of the target."""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

from order_receiver.contract.request import OrderRequest
from order_receiver.mapping.canonical.mapping import order_part
from order_receiver.mapping.model import MappingContext, MappingFailed, MissingValues
from order_receiver.mapping.numbers import NotPlain, plain
from order_receiver.mapping.sums import check_currency
from order_receiver.mapping.tables.table import ValueTables
from order_receiver.mapping.tables.translating import translate
from order_receiver.orders.canonical import OrderPart
from order_receiver.orders.document import Document

Write: TypeAlias = Callable[[OrderPart], Document]
"""Writes an order in one format. Raises MappingFailed naming the field of the canonical order."""


class WrittenMapping:
    """A mapping that writes the canonical order in a format of its own."""

    def __init__(self, write: Write, tables: ValueTables) -> None:
        self._write = write
        self._tables = tables

    def with_tables(self, tables: ValueTables) -> "WrittenMapping":
        return WrittenMapping(self._write, tables)

    def map(self, order: OrderRequest, context: MappingContext) -> Document:
        """Raises MissingValues, and MappingFailed for what the format cannot hold."""
        part = order_part(order, context)
        check_currency(part)
        part, missing = translate(part, self._tables)
        if missing:
            raise MissingValues(missing)
        return self._write(part)


def number(value: Decimal, field: str) -> str:
    """The exact number in plain notation. Raises MappingFailed."""
    try:
        return plain(value)
    except NotPlain as error:
        raise MappingFailed(f"{error}; correct the number", field=field) from error
