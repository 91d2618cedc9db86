"""A tree of plain values into Structs, with every problem found and not only the first."""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Protocol

import msgspec
from msgspec import inspect, structs

from order_receiver.settings.overrides import Override, variable_of
from order_receiver.settings.places import Place, line_of, written
from order_receiver.settings.problems import Problem, nearest
from order_receiver.settings.section import Unfit
from order_receiver.settings.words import bare, in_words, sections_of

_NOTHING = object()
"""Stands for a value that could not be read; its problem is noted."""

_UNSHOWN = ("secret", "password", "hash")
_SEEN_LENGTH = 60


class Further(Protocol):
    """Structs that other packages bring, by their tags."""

    def names(self) -> Sequence[str]: ...

    def settings(self, name: str) -> type[msgspec.Struct]:
        """Raises Unfit where it cannot be used."""
        ...


class Reading:
    """One pass over a tree; problems collect in `problems`, in the order met.

    `further`: by the name of a tag field, what its tag may name besides the Structs of the program; it is asked only
    for tags that none of them has.
    """

    def __init__(
        self, source: str, lines: dict[Place, int], further: Mapping[str, Further] = MappingProxyType({})
    ) -> None:
        self.problems: list[Problem] = []
        self._further = further
        self._source = source
        self._lines = lines

    def section(self, kinds: Sequence[inspect.StructType], value: object, place: Place) -> object:
        """Read one table as the Struct its tag names, or as the only one there is."""
        if not isinstance(value, dict):
            return self._not_a_table(kinds, value, place)
        kind = self._chosen(kinds, value, place)
        if kind is None:
            return _NOTHING
        fields = {each.encode_name: each for each in structs.fields(kind.cls)}
        self._unknown_keys(value, [*fields, *filter(None, [kind.tag_field])], place)
        for name, each in fields.items():
            if each.required and name not in value:
                self._note(place, f"`{name}` is missing:", f"{_description(each.type)}.", value)
        read = {
            each.name: self.read(each.type, value[name], (*place, name))
            for name, each in fields.items()
            if name in value
        }
        return self._built(kind, read, value, place)

    def read(self, annotation: object, value: object, place: Place) -> object:
        """Read what stands behind one key."""
        kind = bare(inspect.type_info(annotation))
        if kinds := sections_of(kind):
            return self.section(kinds, value, place)
        if isinstance(kind, inspect.ListType) and (kinds := sections_of(kind.item_type)) and isinstance(value, list):
            return self._whole([self.section(kinds, each, (*place, index)) for index, each in enumerate(value)])
        if isinstance(kind, inspect.DictType) and (kinds := sections_of(kind.value_type)) and isinstance(value, dict):
            read = {
                name: _NOTHING
                if self._fault(annotation, name, each, (*place, name))
                else self.section(kinds, each, (*place, name))
                for name, each in value.items()
            }
            return read if self._whole(list(read.values())) is not _NOTHING else _NOTHING
        return self._single(annotation, kind, value, place)

    def _whole(self, values: list[object]) -> object:
        return _NOTHING if any(each is _NOTHING for each in values) else values

    def _chosen(
        self, kinds: Sequence[inspect.StructType], value: Mapping[str, object], place: Place
    ) -> inspect.StructType | None:
        tag_field = kinds[0].tag_field
        if tag_field is None or (len(kinds) == 1 and tag_field not in value):
            return kinds[0]
        seen = value.get(tag_field)
        named = seen.value if isinstance(seen, Override) else seen
        for kind in kinds:
            if kind.tag == named:
                return kind
        further = self._further.get(tag_field)
        names = [] if further is None else further.names()
        if further is not None and named in names:
            return self._brought(further, str(named), (*place, tag_field), seen)
        known = [*(str(kind.tag) for kind in kinds), *names]
        what = f"`{tag_field}` is missing." if seen is None else f"there is no {tag_field} {_shown(tag_field, named)}."
        self._note((*place, tag_field), what, nearest(str(named or ""), known), seen)
        return None

    def _brought(self, further: Further, name: str, place: Place, seen: object) -> inspect.StructType | None:
        try:
            return sections_of(inspect.type_info(further.settings(name)))[0]
        except Unfit as error:
            self._note(place, f"{error}.", error.advice, seen)
            return None

    def _unknown_keys(self, value: Mapping[str, object], known: Sequence[str], place: Place) -> None:
        for key in value:
            if key not in known:
                self._note((*place, key), "unknown setting.", nearest(key, known), value[key])

    def _built(self, kind: inspect.StructType, read: dict[str, object], value: object, place: Place) -> object:
        names = [each.name for each in structs.fields(kind.cls) if each.required]
        if any(each is _NOTHING for each in read.values()) or any(name not in read for name in names):
            return _NOTHING
        try:
            return kind.cls(**read)
        except ValueError as error:
            unfit = error if isinstance(error, Unfit) else Unfit(str(error))
            self._note((*place, *unfit.path), f"{unfit}.", unfit.advice, value)
            return _NOTHING

    def _single(self, annotation: object, kind: inspect.Type, value: object, place: Place) -> object:
        given = [value.value, value.raw] if isinstance(value, Override) else [value]
        for each in given:
            try:
                converted: object = msgspec.convert(each, annotation)
            except msgspec.ValidationError:
                continue
            if self._fault(annotation, converted, value, place):
                return _NOTHING
            if not isinstance(converted, (float, Decimal)) or math.isfinite(converted):
                return converted
        name = str(place[-1])
        advice = (
            nearest(str(given[0]), [str(word) for word in kind.values]) if isinstance(kind, inspect.LiteralType) else ""
        )
        self._note(place, f"must be {in_words(kind)}; it is {_shown(name, given[-1])}.", advice, value)
        return _NOTHING

    def _fault(self, annotation: object, text: object, value: object, place: Place) -> bool:
        """Note what a setting's own check (`Meta(extra={"fault": function})`) says of a text or of a table's name."""
        kind = inspect.type_info(annotation)
        find = (kind.extra or {}).get("fault") if isinstance(kind, inspect.Metadata) else None
        fault = find(text) if find is not None and isinstance(text, str) else ""
        if fault:
            self._note(place, fault, "", value)
        return bool(fault)

    def _not_a_table(self, kinds: Sequence[inspect.StructType], value: object, place: Place) -> object:
        name = str(place[-1])
        if {"env", "file"} == {each.encode_name for each in kinds[0].fields}:
            self._note(
                place,
                "must not be the secret itself.",
                f'Say where it is kept: {name} = {{ env = "NAME_OF_A_VARIABLE" }} or {name} = {{ file = "path" }}.',
                value,
            )
        else:
            self._note(place, "must be a table with keys of its own.", "", value)
        return _NOTHING

    def _note(self, place: Place, what: str, advice: str, value: object) -> None:
        if variable := variable_of(value):
            self.problems.append(Problem("environment", None, variable, what, advice))
        else:
            self.problems.append(Problem(self._source, line_of(place, self._lines), written(place), what, advice))


def _shown(name: str, value: object) -> str:
    """The value as it was written, shortened; never one that may be secret."""
    if any(word in name for word in _UNSHOWN):
        return "something else (not shown)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (dict, list)):
        return "a table" if isinstance(value, dict) else "a list"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= _SEEN_LENGTH else text[: _SEEN_LENGTH - 1] + "…"


def _description(annotation: object) -> str:
    kind = inspect.type_info(annotation)
    described = (kind.extra_json_schema or {}).get("description") if isinstance(kind, inspect.Metadata) else None
    return str(described or in_words(kind))
