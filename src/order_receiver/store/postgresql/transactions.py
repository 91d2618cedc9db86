"""Transactions on PostgreSQL: a batch a transaction, in threads, on two connections.

While one batch commits, the next is already on its way. New orders of a batch go in with one statement.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, cast

import psycopg
from psycopg import errors

from order_receiver.store.errors import StoreUnavailable
from order_receiver.store.postgresql.accepting import carry_out
from order_receiver.store.postgresql.connection import DIALECT, begin
from order_receiver.store.postgresql.deferring import DeferringSession
from order_receiver.store.postgresql.lender import Connection, Lender
from order_receiver.store.session import Operation, Result, Session
from order_receiver.store.statements import Cursor

WRITING = 2
READING = 4
SHARING = 8
"""Look-ups that go to a connection together."""

IN_THE_WAY = (errors.SerializationFailure, errors.DeadlockDetected)
"""Another transaction was in the way; the same may succeed at once."""

OPERATION_ERRORS = (errors.IntegrityError, errors.DataError, errors.ProgrammingError, errors.NotSupportedError)
"""What one operation did wrong; every other error of the database is trouble of the store."""


class NotBegun(psycopg.OperationalError):
    """A transaction could not even be begun, so that nothing of it was done."""


class PostgresTransactions:
    """Carries out batches."""

    at_once = WRITING

    def __init__(self, parameters: dict[str, Any]) -> None:
        self._lender = Lender(parameters, WRITING, "commit")

    async def run(self, operations: Sequence[Operation[object]]) -> Sequence[object]:
        """All operations in one transaction."""
        try:
            return await self._lender.run(partial(_in_one, operations))
        except NotBegun:
            # The connections were lost while nobody used them; if the server is there, it gives new ones.
            return await self._lender.run(partial(_in_one, operations))

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


def _in_one(operations: Sequence[Operation[object]], connection: Connection) -> Sequence[object]:
    cursor = connection.cursor(binary=True)
    try:
        began = _begin(connection)
        results = _carry_out(cursor, began, operations)
        cursor.execute("COMMIT")
    except BaseException:
        with suppress(psycopg.Error):
            cursor.execute("ROLLBACK")
        raise
    return results


def _begin(connection: Connection) -> datetime:
    try:
        return begin(connection)
    except psycopg.OperationalError as error:
        raise NotBegun(str(error)) from error


def _carry_out(cursor: Cursor, began: datetime, operations: Sequence[Operation[object]]) -> Sequence[object]:
    """An operation alone is told at once what became of its statements; several share theirs."""
    if len(operations) == 1:
        session = Session(cursor, DIALECT, lambda: began, writing=True)
        return carry_out(session, operations)
    session = DeferringSession(cursor, DIALECT, lambda: began)
    results = carry_out(session, operations)
    session.flush()
    return results


@dataclass(slots=True)
class _Asked:
    operation: Operation[object]
    future: "asyncio.Future[object]"


class PostgresReader:
    """Reads on connections of its own, in threads: each look-up is a message to the server and back.

    Look-ups that are asked for while all connections are busy share the next one, as going to a thread and back costs
    more than most of them.
    """

    def __init__(self, parameters: dict[str, Any]) -> None:
        self._lender = Lender(parameters, READING, "read")
        self._asked: deque[_Asked] = deque()
        self._turns: set[asyncio.Task[None]] = set()

    async def run(self, operation: Operation[Result]) -> Result:
        """Raises StoreUnavailable."""
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._asked.append(_Asked(operation, future))
        if len(self._turns) < READING:
            turn = asyncio.create_task(self._turn())
            self._turns.add(turn)
            turn.add_done_callback(self._turns.discard)
        return cast("Result", await future)

    async def close(self) -> None:
        """Close the connections."""
        await self._lender.close()

    async def _turn(self) -> None:
        while self._asked:
            batch = [self._asked.popleft() for _ in range(min(len(self._asked), SHARING))]
            look = partial(_look_up, [asked.operation for asked in batch])
            try:
                answers = await self._lender.run(look)
                if any(map(_is_lost, answers)):
                    answers = await self._lender.run(look)
            except Exception as error:
                answers = [error for _ in batch]
            for asked, answer in zip(batch, answers, strict=True):
                if not asked.future.done():
                    _settle(asked.future, answer)


def _look_up(operations: Sequence[Operation[object]], connection: Connection) -> Sequence[object]:
    """The answers, or what was raised instead."""
    session = Session(connection.cursor(binary=True), DIALECT, _clock(connection), writing=False)
    return [_answer(operation, session) for operation in operations]


def _answer(operation: Operation[object], session: Session) -> object:
    try:
        return operation(session)
    except Exception as error:
        return error


def _is_lost(answer: object) -> bool:
    """Whether the connection was lost, most likely while nobody used it."""
    return isinstance(answer, (errors.AdminShutdown, errors.CrashShutdown)) or (
        isinstance(answer, psycopg.OperationalError) and answer.sqlstate is None
    )


def _settle(future: "asyncio.Future[object]", answer: object) -> None:
    if isinstance(answer, psycopg.Error):
        failure = StoreUnavailable(f"The store cannot be read: {answer}.")
        failure.__cause__ = answer
        future.set_exception(failure)
    elif isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)


def _clock(connection: Connection) -> Callable[[], datetime]:
    def now() -> datetime:
        found = connection.execute("SELECT clock_timestamp()").fetchone()
        if found is None:
            raise psycopg.OperationalError("the server did not tell the time")
        moment: datetime = found[0]
        return moment

    return now
