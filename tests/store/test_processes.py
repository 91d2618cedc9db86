"""What several processes on one database must never do: overlap, overtake, forget, or overwrite one another."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial

import pytest
from sqlalchemy import insert
from tests.store.conftest import Look, MakeArrival, Start, Take

from order_receiver.orders.states import HoldReason, OrderState
from order_receiver.store import accepting, changes, decisions, holding, lanes, tables
from order_receiver.store.errors import LeaseLost, NotPossible
from order_receiver.store.session import Session
from order_receiver.store.store import Store
from order_receiver.store.values import (
    Acceptance,
    Accepted,
    Arrival,
    Attempt,
    NewTask,
    OrderRow,
    Repeated,
    Task,
    TaskState,
)

ERP = "target:erp"
ROUNDS = 40


async def claim(store: Store, limit: int = 10, lease: float = 60.0, system: str = ERP) -> Sequence[Task]:
    return await store.write(lambda session: lanes.claim(session, system, limit, session.now, lease))


async def add(store: Store, order_id: int | None, kind: str = "submit") -> None:
    new = NewTask(system=ERP, kind=kind, order_id=order_id)
    await store.write(lambda session: lanes.add(session, new, session.now))


async def finish(store: Store, task: Task) -> None:
    await store.write(lambda session: lanes.finish(session, task, Attempt(session.now, 1.0, "done")))


async def accept(store: Store, arrival: Arrival) -> Acceptance:
    return await store.write(partial(accepting.accept, arrival=arrival))


async def test_an_order_that_comes_to_two_doors_at_once_is_one_order(
    open_store: Start, make_arrival: MakeArrival, look: Look
) -> None:
    one, other = open_store(), open_store()
    for number in range(ROUNDS):
        arrival = make_arrival(str(number))
        found = await asyncio.gather(accept(one, arrival), accept(other, arrival))
        assert {type(each) for each in found} == {Accepted, Repeated}
        assert len({each.order_id for each in found}) == 1
    assert len(look(one, tables.orders)) == len(look(one, tables.messages)) == len(look(one, tables.tasks)) == ROUNDS
    assert Counter(line["event"] for line in look(one, tables.history)) == {"received": ROUNDS, "repeated": ROUNDS}


async def test_orders_that_come_to_two_doors_in_bursts_are_each_taken_over_once(
    open_store: Start, make_arrival: MakeArrival, look: Look
) -> None:
    one, other = open_store(), open_store()
    for number in range(5):
        arrivals = [make_arrival(f"{number}-{place}") for place in range(20)]
        found = await asyncio.gather(*(accept(store, arrival) for arrival in arrivals for store in (one, other)))
        for first, second in zip(found[::2], found[1::2], strict=True):
            assert {type(first), type(second)} == {Accepted, Repeated}
            assert first.order_id == second.order_id
    assert len(look(one, tables.orders)) == len(look(one, tables.messages)) == len(look(one, tables.tasks)) == 100


async def test_a_thousand_tasks_are_each_claimed_once(open_store: Start, look: Look, at: datetime) -> None:
    stores = [open_store(), open_store(), open_store()]
    new = {"system": ERP, "state": "waiting", "due": at, "fence": 0, "attempts": 0, "created_at": at}
    with stores[0].engine.begin() as connection:
        connection.execute(insert(tables.tasks), [{"kind": f"poll {number}", **new} for number in range(1_000)])
    claimed: list[Task] = []

    async def work(store: Store, limit: int) -> None:
        while tasks := await claim(store, limit):
            assert len(tasks) <= limit
            claimed.extend(tasks)

    await asyncio.gather(*(work(store, limit) for store in stores for limit in (1, 7, 20)))
    assert len(claimed) == 1_000
    assert {task.id for task in claimed} == {row["id"] for row in look(stores[0], tables.tasks)}
    assert {task.fence for task in claimed} == {1}


def assert_in_sequence(look: Look, store: Store) -> None:
    """In every lane the first task goes on, and nothing else does."""
    rows = [row for row in look(store, tables.tasks) if row["system"] == ERP]
    for order_id in {row["order_id"] for row in rows}:
        first, *others = [row for row in rows if row["order_id"] == order_id]
        assert first["state"] != TaskState.BLOCKED, "nothing is ahead of it"
        assert {row["state"] for row in others} <= {TaskState.BLOCKED}
        assert {row["due"] for row in others} <= {None}


async def test_two_that_add_to_one_lane_do_not_both_start(open_store: Start, take: Take, look: Look) -> None:
    one, other = open_store(), open_store()
    for number in range(ROUNDS):
        order = await take(one, str(number))
        await asyncio.gather(add(one, order.id), add(other, order.id))
        assert_in_sequence(look, one)
    assert Counter(row["state"] for row in look(one, tables.tasks) if row["system"] == ERP) == {
        "waiting": ROUNDS,
        "blocked": ROUNDS,
    }


async def test_what_is_added_while_the_last_task_ends_is_not_left_behind(
    open_store: Start, take: Take, look: Look
) -> None:
    one, other, third = open_store(), open_store(), open_store()
    order = await take(one)
    done = []
    for number in range(ROUNDS):
        await add(one, order.id, f"{number} first")
        [task] = await claim(one)
        done.append(task.kind)
        await asyncio.gather(
            finish(one, task), add(other, order.id, f"{number} second"), add(third, order.id, f"{number} third")
        )
        assert_in_sequence(look, one)
        for _ in range(2):
            [task] = await claim(third)
            assert await claim(other) == []
            done.append(task.kind)
            await finish(third, task)
    assert len(done) == len(set(done)) == 3 * ROUNDS
    assert [row["system"] for row in look(one, tables.tasks)] == ["receiver"]


async def test_workers_that_add_claim_and_finish_at_once_keep_every_lane_in_sequence(
    open_store: Start, take: Take, look: Look
) -> None:
    """Each order's tasks are added by two workers; each finished task must be the oldest of its lane."""
    stores = [open_store(), open_store(), open_store()]
    orders = [await take(stores[0], str(number)) for number in range(4)]
    todo = len(orders) * len(stores) * 5
    done: dict[int | None, list[int]] = {order.id: [] for order in orders}

    async def adding(store: Store) -> None:
        for _ in range(5):
            for order in orders:
                await add(store, order.id)

    async def working(store: Store) -> None:
        while sum(map(len, done.values())) < todo:
            for task in await claim(store, 2):
                await finish(store, task)
                done[task.order_id].append(task.id)

    async with asyncio.timeout(60):
        await asyncio.gather(*map(adding, stores), *map(working, stores))
    assert all(ids == sorted(ids) for ids in done.values())
    assert {row["system"] for row in look(stores[0], tables.tasks)} == {"receiver"}


