"""Orders that SQL has written are orders as the receiver leaves them."""

from pathlib import Path

import pytest

from bench.databases import SqliteDatabase, count, moments
from bench.filling import CANCELLED, CONFIRMED, HELD, MAPPED, NEW, SUBMITTED, Kind, fill, reference, settle
from order_receiver.orders.states import HoldReason, OrderState
from order_receiver.store import lanes, queries
from order_receiver.store.queries import OrderFilter
from order_receiver.store.reading import order_and_body
from order_receiver.store.store import Store


@pytest.fixture
def database(tmp_path: Path) -> SqliteDatabase:
    return SqliteDatabase(tmp_path)


@pytest.mark.parametrize("kind", [CONFIRMED, HELD, CANCELLED, SUBMITTED, MAPPED, NEW])
async def test_the_store_reads_every_kind(database: SqliteDatabase, kind: Kind) -> None:
    fill(database, [(kind, 3)], body=b"{}")
    store = Store(database.store)
    try:
        [order] = queries.find_orders(store.engine, reference(2))
        story = queries.story(store.engine, order)
        row, body, media_type = await store.read(lambda session: order_and_body(session, order.id))
    finally:
        await store.close()
    assert (row.state, row.hold) == (OrderState(kind.state), HoldReason(kind.hold) if kind.hold else None)
    assert (body, media_type) == (b"{}", "application/json; charset=utf-8")
    assert [line.event for line in story.history] == [event for _, event, _, _ in kind.history]
    assert [(line.system, line.kind) for line in story.attempts] == list(kind.attempts)
    assert [(line.system, line.kind, line.state) for line in story.tasks] == ([kind.task] if kind.task else [])
    assert len(story.submissions) == int(kind.submission)


async def test_tasks_are_due(database: SqliteDatabase) -> None:
    fill(database, [(NEW, 3), (MAPPED, 2), (HELD, 1)])
    store = Store(database.store)
    try:
        assert len(await store.write(lambda session: lanes.claim(session, "receiver", 16, session.now, 60.0))) == 3
        assert len(await store.write(lambda session: lanes.claim(session, "target:erp", 16, session.now, 60.0))) == 2
    finally:
        await store.close()


def test_filling_goes_on_where_it_stopped(database: SqliteDatabase) -> None:
    fill(database, [(CONFIRMED, 4)])
    fill(database, [(HELD, 2), (CONFIRMED, 1)])
    settle(database)
    engine = database.store.open_engine()
    try:
        listed = queries.list_orders(engine, OrderFilter())
        held = queries.list_orders(engine, OrderFilter(held=True))
    finally:
        engine.dispose()
    assert [order.client_order_ref for order in listed] == [reference(number) for number in range(7, 0, -1)]
    assert [order.client_order_ref for order in held] == [reference(6), reference(5)]
    assert count(database, "SELECT count(*) FROM messages") == 7
    first, last = moments(database, "SELECT min(received_at), max(received_at) FROM orders")
    assert (last - first).total_seconds() == 6
