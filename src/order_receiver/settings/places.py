"""Where a setting stands: its path, and the line of the file it was written on (which tomllib does not tell)."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Place: TypeAlias = tuple[str | int, ...]
"""Path to a value: names of tables and keys, numbers (from 0) within a list of tables."""

_HEADER = re.compile(r"\s*(?P<list>\[)?\[(?P<name>[^\[\]]+)\]\]?\s*(#.*)?$")
_KEY = re.compile(r"\s*(?P<name>(?:[\w.\s-]|\"[^\"]*\"|'[^']*')+?)\s*=\s*(?P<value>.*)$", re.DOTALL)


def written(place: Place) -> str:
    """The path as people write it: `applications[0].key`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)$")
_AGAIN = "Cannot overwrite a value"
_STEP = re.compile(r"\[(\d+)\]|\.?\"([^\"]*)\"|\.?([^.\[\"]+)")


@dataclass(frozen=True, slots=True)
class Written:
    """What settings were read from: the file as it was named, its lines, and the variables laid over them."""

    source: str = ""
    lines: Mapping[Place, int] = field(default_factory=dict)
    variables: Mapping[Place, str] = field(default_factory=dict)

    def where(self, setting: str) -> str:
        """A setting such as `routes[1].to` with file and line, or its variable; as it is where none is known."""
        place = place_of(setting)
        for length in range(len(place), 0, -1):
            if variable := self.variables.get(place[:length]):
                return f"environment: {variable}"
        line = line_of(place, self.lines)
        return setting if line is None else f"{self.source}:{line}: {setting}"


def place_of(setting: str) -> Place:
    """The path that is written as `targets.erp.values."rows.unit".to` or `routes[1].to`."""
    return tuple(
        int(found[1]) if found[1] else found[3] if found[2] is None else found[2] for found in _STEP.finditer(setting)
    )


def lines_of(source: str) -> dict[Place, int]:
    """The line, counted from 1, of every table header and key of a valid TOML text.

    Keys within an inline table have the line of the key the table stands behind: look up the longest known path.
    """
    found: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    table: Place = ()
    lines = source.splitlines()
    number = 0
    while number < len(lines):
        line = lines[number]
        length = 1
        if header := _HEADER.match(line):
            table = _table(_parts(header["name"]), bool(header["list"]), counts)
            found[table] = number + 1
            found.setdefault(table[:-1], number + 1)
        elif key := _KEY.match(line):
            length = _length(key["value"], lines[number + 1 :])
            found[table + _parts(key["name"])] = number + 1
        number += length
    return found


def toml_fault(source: str, error: tomllib.TOMLDecodeError) -> tuple[int | None, str, str]:
    """Line, key and what is wrong of a text that is no TOML; the key is told where it stands there twice."""
    text = str(error)
    at = _AT_LINE.search(text)
    line = int(at[1]) if at else None
    words = _AT_LINE.sub("", text)
    written_there = source.splitlines()[line - 1] if line is not None and words == _AGAIN else ""
    key = _KEY.match(written_there)
    if key is None:
        return line, "", f"is not valid TOML: {words}."
    return line, key["name"].strip(), "stands there already, further up. Keep one of the two."


def line_of(place: Place, lines: Mapping[Place, int]) -> int | None:
    """The line of a place, or of the nearest thing around it that was written down."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place) if place else None


def _parts(name: str) -> Place:
    """The parts of a dotted key; tomllib itself knows the rules for quotes."""
    parts: list[str] = []
    inside: object = tomllib.loads(f"{name} = 1")
    while isinstance(inside, dict):
        part, inside = next(iter(inside.items()))
        parts.append(part)
    return tuple(parts)


def _table(name: Place, many: bool, counts: dict[Place, int]) -> Place:
    """The path of a table, with the number of the list entry that each of its parents stands for."""
    place: Place = ()
    for part in name[:-1]:
        place += (part,)
        if place in counts:
            place += (counts[place],)
    place += name[-1:]
    if many:
        counts[place] = counts.get(place, -1) + 1
        place += (counts[place],)
    return place


def _length(value: str, following: list[str]) -> int:
    """How many lines a value takes: as many as tomllib needs to read it."""
    for count in range(len(following) + 1):
        try:
            tomllib.loads("value = " + "\n".join([value, *following[:count]]))
        except tomllib.TOMLDecodeError:
            continue
        return count + 1
    return 1
