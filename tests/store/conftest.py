"""The store under test. A second database becomes a second parameter of `open_store`; the suite stays as it is."""

import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest
from sqlalchemy import Engine, Table, select

from order_receiver.orders.identity import OrderKey
from order_receiver.orders.states import HoldReason
from order_receiver.store import accepting, schema
from order_receiver.store.changes import order_row
from order_receiver.store.sqlite import open_engine
from order_receiver.store.store import Store
from order_receiver.store.values import Accepted, Arrival, Message, OrderRow

SHOP = "123e4567-e89b-12d3-a456-426614174000"

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
    """A moment; tests move on from it by hand."""
    return datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database at the newest schema, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "orders.db"
    engine = open_engine(path)
    schema.upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture(params=["sqlite"])
async def open_store(migrated: Path, tmp_path: Path) -> AsyncIterator[Start]:
    """Opens stores on one database, as processes of one installation would."""
    path = tmp_path / "orders.db"
    shutil.copy(migrated, path)
    opened: list[Store] = []

    def start(queue_limit: int = 1_000) -> Store:
        opened.append(Store(path, migrate=False, queue_limit=queue_limit))
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
        return store.read(lambda session: order_row(session, found.order_id))

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
