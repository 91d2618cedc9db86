"""One system's share of a worker: what is claimed, what runs, and how much more fits."""

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from typing import TypeAlias

from order_receiver.store.circuits import Circuit, Seen
from order_receiver.store.values import Task
from order_receiver.work.breaker import Breaker, tell

Held: TypeAlias = tuple[int, int]
"""A task under one lease: the same task claimed again is another."""


def held(task: Task) -> Held:
    """What tells one claim of a task from another."""
    return (task.id, task.fence)


class SystemQueue:
    """Tasks of one system in this process: at most `limit` run at once, and as many more wait claimed.

    Where the system has a breaker, its circuit is known here as it was seen last.
    """

    def __init__(self, system: str, limit: int, breaker: Breaker | None = None) -> None:
        self.system = system
        self.limit = limit
        self.breaker = breaker
        self.circuit: Circuit | None = None
        self._behind = breaker is not None
        """Older tasks may wait in the store, which come first."""
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

    @property
    def one_by_one(self) -> bool:
        """Tasks are let through singly: the system tries to come back, or has a rate to keep to."""
        if self.breaker is None:
            return False
        return self.breaker.interval > 0 or (self.circuit is not None and not self.circuit.flows)

    @property
    def wants(self) -> bool:
        """Time to claim: what is let through singly is to run at once."""
        return len(self._held) < self.limit if self.one_by_one else self.hungry

    @property
    def takes(self) -> bool:
        """Whether new tasks may stay in this worker's hands without being claimed."""
        if self.breaker is not None and (self.circuit is None or self.one_by_one or self._behind):
            return False
        return self.room > 0

    def see(self, circuit: Circuit) -> None:
        """Know how the circuit is now."""
        before, self.circuit = self.circuit, circuit
        self._behind = self._behind or not circuit.flows
        tell(before, circuit)

    def look(self, seen: Seen) -> None:
        """Know what was seen before claiming."""
        self.see(seen.circuit)
        if seen.circuit.flows and (seen.first_due is None or seen.first_due > seen.at):
            self._behind = False

    def shut_out(self) -> list[Task]:
        """Tasks that wait claimed and may not be begun any more; they leave this worker's hands."""
        found = [task for task in self.ready if not self._may_begin(task)]
        for task in found:
            self.ready.remove(task)
        return found

    def _may_begin(self, task: Task) -> bool:
        return self.circuit is None or self.circuit.flows or self.circuit.probe == task.id

    def take(self, tasks: Iterable[Task]) -> None:
        """Tasks that were claimed for this queue."""
        claimed = time.monotonic()
        for task in tasks:
            self._held[held(task)] = (task, claimed)
            self.ready.append(task)

    def next(self) -> Task | None:
        """The next task to start, if one waits and a place is free."""
        if self.ready and len(self.running) < self.limit and self._may_begin(self.ready[0]):
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
