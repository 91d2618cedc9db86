"""Notes: what in an order goes beyond the contract without harm, such as over-long text. Nothing here refuses."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from order_receiver.contract.findings import Finding, Severity
from order_receiver.contract.personal import shown
from order_receiver.contract.places import Path, json_pointer
from order_receiver.contract.plan import Kind, Member, members, tuple_getter
from order_receiver.contract.request import Message, OrderRequest

NOTES_LIMIT = 100

_GUID = re.compile(r"[{(]?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}[)}]?", re.ASCII | re.IGNORECASE)


def notes(order: OrderRequest, *, lengths_fit: bool = False) -> tuple[Finding, ...]:
    """Over-long texts, unknown code words, and currencies, countries and GUIDs of an unusual form; at most 100.

    `lengths_fit` is what the reader knows already (see `Reading`), so that texts are not measured twice.
    """
    if _is_usual(order, lengths_fit):
        return ()
    found: list[Finding] = []
    _look(order, (), found)
    return tuple(found[:NOTES_LIMIT])


def _is_usual(message: Message, lengths_fit: bool) -> bool:
    """Whether there is nothing to note: the quick answer for nearly every order."""
    plan = _quick(type(message), lengths_fit)
    for texts, longest in plan.lengths:
        if max(map(len, filter(None, texts(message))), default=0) > longest:
            return False
    for name, is_usual in plan.tests:
        value = getattr(message, name)
        if value and not is_usual(value):
            return False
    return _inner_is_usual(message, plan, lengths_fit) if plan.descends else True


def _inner_is_usual(message: Message, plan: "_Quick", lengths_fit: bool) -> bool:
    for name in plan.objects:
        inner = getattr(message, name)
        if inner is not None and not _is_usual(inner, lengths_fit):
            return False
    for name in plan.lists:
        for entry in getattr(message, name) or ():
            if not _is_usual(entry, lengths_fit):
                return False
    return True


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


@dataclass(frozen=True, slots=True)
class _Quick:
    """How to look through one Struct quickly: texts by their greatest length, other tests, and where to descend."""

    lengths: tuple[tuple[Callable[[Message], tuple[str | None, ...]], int], ...]
    tests: tuple[tuple[str, Callable[[str], bool]], ...]
    objects: tuple[str, ...]
    lists: tuple[str, ...]
    descends: bool


@cache
def _quick(struct: type[Message], lengths_fit: bool) -> _Quick:
    checked = [(member, test) for member in members(struct) if (test := _test(member)) is not None]
    by_length: dict[int, list[str]] = {}
    for member, _ in checked:
        if not lengths_fit and _has_only_length(member) and member.max_length is not None:
            by_length.setdefault(member.max_length, []).append(member.name)
    inner = [each for each in members(struct) if each.struct is not None and _has_tests(each.struct, lengths_fit)]
    return _Quick(
        lengths=tuple((tuple_getter(names), longest) for longest, names in by_length.items()),
        tests=tuple((member.name, test) for member, test in checked if not _has_only_length(member)),
        objects=tuple(member.name for member in inner if member.kind is Kind.OBJECT),
        lists=tuple(member.name for member in inner if member.kind is Kind.LIST),
        descends=bool(inner),
    )


def _has_only_length(member: Member) -> bool:
    return member.format is None and member.words is None


@cache
def _has_tests(struct: type[Message], lengths_fit: bool) -> bool:
    return any(
        (_test(member) is not None and not (lengths_fit and _has_only_length(member)))
        or (member.struct is not None and _has_tests(member.struct, lengths_fit))
        for member in members(struct)
    )


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
