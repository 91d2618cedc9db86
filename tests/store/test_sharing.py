"""What tasks and processes of one installation share: numbers awaited, tokens, cursors, news of work."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from tests.store.conftest import PATIENCE, Look, Start, Take

from order_receiver.orders.states import OrderState
from order_receiver.store import changes, shelves, tables
from order_receiver.store.store import Store, now
from order_receiver.store.values import OrderRow

Later = Callable[[float], datetime]


async def number(store: Store, order: OrderRow, text: str) -> None:
    """What a worker does when the ERP has answered."""
    await store.write(partial(changes.move, order=order, to=OrderState.PLACED, at=now(), actor="erp", number=text))


async def test_a_door_that_waits_is_told_the_number(store: Store, take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking again and again would take an hour."""
    monkeypatch.setattr("order_receiver.store.store.NUMBER_LOOK", 3600.0)
    monkeypatch.setattr("order_receiver.store.store.NUMBER_LOOK_UNTOLD", 3600.0)
    order, other = await take(store, "1"), await take(store, "2")
    waiting = [asyncio.ensure_future(store.wait_for_number(order.id, 3600)) for _ in range(2)]
    await asyncio.sleep(0)
    store.announce_number(order.id)
    await number(store, other, "SO-8")
    store.announce_number(other.id)
    await number(store, order, "SO-7")
    store.announce_number(order.id)
    async with asyncio.timeout(PATIENCE):
        assert await asyncio.gather(*waiting) == ["SO-7", "SO-7"]
    assert store._numbers == {}


async def test_a_number_that_another_process_stored_without_a_word_is_seen(open_store: Start, take: Take) -> None:
    one, other = open_store(), open_store()
    order = await take(one)
    waiting = asyncio.ensure_future(one.wait_for_number(order.id, 3600))
    await asyncio.sleep(0)
    await number(other, order, "SO-9")
    async with asyncio.timeout(PATIENCE):
        assert await waiting == "SO-9"
    assert one._numbers == {}


async def test_waiting_ends_without_a_number(store: Store, take: Take) -> None:
    order = await take(store)
    assert await store.wait_for_number(order.id, 0.001) is None
    await number(store, order, "SO-1")
    assert await store.wait_for_number(order.id, 0) == "SO-1"
    assert store._numbers == {}


async def test_one_that_stops_waiting_leaves_the_others(store: Store, take: Take) -> None:
    order = await take(store)
    leaves = asyncio.ensure_future(store.wait_for_number(order.id, 3600))
    stays = asyncio.ensure_future(store.wait_for_number(order.id, 3600))
    await asyncio.sleep(0)
    leaves.cancel()
    await asyncio.wait((leaves,))
    await number(store, order, "SO-7")
    store.announce_number(order.id)
    async with asyncio.timeout(PATIENCE):
        assert await stays == "SO-7"
    assert store._numbers == {}


async def test_tokens_are_shared_by_all_processes(open_store: Start, later: Later) -> None:
    one, other = open_store(), open_store()
    assert await one.load_token("norce") is None
    await one.save_token("norce", "first", later(60))
    assert await other.load_token("norce") == ("first", later(60))
    await other.save_token("norce", "second", later(120))
    assert await one.load_token("norce") == ("second", later(120))


async def test_cursors_are_kept(store: Store, look: Look) -> None:
    assert await store.read(lambda session: shelves.load_cursor(session, "erp")) is None
    for value in ("1", None, "2"):
        await store.write(partial(shelves.save_cursor, name="erp", value=value))
        assert await store.read(lambda session: shelves.load_cursor(session, "erp")) == value
    assert len(look(store, tables.cursors)) == 1


async def test_whoever_listens_hears_of_new_work(store: Store) -> None:
    heard: list[str] = []
    store.announce_work("erp")
    store.listen()
    store.on_work(lambda system: heard.append(f"one {system}"))
    store.on_work(lambda system: heard.append(f"two {system}"))
    store.announce_work("norce")
    assert heard == ["one norce", "two norce"]


async def test_where_processes_tell_one_another_a_worker_looks_seldom(store: Store) -> None:
    assert (store.poll(0.5), store.poll(60.0)) == ((15.0, 60.0) if store.database.tells else (0.5, 60.0))


def test_the_store_knows_only_utc() -> None:
    assert now().utcoffset() == timedelta(0)
