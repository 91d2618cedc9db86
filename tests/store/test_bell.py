"""News between processes that share a server: heard at once, and again after a connection was lost."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import LiteralString

import psycopg
import pytest
from structlog.testing import capture_logs
from tests.store.conftest import PATIENCE, Start, Take, on_postgresql, until

from order_receiver.orders.states import OrderState
from order_receiver.store import changes
from order_receiver.store.postgresql import PostgresServer
from order_receiver.store.postgresql.bell import PENDING_LIMIT, PostgresBell
from order_receiver.store.store import Store

pytestmark = on_postgresql

LISTENING: LiteralString = "query LIKE 'LISTEN%'"
RINGING: LiteralString = "query LIKE '%pg_notify%'"


class Listener:
    """A process that listens, and what it hears; nothing at all means that it may have missed something."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._heard: asyncio.Queue[str] = asyncio.Queue()
        store.on_work(self._heard.put_nowait)

    async def hears(self) -> str:
        async with asyncio.timeout(PATIENCE):
            return await self._heard.get()

    async def hears_until(self, wanted: str) -> list[str]:
        found = [await self.hears()]
        while found[-1] != wanted:
            found.append(await self.hears())
        return found


@pytest.fixture
def listener(open_store: Start) -> Callable[[], Listener]:
    """Starts processes that listen; the first thing each hears is that it may have missed something."""

    def start() -> Listener:
        found = Listener(open_store())
        found.store.listen()
        return found

    return start


@pytest.fixture
def cut(database: PostgresServer) -> Iterator[Callable[[LiteralString], None]]:
    """Ends the connections of a kind, as a server does that starts anew."""
    with psycopg.connect(database.url, autocommit=True) as server:
        which: LiteralString = (
            "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND "
        )

        def ended(kind: LiteralString) -> None:
            found = server.execute("SELECT pg_terminate_backend(pid) " + which + kind).fetchall()
            assert (True,) in found

        yield ended


async def test_work_that_one_process_announces_is_heard_by_the_others(listener: Callable[[], Listener]) -> None:
    one, other, third = listener(), listener(), listener()
    assert [await each.hears() for each in (one, other, third)] == [""] * 3
    one.store.announce_work("erp")
    assert [await each.hears() for each in (one, other, third)] == ["erp"] * 3
    other.store.announce_work("norce: å, and a colon")
    assert [await each.hears() for each in (one, other, third)] == ["norce: å, and a colon"] * 3


async def test_what_a_process_announces_it_does_not_hear_twice(listener: Callable[[], Listener]) -> None:
    one, other = listener(), listener()
    assert [await each.hears() for each in (one, other)] == [""] * 2
    one.store.announce_work("erp")
    assert await other.hears() == "erp"
    other.store.announce_work("end")
    assert await one.hears_until("end") == ["erp", "end"]


async def test_a_process_that_only_tells_need_not_listen_first(
    listener: Callable[[], Listener], open_store: Start
) -> None:
    one = listener()
    assert await one.hears() == ""
    silent, teller = open_store(), open_store()
    silent.announce_work("nobody")
    teller.listen()
    teller.listen()
    teller.announce_work("erp")
    assert await one.hears() == "erp"


async def test_a_number_that_another_process_stored_is_told_to_who_waits(
    listener: Callable[[], Listener], take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking again and again would take an hour."""
    monkeypatch.setattr("order_receiver.store.store.NUMBER_LOOK", 3600.0)
    door, worker = listener(), listener()
    assert await door.hears() == ""
    order, other = await take(door.store, "1"), await take(door.store, "2")
    waiting = asyncio.ensure_future(door.store.wait_for_number(order.id, 3600))
    place = partial(changes.move, to=OrderState.PLACED, at=order.received_at, actor="erp")
    await worker.store.write(partial(place, order=other, number="SO-2"))
    worker.store.announce_number(other.id)
    await worker.store.write(partial(place, order=order, number="SO-1"))
    worker.store.announce_number(order.id)
    async with asyncio.timeout(PATIENCE):
        assert await waiting == "SO-1"


async def test_a_listener_that_was_cut_off_hears_again(
    listener: Callable[[], Listener], cut: Callable[[LiteralString], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told that it may have missed something, and then what is new."""
    monkeypatch.setattr("order_receiver.store.postgresql.bell.PAUSE", 0.01)
    one, teller = listener(), listener()
    assert [await each.hears() for each in (one, teller)] == [""] * 2
    with capture_logs() as lines:
        for number in range(3):
            cut(LISTENING)
            assert await one.hears() == ""
            teller.store.announce_work(f"erp {number}")
            assert await one.hears() == f"erp {number}"
    assert {line["event"] for line in lines} == {"store.bell_lost"}


async def test_news_that_could_not_be_told_are_told_on_the_next_connection(
    listener: Callable[[], Listener], cut: Callable[[LiteralString], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("order_receiver.store.postgresql.bell.PAUSE", 0.01)
    one, other = listener(), listener()
    assert [await each.hears() for each in (one, other)] == [""] * 2
    one.store.announce_work("first")
    assert await other.hears() == "first"
    cut(RINGING)
    one.store.announce_work("second")
    assert await other.hears() == "second"


async def test_news_without_end_are_dropped_while_nobody_can_be_told(listener: Callable[[], Listener]) -> None:
    """All of it happens before the connection is open: a thousand are kept, each once."""
    other = listener()
    assert await other.hears() == ""
    teller = listener()
    for number in [*range(PENDING_LIMIT), *range(PENDING_LIMIT)]:
        teller.store.announce_number(number)
    teller.store.announce_work("too much")
    bell = teller.store._bell
    assert isinstance(bell, PostgresBell)
    await until(lambda: not bell._pending)
    teller.store.announce_work("end")
    assert await other.hears_until("end") == ["end"]
