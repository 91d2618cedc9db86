"""The store: the one door to the database."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from order_receiver.store import schema, shelves
from order_receiver.store.errors import StoreUnavailable
from order_receiver.store.session import Operation, Session
from order_receiver.store.sqlite import DIALECT, connect_writer, open_engine, refuse_network_file_system
from order_receiver.store.writer import Writer

Result = TypeVar("Result")

QUEUE_LIMIT = 1_000


def now() -> datetime:
    """The present moment, aware, in UTC: the only time the store knows."""
    return datetime.now(UTC)


def prepare(path: Path, *, migrate: bool) -> Engine:
    """Make a database fit for use: right kind of disk, right schema.

    Raises UnsuitableFileSystem, StoreUnavailable, SchemaTooNew, and SchemaOutdated where `migrate` is off and there is
    something to do.
    """
    with _usable(path):
        engine = open_engine(path)
        if migrate:
            schema.upgrade(engine)
        else:
            schema.require_current(engine)
    return engine


def bring_up_to_date(path: Path) -> schema.SchemaState:
    """Bring a database's schema up to date, or create it; where it stood before. Raises as `prepare` does."""
    with _usable(path):
        engine = open_engine(path)
        try:
            return schema.upgrade(engine)
        finally:
            engine.dispose()


@contextmanager
def _usable(path: Path) -> Iterator[None]:
    """A file on the right kind of disk, in a folder that is there; what else goes wrong is told with the path."""
    refuse_network_file_system(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except (OSError, DBAPIError) as error:
        why = error.orig if isinstance(error, DBAPIError) else error
        raise StoreUnavailable(f"{path} cannot be used as the database: {why}. Correct store.path.") from error


class Store:
    """Writes through the group commit, reads on a connection of its own, both from one event loop."""

    def __init__(self, path: Path, *, migrate: bool = True, queue_limit: int = QUEUE_LIMIT) -> None:
        self.path = path
        self.engine = prepare(path, migrate=migrate)
        self.writer = Writer(lambda: connect_writer(path), queue_limit)
        self._reading = connect_writer(path)
        self._reader = Session(self._reading.cursor(), DIALECT)
        self._listeners: list[Callable[[str], None]] = []
        self._numbers: dict[int, list[asyncio.Future[str]]] = {}

    async def write(self, operation: Operation[Result], *, urgent: bool = False) -> Result:
        """Run an operation in the next commit; its result once it is on disk. Raises StoreUnavailable."""
        return await self.writer.run(operation, urgent=urgent)

    def read(self, operation: Operation[Result]) -> Result:
        """Run a short look-up on what is committed. Raises StoreUnavailable."""
        try:
            return operation(self._reader)
        except sqlite3.Error as error:
            raise StoreUnavailable(f"The store cannot be read: {error}.") from error

    async def query(self, ask: Callable[[Engine], Result]) -> Result:
        """Run a longer query in a thread, beside everything else."""
        return await asyncio.to_thread(ask, self.engine)

    def on_work(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with the system whenever this process has committed tasks of it that are due."""
        self._listeners.append(listener)

    def announce_work(self, system: str) -> None:
        """Say that a system has new due tasks, so that nobody waits for the next poll."""
        for listener in self._listeners:
            listener(system)

    def announce_number(self, order_id: int, number: str) -> None:
        """Say that an order's ERP number is stored, for doors that wait for it."""
        for future in self._numbers.pop(order_id, ()):
            if not future.done():
                future.set_result(number)

    async def wait_for_number(self, order_id: int, seconds: float, look: Callable[[], str | None]) -> str | None:
        """Wait until an order's number is known, told by this process or seen by `look` when another stored it."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[str] = loop.create_future()
        self._numbers.setdefault(order_id, []).append(future)
        end = loop.time() + seconds
        try:
            while (left := end - loop.time()) > 0:
                done, _ = await asyncio.wait((future,), timeout=min(left, 0.1))
                if done:
                    return future.result()
                if (number := look()) is not None:
                    return number
            return look()
        finally:
            self._forget(order_id, future)

    def _forget(self, order_id: int, future: "asyncio.Future[str]") -> None:
        waiting = self._numbers.get(order_id)
        if waiting is not None and future in waiting:
            waiting.remove(future)
            if not waiting:
                del self._numbers[order_id]

    def load_token(self, name: str) -> tuple[str, datetime] | None:
        """A token that a process of this installation saved."""
        return self.read(lambda session: shelves.load_token(session, name))

    async def save_token(self, name: str, value: str, expires_at: datetime) -> None:
        """Keep a token for the other processes."""
        await self.write(lambda session: shelves.save_token(session, name, value, expires_at), urgent=True)

    async def close(self) -> None:
        """Finish the last commit and let go of the file."""
        await self.writer.close()
        self._reading.close()
        self.engine.dispose()
