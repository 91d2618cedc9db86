"""What the message Structs say about themselves, worked out once per Struct.

Everything that must treat members by their nature (tolerant reading, notes, masking, fingerprints) goes by this plan,
so that a new member of the contract is one line in one Struct.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum
from functools import cache
from operator import attrgetter
from typing import Any, cast

from msgspec import inspect

from order_receiver.contract.request import Message


class Kind(Enum):
    """The natures that a member can have."""

    TEXT = "text"
    INTEGER = "integer"
    AMOUNT = "amount"
    BOOLEAN = "boolean"
    DATE = "date"
    ENUM = "enum"
    OBJECT = "object"
    LIST = "list"
    TEXTS = "texts"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a message Struct.

    `struct` is the Struct of an object or of a list's entries, `codes` the enum of an enum member, `personal` the way
    of masking (`personal`, `secret`) or None.
    """

    name: str
    kind: Kind
    nullable: bool
    default: object
    struct: type[Message] | None = None
    codes: type[IntEnum] | None = None
    max_length: int | None = None
    words: frozenset[str] | None = None
    format: str | None = None
    personal: str | None = None


@cache
def members(struct: type[Message]) -> tuple[Member, ...]:
    """The members of a message Struct in contract order."""
    described = cast("inspect.StructType", inspect.type_info(struct))
    return tuple(_member(one) for one in described.fields)


@cache
def member_names(struct: type[Message]) -> Mapping[str, Member]:
    """The members of a message Struct by exact name."""
    return {member.name: member for member in members(struct)}


@cache
def folded_names(struct: type[Message]) -> Mapping[str, Member]:
    """The members by name in one case, which also joins `PricelistCodes` and `PriceListCodes`."""
    return {member.name.casefold(): member for member in members(struct)}


def tuple_getter(names: Sequence[str]) -> Callable[[Message], tuple[Any, ...]]:
    """Takes the named members of a message at once, as quickly as Python can."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda message: tuple(getattr(message, name) for name in names)


def _member(one: inspect.Field) -> Member:
    kinds = one.type.types if isinstance(one.type, inspect.UnionType) else (one.type,)
    nullable = any(isinstance(kind, inspect.NoneType) for kind in kinds)
    main = next((kind for kind in kinds if not isinstance(kind, inspect.NoneType)), kinds[0])
    extra: dict[str, object] = {}
    if isinstance(main, inspect.Metadata):
        extra, main = main.extra or {}, main.type
    kind, struct, codes = _nature(main)
    return Member(
        name=one.name,
        kind=kind,
        nullable=nullable,
        default=one.default,
        struct=struct,
        codes=codes,
        max_length=main.max_length if isinstance(main, inspect.StrType) else None,
        words=cast("frozenset[str] | None", extra.get("words")),
        format=cast("str | None", extra.get("format")),
        personal=cast("str | None", extra.get("personal")),
    )


_SCALARS: Mapping[type[inspect.Type], Kind] = {
    inspect.StrType: Kind.TEXT,
    inspect.IntType: Kind.INTEGER,
    inspect.DecimalType: Kind.AMOUNT,
    inspect.BoolType: Kind.BOOLEAN,
    inspect.DateTimeType: Kind.DATE,
    inspect.NoneType: Kind.IGNORED,
}


def _nature(described: inspect.Type) -> tuple[Kind, type[Message] | None, type[IntEnum] | None]:
    if isinstance(described, inspect.ListType):
        kind, struct, _ = _nature(described.item_type)
        return (Kind.TEXTS if kind is Kind.TEXT else Kind.LIST), struct, None
    if isinstance(described, inspect.StructType):
        return Kind.OBJECT, cast("type[Message]", described.cls), None
    if isinstance(described, inspect.EnumType):
        return Kind.ENUM, None, cast("type[IntEnum]", described.cls)
    return _SCALARS[type(described)], None, None
