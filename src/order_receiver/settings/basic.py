"""HTTP Basic as senders really write it: one header into the pairs it may mean."""

import binascii
from dataclasses import dataclass, field

HEADER_LIMIT = 2_048
"""Bytes of an Authorization header; a longer one is not looked at."""


@dataclass(frozen=True, slots=True)
class Pair:
    """User and password as one reading of the header gives them."""

    user: str
    password: str = field(repr=False)


def pairs_of(authorization_header: bytes | None) -> tuple[Pair, ...]:
    """The one or two pairs that a Basic header may mean; none where it is not one.

    User and password are parted at the first colon. .NET Core sends UTF-8 and .NET Framework ISO-8859-1, so a header
    that is not plain ASCII is read as UTF-8 (where it is valid) and as ISO-8859-1. (norce: samples)
    """
    octets = _decoded(authorization_header or b"")
    if octets is None or b":" not in octets:
        return ()
    texts = [octets.decode("latin-1")]
    if not octets.isascii():
        texts = [*_as_utf8(octets), *texts]
    return tuple(Pair(*text.split(":", 1)) for text in texts)


def _decoded(header: bytes) -> bytes | None:
    scheme, _, encoded = header.partition(b" ")
    if scheme.lower() != b"basic" or len(header) > HEADER_LIMIT:
        return None
    encoded = encoded.strip(b" ")
    try:
        octets = binascii.a2b_base64(encoded)
    except binascii.Error:
        return None
    return octets if binascii.b2a_base64(octets, newline=False) == encoded else None


def _as_utf8(octets: bytes) -> list[str]:
    try:
        return [octets.decode("utf-8")]
    except UnicodeDecodeError:
        return []
