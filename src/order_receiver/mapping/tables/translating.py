"""The codes of a canonical order into those of a target."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct, structs

from order_receiver.mapping.tables.table import Change, Missing, ValueTables, as_key
from order_receiver.orders.canonical import OrderPart
from order_receiver.settings.values import CodeField

AnyStruct = TypeVar("AnyStruct", bound=Struct)


def translate(order: OrderPart, tables: ValueTables) -> tuple[OrderPart, Sequence[Missing]]:
    """The order with the target's own codes, and what the tables lack, each once.

    Every table sees the order as Norce sent it, whatever the others write. What is not in the order is not translated.
    """
    missing: list[Missing] = []
    for owner, changes in tables.changes.items():
        order = _within(order, owner, "", changes, missing)
    return order, tuple(dict.fromkeys(missing))


def _within(
    group: AnyStruct, way: Sequence[str], where: str, changes: Sequence[Change], missing: list[Missing]
) -> AnyStruct:
    """Follow the way to the group of fields that the changes are about, through lists as well."""
    if not way:
        return _changed(group, where, changes, missing)
    name, rest = way[0], way[1:]
    below = getattr(group, name)
    place = f"{where}.{name}".lstrip(".")
    if below is None:
        return group
    if isinstance(below, list):
        entries = [_within(each, rest, f"{place}[{index}]", changes, missing) for index, each in enumerate(below)]
        same = all(before is after for before, after in zip(below, entries, strict=True))
        return group if same else structs.replace(group, **{name: entries})
    changed = _within(below, rest, place, changes, missing)
    return group if changed is below else structs.replace(group, **{name: changed})


def _changed(group: AnyStruct, where: str, changes: Sequence[Change], missing: list[Missing]) -> AnyStruct:
    new: dict[str, object] = {}
    for change in changes:
        goal = change.goal
        result = _result(_found(group, change.source), change, where, missing)
        if result is not None:
            new[goal.name] = _written(new.get(goal.name, getattr(group, goal.name)), goal, result)
    return structs.replace(group, **new) if new else group


def _found(group: Struct, field: CodeField) -> object:
    found: object = getattr(group, field.name)
    if field.code is None:
        return found
    return found.get(field.code) if isinstance(found, dict) else None


def _written(there: object, goal: CodeField, result: str | list[str]) -> object:
    if goal.code is not None:
        return {**(there if isinstance(there, dict) else {}), goal.code: result}
    return int(result) if goal.is_number and isinstance(result, str) else result


def _result(found: object, change: Change, where: str, missing: list[Missing]) -> str | list[str] | None:
    """What is to be written; None where nothing is.

    A code of `info` that comes several times has several results; a field that holds one only takes their whole as
    the key.
    """
    if isinstance(found, list) and change.goal.code is None:
        found = ";".join(found)
    if isinstance(found, list):
        results = [_value(each, change, where, missing) for each in found]
        several = [each if result is None else result for each, result in zip(found, results, strict=True)]
        return several if any(results) else None
    return _value(found, change, where, missing)


def _value(key: object, change: Change, where: str, missing: list[Missing]) -> str | None:
    if not isinstance(key, str | int | Decimal):
        return None
    result = change.table.find(key)
    if result is None and not change.table.keeps:
        source = change.source
        place = ".".join(filter(None, (where, source.name, source.code)))
        missing.append(Missing(change.table.name, as_key(key), source.path, place))
    return result
