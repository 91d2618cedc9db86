"""Group commit: everything that arrives while a commit is under way goes into the next one.

There is no timer: an idle store commits at once. (ADR 0002)
"""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast

import structlog

from order_receiver.store.database import Transactions
from order_receiver.store.errors import StoreOverloaded, StoreUnavailable
from order_receiver.store.session import Operation

Result = TypeVar("Result")

BATCH_LIMIT = 256
"""Operations in one commit; bounds how long the statements hold the event loop, or locks."""

PATIENCE = 0.1
"""Seconds that an order may be expected to take until it is on disk, before new ones are refused. (ADR 0027)"""

REMEMBERED = 64
"""Orders whose times count for what is expected."""

TRIES = 5
"""How often an operation is tried that others were in the way of."""

BLOCKED_SECONDS = 2.0
"""How long a batch is looked through for what is not blocked: where a whole table is, all of it is."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Waiting:
    operation: Operation[object]
    future: "asyncio.Future[object]"


class Writer:
    """The one place where a process writes."""

    def __init__(self, transactions: Transactions, queue_limit: int) -> None:
        self._transactions = transactions
        self._queue_limit = queue_limit
        self._waiting: list[_Waiting] = []
        self._turns: set[asyncio.Task[None]] = set()
        self._orders = 0
        self._pace = 0.0
        self.on_commit: Callable[[int], None] = lambda size: None

    @property
    def waiting(self) -> int:
        """Operations that wait for the next commit."""
        return len(self._waiting)

    @property
    def full(self) -> bool:
        """Whether as many orders are under way as can be in good time: more than one commit takes, and too many.

        By the time that those before took, divided by how many were under way together: with it all counts that they
        shared, the event loop's other work as well as the disk.
        """
        if len(self._waiting) >= self._queue_limit:
            return True
        return self._orders > BATCH_LIMIT and self._orders * self._pace > PATIENCE

    async def run(self, operation: Operation[Result], *, urgent: bool = False) -> Result:
        """Run an operation and return its result once it is on disk.

        `urgent` operations (the worker's: they finish what is begun) are taken in even over the queue limit.
        Raises StoreOverloaded, StoreUnavailable, and whatever the operation raises.
        """
        if urgent:
            return await self._queue(operation)
        if self.full:
            raise StoreOverloaded(StoreOverloaded.__doc__)
        self._orders += 1
        together, began = self._orders, time.perf_counter()
        try:
            return await self._queue(operation)
        finally:
            self._orders -= 1
            self._pace += ((time.perf_counter() - began) / together - self._pace) / REMEMBERED

    async def close(self) -> None:
        """Finish what waits, then let go of the database."""
        while self._turns:
            await asyncio.wait(self._turns)
        await self._transactions.close()

    async def _queue(self, operation: Operation[Result]) -> Result:
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(cast("Operation[object]", operation), future))
        if len(self._turns) < self._transactions.at_once:
            self._turns.add(asyncio.create_task(self._turn()))
        return cast("Result", await future)

    async def _turn(self) -> None:
        """Commit until nothing waits; whatever comes after that begins a turn of its own."""
        try:
            while self._waiting:
                batch = self._waiting[:BATCH_LIMIT]
                del self._waiting[:BATCH_LIMIT]
                await self._commit(batch)
        finally:
            self._turns.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _commit(self, batch: list[_Waiting], tries: int = 1) -> None:
        """One transaction for the batch; where one operation fails, each gets a transaction of its own."""
        try:
            results = await self._transactions.run([waiting.operation for waiting in batch])
        except Exception as error:
            await self._after(batch, error, tries)
            return
        self.on_commit(len(batch))
        for waiting, result in zip(batch, results, strict=True):
            if not waiting.future.done():
                waiting.future.set_result(result)

    async def _after(self, batch: list[_Waiting], error: Exception, tries: int) -> None:
        """What becomes of a batch that was rolled back."""
        in_the_way, blocked = self._transactions.may_succeed(error), self._transactions.is_blocked(error)
        hopeless = (in_the_way and tries >= TRIES) or (blocked and len(batch) == 1)
        if self._transactions.is_trouble(error) or hopeless:
            self._fail(batch, error)
        elif len(batch) > 1:
            await self._one_by_one(batch, error, BLOCKED_SECONDS if blocked else math.inf)
        elif in_the_way:
            await self._commit(batch, tries + 1)
        else:
            _settle_error(batch[0], error)

    async def _one_by_one(self, batch: list[_Waiting], error: Exception, seconds: float) -> None:
        """Each in a transaction of its own, so that one does not spoil the others, but only for so long."""
        end = time.perf_counter() + seconds
        for place, waiting in enumerate(batch):
            if time.perf_counter() > end:
                self._fail(batch[place:], error)
                return
            await self._commit([waiting])

    def _fail(self, batch: list[_Waiting], error: Exception) -> None:
        log.error("store.unavailable", error=str(error), operations=len(batch))
        for waiting in batch:
            failure = StoreUnavailable(f"The store did not confirm what was to be written: {error}")
            failure.__cause__ = error
            _settle_error(waiting, failure)


def _settle_error(waiting: _Waiting, error: Exception) -> None:
    if not waiting.future.done():
        waiting.future.set_exception(error)
