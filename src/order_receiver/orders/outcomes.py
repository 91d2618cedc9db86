"""How a call to another system can end when it does not simply succeed.

Every adapter and the Norce client raise one of these three and nothing else for trouble on the other side; the
worker decides by class alone. HTTP status does not decide by itself: an ERP's 404 or 503 may pass by itself.
"""

from collections.abc import Sequence


class CallFailed(Exception):
    """A call to another system failed; `str()` is a plain sentence for operators.

    It may quote the other system. What an order says about people is taken out of it where submissions are handled.
    """


class PermanentFailure(CallFailed):
    """The other system understood and refused; repeating cannot help, so the task is parked at once.

    `missing` names what the other system would need, a kind and a key each (`product:ART-9`, `tax:25`; nothing about
    people): all orders that wait for the same are let go together.
    """

    def __init__(self, message: str, missing: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.missing = tuple(missing)


class TransientFailure(CallFailed):
    """The call surely had no effect and may succeed later; it is repeated with growing delays.

    `retry_after` is the wait in seconds that the other system asked for, if it did.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotYet(TransientFailure):
    """The other system answered, and this one call has to wait: nothing is wrong there, so no other call need wait."""


class UnknownOutcome(CallFailed):
    """No telling whether the call took effect (time-out, connection lost after sending, 5xx).

    It is repeated like a transient failure, but the adapter must look before it creates.
    """
