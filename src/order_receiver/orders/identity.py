"""Which order a message is about."""

import re
from functools import lru_cache

from order_receiver.contract.value import Value

REFERENCE_LIMIT = 500
"""Longer references identify nothing: no sender means them. The contract says 50; up to here they are accepted."""

_GUID = re.compile(
    r"[{(]?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})[)}]?", re.ASCII | re.IGNORECASE
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class OrderKey(Value, frozen=True):
    """Application key and client order reference: the identity of an order, for life. (norce: duplicates)

    `application_key` is a lower-case GUID (or, where the sender sent no GUID, its text as it came, lower-cased).
    """

    application_key: str
    client_order_ref: str

    def __str__(self) -> str:
        return f"{self.application_key}/{self.client_order_ref}"


def identify(
    application_key: str | None, client_order_ref: str | None, default_application: str | None = None
) -> OrderKey | None:
    """The identity that the two texts of a message give; None where they give none.

    White space around either is no part of it. `default_application` stands in for a missing application key.
    """
    key = _usable(application_key) or _usable(default_application)
    reference = _usable(client_order_ref)
    if key is None or reference is None:
        return None
    return OrderKey(normal_application_key(key), reference)


@lru_cache(maxsize=256)
def normal_application_key(text: str) -> str:
    """An application key in its one form: a GUID with hyphens and without braces, in lower case."""
    match = _GUID.fullmatch(text.strip())
    return "-".join(match.groups()).lower() if match is not None else text.strip().lower()


def _usable(text: str | None) -> str | None:
    trimmed = (text or "").strip()
    if not trimmed or len(trimmed) > REFERENCE_LIMIT:
        return None
    if not trimmed.isprintable() and _CONTROL.search(trimmed) is not None:
        return None
    return trimmed
