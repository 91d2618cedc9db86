"""Every change of an order moves something and says so in its history: who, when, from, to, why."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest
from sqlalchemy import update
from tests.store.conftest import SHOP, Look, MakeArrival, Take

from order_receiver.orders.states import HoldReason, OrderState
from order_receiver.store import accepting, changes, decisions, holding, lanes, submissions, tables
from order_receiver.store.errors import NoSuchOrder, NotPossible
from order_receiver.store.history import record
from order_receiver.store.session import Session
from order_receiver.store.store import Store
from order_receiver.store.values import Attempt, NewTask, OrderRow, Task

Later = Callable[[float], datetime]


async def write(store: Store, change: Callable[[Session], object], order: OrderRow) -> OrderRow:
    await store.write(change)
    return await store.read(lambda session: changes.order_row(session, order.id))


async def test_the_whole_way_of_an_order_can_be_read_afterwards(
    store: Store, take: Take, make_arrival: MakeArrival, look: Look, later: Later
) -> None:
    order = await take(store, hold=HoldReason.DO_HOLD)
    order = await write(
        store,
        lambda s: decisions.resume(s, order, later(1), "operator eva", waive=True, why="looked at it"),
        order,
    )
    await store.write(lambda s: record(s, order.id, later(2), "worker", "mapped", new="erp"))
    order = await write(store, lambda s: changes.move(s, order, OrderState.SUBMITTED, later(3), "erp"), order)
    order = await write(
        store, lambda s: changes.move(s, order, OrderState.PLACED, later(4), "erp", number="SO-1"), order
    )
    await store.write(lambda s: accepting.note_repeat(s, order.id, later(5)))
    other = make_arrival(body=b"other", at=later(6)).message
    await store.write(lambda s: accepting.note_conflict(s, order.id, other, "/Items/0/Quantity: 1, then 2"))
    order = await write(
        store, lambda s: changes.move(s, order, OrderState.CONFIRMED, later(7), "norce", why="told"), order
    )
    assert (order.state, order.erp_order_no, order.hold) == (OrderState.CONFIRMED, "SO-1", None)
    history = [
        (row["at"], row["actor"], row["event"], row["old"], row["new"], row["why"])
        for row in look(store, tables.history)
    ]
    assert history == [
        (later(0), "door", "received", None, "received", None),
        (later(0), "door", "held", None, "do-hold", "held for do-hold"),
        (later(1), "operator eva", "released", "do-hold", None, "looked at it"),
        (later(2), "worker", "mapped", None, "erp", None),
        (later(3), "erp", "submitted", "received", "submitted", None),
        (later(4), "erp", "placed", "submitted", "SO-1", None),
        (later(5), "door", "repeated", None, None, "the same content was received again"),
        (later(6), "door", "conflict", None, None, "/Items/0/Quantity: 1, then 2"),
        (later(7), "norce", "confirmed", "placed", "confirmed", "told"),
    ]


async def test_a_hold_stands_beside_the_state(store: Store, take: Take, look: Look, later: Later) -> None:
    order = await take(store)
    text = "No target is configured."
    order = await write(
        store, lambda s: holding.hold(s, order, HoldReason.NO_ROUTE, text, later(1), "worker", system="receiver"), order
    )
    assert (order.state, order.hold, order.hold_text) == (OrderState.RECEIVED, HoldReason.NO_ROUTE, text)
    order = await write(
        store,
        lambda s: holding.hold(s, order, HoldReason.MAPPING, "line 3", later(2), "worker", system="receiver"),
        order,
    )
    lines = look(store, tables.history)[1:]
    assert [(row["event"], row["old"], row["new"]) for row in lines] == [
        ("held", None, "no-route"),
        ("held", "no-route", "mapping"),
    ]
    assert look(store, tables.orders)[0]["updated_at"] == later(2)


async def test_a_release_passes_the_reason_by_and_a_retry_does_not(
    store: Store, take: Take, look: Look, later: Later
) -> None:
    order = await take(store, hold=HoldReason.FINDINGS)
    retry = partial(decisions.resume, order=order, at=later(1), actor="operator", waive=False, why=None)
    order = await write(store, retry, order)
    assert (order.hold, order.hold_text, order.waived) == (None, None, frozenset())
    [task] = look(store, tables.tasks)
    assert (task["state"], task["due"], task["reason"], task["attempts"]) == ("waiting", later(1), None, 0)
    for reason in (HoldReason.FINDINGS, HoldReason.TOTALS_DIFFER):
        order = await write(
            store,
            partial(holding.hold, order=order, reason=reason, text="x", at=later(2), actor="worker", system="receiver"),
            order,
        )
        release = partial(decisions.resume, order=order, at=later(3), actor="operator", waive=True, why="fine")
        order = await write(store, release, order)
    assert order.waived == {"findings", "totals-differ"}
    events = [row["event"] for row in look(store, tables.history)]
    assert events == ["received", "held", "retried", "held", "released", "held", "released"]


async def test_lifting_where_nothing_is_held_still_makes_tasks_due(
    store: Store, take: Take, look: Look, later: Later
) -> None:
    order = await take(store)
    await store.write(lambda s: decisions.resume(s, order, later(9), "operator", waive=False, why=None))
    assert look(store, tables.tasks)[0]["due"] == later(9)
    assert look(store, tables.orders)[0]["waived"] is None


@pytest.mark.parametrize("state", [OrderState.CONFIRMED, OrderState.RECEIVED])
async def test_an_impossible_move_is_refused(
    store: Store, take: Take, look: Look, at: datetime, state: OrderState
) -> None:
    order = await take(store)
    with pytest.raises(NotPossible, match=f"{SHOP}/100001 is received and cannot become {state}"):
        await store.write(lambda s: changes.move(s, order, state, at, "test"))
    assert [row["event"] for row in look(store, tables.history)] == ["received"]


async def test_cancelling_takes_the_tasks_and_the_hold_away(store: Store, take: Take, look: Look, later: Later) -> None:
    order = await take(store, hold=HoldReason.DO_HOLD)
    order = await write(store, lambda s: decisions.cancel(s, order, later(1), "operator", "customer asked"), order)
    assert (order.state, order.hold) == (OrderState.CANCELLED, None)
    assert look(store, tables.tasks) == []
    line = look(store, tables.history)[-1]
    assert (line["actor"], line["event"], line["old"], line["why"]) == (
        "operator",
        "cancelled",
        "received",
        "customer asked",
    )


async def test_an_order_that_an_erp_has_is_not_cancelled_here(store: Store, take: Take, later: Later) -> None:
    order = await take(store)
    order = await write(store, lambda s: changes.move(s, order, OrderState.SUBMITTED, later(1), "erp"), order)
    with pytest.raises(NotPossible, match="Cancel it in the ERP"):
        await store.write(lambda s: decisions.cancel(s, order, later(2), "operator", None))


async def test_an_order_on_its_way_into_an_erp_is_not_cancelled(store: Store, take: Take, later: Later) -> None:
    """A submission is under way at this moment: the ERP may have the order when we have called it cancelled."""
    order = await take(store)
    new = NewTask(system="target:erp", kind="submit", order_id=order.id)
    await store.write(lambda s: lanes.hand_over(s, new, later(1), 60, lambda task: None))
    with pytest.raises(NotPossible):
        await store.write(lambda s: decisions.cancel(s, order, later(2), "operator", None))


async def test_an_unknown_order_is_said_to_be_unknown(store: Store) -> None:
    with pytest.raises(NoSuchOrder, match="no order with id 77"):
        await store.read(lambda session: changes.order_row(session, 77))


async def test_an_order_that_an_erp_may_have_is_not_cancelled(store: Store, take: Take, later: Later) -> None:
    order = await take(store)
    new = NewTask(system="target:erp", kind="submit", order_id=order.id)
    handed: list[Task] = []
    await store.write(lambda s: lanes.hand_over(s, new, later(1), 60, handed.append))
    [task] = handed
    attempt = Attempt(later(1), 1.0, "unknown", "no answer")
    await store.write(lambda s: lanes.put_back(s, task, attempt, due=later(90), reason="no answer"))
    with pytest.raises(NotPossible, match="ended unclear"):
        await store.write(lambda s: decisions.cancel(s, order, later(2), "operator", None))


async def test_a_hold_by_a_release_that_knows_only_one_counts(store: Store, take: Take, later: Later) -> None:
    """It lifts and makes holds in `orders` alone; what other systems once held for counts for nothing then."""
    order = await take(store)
    parked = partial(holding.hold, order=order, reason=HoldReason.PARKED, text="x", at=later(1), actor="worker")
    order = await write(store, partial(parked, system="target:cards"), order)
    with store.engine.begin() as connection:
        connection.execute(update(tables.orders).values(hold="mapping", hold_text="line 3"))
    order = await store.read(lambda s: changes.order_row(s, order.id))
    [held] = await store.read(lambda s: holding.holds_of(s, order))
    assert (held.reason, held.text) == (HoldReason.MAPPING, "line 3")
    assert held.by("receiver")
    retry = partial(decisions.resume, order=order, at=later(2), actor="eva", waive=False, why=None)
    order = await write(store, retry, order)
    assert (order.hold, await store.read(lambda s: holding.holds_of(s, order))) == (None, ())


async def test_an_order_whose_worker_vanished_is_not_cancelled(store: Store, take: Take, later: Later) -> None:
    """Nobody wrote down what the first attempt did; the second one failed before it could look."""
    order = await take(store)
    new = NewTask(system="target:erp", kind="submit", order_id=order.id)
    await store.write(lambda s: lanes.hand_over(s, new, later(1), 60, lambda task: None))
    [task] = await store.write(lambda s: lanes.claim(s, "target:erp", 1, later(99), 60))
    attempt = Attempt(later(99), 1.0, "transient", "no connection")
    await store.write(lambda s: lanes.put_back(s, task, attempt, due=later(199), reason="no connection"))
    with pytest.raises(NotPossible, match="ended unclear"):
        await store.write(lambda s: decisions.cancel(s, order, later(100), "operator", None))
    order = await write(store, lambda s: decisions.cancel(s, order, later(101), "eva", None, looked=True), order)
    assert order.state is OrderState.CANCELLED


@pytest.mark.parametrize("in_whole", [True, False])
async def test_an_order_of_which_a_target_has_something_is_not_cancelled(
    store: Store, take: Take, later: Later, in_whole: bool
) -> None:
    """A target that gives no number has its part, or a first call was made and the second refused for good."""
    order = await take(store)

    def operation(session: Session) -> None:
        lanes.drop_all(session, order.id)
        row = submissions.add(
            session, order.id, "cards", "k", (b"{}", "application/json", "json"), later(1), gives_number=False
        )
        if in_whole:
            submissions.mark_submitted(session, row, later(2), None, "7")
        else:
            submissions.save_step(session, row, {"id": "7"})

    await store.write(operation)
    with pytest.raises(NotPossible, match="has been handed to cards, or a piece of it"):
        await store.write(lambda s: decisions.cancel(s, order, later(3), "operator", None))
    order = await write(store, lambda s: decisions.cancel(s, order, later(4), "eva", None, looked=True), order)
    assert order.state is OrderState.CANCELLED


async def test_an_order_that_its_erp_refused_can_be_cancelled_but_not_resumed(
    store: Store, take: Take, later: Later
) -> None:
    order = await take(store)
    order = await write(store, lambda s: changes.move(s, order, OrderState.SUBMITTED, later(1), "erp"), order)
    refused = partial(
        holding.hold,
        order=order,
        reason=HoldReason.ERP_REFUSED,
        text="closed",
        at=later(2),
        actor="erp",
        system="target:erp",
    )
    order = await write(store, refused, order)
    with pytest.raises(NotPossible, match="refused"):
        await store.write(lambda s: decisions.resume(s, order, later(3), "eva", waive=False, why=None))
    order = await write(store, lambda s: decisions.cancel(s, order, later(4), "eva", "never mind"), order)
    assert (order.state, order.hold) == (OrderState.CANCELLED, None)


async def test_only_what_waits_is_resumed(store: Store, take: Take, look: Look, later: Later) -> None:
    order = await take(store, hold=HoldReason.DO_HOLD)
    order = await write(
        store, partial(decisions.resume, order=order, at=later(1), actor="eva", waive=True, why=None), order
    )
    assert order.waived == {"do-hold"}
    await store.write(lambda s: lanes.drop_all(s, order.id))
    with pytest.raises(NotPossible, match="is not held"):
        await store.write(lambda s: decisions.resume(s, order, later(2), "eva", waive=True, why=None))
    with pytest.raises(NotPossible, match="Nothing of order"):
        await store.write(lambda s: decisions.resume(s, order, later(2), "eva", waive=False, why=None))


async def test_a_move_from_a_state_that_has_passed_is_refused(
    store: Store, take: Take, look: Look, later: Later
) -> None:
    order = await take(store)
    await store.write(lambda s: changes.move(s, order, OrderState.SUBMITTED, later(1), "erp"))
    with pytest.raises(NotPossible, match="not received any more"):
        await store.write(lambda s: changes.move(s, order, OrderState.CANCELLED, later(2), "eva"))
    assert [row["event"] for row in look(store, tables.history)] == ["received", "submitted"]
