"""What the receiver's worker does with an adapter: store steps, repeat what may be repeated, look first then."""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import TypeVar

from order_receiver.orders.identity import OrderKey
from order_receiver.orders.outcomes import CallFailed, PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.targets.adapter import Adapter, Step, Submission, Submitted
from order_receiver.targets.keys import submission_key
from order_receiver.testing.subject import APPLICATION, PERSONAL, Subject

Result = TypeVar("Result")

ATTEMPTS = 10
"""After so many the suite gives up; the program has its own limit."""


class Killed(BaseException):
    """Stands for kill -9 of the worker: no adapter may catch it."""


@dataclass
class Worker:
    """One order on its way into the ERP; `saved` is every step that was stored, oldest first."""

    subject: Subject
    submission: Submission
    saved: list[Step] = field(default_factory=list)
    attempts: int = 0

    async def attempt(
        self, adapter: Adapter, *, look_first: bool | None = None, step: Step | None = None, kill_at: int | None = None
    ) -> Submitted:
        """Submit once, from the last stored step unless another is named.

        `look_first`: as the worker does unless it is given. `kill_at`: die as soon as so many steps are stored.
        Raises the three failures, and Killed.
        """
        found = self.submission.step if not self.saved else self.saved[-1]
        submission = Submission(
            key=self.submission.key,
            order=self.submission.order,
            document=self.submission.document,
            step=found if step is None else step,
            look_first=self.attempts > 0 if look_first is None else look_first,
        )
        self.attempts += 1

        async def save(stored: Step) -> None:
            texts = [*stored.keys(), *stored.values()]
            assert all(isinstance(text, str) for text in texts), f"A step holds text only; this one is {stored!r}."
            self.saved.append(dict(stored))
            if len(self.saved) == kill_at:
                raise Killed

        return await watched(adapter.submit(submission, save))

    async def finish(self, adapter: Adapter) -> Submitted:
        """Repeat until the ERP has the order. Raises PermanentFailure."""
        failure: CallFailed | None = None
        for _ in range(ATTEMPTS):
            try:
                return await self.attempt(adapter)
            except (TransientFailure, UnknownOutcome) as error:
                failure = error
            await self.subject.wait(getattr(failure, "retry_after", None) or 0.0)
        raise AssertionError(f"After {ATTEMPTS} attempts the ERP still has no order: {failure}") from failure

    async def orders(self) -> int:
        """How many orders the ERP holds."""
        return len(await self.subject.orders_in_erp(self.submission.key))


def new_order(subject: Subject, reference: str | None = None) -> Worker:
    """An order that was never sent."""
    order = OrderKey(APPLICATION, reference or subject.new_reference())
    return Worker(subject, Submission(submission_key(order), order, subject.document(order)))


async def watched(call: Awaitable[Result]) -> Result:
    """The call's result; any error but the three failures, or one that says nothing, fails the test.

    A failure may quote the ERP: the receiver takes out what the order says about people before it stores or logs it.
    """
    try:
        return await call
    except (PermanentFailure, TransientFailure, UnknownOutcome) as failure:
        _check_words(str(failure))
        raise
    except Exception as error:
        raise AssertionError(
            f"An adapter raises the three failures of order_receiver.orders.outcomes only; this was "
            f"{type(error).__name__}: {error}"
        ) from error


def _check_words(told: str) -> None:
    assert told.strip(), "A failure says in a plain sentence what happened, where, and what to do."


def named_in(text: str) -> list[str]:
    """The personal marks of the suite's orders that a text tells."""
    return [mark for mark in PERSONAL if mark.lower() in text.lower()]
