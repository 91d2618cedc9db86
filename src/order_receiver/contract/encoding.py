"""The bytes of a message as UTF-8, however they were encoded."""

import json

from order_receiver.contract.reading import unreadable

DECLARED = frozenset({"iso-8859-1", "latin1", "iso-8859-15", "windows-1252", "us-ascii"})
"""Charsets other than Unicode that a message may be declared in; a fixed list, since some of Python's are costly."""


def to_utf8(body: bytes, *declared: str | None) -> bytes:
    """UTF-8 without byte order mark, from UTF-8, UTF-16, UTF-32 (all found by their bytes) or a declared charset.

    Bytes that are valid Unicode are taken as such whatever is declared; otherwise the first of `declared` that is known
    counts. Raises Unreadable where there is none.
    """
    found = json.detect_encoding(body)
    try:
        return body.decode(found).removeprefix("\ufeff").encode()
    except UnicodeError as error:
        for charset in declared:
            named = (charset or "").strip("\"' ").lower()
            if named in DECLARED:
                return body.decode(named, errors="replace").encode()
        at = f"byte {error.start + 1}" if isinstance(error, UnicodeDecodeError) else "half of a character"
        seen = f"{at} is not valid {found.removesuffix('-sig').upper()}"
        raise unreadable("not-utf-8", seen, "Send UTF-8, or name the charset in Content-Type.") from None
