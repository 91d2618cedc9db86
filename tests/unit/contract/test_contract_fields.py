"""The Structs against the field tables of the contract: names, order, types, lengths, words."""

import json
from pathlib import Path
from typing import TypedDict

import pytest

from order_receiver.contract import codes, request
from order_receiver.contract.plan import Kind, Member, members
from order_receiver.contract.request import Message, OrderRequest


class Row(TypedDict, total=False):
    name: str
    type: str
    max_length: int
    words: list[str]


class Tables(TypedDict):
    entities: dict[str, list[Row]]
    enums: dict[str, dict[str, int]]


TABLES: Tables = json.loads((Path(__file__).parents[2] / "data" / "contract-fields.json").read_text(encoding="utf-8"))
KINDS = {
    "string": Kind.TEXT,
    "guid": Kind.TEXT,
    "int32": Kind.INTEGER,
    "decimal": Kind.AMOUNT,
    "boolean": Kind.BOOLEAN,
    "datetime": Kind.DATE,
    "ignored": Kind.IGNORED,
    "list:string": Kind.TEXTS,
}


def struct_of(entity: str) -> type[Message]:
    struct: type[Message] = getattr(request, entity)
    return struct


def written(member: Member) -> Row:
    """A member as a row of the field table."""
    row = Row(name=member.name, type=type_of(member))
    if member.max_length is not None:
        row["max_length"] = member.max_length
    if member.words is not None:
        row["words"] = sorted(member.words)
    return row


def type_of(member: Member) -> str:
    if member.codes is not None:
        return f"enum:{member.codes.__name__}s"
    if member.struct is not None:
        return f"{'list' if member.kind is Kind.LIST else 'object'}:{member.struct.__name__}"
    if member.format == "guid":
        return "guid"
    return next(name for name, kind in KINDS.items() if kind is member.kind)


@pytest.mark.parametrize("entity", TABLES["entities"])
def test_struct_matches_its_table(entity: str) -> None:
    expected = [
        Row(**{**row, **({"words": sorted(row["words"])} if "words" in row else {})})
        for row in TABLES["entities"][entity]
    ]
    assert [written(member) for member in members(struct_of(entity))] == expected


def test_no_entity_is_missing() -> None:
    reached: set[type[Message]] = set()
    waiting: list[type[Message]] = [OrderRequest]
    while waiting:
        struct = waiting.pop()
        reached.add(struct)
        inner = {member.struct for member in members(struct) if member.struct is not None}
        waiting.extend(inner - reached)
    assert {struct.__name__ for struct in reached} == set(TABLES["entities"])


@pytest.mark.parametrize(
    ("name", "enum"), [("OrderTypes", codes.OrderType), ("FeeType", codes.FeeType), ("OrderStatus", codes.OrderStatus)]
)
def test_enum_matches_its_table(name: str, enum: type[codes.OrderType]) -> None:
    assert {one.name: one.value for one in enum} == TABLES["enums"][name]
