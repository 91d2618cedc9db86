"""Group commit: who waits together commits together, and nobody suffers for a neighbour."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from tests.store.conftest import Look, MakeArrival, Start

from order_receiver.store import accepting, shelves, tables
from order_receiver.store.errors import StoreOverloaded, StoreUnavailable
from order_receiver.store.session import Session
from order_receiver.store.sqlite import connect_writer
from order_receiver.store.store import Store
from order_receiver.store.values import Accepted
from order_receiver.store.writer import BATCH_LIMIT, Writer


class Unlucky(Exception):
    """An operation that fails for a reason of its own."""


def fails(session: Session) -> None:
    shelves.save_cursor(session, "half", "done")
    raise Unlucky


def put(name: str) -> Callable[[Session], str]:
    def operation(session: Session) -> str:
        shelves.save_cursor(session, name, "kept")
        return name

    return operation


async def test_what_waits_together_shares_commits(store: Store, look: Look) -> None:
    sizes: list[int] = []
    store.writer.on_commit = sizes.append
    results = await asyncio.gather(*(store.write(put(f"{number:03}")) for number in range(300)))
    assert results == [f"{number:03}" for number in range(300)]
    assert sum(sizes) == 300
    assert len(sizes) <= 3
    assert max(sizes) <= BATCH_LIMIT
    assert len(look(store, tables.cursors)) == 300


async def test_an_idle_store_commits_at_once(store: Store) -> None:
    sizes: list[int] = []
    store.writer.on_commit = sizes.append
    await store.write(put("one"))
    await store.write(put("two"))
    assert sizes == [1, 1]
    assert store.writer.waiting == 0


async def test_a_failing_operation_fails_alone(store: Store, look: Look) -> None:
    sizes: list[int] = []
    store.writer.on_commit = sizes.append
    found = await asyncio.gather(
        store.write(put("before")), store.write(fails), store.write(put("after")), return_exceptions=True
    )
    assert [found[0], found[2]] == ["before", "after"]
    assert isinstance(found[1], Unlucky)
    assert {row["name"] for row in look(store, tables.cursors)} == {"before", "after"}
    assert sizes == [1, 1]


async def test_an_operation_that_runs_twice_has_its_effect_once(
    store: Store, make_arrival: MakeArrival, look: Look
) -> None:
    runs: list[str] = []

    def accept(session: Session) -> object:
        runs.append("accept")
        return accepting.accept(session, make_arrival())

    found, _ = await asyncio.gather(store.write(accept), store.write(fails), return_exceptions=True)
    assert runs == ["accept", "accept"]
    assert isinstance(found, Accepted)
    assert len(look(store, tables.orders)) == len(look(store, tables.tasks)) == len(look(store, tables.history)) == 1


async def test_a_caller_that_gives_up_leaves_the_others_alone(store: Store) -> None:
    impatient = asyncio.ensure_future(store.write(put("gone")))
    patient = asyncio.ensure_future(store.write(put("stays")))
    failing = asyncio.ensure_future(store.write(fails))
    await asyncio.sleep(0)
    impatient.cancel()
    failing.cancel()
    assert await patient == "stays"
    with suppress(asyncio.CancelledError):
        await impatient
    assert await store.write(put("next")) == "next"


@pytest.fixture
async def other(store: Store) -> AsyncIterator[sqlite3.Connection]:
    """Another process that holds the write lock."""
    connection = connect_writer(store.path)
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.close()


async def test_over_the_queue_limit_only_urgent_work_is_taken(open_store: Start) -> None:
    store = open_store(queue_limit=2)
    other = connect_writer(store.path)
    other.execute("BEGIN IMMEDIATE")
    first = asyncio.ensure_future(store.write(put("under way")))
    await asyncio.sleep(0.005)
    waiting = [asyncio.ensure_future(store.write(put(name))) for name in ("one", "two")]
    await asyncio.sleep(0)
    assert store.writer.waiting == 2
    with pytest.raises(StoreOverloaded, match="queue limit"):
        await store.write(put("too many"))
    urgent = asyncio.ensure_future(store.write(put("urgent"), urgent=True))
    await asyncio.sleep(0)
    other.execute("ROLLBACK")
    assert await asyncio.gather(first, *waiting, urgent) == ["under way", "one", "two", "urgent"]
    assert await store.write(put("again")) == "again"
    other.close()


async def test_another_process_that_writes_is_waited_for(store: Store, other: sqlite3.Connection, look: Look) -> None:
    other.execute("INSERT INTO cursors (name, value) VALUES ('theirs', '1')")
    ours = asyncio.ensure_future(store.write(put("ours")))
    done, _ = await asyncio.wait((ours,), timeout=0.05)
    assert not done
    other.execute("COMMIT")
    assert await ours == "ours"
    assert [row["name"] for row in look(store, tables.cursors)] == ["ours", "theirs"]


async def test_another_process_that_writes_too_long_makes_the_store_unavailable(
    store: Store, other: sqlite3.Connection, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("order_receiver.store.writer.LOCK_PATIENCE", 0.02)
    found = await asyncio.gather(store.write(put("a")), store.write(put("b")), return_exceptions=True)
    assert all(isinstance(each, StoreUnavailable) for each in found)
    assert "locked" in str(found[0])
    assert "Nothing was taken over" in str(found[0])
    other.execute("ROLLBACK")
    assert await store.write(put("later")) == "later"
    assert [row["name"] for row in look(store, tables.cursors)] == ["later"]


async def test_a_full_disk_makes_the_store_unavailable_until_there_is_room(
    store: Store, make_arrival: MakeArrival, look: Look
) -> None:
    await store.write(partial(accepting.accept, arrival=make_arrival("small")))
    [pages] = store.writer._connection.execute("PRAGMA page_count").fetchone()
    store.writer._connection.execute(f"PRAGMA max_page_count = {pages}")
    big = make_arrival("big", body=b"x" * 200_000)
    found = await asyncio.gather(
        *(store.write(partial(accepting.accept, arrival=each)) for each in (big, make_arrival("mate"))),
        return_exceptions=True,
    )
    assert all(isinstance(each, StoreUnavailable) for each in found)
    assert "full" in str(found[0])
    assert [row["client_order_ref"] for row in look(store, tables.orders)] == ["small"]
    store.writer._connection.execute("PRAGMA max_page_count = 1000000")
    assert isinstance(await store.write(partial(accepting.accept, arrival=big)), Accepted)
    assert [row["client_order_ref"] for row in look(store, tables.orders)] == ["small", "big"]


async def test_closing_finishes_what_waits(open_store: Start, look: Look) -> None:
    store = open_store()
    waiting = [asyncio.ensure_future(store.write(put(str(number)))) for number in range(10)]
    await asyncio.sleep(0)
    await store.writer.close()
    assert len(await asyncio.gather(*waiting)) == 10
    assert len(look(store, tables.cursors)) == 10
    store.writer = Writer(lambda: connect_writer(store.path), 10)


async def test_a_lost_connection_is_opened_anew(store: Store) -> None:
    store.writer._connection.close()
    with pytest.raises((StoreUnavailable, sqlite3.ProgrammingError)):
        await store.write(put("lost"))
    assert await store.write(put("found")) == "found"


async def test_no_one_waits_for_ever_when_the_file_cannot_be_opened_anew(migrated: Path, tmp_path: Path) -> None:
    """The disk went away: whoever waits is told so, now and at the next try."""
    connections = [connect_writer(tmp_path / "there.db")]

    def connect() -> sqlite3.Connection:
        if not connections:
            raise sqlite3.OperationalError("unable to open database file")
        return connections.pop()

    writer = Writer(connect, 10)
    writer._connection.close()
    for _ in range(2):
        with pytest.raises((StoreUnavailable, sqlite3.Error)):
            async with asyncio.timeout(5):
                await writer.run(lambda session: None)
