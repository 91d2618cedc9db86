"""What an answer of Tryton means: permanent, transient or of unknown outcome, decided by what Tryton says.

| answer                                           | means                                                     |
| ------------------------------------------------ | --------------------------------------------------------- |
| error UserError                                  | permanent: a rule of the business or a record refused     |
| error UserWarning                                | permanent: a person has to accept the warning             |
| error ConcurrencyException                       | transient: somebody changed the record at the same moment |
| any other error                                  | unknown where the call changes something, else transient  |
| 401                                              | the session has ended                                     |
| 404 (Tryton: no such database, or not reachable) | transient                                                 |
| 429, 503 (Tryton: database locked, deadlock)     | transient                                                 |
| other 5xx                                        | unknown where the call changes something, else transient  |
| 3xx, other 4xx                                   | permanent                                                 |

A 504 may be Tryton's own, when its database was too slow and everything is rolled back. A proxy in front of it says the
same, and then Tryton may still do the work.
"""

from collections.abc import Iterator
from http import HTTPStatus

import msgspec

from order_receiver.orders.answers import clean
from order_receiver.orders.outcomes import CallFailed, NotYet, PermanentFailure
from order_receiver.outgoing import uncertain
from order_receiver.targets.jsonrpc import status_failure

_PASSES: dict[int, str] = {
    HTTPStatus.NOT_FOUND: "it does not find the database, or cannot reach it; check `database` if this stays",
    HTTPStatus.TOO_MANY_REQUESTS: "there were too many failed logins; it takes none for a while",
    HTTPStatus.SERVICE_UNAVAILABLE: "its database is busy or away",
}


class Refused(PermanentFailure):
    """A rule of Tryton refused the call, and nothing was changed."""


class SessionEnded(Exception):
    """Tryton does not know the session (any more)."""


def http_failure(status: int, retry_after: float | None, call: str, *, changes: bool) -> CallFailed | SessionEnded:
    """What a status other than 200 stands for; `call` names the call in the sentence."""
    said = f"Tryton answered {call} with HTTP {status}"
    if status == HTTPStatus.UNAUTHORIZED:
        return SessionEnded(f"{said}.")
    return status_failure(status, retry_after, said, _PASSES, changes=changes)


def error_failure(error: msgspec.Raw, call: str, *, changes: bool) -> CallFailed:
    """What an error within an answer of HTTP 200 stands for."""
    kind, words = _read(error)
    if kind == "UserError":
        return Refused(f"Tryton refused {call}: {words}")
    if kind == "UserWarning":
        advice = "Accept the warning in Tryton, for ever, as the user of this target, or enter the order by hand."
        return PermanentFailure(f"Tryton warns at {call}: {words} {advice}")
    if kind == "ConcurrencyException":
        return NotYet(f"Tryton's record was changed by somebody else during {call}; it is done again.")
    return uncertain(f"Tryton failed at {call}: {kind}; its log says more.", changes=changes)


def _read(error: msgspec.Raw) -> tuple[str, str]:
    """Kind and words.

    Tryton writes `["UserError", [message, description, domain]]`, `["UserWarning", [name, message, description]]`, and
    `[text, traceback]` for what is no exception of its own.
    """
    texts = list(_texts(msgspec.json.decode(error, type=object)))
    kind = texts[0] if texts else "an error without words"
    if kind == "UserError":
        return kind, clean(" ".join(texts[1:3]).encode())
    if kind == "UserWarning":
        return kind, clean(" ".join(texts[2:4]).encode())
    return clean(kind.encode()), ""


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
