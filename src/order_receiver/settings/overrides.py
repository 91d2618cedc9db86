"""Environment variables laid over the file: ORDER_RECEIVER__DOOR__PORT=9090."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from order_receiver.settings.places import Place
from order_receiver.settings.problems import Problem

PREFIX = "ORDER_RECEIVER__"
_SEPARATOR = "__"

Table: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class Override:
    """A value from the environment: `value` as TOML reads it, `raw` for settings that are text."""

    variable: str
    raw: str
    value: object


def lay_over(tree: Table, environ: Mapping[str, str]) -> list[Problem]:
    """Put every override into the tree, in place; what cannot be placed is handed back as problems.

    Names are matched without regard to case, with `_` for `-`. Lists of tables are addressed by index, from 0; the
    next free index adds an entry.
    """
    problems = []
    for variable in sorted(environ, key=_by_index):
        if variable.upper().startswith(PREFIX):
            raw = environ[variable]
            what = _put(tree, variable[len(PREFIX) :].split(_SEPARATOR), Override(variable, raw, _value(raw)))
            if what:
                problems.append(Problem("environment", None, variable, what))
    return problems


def variable_of(value: object) -> str | None:
    """The variable that a value, or the first value within it, came from."""
    if isinstance(value, Override):
        return value.variable
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    named = [variable_of(each) for each in inner]
    return named[0] if named and all(named) else None


def variables_of(value: object, place: Place = ()) -> dict[Place, str]:
    """The variable of every value that came from one, by its path."""
    if isinstance(value, Override):
        return {place: value.variable}
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {key: found for step, each in inner for key, found in variables_of(each, (*place, step)).items()}


def _by_index(variable: str) -> list[str]:
    return [part.zfill(6) if part.isdecimal() else part for part in variable.split(_SEPARATOR)]


def _value(raw: str) -> object:
    """A TOML number, truth value or quoted text; anything else is the text itself."""
    try:
        parsed = tomllib.loads(f"value = {raw}")
    except tomllib.TOMLDecodeError:
        return raw
    value: object = parsed.get("value")
    return value if parsed.keys() == {"value"} and isinstance(value, (bool, int, float, str)) else raw


def _put(tree: Table, names: list[str], override: Override) -> str | None:
    if not all(names):
        return "has an empty name between its double underscores."
    here: object = tree
    for name, following in zip(names, [*names[1:], None], strict=True):
        key = _key(here, name)
        if key is None:
            return _misplaced(here, name)
        here = _step(here, key, override if following is None else [] if following.isdecimal() else {})
    return None


def _misplaced(here: object, name: str) -> str:
    if isinstance(here, list):
        return f"`{name}` is not an index from 0 to {len(here)}; entries are added one after the other."
    return f"`{name}` is looked for within a single value; only tables and lists of tables have something inside."


def _key(here: object, name: str) -> str | int | None:
    """The key that a name stands for within a table or list; None where it has no place."""
    if isinstance(here, list):
        return int(name) if name.isdecimal() and int(name) <= len(here) else None
    if not isinstance(here, dict):
        return None
    known = {str(key).lower().replace("-", "_"): str(key) for key in here}
    return known.get(name.lower(), name.lower())


def _step(here: object, key: str | int, new: object) -> object:
    """Go to the value behind `key`, made as `new` where there is none; an override replaces what is there."""
    if isinstance(here, list) and isinstance(key, int):
        if key == len(here):
            here.append(new)
        elif isinstance(new, Override):
            here[key] = new
        return here[key]
    table = here if isinstance(here, dict) else {}
    return table.update({key: new}) if isinstance(new, Override) else table.setdefault(key, new)
