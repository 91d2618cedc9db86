"""Tasks in lanes: in sequence, exclusive, fenced, and never in the way of other orders."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import pytest
from tests.store.conftest import Look, Start, Take

from order_receiver.store import lanes, tables
from order_receiver.store.errors import LeaseLost
from order_receiver.store.session import Session
from order_receiver.store.store import Store
from order_receiver.store.values import Attempt, NewTask, Task

ERP = "target:erp"
Later = Callable[[float], datetime]


async def claim(store: Store, now: datetime, system: str = ERP, limit: int = 10, lease: float = 60) -> Sequence[Task]:
    return await store.write(lambda session: lanes.claim(session, system, limit, now, lease))


async def add(
    store: Store, now: datetime, order_id: int | None, kind: str = "submit", lease: float | None = None
) -> Task | None:
    new = NewTask(system=ERP, kind=kind, order_id=order_id)
    if lease is None:
        await store.write(lambda session: lanes.add(session, new, now))
        return None
    handed: list[Task] = []
    await store.write(lambda session: lanes.hand_over(session, new, now, lease, handed.append))
    return handed[0] if handed else None


async def finish(store: Store, task: Task, at: datetime) -> None:
    await store.write(lambda session: lanes.finish(session, task, Attempt(at, 1.5, "done")))


async def park(store: Store, task: Task, at: datetime) -> None:
    attempt = Attempt(at, 1.5, "permanent", "no")
    await store.write(lambda session: lanes.put_back(session, task, attempt, due=None, reason="no"))


def states(store: Store, look: Look) -> list[tuple[str, str]]:
    return [(row["kind"], row["state"]) for row in look(store, tables.tasks) if row["system"] == ERP]


async def test_a_lane_runs_in_sequence(store: Store, take: Take, look: Look, later: Later) -> None:
    order = await take(store)
    for kind in ("first", "second", "third"):
        await add(store, later(0), order.id, kind)
    assert states(store, look) == [("first", "waiting"), ("second", "blocked"), ("third", "blocked")]
    done = []
    for second in range(1, 4):
        [task] = await claim(store, later(second))
        assert await claim(store, later(second)) == []
        done.append(task.kind)
        await finish(store, task, later(second))
    assert done == ["first", "second", "third"]
    assert states(store, look) == []


async def test_other_orders_and_systems_are_not_kept_waiting(store: Store, take: Take, later: Later) -> None:
    one, other = await take(store, "1"), await take(store, "2")
    for order in (one, one, other):
        await add(store, later(0), order.id)
    assert [task.order_id for task in await claim(store, later(1))] == [one.id, other.id]
    assert [task.order_id for task in await claim(store, later(1), "receiver")] == [one.id, other.id]


async def test_tasks_without_an_order_have_no_lane(store: Store, later: Later) -> None:
    await add(store, later(0), None, "poll")
    await add(store, later(0), None, "sweep")
    assert [task.kind for task in await claim(store, later(1))] == ["poll", "sweep"]


async def test_a_parked_task_blocks_its_lane_until_it_is_woken(
    store: Store, take: Take, look: Look, later: Later
) -> None:
    order = await take(store)
    await add(store, later(0), order.id, "first")
    await add(store, later(0), order.id, "second")
    [first] = await claim(store, later(1))
    await park(store, first, later(1))
    assert states(store, look) == [("first", "parked"), ("second", "blocked")]
    assert await claim(store, later(1_000_000)) == []
    woken = await store.write(lambda session: lanes.wake(session, order.id, later(2)))
    assert woken == 1
    [again] = await claim(store, later(2))
    assert (again.kind, again.attempts, again.fence) == ("first", 1, 2)
    await finish(store, again, later(2))
    assert states(store, look) == [("second", "waiting")]


async def test_waking_makes_a_waiting_retry_due_but_leaves_running_tasks_alone(
    store: Store, take: Take, look: Look, later: Later
) -> None:
    order = await take(store)
    await add(store, later(0), order.id)
    [task] = await claim(store, later(1))
    await store.write(
        lambda session: lanes.put_back(
            session, task, Attempt(later(1), 1, "transient", "away"), due=later(86_400), reason="away"
        )
    )
    [running] = await claim(store, later(1), "receiver")
    await store.write(lambda session: lanes.wake(session, order.id, later(5)))
    [again] = await claim(store, later(5))
    assert (again.id, again.attempts) == (task.id, 1)
    await finish(store, running, later(6))


async def test_a_task_waits_for_its_due_time(store: Store, take: Take, look: Look, later: Later) -> None:
    order = await take(store)
    new = NewTask(system=ERP, kind="submit", order_id=order.id, due=later(60))
    await store.write(lambda session: lanes.add(session, new, later(0)))
    assert await claim(store, later(59.999999)) == []
    assert len(await claim(store, later(60))) == 1
    assert look(store, tables.tasks)[-1]["due"] == later(120)


async def test_the_seconds_until_a_task_is_due_go_by_the_clock_of_the_database(store: Store, take: Take) -> None:
    def in_an_hour(session: Session) -> datetime:
        due = session.now + timedelta(hours=1)
        lanes.add(session, NewTask(system=ERP, kind="poll", order_id=None, due=due), session.now)
        return due

    def look(session: Session) -> tuple[datetime, float | None, datetime]:
        return session.now, lanes.due_in(session, ERP), session.now

    due = await store.write(in_an_hour)
    before, found, after = await store.read(look)
    assert found is not None
    assert (due - after).total_seconds() <= found <= (due - before).total_seconds()
    assert await store.read(lambda session: lanes.due_in(session, "nowhere")) is None
    await take(store)
    overdue = await store.read(lambda session: lanes.due_in(session, "receiver"))
    assert overdue is not None
    assert overdue < 0


async def test_claiming_takes_the_longest_due_first_and_no_more_than_asked(
    store: Store, take: Take, later: Later
) -> None:
    for reference, due in (("1", 30), ("2", 10), ("3", 20)):
        order = await take(store, reference)
        new = NewTask(system=ERP, kind=f"due {due}", order_id=order.id, due=later(due))
        await store.write(partial(lanes.add, new=new, now=later(0)))
    assert {task.kind for task in await claim(store, later(60), limit=2)} == {"due 10", "due 20"}
    assert [task.kind for task in await claim(store, later(60), limit=2)] == ["due 30"]


async def test_a_task_is_claimed_by_one_store_alone(open_store: Start, take: Take, later: Later) -> None:
    one, other = open_store(), open_store()
    for reference in range(20):
        await add(one, later(0), (await take(one, str(reference))).id)
    found = [task.id for _ in range(3) for store in (one, other) for task in await claim(store, later(1), limit=4)]
    assert len(found) == len(set(found)) == 20


async def test_a_lease_that_ran_out_lets_another_take_over(
    open_store: Start, take: Take, look: Look, later: Later
) -> None:
    one, other = open_store(), open_store()
    order = await take(one)
    await add(one, later(0), order.id)
    [mine] = await claim(one, later(0), lease=60)
    assert await claim(other, later(59)) == []
    [theirs] = await claim(other, later(60))
    assert (theirs.id, theirs.fence, theirs.attempts) == (mine.id, mine.fence + 1, 2)

    with pytest.raises(LeaseLost, match="Another worker"):
        await finish(one, mine, later(61))
    with pytest.raises(LeaseLost):
        await park(one, mine, later(61))
    assert look(one, tables.attempts) == []

    await finish(other, theirs, later(62))
    with pytest.raises(LeaseLost):
        await finish(one, mine, later(63))
    assert [row["number"] for row in look(one, tables.attempts)] == [2]


async def test_what_a_late_finisher_writes_is_undone(store: Store, take: Take, look: Look, later: Later) -> None:
    order = await take(store)
    await add(store, later(0), order.id)
    [late] = await claim(store, later(0), lease=1)
    await claim(store, later(1))

    def result(session: Session) -> None:
        lanes.add(session, NewTask(system="norce", kind="confirm", order_id=order.id), later(2))
        lanes.finish(session, late, Attempt(later(1), 1, "done"))

    with pytest.raises(LeaseLost):
        await store.write(result)
    assert {row["system"] for row in look(store, tables.tasks)} == {"receiver", ERP}


async def test_a_late_finisher_never_hits_a_task_that_came_after(store: Store, later: Later) -> None:
    """A database that gives the number of a finished task to the next one would let an old lease fit a new task."""
    await add(store, later(0), None, "old")
    [late] = await claim(store, later(0), lease=1)
    [in_time] = await claim(store, later(1))
    await finish(store, in_time, later(1))
    fresh = await add(store, later(2), None, "fresh", lease=60)
    assert fresh is not None
    with pytest.raises(LeaseLost):
        await finish(store, late, later(3))
    await finish(store, fresh, later(3))


async def test_a_task_number_is_never_given_twice(store: Store, later: Later) -> None:
    seen = []
    for _ in range(3):
        task = await add(store, later(0), None, lease=60)
        assert task is not None
        seen.append(task.id)
        await finish(store, task, later(0))
    assert len(set(seen)) == 3


async def test_a_sign_of_life_moves_the_lease_on(store: Store, take: Take, look: Look, later: Later) -> None:
    order = await take(store)
    await add(store, later(0), order.id)
    held = await claim(store, later(0), lease=60)
    await store.write(lambda session: lanes.extend(session, held, later(120)))
    assert await claim(store, later(60)) == []
    [theirs] = await claim(store, later(120))
    await store.write(lambda session: lanes.extend(session, held, later(500)))
    assert look(store, tables.tasks)[-1]["due"] == later(180)
    await finish(store, theirs, later(121))


async def test_a_task_put_back_keeps_what_it_carries(store: Store, later: Later, look: Look) -> None:
    new = NewTask(system=ERP, kind="poll", order_id=None, payload="page 1")
    await store.write(lambda session: lanes.add(session, new, later(0)))
    [task] = await claim(store, later(0))
    assert task.payload == "page 1"
    await store.write(lambda session: lanes.put_back(session, task, None, due=later(1), reason=None))
    [again] = await claim(store, later(1))
    assert (again.payload, again.attempts) == ("page 1", 2)
    await store.write(
        lambda session: lanes.put_back(session, again, None, due=later(2), reason="next", attempts=0, payload="page 2")
    )
    [row] = look(store, tables.tasks)
    assert (row["payload"], row["attempts"], row["reason"], row["state"]) == ("page 2", 0, "next", "waiting")


async def test_attempts_are_kept_with_duration_and_outcome(store: Store, take: Take, look: Look, later: Later) -> None:
    order = await take(store)
    await add(store, later(0), order.id)
    [task] = await claim(store, later(1))
    attempt = Attempt(later(1), 12.3456, "transient", "The ERP is away.")
    await store.write(lambda session: lanes.put_back(session, task, attempt, due=later(5), reason="away"))
    [again] = await claim(store, later(5))
    await finish(store, again, later(5))
    first, second = look(store, tables.attempts)
    assert (first["order_id"], first["system"], first["kind"], first["number"]) == (order.id, ERP, "submit", 1)
    assert (first["outcome"], first["error"], first["started_at"]) == ("transient", "The ERP is away.", later(1))
    assert first["milliseconds"] == pytest.approx(12.3456, abs=0.001)
    assert (second["number"], second["outcome"], second["error"]) == (2, "done", None)


async def test_attempts_without_an_order_are_kept_only_when_they_failed(store: Store, look: Look, later: Later) -> None:
    await store.write(lambda session: lanes.ensure(session, ERP, "poll", later(0)))
    for number in range(3):
        [task] = await claim(store, later(number))
        error = "away" if number == 1 else None
        attempt = Attempt(later(number), 1, "transient" if error else "done", error)
        due = later(number + 1)
        await store.write(partial(lanes.put_back, task=task, attempt=attempt, due=due, reason=None))
    assert [(row["order_id"], row["error"]) for row in look(store, tables.attempts)] == [(None, "away")]


async def test_a_poll_is_there_once_whoever_asks(open_store: Start, look: Look, later: Later) -> None:
    stores = [open_store(), open_store()]
    for store in [*stores, *stores]:
        await store.write(lambda session: lanes.ensure(session, "poll:erp", "poll", later(0)))
    await claim(stores[0], later(1), "poll:erp")
    await stores[1].write(lambda session: lanes.ensure(session, "poll:erp", "poll", later(2)))
    assert [(row["system"], row["kind"], row["state"]) for row in look(stores[0], tables.tasks)] == [
        ("poll:erp", "poll", "running")
    ]


async def test_a_follow_up_can_start_in_the_hands_of_who_adds_it(
    store: Store, take: Take, look: Look, later: Later
) -> None:
    order = await take(store)
    handed = await add(store, later(0), order.id, "first", lease=60)
    assert handed is not None
    assert (handed.kind, handed.fence, handed.attempts) == ("first", 1, 1)
    assert await add(store, later(0), order.id, "second", lease=60) is None
    assert states(store, look) == [("first", "running"), ("second", "blocked")]
    assert await claim(store, later(59)) == []
    await finish(store, handed, later(30))
    assert [task.kind for task in await claim(store, later(30))] == ["second"]


async def test_all_tasks_of_an_order_can_be_dropped(store: Store, take: Take, look: Look, later: Later) -> None:
    one, other = await take(store, "1"), await take(store, "2")
    await add(store, later(0), one.id)
    await add(store, later(0), one.id)
    [held] = await claim(store, later(1))
    assert await store.write(lambda session: lanes.drop_all(session, one.id)) == 3
    assert [row["order_id"] for row in look(store, tables.tasks)] == [other.id]
    with pytest.raises(LeaseLost):
        await finish(store, held, later(2))


async def test_a_task_that_was_put_back_is_in_nobodys_hands(store: Store, take: Take, look: Look, later: Later) -> None:
    """A sign of life, or a release at the end, that comes just after the task was parked does not wake it."""
    order = await take(store)
    await add(store, later(0), order.id)
    [task] = await claim(store, later(1))
    await park(store, task, later(2))
    await store.write(lambda session: lanes.extend(session, [task], later(60)))
    with pytest.raises(LeaseLost):
        await store.write(lambda session: lanes.put_back(session, task, None, due=later(2), reason=None))
    with pytest.raises(LeaseLost):
        await finish(store, task, later(2))
    assert states(store, look) == [("submit", "parked")]
    assert await claim(store, later(1_000_000)) == []
