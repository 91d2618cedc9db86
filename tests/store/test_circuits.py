"""Circuits: one state for all workers, in either database; nobody passes an open one but the probe."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import pytest
from structlog.testing import capture_logs
from tests.store.conftest import Look, Start, Take, until

from order_receiver.orders.outcomes import TransientFailure, UnknownOutcome
from order_receiver.store import circuits, lanes, tables
from order_receiver.store.circuits import Circuit, CircuitState
from order_receiver.store.errors import NotPossible
from order_receiver.store.session import Session
from order_receiver.store.store import Store
from order_receiver.store.values import Attempt, NewTask, Task
from order_receiver.work import breaker
from order_receiver.work.breaker import Breaker
from order_receiver.work.results import Done
from order_receiver.work.retry import RetryPolicy
from order_receiver.work.worker import Handlers, Worker

ERP = "target:erp"
AT_ONCE = Breaker(failures=2, seconds=1e-6, cap=1e-6)
"""Opens, and lets a probe through at once."""
LONG = Breaker(failures=2, seconds=3600, cap=3600)


async def fill(store: Store, take: Take, count: int, system: str = ERP) -> list[int]:
    """Due tasks of so many orders, oldest first."""
    await store.write(lambda session: circuits.ensure(session, system, session.now))
    ids = []
    for number in range(count):
        order = await take(store, f"{system} {number}")
        ids.append(order.id)
        new = NewTask(system=system, kind="submit", order_id=order.id)
        await store.write(partial(_add, new=new))
    return ids


def _add(session: Session, new: NewTask) -> None:
    lanes.add(session, new, session.now)


async def flowing(store: Store, limit: int = 10, system: str = ERP) -> Sequence[Task]:
    return await store.write(lambda session: lanes.claim_flowing(session, system, limit, session.now, 60.0))


async def singly(store: Store, rules: Breaker) -> Sequence[Task]:
    claim = partial(breaker.claim, system=ERP, breaker=rules, room=10, lease=60.0)
    tasks, _ = await store.write(claim)
    return list(tasks)


async def fail(store: Store, rules: Breaker, task: Task, error: Exception | None = None) -> Circuit:
    failure = error or TransientFailure("away")
    return await store.write(partial(breaker.failed, breaker=rules, task=task, error=failure))


async def back(store: Store, task: Task, seconds: float = 0.0) -> None:
    def operation(session: Session) -> None:
        attempt = Attempt(session.now, 1.0, "transient", "away")
        lanes.put_back(session, task, attempt, due=session.now + timedelta(seconds=seconds), reason="away")

    await store.write(operation)


async def opened(store: Store, take: Take, rules: Breaker, count: int = 3) -> list[int]:
    """Two tasks have failed, and all that was claimed is back."""
    ids = await fill(store, take, count)
    tasks = await flowing(store, 2)
    for task in tasks:
        await fail(store, rules, task)
        await back(store, task, seconds=1800.0)
    assert await state(store) is not CircuitState.CLOSED
    return ids


async def state(store: Store) -> CircuitState:
    seen = await store.read(lambda session: circuits.look(session, ERP))
    return seen.circuit.state(seen.at)


async def test_a_new_circuit_is_closed_and_there_once(open_store: Start, look: Look) -> None:
    one, other = open_store(), open_store()
    for store in (one, other, one):
        await store.write(lambda session: circuits.ensure(session, ERP, session.now))
    [row] = look(one, tables.circuits)
    assert (row["failures"], row["openings"], row["until"], row["paused_at"]) == (0, 0, None, None)
    assert await state(other) is CircuitState.CLOSED


async def test_without_a_circuit_there_is_nothing_to_see(store: Store) -> None:
    with pytest.raises(LookupError, match="target:erp has no circuit"):
        await store.read(lambda session: circuits.look(session, ERP))


async def test_what_is_written_is_read_back_whole(store: Store, later: Callable[[float], datetime]) -> None:
    whole = Circuit(ERP, later(1), 3, 2, later(2), 2**40, later(3), later(4), "operator eva", "Stocktaking")
    await store.write(lambda session: circuits.ensure(session, ERP, session.now))
    await store.write(lambda session: circuits.save(session, whole))
    seen = await store.read(lambda session: circuits.look(session, ERP))
    assert seen.circuit == whole
    assert circuits.list_circuits(store.engine) == [whole]


async def test_failures_of_two_workers_are_counted_together_and_open_it_for_both(open_store: Start, take: Take) -> None:
    one, other = open_store(), open_store()
    await fill(one, take, 3)
    [first] = await flowing(one, 1)
    [second] = await flowing(other, 1)
    assert (await fail(one, LONG, first)).flows
    assert not (await fail(other, LONG, second, UnknownOutcome("no answer"))).flows
    for store in (one, other):
        assert await flowing(store) == []
        assert await singly(store, LONG) == []
        assert await state(store) is CircuitState.OPEN


async def test_other_targets_are_not_concerned(store: Store, take: Take) -> None:
    await opened(store, take, LONG)
    await fill(store, take, 2, "target:cards")
    assert len(await flowing(store, system="target:cards")) == 2


async def test_it_is_open_after_a_restart_too(open_store: Start, take: Take) -> None:
    one = open_store()
    await opened(one, take, LONG)
    await one.close()
    other = open_store()
    assert await state(other) is CircuitState.OPEN
    assert await flowing(other) == []


async def test_of_many_workers_exactly_one_probes_with_the_oldest_task(open_store: Start, take: Take) -> None:
    stores = [open_store() for _ in range(4)]
    ids = await opened(stores[0], take, AT_ONCE, count=6)
    claimed = await asyncio.gather(*(singly(store, AT_ONCE) for store in stores for _ in range(3)))
    probes = [task for tasks in claimed for task in tasks]
    assert [probe.order_id for probe in probes] == [ids[2]]
    assert await state(stores[1]) is CircuitState.HALF_OPEN
    assert await flowing(stores[1]) == []


async def test_a_probe_that_failed_goes_behind_the_others(store: Store, take: Take) -> None:
    """So one order that can never be taken does not keep all others waiting."""
    ids = await opened(store, take, AT_ONCE, count=4)
    [probe] = await singly(store, AT_ONCE)
    assert probe.order_id == ids[2]
    circuit = await fail(store, AT_ONCE, probe)
    assert circuit.openings == 2
    await back(store, probe)
    [probe] = await singly(store, AT_ONCE)
    assert probe.order_id == ids[3]


async def test_a_probe_that_succeeds_closes_it_and_what_waits_goes_in_sequence(open_store: Start, take: Take) -> None:
    one, other = open_store(), open_store()
    ids = await opened(one, take, AT_ONCE, count=5)
    [probe] = await singly(one, AT_ONCE)
    circuit = await one.write(partial(breaker.succeeded, breaker=AT_ONCE, task=probe))
    assert circuit.flows
    await one.write(lambda session: lanes.finish(session, probe, Attempt(session.now, 1.0, "done")))
    assert [task.order_id for task in await flowing(other, 3)] == [ids[0], ids[1], ids[3]]
    assert [task.order_id for task in await flowing(one, 3)] == [ids[4]]


async def test_a_worker_that_dies_with_the_probe_does_not_keep_it(open_store: Start, take: Take) -> None:
    dying, other = open_store(), open_store()
    ids = await opened(dying, take, AT_ONCE, count=4)
    [probe] = await singly(dying, AT_ONCE)
    assert await singly(other, AT_ONCE) == []
    await other.write(lambda session: lanes.extend(session, [probe], session.now))
    [again] = await singly(other, AT_ONCE)
    assert (probe.order_id, again.order_id) == (ids[2], ids[3])


async def test_what_comes_late_from_before_says_nothing(store: Store, take: Take) -> None:
    await fill(store, take, 5)
    first, second, late, later = await flowing(store, 4)
    await fail(store, LONG, first)
    circuit = await fail(store, LONG, second)
    assert await fail(store, LONG, late) == circuit
    assert await store.write(partial(breaker.succeeded, breaker=LONG, task=later)) == circuit


async def test_two_workers_together_keep_to_the_rate(open_store: Start, take: Take) -> None:
    stores = [open_store(), open_store()]
    await fill(stores[0], take, 6)
    slow = Breaker(interval=3600.0)
    claimed = await asyncio.gather(*(singly(store, slow) for store in stores for _ in range(3)))
    assert sum(map(len, claimed)) == 1
    seen = await stores[1].read(lambda session: circuits.look(session, ERP))
    wait = slow.wait(seen)
    assert wait is not None
    assert 3000 < wait <= 3600


async def test_a_rate_costs_nothing_while_nothing_waits(store: Store, take: Take) -> None:
    await fill(store, take, 0)
    slow = Breaker(interval=3600.0)
    assert await singly(store, slow) == []
    await fill(store, take, 1)
    assert len(await singly(store, slow)) == 1


@pytest.mark.parametrize("rules", [LONG, Breaker(interval=0.001)])
async def test_a_paused_target_gets_nothing_until_it_is_resumed(open_store: Start, take: Take, rules: Breaker) -> None:
    one, other = open_store(), open_store()
    await fill(one, take, 3)
    await one.write(lambda session: breaker.pause(session, ERP, "operator eva", "Stocktaking"))
    assert await state(other) is CircuitState.PAUSED
    assert await flowing(other) == []
    assert await singly(other, rules) == []
    [circuit] = circuits.list_circuits(other.engine)
    assert (circuit.paused_by, circuit.paused_why) == ("operator eva", "Stocktaking")
    assert await other.write(lambda session: breaker.resume(session, ERP)) is CircuitState.CLOSED
    assert len(await singly(one, rules)) in {1, 3}


async def test_a_target_can_be_paused_before_any_worker_has_served_it(store: Store) -> None:
    await store.write(lambda session: breaker.pause(session, ERP, "operator eva", None))
    assert await state(store) is CircuitState.PAUSED


async def test_what_fails_while_it_is_paused_is_counted_and_resuming_lets_one_go_first(
    store: Store, take: Take
) -> None:
    await opened(store, take, LONG)
    await store.write(lambda session: breaker.pause(session, ERP, "operator eva", None))
    assert await store.write(lambda session: breaker.resume(session, ERP)) is CircuitState.HALF_OPEN
    assert len(await singly(store, LONG)) == 1
    assert await singly(store, LONG) == []


async def test_resuming_an_open_circuit_tries_at_once(store: Store, take: Take) -> None:
    ids = await opened(store, take, LONG)
    assert await singly(store, LONG) == []
    assert await store.write(lambda session: breaker.resume(session, ERP)) is CircuitState.HALF_OPEN
    assert [task.order_id for task in await singly(store, LONG)] == [ids[0]]


async def test_there_is_nothing_to_resume_where_orders_flow(store: Store) -> None:
    with pytest.raises(NotPossible, match="neither paused nor open"):
        await store.write(lambda session: breaker.resume(session, ERP))


async def test_what_waits_is_counted_by_system(store: Store, take: Take) -> None:
    await fill(store, take, 3)
    tasks = await flowing(store, 2)
    await store.write(lambda session: lanes.put_back(session, tasks[0], None, due=None, reason="look"))
    found = circuits.waiting(store.engine)
    assert found[ERP].tasks == 2
    assert found["receiver"].tasks == 3


async def test_workers_of_two_processes_learn_from_one_another_without_looking(open_store: Start, take: Take) -> None:
    """On a server they are told; where nobody tells, they look often."""
    stores = [open_store(), open_store()]
    down, at_once, most, done = True, 0, 0, set[int | None]()

    async def submit(task: Task) -> Done:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0)
        at_once -= 1
        if down:
            raise TransientFailure("away")
        done.add(task.order_id)
        return Done()

    ids = await fill(stores[0], take, 12)
    rules = Breaker(failures=2, seconds=0.02, cap=0.02)
    workers = []
    for store in stores:
        store.listen()
        poll = 3600.0 if store.database.tells else 0.01
        handlers: Handlers = {(ERP, "submit"): submit}
        workers.append(Worker(store, handlers, {ERP: 2}, retry=RetryPolicy(), poll=poll, breakers={ERP: rules}))
    try:
        with capture_logs() as lines:
            for worker in workers:
                worker.start()
            await until(lambda: circuits.list_circuits(stores[0].engine)[0].openings >= 3 and not at_once)
            most = 0
            await until(lambda: circuits.list_circuits(stores[0].engine)[0].openings >= 6)
            assert most == 1
            down = False
            await until(lambda: done == set(ids))
    finally:
        await asyncio.gather(*(worker.stop(0) for worker in workers))
    told = [line["event"] for line in lines if line["event"].startswith("target.")]
    assert told.count("target.closed") >= 1
