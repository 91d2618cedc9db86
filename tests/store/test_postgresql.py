"""What only a server has: connections that end, locks that are waited for, clocks that differ, and steps in between."""

import asyncio
import re
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import LiteralString, TypeVar

import psycopg
import pytest
from tests.postgresql.server import database_of
from tests.store.conftest import PATIENCE, Look, MakeArrival, Start, Take, on_postgresql, put, until

from order_receiver.store import accepting, changes, decisions, lanes, schema, submissions, tables
from order_receiver.store.errors import LeaseLost, NotPossible, StoreUnavailable
from order_receiver.store.postgresql import PostgresServer
from order_receiver.store.session import Operation, Session
from order_receiver.store.statements import Statement, Value
from order_receiver.store.store import Store, bring_up_to_date, now, prepare
from order_receiver.store.values import Accepted, Attempt, NewTask, Task

pytestmark = on_postgresql

ERP = "target:erp"

Result = TypeVar("Result")


@pytest.fixture
def server(database: PostgresServer) -> Iterator[psycopg.Connection]:
    """A connection past the store."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        yield connection


def with_option(database: PostgresServer, setting: str) -> PostgresServer:
    """The same database with a setting of the server for every connection."""
    return PostgresServer(f"{database.url}?options=-c%20{setting.replace('=', '%3D')}")


OTHERS: LiteralString = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def cut_off(server: psycopg.Connection) -> None:
    """End everybody's connections, as a server does that starts anew."""
    server.execute("SELECT pg_terminate_backend(pid) " + OTHERS)
    end = time.monotonic() + PATIENCE
    while server.execute("SELECT 1 " + OTHERS).fetchone():
        assert time.monotonic() < end
        time.sleep(0.001)


def waits(server: psycopg.Connection) -> bool:
    """Whether somebody waits for a lock."""
    return bool(server.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone())


@contextmanager
def settings_of_connections(monkeypatch: pytest.MonkeyPatch, **settings: str) -> Iterator[None]:
    with monkeypatch.context() as patch:
        words = " ".join(f"-c {name}={value}" for name, value in settings.items())
        patch.setattr("order_receiver.store.postgresql.connection._SETTINGS", f"-c timezone=UTC {words}")
        yield


async def test_a_connection_lost_between_two_writes_is_opened_anew(
    store: Store, server: psycopg.Connection, look: Look
) -> None:
    await store.write(put("before"))
    cut_off(server)
    assert await store.write(put("after")) == "after"
    assert [row["name"] for row in look(store, tables.cursors)] == ["after", "before"]


async def test_connections_lost_between_two_look_ups_are_opened_anew(store: Store, server: psycopg.Connection) -> None:
    def there(session: Session) -> float | None:
        return lanes.due_in(session, "nowhere")

    await asyncio.gather(*(store.read(there) for _ in range(8)))
    cut_off(server)
    assert await store.read(there) is None
    assert await asyncio.gather(*(store.read(there) for _ in range(8))) == [None] * 8


async def test_a_connection_lost_in_the_middle_of_a_batch_takes_the_whole_batch_with_it(
    store: Store, look: Look
) -> None:
    def lose(session: Session) -> None:
        session.raw("SELECT pg_terminate_backend(pg_backend_pid())", ())

    found = await asyncio.gather(
        store.write(put("a")), store.write(lose), store.write(put("b")), return_exceptions=True
    )
    assert [type(each) for each in found] == [StoreUnavailable] * 3
    assert look(store, tables.cursors) == []
    assert await store.write(put("later")) == "later"
    assert [row["name"] for row in look(store, tables.cursors)] == ["later"]


