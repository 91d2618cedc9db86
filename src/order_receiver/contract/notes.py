"""Notes: what in an order goes beyond the contract without harm, such as over-long text. Nothing here refuses."""

import re
from collections.abc import Callable, Mapping
from functools import cache

from order_receiver.contract.findings import Finding, Severity
from order_receiver.contract.personal import shown
from order_receiver.contract.places import Path, json_pointer
from order_receiver.contract.plan import Kind, Member, members
from order_receiver.contract.request import Message, OrderRequest

NOTES_LIMIT = 100

_GUID = re.compile(r"[{(]?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}[)}]?", re.ASCII | re.IGNORECASE)


def notes(order: OrderRequest) -> tuple[Finding, ...]:
    """Over-long texts, unknown code words, and currencies, countries and GUIDs of an unusual form; at most 100."""
    found: list[Finding] = []
    _look(order, (), found)
    return tuple(found[:NOTES_LIMIT])


def _look(message: Message, path: Path, found: list[Finding]) -> None:
    checked, nested = _compiled(type(message))
    for member, is_usual in checked:
        value: str | None = getattr(message, member.name)
        if value and not is_usual(value):
            found.extend(_described(member, value, (*path, member.name)))
    for name in nested:
        inner: list[Message] | Message | None = getattr(message, name)
        if isinstance(inner, list):
            for index, one in enumerate(inner):
                _look(one, (*path, name, index), found)
        elif inner is not None:
            _look(inner, (*path, name), found)


def _is_currency(value: str) -> bool:
    return len(value) == 3 and value.isascii() and value.isalpha()


def _is_country(value: str) -> bool:
    return len(value) == 2 and value.isascii() and value.isalpha()


def _is_guid(value: str) -> bool:
    return _GUID.fullmatch(value.strip()) is not None


_FORMATS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "currency": (_is_currency, "Expected three letters, such as SEK."),
    "country": (_is_country, "Expected two letters, such as SE."),
    "guid": (_is_guid, "Expected a GUID; the text was taken as it is."),
}


@cache
def _compiled(struct: type[Message]) -> tuple[tuple[tuple[Member, Callable[[str], bool]], ...], tuple[str, ...]]:
    """The members with something to check, each with its quick test, and the members to descend into."""
    checked = tuple((member, test) for member in members(struct) if (test := _test(member)) is not None)
    return checked, tuple(member.name for member in members(struct) if member.struct is not None)


def _test(member: Member) -> Callable[[str], bool] | None:
    if member.kind is not Kind.TEXT:
        return None
    if member.format is not None:
        return _FORMATS[member.format][0]
    if member.words is not None:
        return member.words.__contains__
    if member.max_length is not None:
        return _shorter_than(member.max_length + 1)
    return None


def _shorter_than(limit: int) -> Callable[[str], bool]:
    return lambda value: len(value) < limit


def _described(member: Member, value: str, path: Path) -> list[Finding]:
    rule, advice = _rule(member)
    seen = shown(value, member.personal)
    if rule == "too-long":
        seen = f"{seen} ({len(value)} characters)"
    return [Finding(json_pointer(path), rule, seen, advice, Severity.NOTE)]


def _rule(member: Member) -> tuple[str, str]:
    if member.format is not None:
        return f"not-a-{member.format}", _FORMATS[member.format][1]
    if member.words is not None:
        return "unknown-word", f"{member.name} is used as it is; a mapping may need to know it."
    return "too-long", f"At most {member.max_length} characters are agreed; shorten it in the mapping if the ERP asks."
