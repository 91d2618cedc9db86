"""Transactions on PostgreSQL: a batch a transaction, in threads, on two connections.

While one batch commits, the next is already on its way. New orders of a batch go in with one statement.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import psycopg
from psycopg import errors

from order_receiver.store.errors import StoreUnavailable
from order_receiver.store.postgresql.accepting import carry_out
from order_receiver.store.postgresql.connection import DIALECT, begin
from order_receiver.store.postgresql.lender import Connection, Lender
from order_receiver.store.session import Operation, Result, Session

WRITING = 2
READING = 4

IN_THE_WAY = (errors.SerializationFailure, errors.DeadlockDetected)
"""Another transaction was in the way; the same may succeed at once."""

OPERATION_ERRORS = (errors.IntegrityError, errors.DataError, errors.ProgrammingError, errors.NotSupportedError)
"""What one operation did wrong; every other error of the database is trouble of the store."""


class PostgresTransactions:
    """Carries out batches."""

    at_once = WRITING

    def __init__(self, parameters: dict[str, Any]) -> None:
        self._lender = Lender(parameters, WRITING, "commit")

    async def run(self, operations: Sequence[Operation[object]]) -> Sequence[object]:
        """All operations in one transaction."""
        return await self._lender.run(lambda connection: _in_one(connection, operations))

    def is_trouble(self, error: Exception) -> bool:
        """Whether an error is the database's, not that of one operation."""
        of_one = isinstance(error, (*OPERATION_ERRORS, *IN_THE_WAY)) or self.is_blocked(error)
        return isinstance(error, psycopg.Error) and not of_one

    def may_succeed(self, error: Exception) -> bool:
        """Whether another transaction was in the way."""
        return isinstance(error, IN_THE_WAY)

    def is_blocked(self, error: Exception) -> bool:
        """Whether a lock was not to be had in time."""
        return isinstance(error, errors.LockNotAvailable)

    async def close(self) -> None:
        """Close the connections."""
        await self._lender.close()


def _in_one(connection: Connection, operations: Sequence[Operation[object]]) -> Sequence[object]:
    cursor = connection.cursor(binary=True)
    try:
        began = begin(connection)
        session = Session(cursor, DIALECT, lambda: began, writing=True)
        results = carry_out(session, operations)
        cursor.execute("COMMIT")
    except BaseException:
        with suppress(psycopg.Error):
            cursor.execute("ROLLBACK")
        raise
    return results


class PostgresReader:
    """Reads on connections of its own, in threads: each look-up is a message to the server and back."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        self._lender = Lender(parameters, READING, "read")

    async def run(self, operation: Operation[Result]) -> Result:
        """Raises StoreUnavailable."""

        def look(connection: Connection) -> Result:
            cursor = connection.cursor(binary=True)
            return operation(Session(cursor, DIALECT, _clock(connection), writing=False))

        try:
            return await self._lender.run(look)
        except psycopg.Error as error:
            raise StoreUnavailable(f"The store cannot be read: {error}.") from error

    async def close(self) -> None:
        """Close the connections."""
        await self._lender.close()


def _clock(connection: Connection) -> Callable[[], datetime]:
    def now() -> datetime:
        found = connection.execute("SELECT clock_timestamp()").fetchone()
        if found is None:
            raise psycopg.OperationalError("the server did not tell the time")
        moment: datetime = found[0]
        return moment

    return now
