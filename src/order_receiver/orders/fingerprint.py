"""Telling whether two messages say the same order, and where they differ.

Both questions are answered from the same leaves: every member that says something, by its place and its plain text.
What only the wire form decides leaves no leaf or the same one: null, missing, "" and empty lists; 25.0 and 25.00;
CR LF and LF; the offset a date is shown in and its digits below a millisecond, which some .NET serializers drop.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from hashlib import blake2b
from operator import attrgetter
from typing import cast

import msgspec

from order_receiver.contract.personal import shown_at
from order_receiver.contract.plan import Kind, Member, members
from order_receiver.contract.request import Message, OrderRequest
from order_receiver.orders.identity import normal_application_key

DIFFERENCES_LIMIT = 50

Leaves = dict[str, str]
"""Plain texts by JSON pointer."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One place (a JSON pointer) where two orders differ; values shortened and masked, None where one says nothing."""

    pointer: str
    first: str | None
    second: str | None


def fingerprint(order: OrderRequest) -> bytes:
    """32 bytes that are equal for messages that say the same order, whatever their wire form."""
    return blake2b(msgspec.json.encode(_leaves(order)), digest_size=32).digest()


def differences(first: OrderRequest, second: OrderRequest) -> tuple[Difference, ...]:
    """Where two orders differ, at most 50 places in message order; none exactly when the fingerprints are equal."""
    ours, theirs = _leaves(first), _leaves(second)
    places = [place for place in {**ours, **theirs} if ours.get(place) != theirs.get(place)]
    return tuple(_difference(place, ours, theirs) for place in places[:DIFFERENCES_LIMIT])


def _difference(place: str, ours: Leaves, theirs: Leaves) -> Difference:
    return Difference(place, *(shown_at(place, side[place]) if place in side else None for side in (ours, theirs)))


def _leaves(order: OrderRequest) -> Leaves:
    leaves: Leaves = {}
    _descend(order, "", leaves)
    return leaves


def _descend(message: Message, place: str, leaves: Leaves) -> None:
    compiled = _compiled(type(message))
    for value, one in zip(compiled.getter(message), compiled.members, strict=True):
        path, zero_says, plain = one
        if not value and (value is None or not zero_says):
            continue
        if plain is not None:
            leaves[place + path] = plain(value)
        elif isinstance(value, list):
            _descend_list(value, place + path, leaves)
        else:
            _descend(cast("Message", value), place + path, leaves)


def _descend_list(entries: list[Message], place: str, leaves: Leaves) -> None:
    if entries:
        leaves[place] = f"{len(entries)} entries"
    for index, entry in enumerate(entries):
        _descend(entry, f"{place}/{index}", leaves)


_Plain = Callable[[object], str]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """Reads a Struct's members; for each its pointer part, whether zero says something, its writer (None: descend)."""

    getter: Callable[[Message], tuple[object, ...]]
    members: tuple[tuple[str, bool, _Plain | None], ...]


@cache
def _compiled(struct: type[Message]) -> _Compiled:
    said = [member for member in members(struct) if member.kind is not Kind.IGNORED]
    rows = tuple((f"/{member.name}", _zero_says(member), _writer(member)) for member in said)
    names = [member.name for member in said]
    if len(names) > 1:
        return _Compiled(attrgetter(*names), rows)
    return _Compiled(lambda message: tuple(getattr(message, name) for name in names), rows)


def _zero_says(member: Member) -> bool:
    return member.nullable and member.kind in (Kind.INTEGER, Kind.AMOUNT, Kind.BOOLEAN)


def _writer(member: Member) -> _Plain | None:
    return _guid if member.format == "guid" else _WRITERS.get(member.kind)


def _text(value: object) -> str:
    text = cast("str", value)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _guid(value: object) -> str:
    return normal_application_key(cast("str", value))


def _whole(value: object) -> str:
    return str(int(cast("int", value)))


def _amount(value: object) -> str:
    """The value without regard to its scale: 25, 25.0 and 25.00 alike."""
    text = str(value)
    if "E" in text:
        return _with_exponent(cast("Decimal", value))
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _with_exponent(value: Decimal) -> str:
    sign, digits, exponent = value.as_tuple()
    text = "".join(map(str, digits))
    trimmed = text.rstrip("0")
    if not trimmed:
        return "0"
    return ("-" if sign else "") + _placed(trimmed, int(exponent) + len(text) - len(trimmed))


def _placed(digits: str, exponent: int) -> str:
    if not -60 <= exponent <= 60:
        return f"{digits}E{exponent}"
    if exponent >= 0:
        return digits + "0" * exponent
    padded = digits.rjust(1 - exponent, "0")
    return f"{padded[:exponent]}.{padded[exponent:]}"


def _instant(value: object) -> str:
    moment = cast("datetime", value)
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    try:
        return aware.astimezone(UTC).isoformat(timespec="milliseconds")
    except OverflowError:
        return aware.isoformat(timespec="milliseconds")


def _list_of_texts(value: object) -> str:
    return msgspec.json.encode([_text(text) for text in cast("list[str]", value)]).decode()


_WRITERS: Mapping[Kind, _Plain] = {
    Kind.TEXT: _text,
    Kind.INTEGER: _whole,
    Kind.ENUM: _whole,
    Kind.BOOLEAN: lambda value: "true" if value else "false",
    Kind.AMOUNT: _amount,
    Kind.DATE: _instant,
    Kind.TEXTS: _list_of_texts,
}
