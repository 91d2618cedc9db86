"""Transactions on a SQLite file: statements on the event loop, COMMIT in a thread. (ADR 0018, 0019)

The statements take microseconds and would fight the event loop for the interpreter in a thread; COMMIT waits for the
disk.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime

import structlog

from order_receiver.store.errors import StoreUnavailable
from order_receiver.store.session import Operation, Result, Session
from order_receiver.store.sqlite.connection import DIALECT

LOCK_PATIENCE = 5.0
"""Seconds to wait for another process that is writing."""

OPERATION_ERRORS = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError)
"""What one operation did wrong; every other error of the database is trouble of the store."""

log = structlog.get_logger(__name__)


def clock() -> datetime:
    """The clock of the one machine that has the file."""
    return datetime.now(UTC)


class SqliteTransactions:
    """The one place where a process writes to its SQLite file."""

    at_once = 1

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._connection = connect()
        self._cursor = self._connection.cursor()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="commit")

    async def run(self, operations: Sequence[Operation[object]]) -> Sequence[object]:
        """All operations in one transaction."""
        try:
            await self._begin()
            session = Session(self._cursor, DIALECT, clock, writing=True)
            results = [operation(session) for operation in operations]
            await self._run_in_thread("COMMIT")
        except Exception:
            self._roll_back()
            raise
        return results

    def is_trouble(self, error: Exception) -> bool:
        """Whether an error is the database's, not that of one operation."""
        return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, OPERATION_ERRORS)

    def is_blocked(self, error: Exception) -> bool:
        """Others hold all of the file or nothing."""
        return False

    def may_succeed(self, error: Exception) -> bool:
        """Only one writes at a time, so nobody is in another's way."""
        return False

    async def close(self) -> None:
        """Let go of the file."""
        self._thread.shutdown()
        self._connection.close()

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
        self._cursor = self._connection.cursor()


class SqliteReader:
    """Reads on a connection of its own; a look-up takes microseconds, so it is made at once."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._session = Session(connection.cursor(), DIALECT, clock, writing=False)

    async def run(self, operation: Operation[Result]) -> Result:
        """Raises StoreUnavailable."""
        try:
            return operation(self._session)
        except sqlite3.Error as error:
            raise StoreUnavailable(f"The store cannot be read: {error}.") from error

    async def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
