"""Leases and the end: a worker that dies or stops loses nothing and leaves nothing leased."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import pytest
from structlog.testing import capture_logs
from tests.integration.work.conftest import SYSTEM, AddTask, StartWorker, TakeOrder, rows, story, until

from order_receiver.store import lanes, tables
from order_receiver.store.store import Store, now
from order_receiver.store.values import NewTask, Task
from order_receiver.work.results import Done


def at_work(store: Store) -> list[tuple[str, int]]:
    """State and attempts of the tasks for the ERP."""
    return [(row["state"], row["attempts"]) for row in rows(store, tables.tasks) if row["system"] == SYSTEM]


def lease_end(store: Store) -> datetime:
    """When the only task for the ERP is another's to take."""
    [end] = [row["due"] for row in rows(store, tables.tasks) if row["system"] == SYSTEM]
    assert isinstance(end, datetime)
    return end


async def test_what_runs_is_finished_within_the_grace(
    store: Store, start_worker: StartWorker, take: TakeOrder, add: AddTask
) -> None:
    order = await take()
    begun, gate = asyncio.Event(), asyncio.Event()

    async def do(task: Task) -> Done:
        begun.set()
        await gate.wait()
        return Done(lambda session, at: (NewTask(SYSTEM, "do", order.id),))

    worker = start_worker({"do": do})
    await add(order.id)
    await begun.wait()
    stopping = asyncio.ensure_future(worker.stop(20))
    await asyncio.sleep(0)
    gate.set()
    await stopping
    assert worker.idle
    assert [attempt.outcome for attempt in story(store).attempts] == ["done"]
    assert at_work(store) == [("waiting", 0)]


async def test_what_does_not_end_in_time_is_cancelled_and_handed_back(
    store: Store, start_worker: StartWorker, take: TakeOrder, add: AddTask
) -> None:
    order = await take()
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def do(task: Task) -> Done:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return Done()

    worker = start_worker({"do": do})
    await add(order.id)
    await begun.wait()
    await worker.stop(0.01)
    assert cancelled.is_set()
    assert worker.idle
    assert [state for state, _ in at_work(store)] == ["waiting"]
    assert await store.read(lambda session: lanes.due_in(session, SYSTEM)) is not None
    [again] = await store.write(lambda session: lanes.claim(session, SYSTEM, 5, now(), 60))
    assert (again.fence, again.attempts) == (2, 2)
    assert [(attempt.number, attempt.outcome) for attempt in story(store).attempts] == [(1, "unknown")]


async def test_what_is_claimed_but_not_begun_is_handed_back_untouched(
    store: Store, start_worker: StartWorker, take: TakeOrder, add: AddTask
) -> None:
    for number in range(6):
        await add((await take(str(number))).id)
    gate, begun = asyncio.Event(), []

    async def do(task: Task) -> Done:
        begun.append(task.id)
        await gate.wait()
        return Done()

    worker = start_worker({"do": do}, limit=2)
    await until(lambda: len(begun) == 2 and len([1 for state, _ in at_work(store) if state == "running"]) == 4)
    stopping = asyncio.ensure_future(worker.stop(20))
    await asyncio.sleep(0)
    gate.set()
    await stopping
    assert len(begun) == 2
    assert worker.idle
    assert at_work(store) == [("waiting", 0)] * 4
    assert len(await store.write(lambda session: lanes.claim(session, SYSTEM, 9, now(), 60))) == 4


async def test_nothing_new_is_taken_after_the_end(store: Store, start_worker: StartWorker, add: AddTask) -> None:
    async def do(task: Task) -> Done:
        raise AssertionError("the worker has ended")

    worker = start_worker({"do": do}, poll=0.01)
    await worker.stop(0)
    await add()
    await asyncio.sleep(0.03)
    assert at_work(store) == [("waiting", 0)]


async def test_a_worker_that_never_worked_stops(start_worker: StartWorker) -> None:
    async def do(task: Task) -> Done:
        return Done()

    worker = start_worker({"do": do})
    await worker.stop(0)
    await worker.stop(0)
    assert worker.idle


