"""Writes an order as CSV: RFC 4180, UTF-8; see docs/reference/csv.md."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from msgspec import Struct

from order_receiver.mapping.csv.columns import COLUMNS, ORDER_FIELDS, RECORD, RECORDS, column
from order_receiver.mapping.model import MappingFailed
from order_receiver.mapping.numbers import NotPlain, encode_json
from order_receiver.mapping.written import number
from order_receiver.orders.canonical import OrderPart
from order_receiver.orders.document import Document
from order_receiver.settings.formats import CsvFormat

UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Control characters and halves of characters; tab and line ends are fine between quotes."""

FORMULA = re.compile(r"[=+\-@\t\r\n]")
"""What a spreadsheet takes a formula to begin with."""


class CsvWriter:
    """Writes one line for each row, fee, discount and payment, with the fields of the order repeated."""

    def __init__(self, settings: CsvFormat) -> None:
        self._settings = settings

    def __call__(self, order: OrderPart) -> Document:
        """Raises MappingFailed."""
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, COLUMNS, restval="", delimiter=self._settings.separator, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(self._lines(order))
        content = text.getvalue().encode("utf-8-sig" if self._settings.byte_order_mark else "utf-8")
        return Document(content, "text/csv; charset=utf-8", "csv")

    def _lines(self, order: OrderPart) -> Iterator[dict[str, str]]:
        repeated = {field.replace(".", "_"): self._cell(_found(order, field), field) for field in ORDER_FIELDS}
        if not (order.rows or order.fees or order.discounts or order.payments):
            yield {RECORD: "order", **repeated}
        for name, members, fields in RECORDS:
            for index, member in enumerate(getattr(order, members)):
                own = {
                    column(name, field): self._cell(getattr(member, field), f"{members}[{index}].{field}")
                    for field in fields
                }
                yield {RECORD: name, **repeated, **own}

    def _cell(self, value: object, field: str) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, Decimal):
            return number(value, field).replace(".", self._settings.decimal_sign)
        if isinstance(value, str):
            return self._text(value, field)
        return str(value) if isinstance(value, int) else _json(value, field)

    def _text(self, value: str, field: str) -> str:
        found = UNFIT.search(value)
        if found:
            raise MappingFailed(
                f"the text has the character {found[0]!a}, which CSV cannot hold; correct the order", field=field
            )
        return f"'{value}" if self._settings.guard_formulas and FORMULA.match(value) else value


def _found(order: OrderPart, field: str) -> object:
    value: object = order
    for name in field.split("."):
        value = getattr(value, name) if isinstance(value, Struct) else None
    return value


def _json(value: object, field: str) -> str:
    """Lists and AdditionalInfo, which have no columns of their own; empty ones are empty cells."""
    if not isinstance(value, list | Mapping) or not value:
        return ""
    try:
        return encode_json(value).decode()
    except NotPlain as error:
        raise MappingFailed(f"{error}; correct the number", field=field) from error
