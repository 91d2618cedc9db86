"""Showing values to people and logs: shortened, and with personal data masked.

Which members are personal is written on the message Structs and nowhere else.
"""

import json
import re
from functools import lru_cache

from order_receiver.contract.places import parse_pointer
from order_receiver.contract.plan import folded_names
from order_receiver.contract.request import Message, OrderRequest

SHOWN_LENGTH = 60
MASK = "***"

_NUMBER_IN_JSON = re.compile(r'("ssn"\s*:\s*)("(?:[^"\\]|\\.)*"|(?!null\b)[^,}\]\s]+)', re.IGNORECASE)
_NUMBER_IN_XML = re.compile(
    r"(<(?:[\w.-]+:)?ssn(?:\s[^<>]*)?(?<!/)>)(?:[^<]|<!\[CDATA\[.*?\]\]>|<!--.*?-->)+", re.IGNORECASE | re.DOTALL
)


def mask(value: str, kind: str = "personal") -> str:
    """Hide a personal value: `personal` keeps the first character, `secret` nothing; an empty text stays empty."""
    if not value:
        return value
    return MASK if kind == "secret" else shorten(value[0]) + MASK


def shorten(value: str) -> str:
    """At most 60 characters of a value, control characters made visible."""
    start = value[: SHOWN_LENGTH + 1]
    if not start.isprintable():
        start = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in start)
    return start if len(start) <= SHOWN_LENGTH else start[: SHOWN_LENGTH - 1] + "\N{HORIZONTAL ELLIPSIS}"


def shown(value: object, personal: str | None = None) -> str:
    """A value as it may be shown: lists and objects by their size only, text shortened, personal text masked."""
    if isinstance(value, dict):
        return f"an object with {len(value)} members"
    if isinstance(value, list):
        return f"a list with {len(value)} entries"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if personal is not None:
        return mask(value, personal) if isinstance(value, str) else MASK
    return shorten(value if isinstance(value, str) else str(value))


def shown_at(pointer: str, value: str) -> str:
    """A value of an OrderRequest as it may be shown, masked as its place (a JSON pointer) asks."""
    return shown(value, personal_kind(pointer))


@lru_cache(maxsize=1024)
def _kind_of(names: tuple[str, ...]) -> str | None:
    struct: type[Message] | None = OrderRequest
    kind = None
    for name in names:
        member = folded_names(struct).get(name.casefold()) if struct is not None else None
        if member is None:
            return None
        struct, kind = member.struct, member.personal
    return kind


def personal_kind(pointer: str) -> str | None:
    """How the member of an OrderRequest at a JSON pointer is masked: `personal`, `secret`, or None for not at all."""
    return _kind_of(tuple(part for part in parse_pointer(pointer) if not part.isdigit()))


def masked_message(body: bytes) -> str:
    """A message in whatever form as text, its personal identity numbers masked; what is no text is replaced."""
    text = body.decode(json.detect_encoding(body), errors="replace")
    return _NUMBER_IN_XML.sub(rf"\1{MASK}", _NUMBER_IN_JSON.sub(rf'\1"{MASK}"', text))
