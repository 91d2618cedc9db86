"""What an HTTP answer of Norce means for the call. (norce: outgoing calls, common)"""

import math
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from yarl import URL

from order_receiver.orders.outcomes import CallFailed, PermanentFailure, TransientFailure, UnknownOutcome

TEXT_LENGTH = 500
"""Characters of an answer's text that go into a message."""

_LONGEST_WAIT = 86_400.0
_CONTROL = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ufeff\ufffd\u200b-\u200f\u202a-\u202e\u2066-\u2069]+")
_PASSES_UNDONE = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
_MAY_HAVE_WORKED = {HTTPStatus.REQUEST_TIMEOUT}


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and headers that matter; `body` at most as long as the caller read."""

    status: int
    body: bytes = field(default=b"", repr=False)
    retry_after: float | None = None
    """Seconds that the other side asked to wait."""
    location: str | None = field(default=None, repr=False)

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300


def failure(answer: Answer, what: str, secrets: tuple[str, ...] = ()) -> CallFailed:
    """The failure that an answer other than 2xx stands for; `what` names the call in the sentence."""
    said = f"Norce answered {what} with HTTP {answer.status}"
    if 300 <= answer.status < 400:
        return PermanentFailure(f"{said}, a redirect to {_host(answer.location)}; redirects are never followed.")
    text = clean(answer.body, secrets)
    sentence = f"{said}: {text}" if text else f"{said}."
    if answer.status in _PASSES_UNDONE:
        return TransientFailure(sentence, answer.retry_after)
    if answer.status >= 500 or answer.status in _MAY_HAVE_WORKED or answer.status < 200:
        return UnknownOutcome(sentence)
    return PermanentFailure(sentence)


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


def _host(location: str | None) -> str:
    """The host alone: paths and queries of a redirect may hold anything."""
    try:
        host = URL(location or "").host
    except ValueError:
        host = None
    return clean(host.encode()) if host else "the same host"
