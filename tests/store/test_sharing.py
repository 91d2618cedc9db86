"""What tasks and processes of one installation share: numbers awaited, tokens, cursors, news of work."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from tests.store.conftest import Look, Start

from order_receiver.store import shelves, tables
from order_receiver.store.store import Store, now

Later = Callable[[float], datetime]


def nothing() -> str | None:
    return None


async def test_a_door_that_waits_is_told_the_number(store: Store) -> None:
    waiting = [asyncio.ensure_future(store.wait_for_number(7, 60, nothing)) for _ in range(2)]
    await asyncio.sleep(0)
    store.announce_number(8, "other")
    store.announce_number(7, "SO-7")
    assert await asyncio.gather(*waiting) == ["SO-7", "SO-7"]
    assert store._numbers == {}


async def test_a_number_that_another_process_stored_is_seen(store: Store) -> None:
    looks = iter([None, "SO-9"])
    assert await store.wait_for_number(9, 60, lambda: next(looks)) == "SO-9"
    assert store._numbers == {}


async def test_waiting_ends_without_a_number(store: Store) -> None:
    assert await store.wait_for_number(9, 0.001, nothing) is None
    assert await store.wait_for_number(9, 0, lambda: "just now") == "just now"
    assert store._numbers == {}


async def test_one_that_stops_waiting_leaves_the_others(store: Store) -> None:
    leaves = asyncio.ensure_future(store.wait_for_number(7, 60, nothing))
    stays = asyncio.ensure_future(store.wait_for_number(7, 60, nothing))
    await asyncio.sleep(0)
    leaves.cancel()
    await asyncio.wait((leaves,))
    store.announce_number(7, "SO-7")
    assert await stays == "SO-7"


async def test_a_number_told_to_one_who_has_just_gone_hurts_nobody(store: Store) -> None:
    gone = asyncio.ensure_future(store.wait_for_number(7, 60, nothing))
    await asyncio.sleep(0)
    store._numbers[7][0].cancel()
    store.announce_number(7, "SO-7")
    await asyncio.wait((gone,))
    assert store._numbers == {}


async def test_tokens_are_shared_by_all_processes(open_store: Start, later: Later) -> None:
    one, other = open_store(), open_store()
    assert one.load_token("norce") is None
    await one.save_token("norce", "first", later(60))
    assert other.load_token("norce") == ("first", later(60))
    await other.save_token("norce", "second", later(120))
    assert one.load_token("norce") == ("second", later(120))


async def test_cursors_are_kept(store: Store, look: Look) -> None:
    assert store.read(lambda session: shelves.load_cursor(session, "erp")) is None
    for value in ("1", None, "2"):
        await store.write(partial(shelves.save_cursor, name="erp", value=value))
        assert store.read(lambda session: shelves.load_cursor(session, "erp")) == value
    assert len(look(store, tables.cursors)) == 1


async def test_whoever_listens_hears_of_new_work(store: Store) -> None:
    heard: list[str] = []
    store.announce_work("erp")
    store.on_work(lambda system: heard.append(f"one {system}"))
    store.on_work(lambda system: heard.append(f"two {system}"))
    store.announce_work("norce")
    assert heard == ["one norce", "two norce"]


def test_the_store_knows_only_utc() -> None:
    assert now().utcoffset() == timedelta(0)