async def test_the_tasks_of_a_dead_worker_are_taken_over_when_their_lease_ends(
    store: Store, open_store: Callable[[], Store], start_worker: StartWorker, take: TakeOrder, add: AddTask
) -> None:
    order = await take()
    await add(order.id)
    dead = open_store()
    [lost] = await dead.write(lambda session: lanes.claim(session, SYSTEM, 1, now(), 0.1))
    done: list[Task] = []

    async def do(task: Task) -> Done:
        done.append(task)
        return Done()

    worker = start_worker({"do": do}, poll=3600)
    await until(lambda: bool(done) and worker.idle)
    assert [(task.id, task.fence, task.attempts) for task in done] == [(lost.id, 2, 2)]


async def test_a_lease_is_renewed_while_the_work_takes_long(
    store: Store, open_store: Callable[[], Store], start_worker: StartWorker, take: TakeOrder, add: AddTask
) -> None:
    order = await take()
    begun, gate = asyncio.Event(), asyncio.Event()

    async def do(task: Task) -> Done:
        begun.set()
        await gate.wait()
        return Done()

    worker = start_worker({"do": do}, lease=1.0)
    await add(order.id)
    await begun.wait()
    first = lease_end(store)
    await until(lambda: lease_end(store) > first)
    gate.set()
    await until(lambda: worker.idle)
    assert [attempt.number for attempt in story(store).attempts] == [1]


async def test_what_a_worker_does_after_its_lease_was_taken_is_dropped(
    store: Store, open_store: Callable[[], Store], start_worker: StartWorker, take: TakeOrder, add: AddTask
) -> None:
    """The clock of another host, or a long sleep of this one: the other's result is the one that counts."""
    order = await take()
    begun, gate = asyncio.Event(), asyncio.Event()

    async def do(task: Task) -> Done:
        begun.set()
        await gate.wait()
        return Done(lambda session, at: (NewTask("norce", "tell", order.id),))

    worker = start_worker({"do": do})
    await add(order.id)
    await begun.wait()
    other = open_store()
    with other.engine.begin() as connection:
        connection.execute(tables.tasks.update().where(tables.tasks.c.system == SYSTEM).values(due=now()))
    [theirs] = await other.write(lambda session: lanes.claim(session, SYSTEM, 1, now(), 60))
    with capture_logs() as lines:
        gate.set()
        await until(lambda: worker.idle)
    assert "task.lease_lost" in [line["event"] for line in lines]
    assert story(store).attempts == []
    assert {task.system for task in story(store).tasks} == {"receiver", SYSTEM}
    assert at_work(store) == [("running", theirs.attempts)]


async def test_a_follow_up_that_comes_while_stopping_is_left_for_others(
    store: Store, start_worker: StartWorker, take: TakeOrder, add: AddTask
) -> None:
    order = await take()
    begun, gate, told = asyncio.Event(), asyncio.Event(), []

    async def do(task: Task) -> Done:
        begun.set()
        await gate.wait()
        return Done(lambda session, at: (NewTask("norce", "tell", order.id),))

    async def tell(task: Task) -> Done:
        told.append(task)
        return Done()

    worker = start_worker({"do": do, "norce tell": tell})
    await add(order.id)
    await begun.wait()
    stopping = asyncio.ensure_future(worker.stop(20))
    await asyncio.sleep(0)
    gate.set()
    await stopping
    assert told == []
    assert ("norce", "waiting", 0) in [(t.system, t.state, t.attempts) for t in story(store).tasks]


@pytest.mark.parametrize("stop_after", [1, 2, 3, 5, 8])
async def test_stopping_at_any_moment_leaves_nothing_leased(
    store: Store, start_worker: StartWorker, take: TakeOrder, add: AddTask, stop_after: int
) -> None:
    for number in range(12):
        await add((await take(str(number))).id)
    done = 0
    reached = asyncio.Event()

    async def do(task: Task) -> Done:
        nonlocal done
        done += 1
        if done >= stop_after:
            reached.set()
        await asyncio.sleep(0)
        order_id = task.order_id
        return Done(lambda session, at: (NewTask("norce", "tell", order_id),))

    async def tell(task: Task) -> Done:
        await asyncio.sleep(0)
        return Done()

    worker = start_worker({"do": do, "norce tell": tell}, limit=2)
    await reached.wait()
    await worker.stop(20)
    assert worker.idle
    assert {row["state"] for row in rows(store, tables.tasks)} <= {"waiting", "blocked"}
