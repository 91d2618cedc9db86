"""Lends connections to work that runs in threads."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

import psycopg

from order_receiver.store.postgresql.connection import ANSWER_SECONDS, PLAN_SECONDS, connect, cut, is_open

T = TypeVar("T")

Connection: TypeAlias = "psycopg.Connection[tuple[Any, ...]]"


class Loan:
    """A connection in the hands of a thread, which can be called back."""

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self._called = False

    def begin(self, connection: Connection) -> None:
        """Raises psycopg.OperationalError where nobody waits for the work any more."""
        self.connection = connection
        if self._called:
            raise psycopg.OperationalError("the work has been given up")

    def call(self) -> None:
        """End what is under way."""
        self._called = True
        if (connection := self.connection) is not None:
            cut(connection)


class Lender:
    """Up to `count` connections, each opened when it is first needed and again when it was lost."""

    def __init__(self, parameters: dict[str, Any], count: int, name: str) -> None:
        self._parameters = parameters
        self._idle: list[Connection] = []
        self._plans_end: WeakKeyDictionary[Connection, float] = WeakKeyDictionary()
        self._threads = ThreadPoolExecutor(count, thread_name_prefix=name)

    async def run(self, work: Callable[[Connection], T]) -> T:
        """What `work` gives on a connection of its own. Raises psycopg.Error, and what `work` raises.

        Where the server stands still, that is an error too; whether the work was done is then unknown.
        """
        loan = Loan()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._threads, self._on_a_connection, work, loan)
        except TimeoutError as error:
            loan.call()
            raise psycopg.OperationalError(f"the server did not answer within {ANSWER_SECONDS} seconds") from error

    async def close(self) -> None:
        """Wait for what runs, then close."""
        await asyncio.to_thread(self._threads.shutdown)
        for connection in self._idle:
            connection.close()

    def _on_a_connection(self, work: Callable[[Connection], T], loan: Loan) -> T:
        connection = self._borrow()
        try:
            loan.begin(connection)
            self._renew_plans(connection)
            return work(connection)
        finally:
            loan.connection = None
            self._give_back(connection)

    def _borrow(self) -> Connection:
        """The connection used last; one that was lost meanwhile fails at its first statement, and is not lent again."""
        with suppress(IndexError):
            return self._idle.pop()
        return connect(self._parameters)

    def _renew_plans(self, connection: Connection) -> None:
        now = time.monotonic()
        if now > self._plans_end.get(connection, 0.0):
            connection.execute("DISCARD PLANS")
            self._plans_end[connection] = now + PLAN_SECONDS

    def _give_back(self, connection: Connection) -> None:
        """Where one was lost, the others most likely were too."""
        if is_open(connection):
            self._idle.append(connection)
            return
        with suppress(psycopg.Error):
            connection.close()
        while self._idle:
            with suppress(IndexError, psycopg.Error):
                self._idle.pop().close()
