"""Questions that people and monitors ask."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest
from tests.store.conftest import SHOP, MakeArrival, Take

from order_receiver.orders.states import HoldReason, OrderState
from order_receiver.store import accepting, changes, lanes, queries, submissions
from order_receiver.store.errors import NoSuchOrder
from order_receiver.store.queries import OrderFilter
from order_receiver.store.reading import number_of, order_and_body
from order_receiver.store.store import Store
from order_receiver.store.values import Accepted, Attempt

Later = Callable[[float], datetime]


@pytest.fixture
async def stocked(store: Store, take: Take, later: Later) -> Store:
    """Five orders: received, held twice, placed, confirmed."""
    await take(store, "1")
    await take(store, "2", HoldReason.DO_HOLD)
    await take(store, "3", HoldReason.UNKNOWN_APPLICATION)
    for reference, states in (
        ("4", [OrderState.PLACED]),
        ("5", [OrderState.PLACED, OrderState.CONFIRMED]),
    ):
        order = await take(store, reference)
        for state in states:
            order = await store.read(partial(changes.order_row, order_id=order.id))
            number = f"SO-{reference}" if state is OrderState.PLACED else None
            await store.write(partial(changes.move, order=order, to=state, at=later(5), actor="erp", number=number))
    return store


@pytest.mark.parametrize(
    ("which", "references"),
    [
        (OrderFilter(), ["5", "4", "3", "2", "1"]),
        (OrderFilter(limit=2), ["5", "4"]),
        (OrderFilter(state="received"), ["3", "2", "1"]),
        (OrderFilter(held=True), ["3", "2"]),
        (OrderFilter(reason="do-hold"), ["2"]),
        (OrderFilter(state="placed", held=True), []),
    ],
)
async def test_orders_are_listed_newest_first(stocked: Store, which: OrderFilter, references: list[str]) -> None:
    found = await stocked.query(partial(queries.list_orders, which=which))
    assert [order.client_order_ref for order in found] == references


async def test_a_listed_order_says_what_matters(stocked: Store, later: Later) -> None:
    [order] = queries.list_orders(stocked.engine, OrderFilter(state="confirmed"))
    assert (order.application_key, order.erp_order_no, order.hold, order.hold_text) == (SHOP, "SO-5", None, None)
    assert (order.received_at, order.updated_at) == (later(0), later(5))


async def test_orders_are_found_by_reference_and_application(store: Store, make_arrival: MakeArrival) -> None:
    for application in ("shop a", "shop b"):
        await store.write(partial(accepting.accept, arrival=make_arrival("7", application=application)))
    assert [each.application_key for each in queries.find_orders(store.engine, "7")] == ["shop a", "shop b"]
    assert [each.id for each in queries.find_orders(store.engine, "7", "shop b")] == [2]
    asked: list[tuple[str, str | None]] = [("8", None), ("7", "shop c")]
    for reference, shop in asked:
        with pytest.raises(NoSuchOrder, match=f"no order {reference}.*orders list"):
            queries.find_orders(store.engine, reference, shop)


async def test_held_orders_are_found_by_reason(stocked: Store) -> None:
    assert queries.held_orders(stocked.engine, None) == [2, 3]
    assert queries.held_orders(stocked.engine, "unknown-application") == [3]
    assert queries.held_orders(stocked.engine, "mapping") == []


async def test_a_story_tells_everything_about_one_order(
    stocked: Store, make_arrival: MakeArrival, later: Later
) -> None:
    other = make_arrival("1", body=b"other").message
    await stocked.write(partial(accepting.note_conflict, order_id=1, message=other, differences="all"))
    await stocked.write(lambda s: submissions.add(s, 1, "erp", "key-1", (b"<order/>", "text/xml", "xml"), later(1)))
    [task] = await stocked.write(lambda s: lanes.claim(s, "receiver", 1, later(1), 60))
    attempt = Attempt(later(1), 2.5, "transient", "away")
    await stocked.write(lambda s: lanes.put_back(s, task, attempt, due=later(90), reason="away"))

    [listed] = queries.find_orders(stocked.engine, "1")
    story = await stocked.query(partial(queries.story, order=listed))
    assert story.order == listed
    assert [line.event for line in story.history] == ["received", "conflict"]
    [waiting] = story.tasks
    assert (waiting.system, waiting.kind, waiting.state) == ("receiver", "process", "waiting")
    assert (waiting.due, waiting.attempts, waiting.reason) == (later(90), 1, "away")
    [tried] = story.attempts
    assert (tried.number, tried.milliseconds, tried.outcome, tried.error) == (1, 2.5, "transient", "away")
    [submission] = story.submissions
    assert (submission.target, submission.key, submission.document) == ("erp", "key-1", b"<order/>")
    assert [(line.role, line.body) for line in story.messages] == [("first", b'{"a": 1}'), ("conflict", b"other")]


async def test_what_waits_is_counted(stocked: Store, later: Later, make_arrival: MakeArrival) -> None:
    await stocked.write(partial(accepting.accept, arrival=make_arrival("6", at=later(-50))))
    counted = await stocked.query(queries.count)
    assert counted.tasks == {"waiting": 4, "parked": 2}
    assert counted.holds == {"do-hold": 1, "unknown-application": 1}
    assert counted.oldest_waiting == counted.oldest_unconfirmed == later(-50)


async def test_an_empty_store_counts_nothing(store: Store) -> None:
    counted = queries.count(store.engine)
    assert (counted.tasks, counted.holds) == ({}, {})
    assert counted.oldest_waiting is counted.oldest_unconfirmed is None


async def test_quarantine_is_listed_newest_first(store: Store, make_arrival: MakeArrival) -> None:
    for body in (b"one", b"two", b"three"):
        message = make_arrival(body=body).message
        await store.write(partial(accepting.put_in_quarantine, message=message, reason=f"it is {body.decode()}"))
    found = queries.list_quarantine(store.engine, limit=2)
    assert [(line.id, line.body, line.reason) for line in found] == [
        (3, b"three", "it is three"),
        (2, b"two", "it is two"),
    ]
    assert found[0].media_type == "application/json; charset=utf-8"


async def test_the_worker_reads_an_order_with_its_first_message(store: Store, make_arrival: MakeArrival) -> None:
    taken = await store.write(partial(accepting.accept, arrival=make_arrival(body=b"\x00raw")))
    assert isinstance(taken, Accepted)
    order, body, media_type = await store.read(partial(order_and_body, order_id=taken.order_id))
    assert (order.key.client_order_ref, body, media_type) == ("100001", b"\x00raw", "application/json; charset=utf-8")
    with pytest.raises(NoSuchOrder, match="id 99"):
        await store.read(partial(order_and_body, order_id=99))


async def test_a_number_is_known_once_it_is_stored(stocked: Store) -> None:
    found = [await stocked.read(partial(number_of, order_id=order_id)) for order_id in (1, 4, 99)]
    assert found == [None, "SO-4", None]
