"""One system's share of a worker."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from order_receiver.store.circuits import Circuit, Seen
from order_receiver.store.values import Task
from order_receiver.work.breaker import Breaker
from order_receiver.work.queue import SystemQueue

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CLOSED = Circuit("target:erp", AT)
OPEN = Circuit("target:erp", AT, failures=5, openings=1, until=AT + timedelta(seconds=15))


def task(number: int) -> Task:
    return Task(number, None, "erp", "do", 1, 1, None)


async def test_as_many_more_may_wait_claimed_as_may_run() -> None:
    queue = SystemQueue("erp", 2)
    assert queue.room == 4
    queue.take([task(1), task(2), task(3)])
    assert (queue.room, queue.count) == (1, 3)
    first = queue.next()
    assert first == task(1)
    queue.running[1, 1] = asyncio.create_task(asyncio.sleep(0))
    queue.running[2, 1] = queue.running[1, 1]
    assert queue.next() is None
    queue.ended(task(1))
    assert queue.wake.is_set()
    assert (queue.room, queue.count) == (2, 2)
    assert queue.next() == task(2)


async def test_it_asks_for_more_when_half_empty_and_not_at_every_end() -> None:
    queue = SystemQueue("erp", 2)
    queue.take([task(1), task(2), task(3), task(4)])
    seen = [(queue.hungry, queue.wake.is_set())]
    for number in (1, 2):
        queue.ended(task(number))
        seen.append((queue.hungry, queue.wake.is_set()))
    assert seen == [(False, False), (False, False), (True, True)]


async def test_a_task_that_is_not_held_ends_without_trouble() -> None:
    queue = SystemQueue("erp", 1)
    queue.ended(task(9))
    assert (queue.count, queue.next()) == (0, None)


async def test_leases_are_renewed_once_they_are_old_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("order_receiver.work.queue.time.monotonic", lambda: clock[0])
    queue = SystemQueue("erp", 2)
    queue.take([task(1)])
    clock[0] = 110.0
    queue.take([task(2)])
    clock[0] = 116.0
    assert queue.to_extend(15.0) == [task(1)]
    assert queue.to_extend(15.0) == []
    clock[0] = 126.0
    assert queue.to_extend(15.0) == [task(2)]
    clock[0] = 132.0
    assert queue.to_extend(15.0) == [task(1)]


async def test_new_tasks_stay_in_hand_only_once_it_is_known_that_orders_flow_and_nothing_older_waits() -> None:
    queue = SystemQueue("target:erp", 2, Breaker())
    seen = [(queue.takes, queue.wants)]
    queue.look(Seen(CLOSED, AT, None, AT))
    seen.append((queue.takes, queue.wants))
    queue.look(Seen(CLOSED, AT, None, AT + timedelta(seconds=60)))
    seen.append((queue.takes, queue.wants))
    queue.take([task(1), task(2), task(3), task(4)])
    seen.append((queue.takes, queue.wants))
    assert seen == [(False, True), (False, True), (True, True), (False, False)]


async def test_after_an_outage_what_waits_goes_before_what_is_new() -> None:
    queue = SystemQueue("target:erp", 2, Breaker())
    queue.look(Seen(CLOSED, AT, None, None))
    seen = [(queue.takes, queue.one_by_one)]
    for circuit in (OPEN, CLOSED):
        queue.see(circuit)
        seen.append((queue.takes, queue.one_by_one))
    queue.look(Seen(CLOSED, AT, None, None))
    seen.append((queue.takes, queue.one_by_one))
    assert seen == [(True, False), (False, True), (False, False), (True, False)]


async def test_with_a_rate_all_are_claimed_one_by_one_and_begun_at_once() -> None:
    queue = SystemQueue("target:erp", 2, Breaker(interval=1.0))
    queue.look(Seen(CLOSED, AT, None, None))
    assert (queue.takes, queue.one_by_one, queue.wants) == (False, True, True)
    queue.take([task(1), task(2)])
    assert not queue.wants


async def test_what_waits_claimed_is_given_up_when_the_circuit_opens_but_not_the_probe() -> None:
    queue = SystemQueue("target:erp", 2, Breaker())
    queue.look(Seen(CLOSED, AT, None, None))
    queue.take([task(1), task(2)])
    queue.see(OPEN)
    assert queue.next() is None
    assert queue.shut_out() == [task(1), task(2)]
    for number in (1, 2):
        queue.ended(task(number))
    queue.see(Circuit("target:erp", AT, openings=1, until=AT, probe=3))
    queue.take([task(3)])
    assert queue.shut_out() == []
    assert queue.next() == task(3)
