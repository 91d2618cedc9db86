"""One system's share of a worker: what is claimed, what runs, and how much more fits."""

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from typing import TypeAlias

from order_receiver.store.values import Task

Held: TypeAlias = tuple[int, int]
"""A task under one lease: the same task claimed again is another."""


def held(task: Task) -> Held:
    """What tells one claim of a task from another."""
    return (task.id, task.fence)


class SystemQueue:
    """Tasks of one system in this process: at most `limit` run at once, and as many more wait claimed."""

    def __init__(self, system: str, limit: int) -> None:
        self.system = system
        self.limit = limit
        self.wake = asyncio.Event()
        self.running: dict[Held, asyncio.Task[None]] = {}
        self.ready: deque[Task] = deque()
        self._held: dict[Held, tuple[Task, float]] = {}

    @property
    def room(self) -> int:
        """How many more tasks this queue would take."""
        return 2 * self.limit - len(self._held)

    @property
    def hungry(self) -> bool:
        """Half empty: time to claim again, many at once rather than one by one."""
        return self.room >= self.limit

    def take(self, tasks: Iterable[Task]) -> None:
        """Tasks that were claimed for this queue."""
        claimed = time.monotonic()
        for task in tasks:
            self._held[held(task)] = (task, claimed)
            self.ready.append(task)

    def next(self) -> Task | None:
        """The next task to start, if one waits and a place is free."""
        if self.ready and len(self.running) < self.limit:
            return self.ready.popleft()
        return None

    def ended(self, task: Task) -> None:
        """A task has left this worker's hands."""
        self.running.pop(held(task), None)
        self._held.pop(held(task), None)
        if self.hungry:
            self.wake.set()

    def to_extend(self, older_than: float) -> list[Task]:
        """Held tasks whose lease was last renewed more than so many seconds ago; they count as renewed now."""
        now = time.monotonic()
        found = [task for task, since in self._held.values() if now - since > older_than]
        for task in found:
            self._held[held(task)] = (task, now)
        return found

    @property
    def count(self) -> int:
        """Tasks in this worker's hands."""
        return len(self._held)
