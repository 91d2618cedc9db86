"""The store under test, on each database. A third becomes a third parameter of `database`; the suite stays as it is."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, LiteralString, Protocol

import psycopg
import pytest
from sqlalchemy import Engine, Table, select
from tests.postgresql.server import Server, database_of

from order_receiver.orders.identity import OrderKey
from order_receiver.orders.states import HoldReason
from order_receiver.store import accepting, shelves, tables
from order_receiver.store.changes import order_row
from order_receiver.store.database import Database
from order_receiver.store.postgresql import PostgresServer
from order_receiver.store.session import Session
from order_receiver.store.sqlite import SqliteFile
from order_receiver.store.sqlite.connection import connect_writer
from order_receiver.store.store import Store, bring_up_to_date
from order_receiver.store.values import Accepted, Arrival, Message, OrderRow

SHOP = "123e4567-e89b-12d3-a456-426614174000"

PATIENCE = 20.0
"""Seconds after which what must happen has failed."""

Rows = list[dict[str, Any]]


class Start(Protocol):
    def __call__(self, queue_limit: int = 1_000) -> Store: ...


class MakeArrival(Protocol):
    def __call__(
        self,
        reference: str = "100001",
        body: bytes = b'{"a": 1}',
        hold: HoldReason | None = None,
        application: str = SHOP,
        at: datetime | None = None,
    ) -> Arrival: ...


class Take(Protocol):
    async def __call__(self, store: Store, reference: str = "100001", hold: HoldReason | None = None) -> OrderRow: ...


class Look(Protocol):
    def __call__(self, store: Store, table: Table) -> Rows: ...


@pytest.fixture
def at() -> datetime:
    """A moment, long past by any clock; tests move on from it by hand."""
    return datetime(2024, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file at the newest schema, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "orders.db"
    bring_up_to_date(path)
    return path


@pytest.fixture(scope="session")
def kept_url(postgresql_server: Server) -> str:
    """The one PostgreSQL database of this worker; emptying it takes a hundredth of the time of making another."""
    url = postgresql_server.new_database()
    bring_up_to_date(PostgresServer(url))
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """A database of this test's own, at the newest schema."""
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgresql_server")
        url: str = request.getfixturevalue("kept_url")
        server.execute(EMPTY, database=database_of(url))
        return PostgresServer(url)
    shutil.copy(request.getfixturevalue("migrated"), tmp_path / "orders.db")
    return SqliteFile(tmp_path / "orders.db")


EMPTY = "; ".join(
    [
        f"DELETE FROM {table.name}"
        for table in reversed(tables.metadata.sorted_tables)
        if table is not tables.schema_floor
    ]
    + [
        f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), 1, false)"
        for table in tables.metadata.sorted_tables
        if "id" in table.columns
    ]
)


on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For what only a SQLite file has."""
on_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
"""For what only a server has."""


@pytest.fixture
async def open_store(database: Database) -> AsyncIterator[Start]:
    """Opens stores on one database, as processes of one installation would."""
    opened: list[Store] = []

    def start(queue_limit: int = 1_000) -> Store:
        opened.append(Store(database, migrate=False, queue_limit=queue_limit))
        return opened[-1]

    yield start
    for store in opened:
        await store.close()


@pytest.fixture
def store(open_store: Start) -> Store:
    return open_store()


@pytest.fixture
def make_arrival(at: datetime) -> MakeArrival:
    moment = at

    def make(
        reference: str = "100001",
        body: bytes = b'{"a": 1}',
        hold: HoldReason | None = None,
        application: str = SHOP,
        at: datetime | None = None,
    ) -> Arrival:
        message = Message(body, "application/json; charset=utf-8", at or moment, "192.0.2.7", {"user-agent": "test"})
        text = None if hold is None else f"held for {hold}"
        return Arrival(OrderKey(application, reference), message, hold, text)

    return make


@pytest.fixture
def take(make_arrival: MakeArrival) -> Take:
    """Takes an order over and gives its row."""

    async def taken(store: Store, reference: str = "100001", hold: HoldReason | None = None) -> OrderRow:
        found = await store.write(lambda session: accepting.accept(session, make_arrival(reference, hold=hold)))
        assert isinstance(found, Accepted)
        return await store.read(lambda session: order_row(session, found.order_id))

    return taken


@pytest.fixture
def look() -> Look:
    """All rows of a table as a fresh connection sees them, in sequence of id."""

    def rows(store: Store, table: Table) -> Rows:
        return rows_of(store.engine, table)

    return rows


def rows_of(engine: Engine, table: Table) -> Rows:
    with engine.connect() as connection:
        found: Sequence[Any] = connection.execute(select(table).order_by(*table.primary_key)).mappings().all()
        return [dict(row) for row in found]


@pytest.fixture
def later(at: datetime) -> Callable[[float], datetime]:
    """So many seconds after `at`."""
    return lambda seconds: at + timedelta(seconds=seconds)


def put(name: str) -> Callable[[Session], str]:
    """An operation that leaves something to be seen."""

    def operation(session: Session) -> str:
        shelves.save_cursor(session, name, "kept")
        return name

    return operation


class Direct(Protocol):
    """A connection past the store."""

    def execute(self, query: LiteralString, /) -> object: ...


@contextmanager
def kept_out(database: Database) -> Iterator[Direct]:
    """Another process keeps everybody from writing cursors until it commits, at the end."""
    if isinstance(database, SqliteFile):
        with closing(connect_writer(database.path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
    elif isinstance(database, PostgresServer):
        with psycopg.connect(database.url) as server:
            server.execute("LOCK TABLE cursors")
            yield server


def at_once(store: Store) -> int:
    """How many commits may be under way in a store."""
    return store.writer._transactions.at_once


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what must happen; fails when it does not."""
    async with asyncio.timeout(PATIENCE):
        for _ in count():
            if condition():
                return
            await asyncio.sleep(0.001)