async def test_what_waits_too_long_for_a_lock_does_not_harm_its_neighbours(
    open_store: Start, server: psycopg.Connection, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    with settings_of_connections(monkeypatch, lock_timeout="20ms"):
        store = open_store()
        with server.transaction():
            server.execute("INSERT INTO cursors VALUES ('taken', 'theirs')")
            found = await asyncio.gather(*(store.write(put(name)) for name in "abc"), return_exceptions=True)
            assert found == ["a", "b", "c"]
            found = await asyncio.gather(
                *(store.write(put(name)) for name in ("d", "taken", "e")), return_exceptions=True
            )
            assert [found[0], found[2]] == ["d", "e"]
            assert isinstance(found[1], StoreUnavailable)
        assert await store.write(put("taken")) == "taken"
    assert [(row["name"], row["value"]) for row in look(store, tables.cursors)] == [
        (name, "kept") for name in ("a", "b", "c", "d", "e", "taken")
    ]


async def test_a_lock_that_is_held_too_long_is_trouble_until_it_is_let_go(
    open_store: Start, server: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waiting on and on would leave a sender without an answer; it comes again."""
    with settings_of_connections(monkeypatch, lock_timeout="200ms"):
        store = open_store()
        with server.transaction():
            server.execute("INSERT INTO cursors VALUES ('taken', 'theirs')")
            with pytest.raises(StoreUnavailable, match="lock timeout"):
                await store.write(put("taken"))
        assert await store.write(put("taken")) == "taken"


async def test_a_deadlock_ends_well_for_both(database: PostgresServer, look: Look) -> None:
    stores = [Store(with_option(database, "deadlock_timeout=10ms"), migrate=False) for _ in range(2)]
    both = threading.Barrier(2)
    tries: list[str] = []

    def entangled(first: str, second: str) -> Callable[[Session], str]:
        def operation(session: Session) -> str:
            put(first)(session)
            tries.append(first)
            if tries.count(first) == 1:
                both.wait(PATIENCE)
            put(second)(session)
            return first

        return operation

    try:
        found = await asyncio.gather(stores[0].write(entangled("a", "b")), stores[1].write(entangled("b", "a")))
        assert set(found) == {"a", "b"}
        # The one that gave way may get in the way of the other again before that has what it waits for.
        assert len(tries) > 2
        assert [row["name"] for row in look(stores[0], tables.cursors)] == ["a", "b"]
    finally:
        for store in stores:
            await store.close()


async def test_orders_that_come_to_two_doors_in_opposite_sequence_are_each_taken_over_once(
    database: PostgresServer, make_arrival: MakeArrival, look: Look
) -> None:
    one, other = (Store(with_option(database, "deadlock_timeout=10ms"), migrate=False) for _ in range(2))
    for number in range(10):
        accepts = [partial(accepting.accept, arrival=make_arrival(f"{number}-{place}")) for place in range(30)]
        await asyncio.gather(*map(one.write, accepts), *map(other.write, reversed(accepts)))
    for table in (tables.orders, tables.messages, tables.tasks):
        assert len(look(one, table)) == 300
    assert len(look(one, tables.history)) == 600
    for store in (one, other):
        await store.close()


class Slow:
    """A session that stands still before its first change by one statement, until it may go on."""

    def __init__(self, session: Session, statement: Statement, reached: threading.Event, go: threading.Event) -> None:
        self._session, self._statement, self._reached, self._go = session, statement, reached, go

    def __getattr__(self, name: str) -> object:
        return getattr(self._session, name)

    def change(self, statement: Statement, **values: Value) -> int:
        if statement is self._statement and not self._reached.is_set():
            self._reached.set()
            assert self._go.wait(PATIENCE)
        return self._session.change(statement, **values)


async def add(store: Store, order_id: int | None) -> None:
    new = NewTask(system=ERP, kind="submit", order_id=order_id)
    await store.write(lambda session: lanes.add(session, new, session.now))


async def claim(store: Store, lease: float = 60.0) -> list[Task]:
    return list(await store.write(lambda session: lanes.claim(session, ERP, 10, session.now, lease)))


async def finish(store: Store, task: Task, started: datetime | None = None) -> None:
    await store.write(lambda session: lanes.finish(session, task, Attempt(started or session.now, 1.0, "done")))


async def test_a_task_added_just_as_the_one_ahead_goes_is_not_left_behind(
    open_store: Start, take: Take, server: psycopg.Connection, look: Look
) -> None:
    """A worker of the release before does not lock the order when it finishes a task; ours has seen it ahead."""
    one, other = open_store(), open_store()
    order = await take(one)
    await add(one, order.id)
    [task] = await claim(one)
    reached, go = threading.Event(), threading.Event()

    def slowly(session: Session) -> None:
        slow = Slow(session, lanes._mark_followed, reached, go)
        lanes.add(slow, NewTask(system=ERP, kind="next", order_id=order.id), session.now)  # type: ignore[arg-type]

    adding = asyncio.ensure_future(other.write(slowly))
    await until(reached.is_set)
    server.execute("DELETE FROM tasks WHERE id = %s", [task.id])
    go.set()
    await adding
    assert [row["state"] for row in look(one, tables.tasks) if row["system"] == ERP] == ["waiting"]
    assert [task.kind for task in await claim(one)] == ["next"]


class Pause:
    """Holds a transaction open at its end, until it may go on."""

    def __init__(self) -> None:
        self.reached, self.go = threading.Event(), threading.Event()

    def after(self, operation: Operation[Result]) -> Operation[Result]:
        def whole(session: Session) -> Result:
            result = operation(session)
            self.reached.set()
            assert self.go.wait(PATIENCE)
            return result

        return whole


async def test_an_order_whose_task_is_just_being_claimed_is_not_cancelled(
    open_store: Start, take: Take, server: psycopg.Connection, look: Look
) -> None:
    worker, operator = open_store(), open_store()
    order = await take(operator)
    await add(operator, order.id)
    pause = Pause()
    claiming = asyncio.ensure_future(
        worker.write(pause.after(lambda session: lanes.claim(session, ERP, 1, session.now, 60)))
    )
    await until(pause.reached.is_set)

    def cancel(session: Session) -> None:
        decisions.cancel(session, changes.order_row(session, order.id), session.now, "eva", None)

    cancelling = asyncio.ensure_future(operator.write(cancel))
    await until(lambda: waits(server))
    pause.go.set()
    with pytest.raises(NotPossible, match="worked on just now"):
        await cancelling
    [task] = await claiming
    await finish(worker, task)
    assert [row["state"] for row in look(worker, tables.orders)] == ["received"]


async def test_what_is_written_under_a_lease_is_written_before_anybody_takes_over(
    open_store: Start, take: Take
) -> None:
    """The lease runs out between the look at it and the commit."""
    one, other = open_store(), open_store()
    await add(one, (await take(one)).id)
    [task] = await claim(one, lease=0.0)
    pause = Pause()
    saving = asyncio.ensure_future(one.write(pause.after(lambda session: lanes.require_held(session, task))))
    await until(pause.reached.is_set)
    assert await claim(other) == []
    pause.go.set()
    await saving
    assert [again.fence for again in await claim(other)] == [2]
    with pytest.raises(LeaseLost):
        await one.write(lambda session: lanes.require_held(session, task))


async def test_what_one_worker_is_claiming_another_passes_over(open_store: Start, take: Take) -> None:
    one, other = open_store(), open_store()
    for reference in ("1", "2", "3"):
        await add(one, (await take(one, reference)).id)
    pause = Pause()
    claiming = asyncio.ensure_future(
        one.write(pause.after(lambda session: lanes.claim(session, ERP, 2, session.now, 60)))
    )
    await until(pause.reached.is_set)
    assert len(await claim(other)) == 1
    pause.go.set()
    await claiming
    assert await claim(other) == []


A_DAY_BEHIND = """
CREATE SCHEMA IF NOT EXISTS elsewhere;
CREATE OR REPLACE FUNCTION elsewhere.clock_timestamp() RETURNS timestamptz LANGUAGE sql
AS $$ SELECT pg_catalog.clock_timestamp() - interval '1 day' $$
"""


@pytest.fixture
async def behind(database: PostgresServer, server: psycopg.Connection) -> AsyncIterator[Store]:
    """A store whose server is a day behind this machine."""
    server.execute(A_DAY_BEHIND)
    store = Store(with_option(database, "search_path=elsewhere,pg_catalog,public"), migrate=False)
    yield store
    await store.close()


async def test_the_time_is_that_of_the_server(store: Store, server: psycopg.Connection) -> None:
    def there() -> datetime:
        [moment] = server.execute("SELECT clock_timestamp()").fetchone() or ()
        assert isinstance(moment, datetime)
        return moment

    for run in (store.write, store.read):
        before = there()
        found = await run(lambda session: session.now)
        assert before < found < there()
        assert found.utcoffset() == timedelta(0)
    first, second = await store.write(lambda session: (session.now, session.now))
    assert first == second


async def test_leases_and_due_times_go_by_the_server_whatever_the_clock_here_says(
    behind: Store, make_arrival: MakeArrival, look: Look
) -> None:
    limit = now() - timedelta(hours=23)
    assert await behind.write(lambda session: session.now) < limit
    assert await behind.read(lambda session: session.now) < limit
    taken = await behind.write(partial(accepting.accept, arrival=make_arrival(at=now())))
    assert isinstance(taken, Accepted)
    await add(behind, taken.order_id)
    await add(behind, taken.order_id)
    for due_in in (lanes.RECEIVER, ERP):
        assert (await behind.read(partial(lanes.due_in, system=due_in)) or 0) < 0
    [first] = await claim(behind)
    assert all(row["due"] is None or row["due"] < limit for row in look(behind, tables.tasks))
    await finish(behind, first, started=now())
    [second] = await claim(behind)
    assert second.id > first.id


async def test_numbers_of_rows_may_grow_beyond_32_bits(
    store: Store, server: psycopg.Connection, make_arrival: MakeArrival
) -> None:
    for table in tables.metadata.sorted_tables:
        if "id" in table.columns:
            server.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), 5000000000)", [table.name])
    accepts = [partial(accepting.accept, arrival=make_arrival(reference)) for reference in "123"]
    taken = await asyncio.gather(*map(store.write, accepts))
    order_id = taken[0].order_id
    assert order_id > 5_000_000_000
    await add(store, order_id)
    await add(store, order_id)
    [task] = await claim(store)
    await finish(store, task)
    assert len(await claim(store)) == 1
    await store.write(lambda s: submissions.add(s, order_id, "erp", "key", (b"", "text/xml", "xml"), s.now))
    found = await store.read(lambda session: submissions.with_order(session, order_id, "erp"))
    assert found is not None
    assert (found[0].id, found[1].order_id) == (order_id, order_id)


async def test_a_server_that_is_not_there_is_named_without_its_password(database: PostgresServer) -> None:
    url = re.sub(r":\d+/", ":1/", database.url)
    [password] = re.findall(r"//\w+:(\w+)@", url) or ["none"]
    with pytest.raises(StoreUnavailable, match=r"postgresql://127\.0\.0\.1:1/\w+ cannot be used") as raised:
        prepare(PostgresServer(url, "another secret"), migrate=True)
    assert password not in str(raised.value)
    assert "another secret" not in str(raised.value)
    assert password not in str(database)


async def test_who_starts_while_another_migrates_waits_as_long_as_it_takes(
    database: PostgresServer, server: psycopg.Connection, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: set[datetime] = set()

    def has_asked_again() -> bool:
        others = "SELECT query_start FROM pg_stat_activity WHERE datname = %s AND pid <> %s"
        asked.update(row[0] for row in server.execute(others, [database_of(postgresql_url), other.info.backend_pid]))
        return len(asked) > 3

    with settings_of_connections(monkeypatch, lock_timeout="20ms"), psycopg.connect(postgresql_url) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [schema.UPGRADE_LOCK])
        upgrading = asyncio.ensure_future(asyncio.to_thread(bring_up_to_date, PostgresServer(postgresql_url)))
        await until(lambda: upgrading.done() or has_asked_again())
        assert not upgrading.done()
        other.rollback()
        assert (await upgrading).empty