async def test_workers_that_start_together_make_one_poll(open_store: Start, look: Look) -> None:
    stores = [open_store(), open_store(), open_store()]
    for number in range(ROUNDS):
        system = f"poll:{number}"

        def ensure(session: Session, system: str = system) -> None:
            lanes.ensure(session, system, "poll", session.now)

        await asyncio.gather(*(store.write(ensure) for store in stores))
    assert [row["system"] for row in look(stores[0], tables.tasks)] == [f"poll:{number}" for number in range(ROUNDS)]


async def test_a_holder_that_was_paused_past_its_lease_can_write_nothing_more(
    open_store: Start, take: Take, look: Look
) -> None:
    paused, other = open_store(), open_store()
    order = await take(paused)
    await add(paused, order.id)
    [late] = await claim(paused, lease=0.0)
    await paused.write(lambda session: lanes.require_held(session, late))
    [task] = await claim(other)
    assert (task.id, task.fence) == (late.id, late.fence + 1)
    before = look(other, tables.tasks)

    def follow(session: Session) -> None:
        lanes.add(session, NewTask(system="norce", kind="confirm", order_id=order.id), session.now)
        lanes.finish(session, late, Attempt(session.now, 1.0, "done"))

    def put_back(session: Session) -> None:
        lanes.put_back(session, late, Attempt(session.now, 1.0, "transient", "x"), due=session.now, reason="x")

    def park(session: Session) -> None:
        holding.hold(session, order, HoldReason.PARKED, "x", session.now, "worker", system="receiver")
        lanes.put_back(session, late, None, due=None, reason="x")

    def save(session: Session) -> None:
        changes.move(session, order, OrderState.SUBMITTED, session.now, "erp")
        lanes.require_held(session, late)

    for operation in (follow, put_back, park, save):
        with pytest.raises(LeaseLost, match="Another worker"):
            await paused.write(operation)
    await paused.write(lambda session: lanes.extend(session, [late], session.now))
    assert look(other, tables.tasks) == before
    assert look(other, tables.attempts) == []
    [row] = look(other, tables.orders)
    assert (row["state"], row["hold"]) == ("received", None)
    await other.write(lambda session: lanes.require_held(session, task))
    await finish(other, task)


