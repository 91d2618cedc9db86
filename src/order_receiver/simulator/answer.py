"""OrderResponse as Norce reads it, and its JSON form."""

import json
from typing import Annotated

import msgspec
from msgspec import Meta


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """OrderResponse as its strictest known reader takes it; unknown members are ignored. (norce: OrderResponse)"""

    StatusCode: Annotated[str, Meta(max_length=50)]
    Description: Annotated[str, Meta(max_length=255)] | None = None
    HasErpOrderNo: bool
    ErpOrderNo: Annotated[str, Meta(max_length=50)] | None = None


def read_json_answer(body: bytes) -> Answer:
    """Raises `ValueError` for what any of the known .NET readers refuses or loses. (norce: JSON answers)"""
    if body.startswith(b"\xef\xbb\xbf"):
        raise ValueError("byte order mark")
    tree = json.loads(body.decode("utf-8"), object_pairs_hook=_members_once)
    return msgspec.convert(tree, Answer)


def _members_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice")
    return members
