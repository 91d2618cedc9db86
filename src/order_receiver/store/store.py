"""The store: the one door to the database."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from order_receiver.store import schema, shelves
from order_receiver.store.database import Bell, Database
from order_receiver.store.errors import StoreUnavailable
from order_receiver.store.news import NUMBER, WORK
from order_receiver.store.reading import number_of
from order_receiver.store.session import Operation
from order_receiver.store.sqlite import SqliteFile
from order_receiver.store.writer import Writer

Result = TypeVar("Result")

QUEUE_LIMIT = 1_000

SELDOM = 15.0
"""Seconds between looks for what somebody would have told of: the net under it."""

NUMBER_LOOK, NUMBER_LOOK_UNTOLD = 1.0, 0.1
"""Seconds between looks for an awaited number, where other processes tell of it and where they do not."""


def now() -> datetime:
    """The present moment on this machine, aware, in UTC. What decides between processes is `Session.now`."""
    return datetime.now(UTC)


def prepare(database: Database | Path, *, migrate: bool) -> Engine:
    """Make a database fit for use: right place, right schema.

    Raises UnsuitableFileSystem, StoreUnavailable, SchemaTooNew, and SchemaOutdated where `migrate` is off and there is
    something to do.
    """
    database = as_database(database)
    with _usable(database):
        engine = database.open_engine()
        try:
            if migrate:
                schema.upgrade(engine)
            else:
                schema.require_current(engine)
        except BaseException:
            engine.dispose()
            raise
    return engine


def bring_up_to_date(database: Database | Path) -> schema.SchemaState:
    """Bring a database's schema up to date, or create it; where it stood before. Raises as `prepare` does."""
    database = as_database(database)
    with _usable(database):
        engine = database.open_engine()
        try:
            return schema.upgrade(engine)
        finally:
            engine.dispose()


def as_database(database: Database | Path) -> Database:
    """A path is a SQLite file."""
    return SqliteFile(database) if isinstance(database, Path) else database


@contextmanager
def _usable(database: Database) -> Iterator[None]:
    """A database in the right place; what goes wrong is told with its address."""
    try:
        database.make_ready()
        yield
    except (OSError, DBAPIError) as error:
        why = error.orig if isinstance(error, DBAPIError) else error
        raise StoreUnavailable(f"{database} cannot be used as the database: {why}. Correct [store].") from error


class Store:
    """Writes through the group commit, reads beside it, both from one event loop."""

    def __init__(self, database: Database | Path, *, migrate: bool = True, queue_limit: int = QUEUE_LIMIT) -> None:
        self.database = as_database(database)
        self.engine = prepare(self.database, migrate=migrate)
        self.writer = Writer(self.database.transactions(), queue_limit)
        self._reader = self.database.reader()
        self._bell: Bell | None = None
        self._listeners: list[Callable[[str], None]] = []
        self._numbers: dict[int, list[asyncio.Event]] = {}

    @property
    def shared(self) -> bool:
        """Whether the database is a server, where each look costs a message, and several machines may be at work."""
        return self.database.tells

    def poll(self, wanted: float) -> float:
        """Seconds after which a worker looks for work although nobody told of any."""
        return max(wanted, SELDOM) if self.database.tells else wanted

    @property
    def full(self) -> bool:
        """Whether an order that came now would be refused, so that nobody need read it first."""
        return self.writer.full

    async def write(self, operation: Operation[Result], *, urgent: bool = False) -> Result:
        """Run an operation in the next commit; its result once it is on disk. Raises StoreUnavailable."""
        return await self.writer.run(operation, urgent=urgent)

    async def read(self, operation: Operation[Result]) -> Result:
        """Run a short look-up on what is committed. Raises StoreUnavailable."""
        return await self._reader.run(operation)

    async def query(self, ask: Callable[[Engine], Result]) -> Result:
        """Run a longer query in a thread, beside everything else."""
        return await asyncio.to_thread(ask, self.engine)

    def listen(self) -> None:
        """Begin to hear what other processes tell, and to tell them; needs a running event loop."""
        if self._bell is None:
            self._bell = self.database.bell(self._heard)

    def on_work(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with the system (or nothing: any) whenever there are new tasks of it that are due."""
        self._listeners.append(listener)

    def announce_work(self, system: str) -> None:
        """Say that a system has new due tasks, so that nobody waits for the next poll."""
        self._tell_of_work(system)
        self._ring(WORK, system)

    def announce_number(self, order_id: int) -> None:
        """Say that an order's ERP number is stored, for doors that wait for it."""
        self._tell_of_number(order_id)
        self._ring(NUMBER, str(order_id))

    async def wait_for_number(self, order_id: int, seconds: float) -> str | None:
        """Wait until an order's number is known, whichever process stores it; None when it takes longer."""
        loop = asyncio.get_running_loop()
        told = asyncio.Event()
        self._numbers.setdefault(order_id, []).append(told)
        end = loop.time() + seconds
        try:
            while True:
                # What is told while we look is worth another look at once.
                told.clear()
                number = await self.read(lambda session: number_of(session, order_id))
                left = end - loop.time()
                if number is not None or left <= 0:
                    return number
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(left, NUMBER_LOOK if self.database.tells else NUMBER_LOOK_UNTOLD)):
                        await told.wait()
        finally:
            self._forget(order_id, told)

    def _ring(self, kind: str, what: str) -> None:
        if self._bell is not None:
            self._bell.ring(f"{kind}:{what}")

    def _heard(self, news: str) -> None:
        """News of another process; nothing at all means: something may have been missed."""
        kind, _, what = news.partition(":")
        if kind == NUMBER and what.isdigit():
            self._tell_of_number(int(what))
        else:
            self._tell_of_work(what)

    def _tell_of_work(self, system: str) -> None:
        for listener in self._listeners:
            listener(system)

    def _tell_of_number(self, order_id: int) -> None:
        for told in self._numbers.get(order_id, ()):
            told.set()

    def _forget(self, order_id: int, told: asyncio.Event) -> None:
        waiting = self._numbers[order_id]
        waiting.remove(told)
        if not waiting:
            del self._numbers[order_id]

    async def load_token(self, name: str) -> tuple[str, datetime] | None:
        """A token that a process of this installation saved."""
        return await self.read(lambda session: shelves.load_token(session, name))

    async def save_token(self, name: str, value: str, expires_at: datetime) -> None:
        """Keep a token for the other processes."""
        await self.write(lambda session: shelves.save_token(session, name, value, expires_at), urgent=True)

    async def close(self) -> None:
        """Finish the last commit and let go of the database."""
        if self._bell is not None:
            await self._bell.close()
        await self.writer.close()
        await self._reader.close()
        self.engine.dispose()