async def test_a_hold_and_a_release_at_once_lose_nothing(open_store: Start, take: Take, look: Look) -> None:
    worker, operator = open_store(), open_store()
    for number in range(ROUNDS):
        order = await take(worker, str(number), HoldReason.DO_HOLD)

        def hold(session: Session, order_id: int = order.id) -> None:
            found = changes.order_row(session, order_id)
            holding.hold(session, found, HoldReason.TOTALS_DIFFER, "line 3", session.now, "worker", system="receiver")

        def release(session: Session, order_id: int = order.id) -> None:
            found = changes.order_row(session, order_id)
            decisions.resume(session, found, session.now, "eva", waive=True, why=None)

        await asyncio.gather(worker.write(hold), operator.write(release))
        now = await worker.read(partial(changes.order_row, order_id=order.id))
        lines = [line for line in look(worker, tables.history) if line["order_id"] == order.id]
        told = [(line["event"], line["old"], line["new"]) for line in lines[-2:]]
        assert (told, now.hold, set(now.waived)) in [
            ([("released", "do-hold", None), ("held", None, "totals-differ")], HoldReason.TOTALS_DIFFER, {"do-hold"}),
            ([("held", "do-hold", "totals-differ"), ("released", "totals-differ", None)], None, {"totals-differ"}),
        ]


async def test_releases_by_two_people_at_once_are_one(open_store: Start, take: Take) -> None:
    one, other = open_store(), open_store()
    for number in range(ROUNDS):
        order = await take(one, str(number), HoldReason.DO_HOLD)

        def release(session: Session, order_id: int = order.id) -> None:
            found = changes.order_row(session, order_id)
            decisions.resume(session, found, session.now, "eva", waive=True, why=None)

        found = await asyncio.gather(one.write(release), other.write(release), return_exceptions=True)
        assert sorted(map(type, found), key=str) == sorted([NotPossible, type(None)], key=str)


async def test_of_two_moves_at_once_one_is_refused(open_store: Start, take: Take, look: Look) -> None:
    one, other = open_store(), open_store()

    def move(order: OrderRow, number: str) -> partial[OrderRow]:
        to = partial(changes.move, order=order, to=OrderState.PLACED, at=order.received_at, actor="erp")
        return partial(to, number=number)

    for reference in range(ROUNDS):
        order = await take(one, str(reference))
        found = await asyncio.gather(
            one.write(move(order, "SO-1")), other.write(move(order, "SO-2")), return_exceptions=True
        )
        [won] = [each for each in found if isinstance(each, OrderRow)]
        [lost] = [each for each in found if isinstance(each, BaseException)]
        assert isinstance(lost, NotPossible)
        assert [row["erp_order_no"] for row in look(one, tables.orders)][-1] == won.erp_order_no
    assert Counter(line["event"] for line in look(one, tables.history)) == {"received": ROUNDS, "placed": ROUNDS}


async def test_an_order_is_not_cancelled_and_worked_on_at_once(open_store: Start, take: Take, look: Look) -> None:
    worker, operator = open_store(), open_store()
    ends: Counter[str] = Counter()
    for number in range(ROUNDS):
        order = await take(operator, str(number))
        await add(operator, order.id)

        def cancel(session: Session, order_id: int = order.id) -> None:
            decisions.cancel(session, changes.order_row(session, order_id), session.now, "eva", None)

        async def cancelled(operation: partial[None]) -> bool:
            try:
                await operator.write(operation)
            except NotPossible:
                return False
            return True

        was_cancelled, claimed = await asyncio.gather(cancelled(partial(cancel)), claim(worker))
        assert was_cancelled != bool(claimed)
        ends["cancelled" if was_cancelled else "claimed"] += 1
        for task in claimed:
            await finish(worker, task)
    states = Counter(row["state"] for row in look(worker, tables.orders))
    assert states == Counter(cancelled=ends["cancelled"], received=ends["claimed"])
