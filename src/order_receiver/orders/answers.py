"""What may be told of another system's HTTP answer, and how long it asks to wait."""

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

TEXT_LENGTH = 500
"""Characters of an answer's text that go into a message."""

_LONGEST_WAIT = 86_400.0
_CONTROL = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ufeff\ufffd\u200b-\u200f\u202a-\u202e\u2066-\u2069]+")


def clean(body: bytes, secrets: tuple[str, ...] = ()) -> str:
    """An answer's text on one line: no control characters, none of `secrets`, cut at `TEXT_LENGTH`."""
    text = body.decode("utf-8", "replace")
    for secret in secrets:
        text = text.replace(secret, "***") if secret else text
    text = _CONTROL.sub(" ", text).strip()
    return text if len(text) <= TEXT_LENGTH else text[: TEXT_LENGTH - 1] + "…"


def wait_of(header: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for, given as seconds or as an HTTP date; None where it says nothing.

    A date gone by is 0; nothing is longer than a day.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(math.ceil((moment - now).total_seconds()), 0.0), _LONGEST_WAIT)
