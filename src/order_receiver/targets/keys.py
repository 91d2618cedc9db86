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
