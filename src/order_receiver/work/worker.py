"""The worker: claims due tasks, runs their handlers, and finishes each in one fenced transaction."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

import structlog

from order_receiver.orders.outcomes import CallFailed, NotYet, PermanentFailure, UnknownOutcome
from order_receiver.orders.states import CAUSES, HoldReason
from order_receiver.store import changes, circuits, holding, lanes
from order_receiver.store.circuits import Circuit
from order_receiver.store.errors import LeaseLost, NoSuchOrder, StoreUnavailable
from order_receiver.store.session import Session
from order_receiver.store.store import Store, now
from order_receiver.store.values import Attempt, NewTask, Task, name_of
from order_receiver.telemetry import trace
from order_receiver.work import breaker
from order_receiver.work.breaker import Breaker
from order_receiver.work.queue import SystemQueue, held
from order_receiver.work.results import Again, Done, Handler, Hold
from order_receiver.work.retry import RetryPolicy, outcome_name

log = structlog.get_logger(__name__)

ACTOR = "worker"

TROUBLE_PAUSE = 1.0
"""Seconds until work is looked for again where the store could not be read."""

POLL_RETRY = 60.0
"""Seconds at most until a target is asked again that could not be asked: nobody wakes a poll."""

Handlers: TypeAlias = dict[tuple[str, str], Handler]
"""Handlers by system and kind of task."""


class Worker:
    """Works off the tasks of some systems. Everything it knows is in the store: kill it at any moment."""

    def __init__(
        self,
        store: Store,
        handlers: Handlers,
        limits: Mapping[str, int],
        *,
        retry: RetryPolicy,
        lease: float = 60.0,
        poll: float = 1.0,
        count_call: Callable[[str, str], None] = lambda system, outcome: None,
        breakers: Mapping[str, Breaker] | None = None,
    ) -> None:
        """`limits` are tasks at once, by system; `breakers` the rules for those of them that have a circuit."""
        self._store = store
        self._handlers = handlers
        rules = breakers or {}
        self._queues = {system: SystemQueue(system, limit, rules.get(system)) for system, limit in limits.items()}
        self._retry = retry
        self._lease = lease
        self._poll = min(store.poll(poll), lease)
        self._count_call = count_call
        self._stopping = False
        self._stopped = asyncio.Event()
        self._loops: list[asyncio.Task[None]] = []
        self._leases: asyncio.Task[None] | None = None
        store.on_work(self._wake)

    def start(self) -> None:
        """Begin to work; returns at once."""
        self._loops = [asyncio.create_task(self._feed(queue)) for queue in self._queues.values()]
        self._leases = asyncio.create_task(self._keep_leases())

    async def stop(self, grace: float) -> None:
        """Take nothing new, let what runs finish for `grace` seconds, hand the rest back for others to take."""
        self._stopping = True
        self._stopped.set()
        self._wake_all()
        await asyncio.gather(*self._loops)
        running = [run for queue in self._queues.values() for run in queue.running.values()]
        if running:
            _, late = await asyncio.wait(running, timeout=grace)
            for run in late:
                run.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        ready = [(queue, task) for queue in self._queues.values() for task in queue.ready]
        await asyncio.gather(*(self._release(task) for _, task in ready))
        for queue, task in ready:
            queue.ready.remove(task)
            queue.ended(task)
        if self._leases is not None:
            self._leases.cancel()

    @property
    def idle(self) -> bool:
        """Nothing is in this worker's hands."""
        return not any(queue.count for queue in self._queues.values())

    def _wake(self, system: str) -> None:
        if not system:
            self._wake_all()
        elif (queue := self._queues.get(system)) is not None:
            queue.wake.set()

    def _wake_all(self) -> None:
        for queue in self._queues.values():
            queue.wake.set()

    async def _feed(self, queue: SystemQueue) -> None:
        """Keep one system's queue filled with due tasks; trouble with the store never ends this."""
        while not self._stopping:
            try:
                await self._look(queue)
            except StoreUnavailable:
                await asyncio.sleep(TROUBLE_PAUSE)
            except Exception as error:
                log.error("worker.look_failed", system=queue.system, **trace(error))
                await asyncio.sleep(TROUBLE_PAUSE)

    async def _look(self, queue: SystemQueue) -> None:
        """Claim what is due, or wait for the next task to become due, for a wake-up, or for the poll interval."""
        queue.wake.clear()
        due = await self._due_in(queue)
        wait = self._poll
        if due is not None and queue.wants:
            wait = min(wait, due)
            if wait <= 0:
                await self._claim(queue)
                return
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await queue.wake.wait()

    async def _due_in(self, queue: SystemQueue) -> float | None:
        """Seconds until something may be claimed; with a circuit that is one look too, at both."""
        if queue.breaker is None:
            return await self._store.read(partial(lanes.due_in, system=queue.system))
        seen = await self._store.read(partial(circuits.look, system=queue.system))
        queue.look(seen)
        shut_out = queue.shut_out()
        await asyncio.gather(*(self._release(task) for task in shut_out))
        for task in shut_out:
            queue.ended(task)
        self._start_ready(queue)
        return queue.breaker.wait(seen)

    async def _claim(self, queue: SystemQueue) -> None:
        room, system = queue.room, queue.system
        if queue.breaker is not None and queue.one_by_one:
            singly = partial(breaker.claim, system=system, breaker=queue.breaker, room=room, lease=self._lease)
            tasks, circuit = await self._store.write(singly, urgent=True)
            self._learn(queue, circuit)
        else:
            claim = lanes.claim if queue.breaker is None else lanes.claim_flowing
            tasks = await self._store.write(
                lambda session: claim(session, system, room, session.now, self._lease), urgent=True
            )
        queue.take(tasks)
        self._start_ready(queue)

    def _learn(self, queue: SystemQueue, circuit: Circuit) -> None:
        """What has just been written down about a circuit; others hear of it where it is another one for them."""
        before = queue.circuit
        queue.see(circuit)
        if before is None or (circuit.failures, circuit.until) != (before.failures, before.until):
            self._store.announce_work(queue.system)

    def _start_ready(self, queue: SystemQueue) -> None:
        while not self._stopping and (task := queue.next()) is not None:
            queue.running[held(task)] = asyncio.create_task(self._run(queue, task))

    async def _run(self, queue: SystemQueue, task: Task) -> None:
        started, clock = now(), time.perf_counter()
        try:
            while (pause := await self._attempt(task)) is not None and not self._stopping:
                await self._rest(pause)
            if pause is not None:
                await self._release(task)
        except asyncio.CancelledError:
            text = "The worker ended before the answer came."
            await self._release(task, _attempt(started, clock, outcome_name(UnknownOutcome(text)), text))
        except LeaseLost:
            log.warning("task.lease_lost", **await self._about(task))
        except StoreUnavailable as error:
            log.error("task.not_finished", **await self._about(task), error=str(error))
        finally:
            queue.ended(task)
            self._start_ready(queue)

    async def _rest(self, seconds: float) -> None:
        """Keep a task in hand, and its lease, until its next time; the end of the worker ends this."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopped.wait()

    async def _attempt(self, task: Task) -> float | None:
        """Run a task's handler and write down what came of it. Seconds where the task stays in hand until later.

        A poll that found nothing is not worth two transactions on a server, so it is not put back there.
        """
        started, clock = now(), time.perf_counter()
        try:
            result = await self._handlers[task.system, task.kind](task)
            if isinstance(result, Again) and result.is_plain and self._store.shared:
                return result.seconds
            await self._finish(task, _attempt(started, clock, "done"), result)
            self._count(task, "done")
            await self._answered(task)
        except (LeaseLost, StoreUnavailable):
            raise
        except Hold as held:
            await self._park(task, _attempt(started, clock, "held", held.text), held.reason, held.text, held.causes)
        except Exception as error:
            await self._failed(task, started, clock, error)
        return None

    async def _finish(self, task: Task, attempt: Attempt, result: Done | Again) -> None:
        """Write the result, remove the task (or set a poll's next time), add what follows: one transaction."""

        def operation(session: Session) -> tuple[Sequence[Task], set[str]]:
            at = session.now
            if isinstance(result, Again):
                due = at + timedelta(seconds=result.seconds)
                lanes.put_back(session, task, None, due=due, reason=None, attempts=0)
            else:
                lanes.finish(session, task, attempt)
            handed: list[Task] = []
            left: set[str] = set()
            for new in result.write(session, at):
                if self._takes(new):
                    lanes.hand_over(session, new, at, self._lease, handed.append)
                else:
                    lanes.add(session, new, at)
                    left.add(new.system)
            return handed, left

        handed, left = await self._store.write(operation, urgent=True)
        self._take_over(handed)
        for system in left:
            if (queue := self._queues.get(system)) is not None and queue.wants:
                queue.wake.set()
        if result.after is not None:
            await self._tell(task, result.after)

    async def _tell(self, task: Task, after: Callable[[], None]) -> None:
        """What is told after the commit cannot undo it."""
        try:
            after()
        except Exception as error:
            log.error("task.not_told", **await self._about(task), **trace(error))

    def _takes(self, new: NewTask) -> bool:
        """Whether a task that follows stays in this worker's hands, which saves claiming it."""
        queue = self._queues.get(new.system)
        return queue is not None and queue.takes and new.due is None and not self._stopping

    def _take_over(self, tasks: Sequence[Task]) -> None:
        for task in tasks:
            queue = self._queues[task.system]
            queue.take((task,))
            self._start_ready(queue)

    async def _failed(self, task: Task, started: datetime, clock: float, error: Exception) -> None:
        """Try again later, or park when that cannot help or has been tried often enough."""
        text = str(error) if isinstance(error, CallFailed) else f"unexpected {type(error).__name__}: {error}"
        if not isinstance(error, CallFailed):
            log.error("task.unexpected_error", **await self._about(task), **trace(error))
        attempt = _attempt(started, clock, outcome_name(error), text)
        self._count(task, attempt.outcome)
        until = await self._troubled(task, error)
        wait = self._retry.wait(error, task.attempts)
        if task.order_id is None:
            wait = min(self._retry.cap if wait is None else wait, POLL_RETRY)
        if wait is None and until is None:
            await self._give_up(task, attempt, text, error)
            return
        await self._put_back(task, attempt, wait or 0.0, until)
        said = text if isinstance(error, CallFailed) else type(error).__qualname__
        when: dict[str, object] = {"seconds": round(wait or 0.0, 1)}
        if until is not None:
            when = {"until": until.isoformat(timespec="seconds")}
        log.warning("task.retry", **await self._about(task), attempt=task.attempts, error=said, **when)

    async def _give_up(self, task: Task, attempt: Attempt, text: str, error: Exception) -> None:
        if isinstance(error, PermanentFailure) and error.missing:
            causes = [f"{CAUSES[HoldReason.MISSING_IN_ERP]}:{name_of(task.system)}:{each}" for each in error.missing]
            await self._park(task, attempt, HoldReason.MISSING_IN_ERP, text, causes)
            return
        reason = f"{task.kind} failed {task.attempts} times, last: {text}"
        await self._park(task, attempt, HoldReason.PARKED, reason)

    async def _put_back(self, task: Task, attempt: Attempt, wait: float, until: datetime | None) -> None:
        """For another attempt in `wait` seconds; with `until`, the circuit is open and this attempt does not count."""
        made = task.attempts if until is None else task.attempts - 1

        def operation(session: Session) -> None:
            due = session.now + timedelta(seconds=wait) if until is None else until
            lanes.put_back(session, task, attempt, due=due, reason=attempt.error, attempts=made)

        await self._store.write(operation, urgent=True)

    async def _troubled(self, task: Task, error: Exception) -> datetime | None:
        """Count a failure that may pass; until when the circuit is open, if it is."""
        queue = self._queues[task.system]
        if isinstance(error, NotYet):
            await self._answered(task)
        if queue.breaker is None or not breaker.tells_of_trouble(error):
            return None
        circuit = await self._store.write(
            partial(breaker.failed, breaker=queue.breaker, task=task, error=error), urgent=True
        )
        self._learn(queue, circuit)
        return circuit.until

    async def _answered(self, task: Task) -> None:
        """The system has answered as it should: that is news only where there were failures before it."""
        queue = self._queues[task.system]
        if queue.breaker is None or queue.circuit is None:
            return
        if queue.circuit.failures or queue.circuit.until is not None:
            with suppress(StoreUnavailable):
                operation = partial(breaker.succeeded, breaker=queue.breaker, task=task)
                self._learn(queue, await self._store.write(operation, urgent=True))

    async def _park(
        self, task: Task, attempt: Attempt, reason: HoldReason, text: str, causes: Sequence[str] = ()
    ) -> None:
        def operation(session: Session) -> None:
            lanes.put_back(session, task, attempt, due=None, reason=text)
            if task.order_id is not None:
                order = changes.order_row(session, task.order_id)
                holding.hold(session, order, reason, text, session.now, ACTOR, system=task.system, causes=causes)

        await self._store.write(operation, urgent=True)
        log.warning("order.held", **await self._about(task), reason=reason.value)

    async def _about(self, task: Task) -> dict[str, str | int]:
        """What a log line about a task names; the order by its ClientOrderRef."""
        about: dict[str, str | int] = {"task": task.id, "kind": task.kind}
        if task.order_id is not None:
            with suppress(NoSuchOrder, StoreUnavailable):
                order = await self._store.read(partial(changes.order_row, order_id=task.order_id))
                about["order"] = order.key.client_order_ref
        return about

    def _count(self, task: Task, outcome: str) -> None:
        """Count what was a call to another system."""
        if task.system != lanes.RECEIVER:
            self._count_call(task.system, outcome)

    async def _release(self, task: Task, cut_off: Attempt | None = None) -> None:
        """Hand a task back: as if it had not been taken, or with the attempt that was cut off."""
        made = task.attempts - (cut_off is None)
        with suppress(LeaseLost, StoreUnavailable):
            await self._store.write(
                lambda session: lanes.put_back(session, task, cut_off, due=session.now, reason=None, attempts=made),
                urgent=True,
            )

    async def _keep_leases(self) -> None:
        """Renew the leases of tasks that take long."""
        while True:
            await asyncio.sleep(self._lease / 4)
            held = [task for queue in self._queues.values() for task in queue.to_extend(self._lease / 4)]
            if held:
                with suppress(StoreUnavailable):
                    for task in await self._store.write(partial(self._extend, held=held), urgent=True):
                        self._let_go(task)

    def _extend(self, session: Session, *, held: Sequence[Task]) -> Sequence[Task]:
        return lanes.extend(session, held, session.now + timedelta(seconds=self._lease))

    def _let_go(self, task: Task) -> None:
        """Another worker has it: what is begun here is broken off, and could not be written down any more."""
        if (run := self._queues[task.system].running.get(held(task))) is not None:
            log.warning("task.lease_lost", task=task.id, kind=task.kind)
            run.cancel()


def _attempt(started: datetime, clock: float, outcome: str, error: str | None = None) -> Attempt:
    return Attempt(started, (time.perf_counter() - clock) * 1000, outcome, error)
