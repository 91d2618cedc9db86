"""A real store, workers that are stopped at the end, and ways to wait for what must happen."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import pytest
from sqlalchemy import Table, select

from order_receiver.orders.identity import OrderKey
from order_receiver.orders.states import HoldReason
from order_receiver.store import accepting, lanes, queries, schema
from order_receiver.store.changes import order_row
from order_receiver.store.queries import Story
from order_receiver.store.sqlite import open_engine
from order_receiver.store.store import Store, now
from order_receiver.store.values import Accepted, Arrival, Message, NewTask, OrderRow
from order_receiver.work.breaker import Breaker
from order_receiver.work.results import Handler
from order_receiver.work.retry import RetryPolicy
from order_receiver.work.worker import Worker

SHOP = "123e4567-e89b-12d3-a456-426614174000"
SYSTEM = "target:erp"
AT_ONCE = RetryPolicy(base=2.0, cap=3600.0, attempts_limit=3, draw=lambda low, high: 0.0)
"""Retries without a wait."""


class StartWorker(Protocol):
    def __call__(
        self,
        handlers: Mapping[str, Handler],
        *,
        store: Store | None = None,
        limit: int = 4,
        retry: RetryPolicy = AT_ONCE,
        lease: float = 60.0,
        poll: float = 60.0,
        count_call: Callable[[str, str], None] = lambda system, outcome: None,
        breaker: Breaker | None = None,
    ) -> Worker: ...


class TakeOrder(Protocol):
    async def __call__(
        self, reference: str = "100001", body: bytes = b"{}", hold: HoldReason | None = None
    ) -> OrderRow: ...


class AddTask(Protocol):
    async def __call__(self, order_id: int | None = None, kind: str = "do", system: str = SYSTEM) -> None: ...


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for something that must happen; fails when it does not."""
    end = time.monotonic() + seconds
    for _ in count():
        if condition():
            return
        assert time.monotonic() < end, f"did not happen within {seconds} seconds"
        await asyncio.sleep(0.004)


def rows(store: Store, table: Table) -> Sequence[Mapping[str, Any]]:
    with store.engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(table).order_by(table.c.id)).mappings()]


def story(store: Store, reference: str = "100001") -> Story:
    return queries.story(store.engine, queries.find_orders(store.engine, reference)[0])


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "orders.db"
    engine = open_engine(path)
    schema.upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture
async def open_store(migrated: Path, tmp_path: Path) -> AsyncIterator[Callable[[], Store]]:
    path = tmp_path / "orders.db"
    shutil.copy(migrated, path)
    opened: list[Store] = []

    def start() -> Store:
        opened.append(Store(path, migrate=False))
        return opened[-1]

    yield start
    for store in opened:
        await store.close()


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    return open_store()


@pytest.fixture
async def start_worker(store: Store) -> AsyncIterator[StartWorker]:
    """Starts a worker; handlers go by kind, or by `system kind` for other systems. `breaker` is for the default one."""
    default, started = store, []

    def start(
        handlers: Mapping[str, Handler],
        *,
        store: Store | None = None,
        limit: int = 4,
        retry: RetryPolicy = AT_ONCE,
        lease: float = 60.0,
        poll: float = 60.0,
        count_call: Callable[[str, str], None] = lambda system, outcome: None,
        breaker: Breaker | None = None,
    ) -> Worker:
        named = {_place(name): handler for name, handler in handlers.items()}
        systems = {system: limit for system, _ in named}
        worker = Worker(
            store or default,
            named,
            systems,
            retry=retry,
            lease=lease,
            poll=poll,
            count_call=count_call,
            breakers={} if breaker is None else {SYSTEM: breaker},
        )
        worker.start()
        started.append(worker)
        return worker

    yield start
    for worker in started:
        await worker.stop(0)


def _place(name: str) -> tuple[str, str]:
    system, blank, kind = name.rpartition(" ")
    return (system, kind) if blank else (SYSTEM, name)


@pytest.fixture
def take(store: Store) -> TakeOrder:
    async def taken(reference: str = "100001", body: bytes = b"{}", hold: HoldReason | None = None) -> OrderRow:
        message = Message(body, "application/json", now(), "127.0.0.1", {})
        arrival = Arrival(OrderKey(SHOP, reference), message, hold, None if hold is None else "look")
        found = await store.write(lambda session: accepting.accept(session, arrival))
        assert isinstance(found, Accepted)
        return await store.read(lambda session: order_row(session, found.order_id))

    return taken


@pytest.fixture
def add(store: Store) -> AddTask:
    """Adds a due task and says so to the workers of this process."""

    async def added(order_id: int | None = None, kind: str = "do", system: str = SYSTEM) -> None:
        await store.write(lambda session: lanes.add(session, NewTask(system, kind, order_id), now()))
        store.announce_work(system)

    return added
