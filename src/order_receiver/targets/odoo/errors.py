"""What an answer of Odoo means: permanent, transient or of unknown outcome, decided by what Odoo says.

Odoo answers HTTP 200 with an error inside, and `load` answers what it could not do without any error.

| answer                                               | means                                                    |
| ---------------------------------------------------- | -------------------------------------------------------- |
| UserError, ValidationError, RedirectWarning, Warning | permanent: a rule of the business or a record refused    |
| AccessError                                          | permanent: the user lacks a right                        |
| AccessDenied                                         | the password or API key is not taken (any more)          |
| MissingError                                         | transient: somebody deleted the record at this moment    |
| serialization failure, deadlock, lock not available  | transient: another call was faster; nothing was done     |
| no such database, connection pool full               | transient: nothing was done                              |
| any other error                                      | unknown where the call changes something, else transient |
| messages of `load` about serialization or deadlock   | transient: another call was faster; nothing was done     |
| other messages of `load`                             | permanent: nothing was done                              |
| HTTP 404, 429, 503                                   | transient                                                |
| HTTP 5xx                                             | unknown where the call changes something, else transient |
| HTTP 3xx, other 4xx                                  | permanent                                                |
"""

import re
from collections.abc import Sequence
from http import HTTPStatus

import msgspec

from order_receiver.orders.answers import clean
from order_receiver.orders.outcomes import CallFailed, NotYet, PermanentFailure, TransientFailure
from order_receiver.outgoing import uncertain
from order_receiver.targets.jsonrpc import status_failure

_PASSES: dict[int, str] = {
    HTTPStatus.NOT_FOUND: "nothing is at this address; check `url` if this stays",
    HTTPStatus.TOO_MANY_REQUESTS: "it takes no more calls for a while",
    HTTPStatus.SERVICE_UNAVAILABLE: "it is busy or away",
}
_REFUSALS = {
    **dict.fromkeys(("UserError", "ValidationError", "RedirectWarning", "Warning", "except_orm"), ""),
    "AccessError": ", as the user of this target lacks a right",
}
_COLLISION = re.compile(
    r"could not serialize|SerializationFailure|TransactionRollback|deadlock|DeadlockDetected|"
    r"could not obtain lock|LockNotAvailable|ConcurrencyError"
)
_NOTHING_DONE = re.compile(
    r"database .* does not exist|PoolError|Connection Pool Is Full|too many (clients|connections)"
)


class Refused(PermanentFailure):
    """A rule of Odoo refused the call, and nothing was changed."""


class Overtaken(NotYet):
    """Another call changed the same at the same moment; this one did nothing."""


class LoginEnded(Exception):
    """Odoo does not take the password or API key (any more)."""


class Message(msgspec.Struct, gc=False):
    """What `load` says about a row."""

    type: str = "error"
    message: msgspec.Raw = msgspec.field(default_factory=lambda: msgspec.Raw(b'""'))

    @property
    def words(self) -> str:
        """Its words, on one line; whatever else they came as, they are shown as it was."""
        said = msgspec.json.decode(self.message)
        return clean((said if isinstance(said, str) else bytes(self.message).decode()).encode())


class ErrorData(msgspec.Struct, gc=False):
    """The inner part of an error: the class of Odoo's exception and its words. Its traceback is left unread."""

    name: str = ""
    message: str = ""


class Error(msgspec.Struct, gc=False):
    """An error of JSON-RPC as Odoo writes it."""

    message: str = "an error without words"
    data: ErrorData = msgspec.field(default_factory=ErrorData)


def http_failure(status: int, retry_after: float | None, call: str, *, changes: bool) -> CallFailed:
    """What a status other than 200 stands for; `call` names the call in the sentence."""
    said = f"Odoo answered {call} with HTTP {status}"
    return status_failure(status, retry_after, said, _PASSES, changes=changes)


def error_failure(raw: msgspec.Raw, call: str, *, changes: bool) -> CallFailed | LoginEnded:
    """What an error within an answer of HTTP 200 stands for."""
    error = _read(raw)
    kind, words = error.data.name.rpartition(".")[2], clean(error.data.message.encode())
    if (why := _REFUSALS.get(kind)) is not None:
        return Refused(f"Odoo refused {call}{why}: {words}")
    if kind == "AccessDenied":
        return LoginEnded(f"Odoo denied {call}.")
    if kind == "MissingError":
        return NotYet(f"Odoo did not find a record during {call}: somebody deleted it just now.")
    if _COLLISION.search(f"{error.data.name} {words}"):
        return Overtaken(f"Odoo changed the same record in another call during {call}; it is done again.")
    told = f"Odoo failed at {call}: {error.data.name or error.message}"
    if _NOTHING_DONE.search(f"{error.data.name} {words}"):
        return TransientFailure(f"{told}: it does not reach its database; check `database` if this stays.")
    return uncertain(f"{told}; its log says more.", changes=changes)


def load_failure(messages: Sequence[Message], call: str) -> CallFailed:
    """Why `load` made nothing: it answers this as if all were well, and has undone everything."""
    words = " ".join(message.words for message in messages if message.type == "error")
    if _COLLISION.search(words):
        return Overtaken(f"Odoo did not finish {call}, as another call made the same at this moment; it is done again.")
    return Refused(f"Odoo refused {call}: {words or 'it gave no reason'}")


def _read(raw: msgspec.Raw) -> Error:
    try:
        return msgspec.json.decode(raw, type=Error)
    except msgspec.ValidationError:
        return Error()
