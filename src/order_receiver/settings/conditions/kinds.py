"""What a field of the canonical order holds, read from its Structs so that the two cannot differ."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from msgspec import Struct, inspect

from order_receiver.contract.codes import ITEM_TYPE_GROUPS, ITEM_TYPES, OrderType
from order_receiver.orders.canonical import OrderPart, RowPart


class Word(StrEnum):
    """The kinds of values that conditions tell apart, each in the words of messages."""

    TEXT = "text"
    NUMBER = "a number"
    TRUTH = "true or false"
    NOTHING = "None"
    OBJECT = "a group of fields"
    LIST = "a list"
    INFO = "values by code"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a field, or a part of a condition, holds. `personal` says how its value is masked where it is shown.

    `words` are all that are known for a code; none for other texts.
    """

    word: Word
    struct: type[Struct] | None = None
    item: "Kind | None" = None
    personal: str | None = None
    words: frozenset[str] = frozenset()


TEXT = Kind(Word.TEXT)
NUMBER = Kind(Word.NUMBER)
TRUTH = Kind(Word.TRUTH)
NOTHING = Kind(Word.NOTHING)
INFO_VALUE = Kind(Word.TEXT, personal="personal")
"""A value of AdditionalInfo is anybody's text, so it is masked. (norce: CodeValue)"""

ORDER = Kind(Word.OBJECT, OrderPart)
ROW = Kind(Word.OBJECT, RowPart)


@cache
def fields_of(struct: type[Struct]) -> Mapping[str, Kind]:
    """The fields of one group with what they hold."""
    kind = inspect.type_info(struct)
    fields = kind.fields if isinstance(kind, inspect.StructType) else ()
    return MappingProxyType(
        {
            each.encode_name: replace(_kind(each.type, None), words=_WORDS.get((struct, each.name), frozenset()))
            for each in fields
        }
    )


def _kind(found: inspect.Type, personal: str | None) -> Kind:
    if isinstance(found, inspect.Metadata):
        return _kind(found.type, (found.extra or {}).get("personal", personal))
    if isinstance(found, inspect.UnionType):
        return next(_kind(each, personal) for each in found.types if not isinstance(each, inspect.NoneType))
    if isinstance(found, inspect.StructType):
        return Kind(Word.OBJECT, found.cls)
    if isinstance(found, inspect.ListType):
        return Kind(Word.LIST, item=_kind(found.item_type, personal))
    return Kind(_SCALARS[type(found)], personal=personal)


_SCALARS: Mapping[type[inspect.Type], Word] = {
    inspect.StrType: Word.TEXT,
    inspect.IntType: Word.NUMBER,
    inspect.DecimalType: Word.NUMBER,
    inspect.BoolType: Word.TRUTH,
    inspect.DictType: Word.INFO,
}

_WORDS: Mapping[tuple[type[Struct], str], frozenset[str]] = {
    (OrderPart, "type"): frozenset(re.sub("(?<=.)(?=[A-Z])", "_", each.name).lower() for each in OrderType),
    (RowPart, "type"): ITEM_TYPES,
    (RowPart, "group"): ITEM_TYPE_GROUPS,
}
