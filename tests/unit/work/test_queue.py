"""One system's share of a worker."""

import asyncio

import pytest

from order_receiver.store.values import Task
from order_receiver.work.queue import SystemQueue


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
