"""Group commit: everything that arrives while a commit is under way goes into the next one.

The statements run on the event loop, where they take microseconds and fight nobody for the interpreter; only COMMIT,
which waits for the disk, runs in a thread. There is no timer: an idle store commits at once. (ADR 0018, 0019)
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar, cast

import structlog

from order_receiver.store.errors import StoreOverloaded, StoreUnavailable
from order_receiver.store.session import Operation, Session
from order_receiver.store.sqlite import DIALECT

Result = TypeVar("Result")

BATCH_LIMIT = 256
"""Operations in one commit; bounds how long the statements hold the event loop."""

LOCK_PATIENCE = 5.0
"""Seconds to wait for another process that is writing."""

OPERATION_ERRORS = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError)
"""What one operation did wrong; every other error of the database is trouble of the store."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Waiting:
    operation: Operation[object]
    future: "asyncio.Future[object]"


class Writer:
    """The one place where a process writes to its SQLite file."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], queue_limit: int) -> None:
        self._connect = connect
        self._connection = connect()
        self._session = Session(self._connection.cursor(), DIALECT)
        self._queue_limit = queue_limit
        self._waiting: list[_Waiting] = []
        self._turn: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="commit")
        self.on_commit: Callable[[int], None] = lambda size: None

    @property
    def waiting(self) -> int:
        """Operations that wait for the next commit."""
        return len(self._waiting)

    async def run(self, operation: Operation[Result], *, urgent: bool = False) -> Result:
        """Run an operation and return its result once it is on disk.

        `urgent` operations (the worker's: they finish what is begun) are taken in even over the queue limit.
        Raises StoreOverloaded, StoreUnavailable, and whatever the operation raises.
        """
        if len(self._waiting) >= self._queue_limit and not urgent:
            raise StoreOverloaded(StoreOverloaded.__doc__)
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(cast("Operation[object]", operation), future))
        if self._turn is None:
            self._turn = asyncio.create_task(self._turns())
        return cast("Result", await future)

    async def close(self) -> None:
        """Finish what waits, then let go of the file."""
        if self._turn is not None:
            await self._turn
        self._thread.shutdown()
        self._connection.close()

    async def _turns(self) -> None:
        try:
            while self._waiting:
                batch = self._waiting[:BATCH_LIMIT]
                del self._waiting[:BATCH_LIMIT]
                await self._commit(batch)
        finally:
            self._turn = None

    async def _commit(self, batch: list[_Waiting]) -> None:
        """One transaction for the batch; where one operation fails, each gets a transaction of its own."""
        try:
            await self._begin()
            results = [waiting.operation(self._session) for waiting in batch]
            await self._run_in_thread("COMMIT")
        except Exception as error:
            self._roll_back()
            if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, OPERATION_ERRORS):
                self._fail(batch, error)
                return
            if len(batch) == 1:
                _settle_error(batch[0], error)
                return
            for waiting in batch:
                await self._commit([waiting])
        else:
            self.on_commit(len(batch))
            for waiting, result in zip(batch, results, strict=True):
                if not waiting.future.done():
                    waiting.future.set_result(result)

    async def _begin(self) -> None:
        """Open the write transaction, waiting a little for another process that has one open."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + LOCK_PATIENCE
        pause = 0.001
        while True:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or loop.time() > give_up:
                    raise
                await asyncio.sleep(pause)
                pause = min(pause * 2, 0.05)
            except sqlite3.ProgrammingError as error:
                self._reopen()
                raise sqlite3.OperationalError("the connection to the database was lost") from error
            else:
                return

    async def _run_in_thread(self, sql: str) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.execute, sql)

    def _roll_back(self) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            log.exception("store.rollback_failed")
            self._reopen()

    def _reopen(self) -> None:
        """Where this fails too, the next transaction finds the connection closed and comes here again."""
        with suppress(sqlite3.Error):
            self._connection.close()
        try:
            self._connection = self._connect()
        except sqlite3.Error:
            log.exception("store.reopen_failed")
            return
        self._session = Session(self._connection.cursor(), DIALECT)

    def _fail(self, batch: list[_Waiting], error: sqlite3.DatabaseError) -> None:
        log.error("store.unavailable", error=str(error), operations=len(batch))
        for waiting in batch:
            failure = StoreUnavailable(f"The store cannot be written: {error}. Nothing was taken over.")
            failure.__cause__ = error
            _settle_error(waiting, failure)


def _settle_error(waiting: _Waiting, error: Exception) -> None:
    if not waiting.future.done():
        waiting.future.set_exception(error)
