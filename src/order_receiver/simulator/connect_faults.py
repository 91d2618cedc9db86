"""Trouble that simulated Connect can be told to make."""

from typing import Annotated

import msgspec
from msgspec import Meta


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What to do to some calls.

    Answer `status` without doing the work, wait `delay` seconds first, or do the work and `drop` the connection
    instead of answering, so that the caller cannot know. The fault ends after `calls` faulty calls; only every
    `every`-th call that it concerns is faulty. `operation` narrows it to one, such as SendOrderStatus.
    `retry_after` (seconds) goes out with `status`.
    """

    calls: Annotated[int, Meta(ge=1)] = 1
    every: Annotated[int, Meta(ge=1)] = 1
    status: Annotated[int, Meta(ge=400, le=599)] | None = None
    retry_after: Annotated[int, Meta(ge=0)] | None = None
    delay: Annotated[float, Meta(ge=0)] = 0.0
    drop: bool = False
    operation: str | None = None


class _Running:
    """A fault with its counts."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.left = fault.calls
        self.seen = 0

    def strikes(self, operation: str) -> bool:
        if self.fault.operation not in {None, operation}:
            return False
        self.seen += 1
        if self.seen % self.fault.every:
            return False
        self.left -= 1
        return True


class Faults:
    """The faults still to come; the first that strikes a call decides about it."""

    def __init__(self, faults: tuple[Fault, ...] = ()) -> None:
        self._running = [_Running(fault) for fault in faults]

    def add(self, fault: Fault) -> None:
        self._running.append(_Running(fault))

    def clear(self) -> None:
        self._running.clear()

    def pending(self) -> list[Fault]:
        """What is left of each fault."""
        return [msgspec.structs.replace(running.fault, calls=running.left) for running in self._running]

    def next(self, operation: str) -> Fault | None:
        """The fault that this call of `operation` meets, if any."""
        struck = next((running for running in self._running if running.strikes(operation)), None)
        self._running = [running for running in self._running if running.left > 0]
        return struck.fault if struck else None
