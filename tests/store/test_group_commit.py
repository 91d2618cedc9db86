"""Group commit: who waits together commits together, and nobody suffers for a neighbour."""

import asyncio
from contextlib import suppress

import pytest
from tests.store.conftest import Look, MakeArrival, Start, Take, at_once, kept_out, put, until

from order_receiver.store import accepting, changes, shelves, tables
from order_receiver.store.database import Database
from order_receiver.store.errors import StoreOverloaded
from order_receiver.store.session import Session
from order_receiver.store.store import Store
from order_receiver.store.values import Accepted
from order_receiver.store.writer import BATCH_LIMIT


class Unlucky(Exception):
    """An operation that fails for a reason of its own."""


def fails(session: Session) -> None:
    shelves.save_cursor(session, "half", "done")
    raise Unlucky


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


async def test_over_the_queue_limit_only_urgent_work_is_taken(open_store: Start, database: Database) -> None:
    store = open_store(queue_limit=2)
    with kept_out(database):
        under_way = [asyncio.ensure_future(store.write(put(f"under way {n}"))) for n in range(at_once(store))]
        await asyncio.sleep(0)
        await until(lambda: store.writer.waiting == 0)
        waiting = [asyncio.ensure_future(store.write(put(name))) for name in ("one", "two")]
        await asyncio.sleep(0)
        assert store.writer.waiting == 2
        with pytest.raises(StoreOverloaded, match="queue limit"):
            await store.write(put("too many"))
        urgent = asyncio.ensure_future(store.write(put("urgent"), urgent=True))
        await asyncio.sleep(0)
    await asyncio.gather(*under_way)
    assert await asyncio.gather(*waiting, urgent) == ["one", "two", "urgent"]
    assert await store.write(put("again")) == "again"


async def test_another_process_that_writes_is_waited_for(store: Store, database: Database, look: Look) -> None:
    with kept_out(database) as other:
        other.execute("INSERT INTO cursors (name, value) VALUES ('theirs', '1')")
        ours = asyncio.ensure_future(store.write(put("ours")))
        done, _ = await asyncio.wait((ours,), timeout=0.05)
        assert not done
    assert await ours == "ours"
    assert [row["name"] for row in look(store, tables.cursors)] == ["ours", "theirs"]


async def test_closing_finishes_what_waits(open_store: Start, look: Look) -> None:
    store = open_store()
    waiting = [asyncio.ensure_future(store.write(put(str(number)))) for number in range(10)]
    await asyncio.sleep(0)
    await store.close()
    assert len(await asyncio.gather(*waiting)) == 10
    assert len(look(open_store(), tables.cursors)) == 10


async def test_what_one_transaction_has_locked_is_forgotten_in_the_next(store: Store, take: Take) -> None:
    order = await take(store)

    def lock(session: Session) -> set[int]:
        changes.order_row(session, order.id)
        return set(session.locked)

    assert await store.write(lock) == {order.id}
    assert await store.write(lambda session: set(session.locked)) == set()
