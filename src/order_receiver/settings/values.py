"""Settings of value tables: which codes of an order a target translates, and by which table."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Annotated, Literal

from msgspec import Meta, Struct

from order_receiver.orders.canonical import OrderPart
from order_receiver.settings.conditions.kinds import Kind, Word, fields_of
from order_receiver.settings.problems import nearest
from order_receiver.settings.section import Section

MAPPING_ONLY = "mapping."
"""Begins the name of a table that translates no field by itself: a template or function asks it."""

_PARTY = ("code", "group", "company.code", "company.info", "person.code", "person.info", "address.country")
_ROW = ("type", "group", "part_no", "erp_part_no", "manufacturer", "unit", "vat_rate", "vat_code", "price_list", "info")

_HELP = "docs/how-to/translate-values.md lists them."

CODES = (
    *("type", "source", "currency", "sales_contact", "sales_division", "discount_code", "info", "application.name"),
    "extra",
    *(f"{party}.{name}" for party in ("buyer", "payer", "recipient") for name in _PARTY),
    *(f"rows.{name}" for name in _ROW),
    *("payments.code", "payments.method", "payments.currency", "payments.info"),
    *("shipping.method", "shipping.pickup.code", "shipping.pickup.info"),
    *("fees.type", "fees.vat_rate", "fees.vat_code", "discounts.type", "discounts.code"),
)
"""The fields of the canonical order that hold codes; names, addresses and amounts are not for tables to change."""

WRITTEN_BESIDE = MappingProxyType({"rows.vat_rate": "rows.vat_code", "fees.vat_rate": "fees.vat_code"})
"""Fields that amounts are computed with: what a table says of them is written into another one."""


@dataclass(frozen=True, slots=True)
class CodeField:
    """One field that a table may translate: `owner` is the way to the group it is in, `code` one of its `info`."""

    path: str
    owner: tuple[str, ...]
    name: str
    code: str | None
    kind: Kind

    @property
    def is_number(self) -> bool:
        """Whether keys are compared as numbers: 25 and 25.00 are the same."""
        return self.kind.word is Word.NUMBER


class ValueTable(Section, frozen=True, kw_only=True):
    """How one field is translated. The key of this table is the field, such as "payments.method"."""

    table: Annotated[str, Meta(description="file with the values: .csv with two columns and a header line, or .toml")]
    missing: Annotated[
        Literal["hold", "keep"] | None,
        Meta(description="a value that is not in the table holds the order (so without this), or is kept as it is"),
    ] = None
    default: Annotated[str | None, Meta(description="instead of missing: what a value not in the table becomes")] = None
    to: Annotated[str | None, Meta(description="field that the result is written into; default: the field itself")] = (
        None
    )

    def __post_init__(self) -> None:
        if self.missing is not None and self.default is not None:
            raise ValueError("has either `missing` or `default`, not both")
        if ":" in self.table:
            raise ValueError("names a file without a colon, as causes of holds have the name between colons")

    @property
    def name(self) -> str:
        """What mappings and holds call the table: its file without the ending."""
        return self.table.rpartition(".")[0] or self.table

    @property
    def policy(self) -> tuple[str, str | None]:
        """What becomes of a value that is not in the table."""
        return (self.missing or "hold", self.default)


def code_field(path: str) -> CodeField | None:
    """The field that a path names, such as `rows.info.colour`; None where it holds no code."""
    for known, kind in _codes().items():
        owner, _, name = known.rpartition(".")
        steps = tuple(owner.split(".")) if owner else ()
        if kind.word is Word.INFO and path.startswith(f"{known}.") and len(path) > len(known) + 1:
            return CodeField(path, steps, name, path[len(known) + 1 :], Kind(Word.TEXT))
        if kind.word is not Word.INFO and path == known:
            return CodeField(path, steps, name, None, kind)
    return None


def field_fault(path: str) -> str:
    """What is wrong with the name of an entry of `values`, or the empty text."""
    if code_field(path) is not None or (path.startswith(MAPPING_ONLY) and len(path) > len(MAPPING_ONLY)):
        return ""
    if below := next(_below(path), None):
        return f'is a group of fields. Write the whole name in quotes, such as "{below}".'
    known = [f"{path}.CODE" if kind.word is Word.INFO else path for path, kind in _codes().items()]
    return f"there is no code of an order with this name. {nearest(path, known) or _HELP}"


def _below(path: str) -> Iterator[str]:
    """The codes within a group of fields."""
    return (known for known in _codes() if known.startswith(f"{path}."))


@cache
def _codes() -> dict[str, Kind]:
    return {path: _kind(path) for path in CODES}


def _kind(path: str) -> Kind:
    struct: type[Struct] = OrderPart
    *owner, name = path.split(".")
    for step in owner:
        kind = fields_of(struct)[step]
        struct = (kind.item or kind).struct or struct
    return fields_of(struct)[name]
