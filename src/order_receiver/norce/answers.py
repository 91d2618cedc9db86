"""What an HTTP answer of Norce means for the call. (norce: outgoing calls, common)"""

from dataclasses import dataclass, field
from http import HTTPStatus

from yarl import URL

from order_receiver.orders.answers import clean
from order_receiver.orders.outcomes import CallFailed, PermanentFailure, TransientFailure, UnknownOutcome

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


def _host(location: str | None) -> str:
    """The host alone: paths and queries of a redirect may hold anything."""
    try:
        host = URL(location or "").host
    except ValueError:
        host = None
    return clean(host.encode()) if host else "the same host"
