"""JSON as a plain tree with exact numbers, within limits."""

import re
from decimal import Decimal, InvalidOperation

import msgspec

from order_receiver.contract.encoding import to_utf8
from order_receiver.contract.reading import TOO_DEEP_ADVICE, Limits, Unreadable, unreadable
from order_receiver.contract.scalars import Tree

_LONE_SURROGATE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)"
)
_POSITION = re.compile(r"(.*) \(byte (\d+)\)")


def _number(text: str) -> Decimal | str:
    """The exact number; one that no decimal can hold stays text, for the member's reader to refuse."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


_DECODER = msgspec.json.Decoder(float_hook=_number)


def json_object(body: bytes, charset: str | None, limits: Limits) -> dict[str, Tree]:
    """Decode a JSON object. Raises Unreadable for anything else, or when it is nested deeper than allowed."""
    tree = _decoded(to_utf8(body, charset))
    if not isinstance(tree, dict):
        seen = "it is JSON, but not an object"
        raise unreadable("not-an-object", seen, "Send one order as a JSON object.")
    _check_depth(tree, limits.depth)
    return tree


def _decoded(text: bytes) -> Tree:
    if not text.strip():
        raise unreadable("empty", "the body is empty", "Send one order as a JSON object.")
    try:
        return _decode(text)
    except RecursionError:
        raise unreadable("too-deep", "it is nested far too deeply", TOO_DEEP_ADVICE) from None
    except msgspec.ValidationError as error:
        raise unreadable("not-json", str(error), "Send numbers of a sensible size.") from None
    except msgspec.DecodeError as error:
        raise _malformed(text, str(error)) from None


def _decode(text: bytes) -> Tree:
    """Decode; halves of surrogate pairs, left where a sender cut text inside an emoji, become U+FFFD."""
    try:
        tree: Tree = _DECODER.decode(text)
    except msgspec.DecodeError:
        mended = _LONE_SURROGATE.sub(lambda match: rb"\ufffd" if match[1] else match[0], text)
        if mended == text:
            raise
        tree = _DECODER.decode(mended)
    return tree


def _malformed(text: bytes, message: str) -> Unreadable:
    match = _POSITION.fullmatch(message)
    reason = match[1].rpartition(": ")[2] if match is not None else "the text ends too early"
    offset = int(match[2]) if match is not None else len(text)
    lines = text[:offset].split(b"\n")
    column = len(lines[-1].decode(errors="replace")) + 1
    seen = f"{reason} at line {len(lines)}, column {column} (byte {offset + 1})"
    return unreadable("not-json", seen, "Send well-formed JSON.")


def _check_depth(tree: Tree, limit: int) -> None:
    level: list[Tree] = [tree]
    depth = 0
    while level:
        depth += 1
        if depth > limit:
            raise unreadable("too-deep", f"it is nested deeper than {limit} levels", TOO_DEEP_ADVICE)
        level = [inner for outer in level for inner in _inner(outer)]


def _inner(tree: Tree) -> list[Tree]:
    values = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    return [value for value in values if isinstance(value, dict | list)]
