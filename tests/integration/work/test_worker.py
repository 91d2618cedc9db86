"""The worker: runs what is due, repeats what may succeed, parks what cannot, and goes on whatever happens."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs
from tests.integration.work.conftest import SYSTEM, AddTask, StartWorker, TakeOrder, rows, story, until

from order_receiver.orders.outcomes import PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.orders.states import HoldReason
from order_receiver.store import changes, decisions, lanes, shelves, tables
from order_receiver.store.errors import NotPossible
from order_receiver.store.session import Session
from order_receiver.store.store import Store, now
from order_receiver.store.values import NewTask, Task
from order_receiver.work.results import Again, Done, Hold
from order_receiver.work.retry import RetryPolicy


async def test_a_due_task_is_run_and_leaves_its_attempt(
    store: Store, start_worker: StartWorker, take: TakeOrder, add: AddTask
) -> None:
    order = await take()
    seen: list[Task] = []
    calls: list[tuple[str, str]] = []

    async def do(task: Task) -> Done:
        seen.append(task)
        return Done()

    worker = start_worker({"do": do}, count_call=lambda system, outcome: calls.append((system, outcome)))
    await add(order.id)
    await until(lambda: worker.idle and bool(seen))
    assert [(task.order_id, task.kind, task.attempts) for task in seen] == [(order.id, "do", 1)]
    [attempt] = story(store).attempts
    assert (attempt.system, attempt.kind, attempt.outcome, attempt.error) == (SYSTEM, "do", "done", None)
    assert attempt.milliseconds > 0
    assert [task.kind for task in story(store).tasks] == ["process"]
    assert calls == [(SYSTEM, "done")]


async def test_work_that_was_there_before_is_taken_up(
    store: Store, start_worker: StartWorker, add: AddTask, take: TakeOrder
) -> None:
    for number in range(10):
        await add((await take(str(number))).id)
    done: list[int | None] = []

    async def do(task: Task) -> Done:
        done.append(task.order_id)
        return Done()

    worker = start_worker({"do": do})
    await until(lambda: worker.idle and len(done) == 10)
    assert len(set(done)) == 10


async def test_work_of_another_process_is_found_by_looking(
    open_store: Callable[[], Store], start_worker: StartWorker
) -> None:
    """Nobody tells this worker; it finds the task at its next look."""
    other = open_store()
    done = asyncio.Event()

    async def do(task: Task) -> Done:
        done.set()
        return Done()

    start_worker({"do": do}, poll=0.01)
    await other.write(lambda session: lanes.add(session, NewTask(SYSTEM, "do", None), now()))
    await asyncio.wait_for(done.wait(), 20)


async def test_news_of_work_is_heard_without_waiting_for_the_next_look(start_worker: StartWorker, add: AddTask) -> None:
    done = asyncio.Event()

    async def do(task: Task) -> Done:
        done.set()
        return Done()

    start_worker({"do": do}, poll=3600)
    await asyncio.sleep(0.02)
    await add()
    await asyncio.wait_for(done.wait(), 20)


async def test_no_more_run_at_once_than_the_limit(start_worker: StartWorker, add: AddTask, take: TakeOrder) -> None:
    gate, running, most, done = asyncio.Event(), 0, 0, 0

    async def do(task: Task) -> Done:
        nonlocal running, most, done
        running += 1
        most = max(most, running)
        await gate.wait()
        running -= 1
        done += 1
        return Done()

    worker = start_worker({"do": do}, limit=2)
    for number in range(9):
        await add((await take(str(number))).id)
    await until(lambda: running == 2)
    gate.set()
    await until(lambda: done == 9 and worker.idle)
    assert most == 2


async def test_what_follows_runs_and_the_result_is_written_with_it(
    store: Store, start_worker: StartWorker, take: TakeOrder, add: AddTask
) -> None:
    order = await take()
    steps: list[str] = []

    def write(session: Session, at: datetime) -> Sequence[NewTask]:
        shelves.save_cursor(session, "written", "yes")
        return (NewTask("norce", "tell", order.id), NewTask(SYSTEM, "more", order.id))

    async def do(task: Task) -> Done:
        steps.append("do")
        return Done(write, lambda: steps.append("after"))

    async def note(task: Task) -> Done:
        steps.append(task.kind)
        return Done()

    worker = start_worker({"do": do, "more": note, "norce tell": note}, poll=3600)
    await add(order.id)
    await until(lambda: len(steps) == 4 and worker.idle)
    assert steps[:2] == ["do", "after"]
    assert set(steps[2:]) == {"tell", "more"}
    assert await store.read(lambda session: shelves.load_cursor(session, "written")) == "yes"
    assert [task.system for task in story(store).tasks] == ["receiver"]


async def test_a_follow_up_for_a_system_nobody_works_on_here_stays_for_others(
    store: Store, start_worker: StartWorker, take: TakeOrder, add: AddTask
) -> None:
    order = await take()

    async def do(task: Task) -> Done:
        return Done(lambda session, at: (NewTask("elsewhere", "x", order.id),))

    worker = start_worker({"do": do})
    await add(order.id)
    await until(lambda: worker.idle and bool(story(store).attempts))
    assert ("elsewhere", "waiting") in [(task.system, task.state) for task in story(store).tasks]


async def test_a_follow_up_with_a_due_time_waits_for_it(
    store: Store, start_worker: StartWorker, take: TakeOrder, add: AddTask
) -> None:
    order = await take()
    later = now() + timedelta(days=1)

    async def do(task: Task) -> Done:
        return Done(lambda session, at: (NewTask(SYSTEM, "do", order.id, due=later),))

    worker = start_worker({"do": do})
    await add(order.id)
    await until(lambda: worker.idle and bool(story(store).attempts))
    assert [task.due for task in story(store).tasks if task.system == SYSTEM] == [later]


async def test_a_refusal_parks_the_task_at_once_and_holds_the_order(
    store: Store, start_worker: StartWorker, take: TakeOrder, add: AddTask
) -> None:
    order = await take()
    calls: list[tuple[str, str]] = []

    async def do(task: Task) -> Done:
        raise PermanentFailure("Customer 7 is unknown.")

    worker = start_worker({"do": do}, count_call=lambda system, outcome: calls.append((system, outcome)))
    await add(order.id)
    await until(lambda: worker.idle and bool(story(store).attempts))
    told = story(store)
    assert (told.order.hold, told.order.state) == ("parked", "received")
    assert told.order.hold_text == "do failed 1 times, last: Customer 7 is unknown."
    assert [(a.number, a.outcome, a.error) for a in told.attempts] == [(1, "permanent", "Customer 7 is unknown.")]
    [task] = [task for task in told.tasks if task.kind == "do"]
    assert (task.state, task.due) == ("parked", None)
    assert (told.history[-1].actor, told.history[-1].event, told.history[-1].new) == ("worker", "held", "parked")
    assert calls == [(SYSTEM, "permanent")]


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (TransientFailure("away"), "transient"),
        (UnknownOutcome("no answer"), "unknown"),
        (ValueError("not thought of"), "error"),
    ],
)
async def test_what_may_succeed_is_tried_again_up_to_the_limit_and_then_parked(
    store: Store, start_worker: StartWorker, take: TakeOrder, add: AddTask, failure: Exception, outcome: str
) -> None:
    order = await take()

    async def do(task: Task) -> Done:
        raise failure

    worker = start_worker({"do": do})
    with capture_logs():
        await add(order.id)
        await until(lambda: worker.idle and story(store).order.hold is not None)
    told = story(store)
    assert [(attempt.number, attempt.outcome) for attempt in told.attempts] == [(n, outcome) for n in (1, 2, 3)]
    assert told.order.hold == "parked"
    assert told.order.hold_text is not None
    assert told.order.hold_text.startswith("do failed 3 times, last: ")
    assert str(failure) in told.order.hold_text


async def test_what_succeeds_in_the_end_is_done(
    store: Store, start_worker: StartWorker, take: TakeOrder, add: AddTask
) -> None:
    order = await take()

    async def do(task: Task) -> Done:
        if task.attempts < 3:
            raise TransientFailure("away")
        return Done()

    worker = start_worker({"do": do})
    with capture_logs():
        await add(order.id)
        await until(lambda: worker.idle and len(story(store).attempts) == 3)
    assert [attempt.outcome for attempt in story(store).attempts] == ["transient", "transient", "done"]
    assert story(store).order.hold is None


async def test_a_wait_that_the_other_side_asked_for_is_kept(
    store: Store, start_worker: StartWorker, take: TakeOrder, add: AddTask
) -> None:
    order = await take()

    async def do(task: Task) -> Done:
        raise TransientFailure("too many", retry_after=7200)

    begun = now()
    worker = start_worker({"do": do}, retry=RetryPolicy(cap=60, draw=lambda low, high: 0.0))
    with capture_logs() as lines:
        await add(order.id)
        await until(lambda: worker.idle and bool(story(store).attempts))
    [task] = [task for task in story(store).tasks if task.kind == "do"]
    assert task.due is not None
    assert begun + timedelta(seconds=7200) <= task.due <= now() + timedelta(seconds=7200)
    assert (task.state, task.reason) == ("waiting", "too many")
    assert [line["event"] for line in lines] == ["task.retry"]


async def test_a_hold_parks_the_task_until_it_is_released(
    store: Store, start_worker: StartWorker, take: TakeOrder, add: AddTask
) -> None:
    order = await take()

    async def do(task: Task) -> Done:
        current = await store.read(partial(changes.order_row, order_id=order.id))
        if HoldReason.ENRICHMENT not in current.waived:
            raise Hold(HoldReason.ENRICHMENT, "No target is configured.")
        return Done()

    worker = start_worker({"do": do})
    await add(order.id)
    await until(lambda: worker.idle and story(store).order.hold == "enrichment")
    assert story(store).order.hold_text == "No target is configured."
    assert [attempt.outcome for attempt in story(store).attempts] == ["held"]
    held = await store.read(partial(changes.order_row, order_id=order.id))
    await store.write(lambda session: decisions.resume(session, held, now(), "eva", waive=True, why=None))
    store.announce_work(SYSTEM)
    await until(lambda: worker.idle and len(story(store).attempts) == 2)
    assert story(store).order.hold is None


async def test_a_result_that_cannot_be_written_is_a_failure_and_leaves_nothing(
    store: Store, start_worker: StartWorker, take: TakeOrder, add: AddTask
) -> None:
    order = await take()

    def write(session: Session, at: datetime) -> Sequence[NewTask]:
        shelves.save_cursor(session, "half", "done")
        raise NotPossible("Order is cancelled.")

    async def do(task: Task) -> Done:
        return Done(write)

    worker = start_worker({"do": do})
    with capture_logs():
        await add(order.id)
        await until(lambda: worker.idle and story(store).order.hold is not None)
    assert await store.read(lambda session: shelves.load_cursor(session, "half")) is None
    assert "Order is cancelled." in (story(store).order.hold_text or "")


async def test_every_log_line_about_an_order_names_it(
    start_worker: StartWorker, store: Store, take: TakeOrder, add: AddTask
) -> None:
    order = await take("100077")

    async def do(task: Task) -> Done:
        if task.attempts == 1:
            raise TransientFailure("away")
        if task.attempts == 2:
            raise ValueError("not thought of")
        raise Hold(HoldReason.MAPPING, "line 3")

    worker = start_worker({"do": do})
    with capture_logs() as lines:
        await add(order.id)
        await until(lambda: worker.idle and story(store, "100077").order.hold is not None)
        await asyncio.sleep(0)
    assert {line["event"] for line in lines} == {"task.retry", "task.unexpected_error", "order.held"}
    assert [line.get("order") for line in lines] == ["100077"] * len(lines)


async def test_a_poll_comes_again_and_leaves_no_attempts(store: Store, start_worker: StartWorker) -> None:
    looks: list[int] = []

    async def poll(task: Task) -> Again:
        looks.append(task.attempts)
        return Again(0.0 if len(looks) < 5 else 3600)

    await store.write(lambda session: lanes.ensure(session, "poll:erp", "poll", now()))
    worker = start_worker({"poll:erp poll": poll})
    await until(lambda: len(looks) == 5 and worker.idle)
    assert looks == [1] * 5
    assert rows(store, tables.attempts) == []
    [task] = rows(store, tables.tasks)
    assert (task["state"], task["attempts"]) == ("waiting", 0)
    assert task["due"] > now() + timedelta(seconds=3000)


async def test_a_poll_that_fails_goes_on_for_ever(store: Store, start_worker: StartWorker) -> None:
    tried: list[int] = []

    async def poll(task: Task) -> Again:
        tried.append(task.attempts)
        raise TransientFailure("away") if len(tried) % 2 else PermanentFailure("gone")

    await store.write(lambda session: lanes.ensure(session, "poll:erp", "poll", now()))
    worker = start_worker(
        {"poll:erp poll": poll}, retry=RetryPolicy(cap=0.001, attempts_limit=2, draw=lambda low, high: 0.0)
    )
    with capture_logs():
        await until(lambda: len(tried) >= 5)
        await worker.stop(10)
    [task] = rows(store, tables.tasks)
    assert task["state"] == "waiting"
    assert {row["outcome"] for row in rows(store, tables.attempts)} == {"transient", "permanent"}


async def test_waits_of_days_are_in_nobodys_memory(store: Store, start_worker: StartWorker, take: TakeOrder) -> None:
    """Ten thousand tasks that are due in days: the worker holds none and still does what is due now."""
    order = await take()
    later = now() + timedelta(days=2)

    def fill(session: Session) -> None:
        for number in range(10_000):
            lanes.add(session, NewTask(SYSTEM, f"do {number}", None, due=later), later)

    await store.write(fill)
    done = asyncio.Event()

    async def do(task: Task) -> Done:
        assert task.order_id == order.id
        done.set()
        return Done()

    worker = start_worker({"do": do})
    await store.write(lambda session: lanes.add(session, NewTask(SYSTEM, "do", order.id), now()))
    store.announce_work(SYSTEM)
    await asyncio.wait_for(done.wait(), 20)
    await until(lambda: worker.idle)


async def test_trouble_with_the_store_passes(
    store: Store, start_worker: StartWorker, add: AddTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process keeps the file locked for longer than anyone has patience."""
    monkeypatch.setattr("order_receiver.store.sqlite.transactions.LOCK_PATIENCE", 0.01)
    monkeypatch.setattr("order_receiver.work.worker.TROUBLE_PAUSE", 0.01)
    done = asyncio.Event()

    async def do(task: Task) -> Done:
        done.set()
        return Done()

    await add()
    with store.engine.connect() as other, capture_logs() as lines:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        start_worker({"do": do}, poll=0.01)
        await until(lambda: len([line for line in lines if line["event"] == "store.unavailable"]) >= 2)
        assert not done.is_set()
        other.rollback()
        await asyncio.wait_for(done.wait(), 20)


async def test_a_look_that_fails_does_not_end_the_worker(
    store: Store, start_worker: StartWorker, add: AddTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("order_receiver.work.worker.TROUBLE_PAUSE", 0.01)
    done = asyncio.Event()

    async def do(task: Task) -> Done:
        done.set()
        return Done()

    with capture_logs():
        with store.engine.begin() as connection:
            connection.execute(text("ALTER TABLE tasks RENAME TO hidden"))
        start_worker({"do": do}, poll=0.01)
        await asyncio.sleep(0.05)
        with store.engine.begin() as connection:
            connection.execute(text("ALTER TABLE hidden RENAME TO tasks"))
        await add()
        await asyncio.wait_for(done.wait(), 5)
