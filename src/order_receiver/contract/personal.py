"""Showing values to people and logs: shortened, and with personal data masked.

Which members are personal is written on the message Structs and nowhere else.
"""

import html
import json
import re
from collections.abc import Iterator
from functools import lru_cache

from order_receiver.contract.places import parse_pointer
from order_receiver.contract.plan import folded_names, members
from order_receiver.contract.request import Message, OrderRequest

SHOWN_LENGTH = 60
MASK = "***"
SHORTEST_HIDDEN = 3
"""Characters; a shorter text identifies nobody, and would be found in much that is not about people."""

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


def discreet(text: str, order: OrderRequest) -> str:
    """Somebody else's words, such as those of an ERP, without what the order says about people.

    Whole words only, in any case, plain or as JSON, XML and HTML write them.
    """
    found = {said for said in _personal_texts(order) if len(said) >= SHORTEST_HIDDEN}
    written = {form for said in found for form in (said, json.dumps(said)[1:-1], html.escape(said))}
    folded = text.casefold()
    written = {form for form in written if form.casefold() in folded}
    if not written:
        return text
    longest_first = "|".join(re.escape(form) for form in sorted(written, key=len, reverse=True))
    return re.sub(rf"(?<!\w)(?:{longest_first})(?!\w)", MASK, text, flags=re.IGNORECASE)


def _personal_texts(message: Message) -> Iterator[str]:
    for member in members(type(message)):
        value = getattr(message, member.name)
        if isinstance(value, Message):
            yield from _personal_texts(value)
        elif isinstance(value, list):
            for entry in value:
                if isinstance(entry, Message):
                    yield from _personal_texts(entry)
        elif member.personal is not None and isinstance(value, str):
            yield value.strip()


def masked_message(body: bytes) -> str:
    """A message in whatever form as text, its personal identity numbers masked; what is no text is replaced."""
    text = body.decode(json.detect_encoding(body), errors="replace")
    return _NUMBER_IN_XML.sub(rf"\1{MASK}", _NUMBER_IN_JSON.sub(rf'\1"{MASK}"', text))
