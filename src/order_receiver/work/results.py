"""What a task handler can end with."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeAlias

from order_receiver.contract.value import Value
from order_receiver.orders.states import HoldReason
from order_receiver.store.session import Session
from order_receiver.store.values import NewTask, Task

Write: TypeAlias = Callable[[Session, datetime], Sequence[NewTask]]
"""Writes a task's result in the transaction that finishes it, and names the tasks that follow."""


def nothing(session: Session, at: datetime) -> Sequence[NewTask]:
    """Write nothing; nothing follows."""
    return ()


class Done(Value, frozen=True):
    """The task is finished. `after` runs once everything is on disk."""

    write: Write = nothing
    after: Callable[[], None] | None = None


class Again(Value, frozen=True):
    """A task that never ends (a poll): it is due again in `seconds`."""

    seconds: float
    write: Write = nothing
    after: Callable[[], None] | None = None

    @property
    def is_plain(self) -> bool:
        """Nothing is to be written or told."""
        return self.write is nothing and self.after is None


class Hold(Exception):
    """The order must wait for a person; the task is parked until it is released or retried."""

    def __init__(self, reason: HoldReason, text: str, causes: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text
        self.causes = causes


class Handler(Protocol):
    """Does one kind of task. Raises Hold or one of the three failures of `orders.outcomes`."""

    async def __call__(self, task: Task) -> Done | Again: ...
