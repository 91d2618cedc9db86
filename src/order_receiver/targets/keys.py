"""The submission key: the name of an order in every target, for life."""

import re
from hashlib import sha256

from order_receiver.orders.identity import OrderKey

KEY_LIMIT = 120
"""Longest key in characters: with an ending it stays far below the 255 bytes of a file name."""

GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
PLAIN = re.compile(r"[a-z0-9-]*")
NOT_PLAIN = re.compile(r"[^a-z0-9-]")
NOT_PLAIN_NOR_DASH = re.compile(r"[^a-z0-9]")
ESCAPED = re.compile(r"(?:__[0-9a-f]{2})+|_([a-z])")
HASH_LENGTH = 40


def submission_key(order: OrderKey) -> str:
    """Return the key of an order: only a-z, 0-9, `-` and `_`, at most 120 characters, safe in file names and URLs.

    Two orders never share a key, not even on a file system that takes `A` and `a` for the same. Lower-case letters,
    digits and dashes stay; an upper-case letter becomes `_` and its small letter, anything else `__` and two hex
    digits for each byte of UTF-8: `Web 7` becomes `_web__207`. The application comes first, so that no key is a
    device name of Windows: `<guid>-<reference>`, or `<text>_-<reference>` where the application key is no GUID. A
    longer key is cut and ends in `_0` and a hash of the whole; no key that was not cut has `_0`.
    """
    reference = order.client_order_ref
    if PLAIN.fullmatch(reference) is None:
        reference = NOT_PLAIN.sub(_escape, reference)
    application = order.application_key
    if GUID.fullmatch(application) is not None:
        key = f"{application}-{reference}"
    else:
        key = f"{NOT_PLAIN_NOR_DASH.sub(_escape, application)}_-{reference}"
    return key if len(key) <= KEY_LIMIT else _cut(key)


def read_key(key: str) -> OrderKey | None:
    """Return the order that a key was made of; None where the key was cut, or was not made here."""
    if (guid := GUID.match(key)) is not None and key[guid.end() : guid.end() + 1] == "-":
        application, reference = guid[0], key[guid.end() + 1 :]
    else:
        application, _, reference = key.partition("_-")
    order = OrderKey(_unescape(application), _unescape(reference))
    return order if submission_key(order) == key else None


def _unescape(text: str) -> str:
    """What `_escape` escaped. What was never escaped gives anything."""
    return ESCAPED.sub(_original, text)


def _original(match: re.Match[str]) -> str:
    if match[1]:
        return match[1].upper()
    return bytes.fromhex(match[0].replace("__", "")).decode("utf-8", "replace")


def _escape(match: re.Match[str]) -> str:
    """One character outside the alphabet; a lone surrogate, which no UTF-8 has, is written as its three bytes."""
    character = match[0]
    if "A" <= character <= "Z":
        return f"_{character.lower()}"
    return "".join(f"__{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))


def _cut(key: str) -> str:
    """Keep what fits and end in a hash; a trailing `_` would make the `_0` readable as an escape, so it goes."""
    head = key[: KEY_LIMIT - HASH_LENGTH - 2].rstrip("_")
    return f"{head}_0{sha256(key.encode()).hexdigest()[:HASH_LENGTH]}"
