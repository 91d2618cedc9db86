"""Whatever workers do, and in whatever sequence: a lane runs one task at a time, and no task is lost or done twice."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import func, select

from order_receiver.orders.identity import OrderKey
from order_receiver.orders.states import HoldReason
from order_receiver.store import accepting, lanes, tables
from order_receiver.store.database import Database
from order_receiver.store.errors import LeaseLost
from order_receiver.store.postgresql import PostgresServer
from order_receiver.store.postgresql import connection as postgresql
from order_receiver.store.postgresql.connection import connect, parameters
from order_receiver.store.session import Session
from order_receiver.store.sqlite import SqliteFile
from order_receiver.store.sqlite import connection as sqlite
from order_receiver.store.sqlite.connection import connect_writer
from order_receiver.store.statements import Statement
from order_receiver.store.values import Accepted, Arrival, Attempt, Message, NewTask, Repeated, Task

SYSTEMS = ("receiver", "target:erp", "norce")
LEASE = 10.0
START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

_t = tables.tasks.c
NEWEST = Statement(select(func.max(_t.id)))
ROWS = Statement(select(_t.id, _t.order_id, _t.system, _t.state, _t.due, _t.fence).order_by(_t.id))
ATTEMPTS = Statement(select(func.count()).select_from(tables.attempts))


@dataclass
class Known:
    """A task as it should be."""

    id: int
    order: int
    system: str
    due: datetime | None
    """When it may be taken; None while it is parked or behind another."""
    parked: bool = False
    fence: int = 0
    running: bool = False

    @property
    def lane(self) -> tuple[int, str]:
        return self.order, self.system


@dataclass
class Model:
    now: datetime = START
    orders: dict[str, int] = field(default_factory=dict)
    tasks: dict[int, Known] = field(default_factory=dict)
    handed: list[Task] = field(default_factory=list)
    """Every lease ever given, those that ran out too."""
    attempts: int = 0

    def due(self, system: str) -> list[Known]:
        return [t for t in self.tasks.values() if t.system == system and t.due is not None and t.due <= self.now]

    def unblock(self, lane: tuple[int, str]) -> None:
        first = min((t.id for t in self.tasks.values() if t.lane == lane), default=None)
        if first is not None and self.tasks[first].due is None and not self.tasks[first].parked:
            self.tasks[first].due = self.now


Begin = Callable[[Callable[[], datetime]], Session]
"""Begins a transaction, whose clock is given, on an empty database, and rolls back the one before."""


class Lanes(RuleBasedStateMachine):
    """Two workers' worth of claims against one store, with a clock moved by hand."""

    def __init__(self, begin: Begin) -> None:
        super().__init__()
        self.model = Model()
        self.session = begin(lambda: self.model.now)

    def held(self, choice: int) -> Task:
        return self.model.handed[choice % len(self.model.handed)]

    def holds(self, task: Task) -> bool:
        known = self.model.tasks.get(task.id)
        return known is not None and known.running and known.fence == task.fence

    @rule(reference=st.sampled_from("123"), hold=st.booleans())
    def accept(self, reference: str, hold: bool) -> None:
        message = Message(b"{}", None, self.model.now, None, {})
        reason = HoldReason.DO_HOLD if hold else None
        found = accepting.accept(self.session, Arrival(OrderKey("shop", reference), message, reason, "look"))
        if reference in self.model.orders:
            assert isinstance(found, Repeated)
            return
        assert isinstance(found, Accepted)
        self.model.orders[reference] = found.order_id
        self.learn(found.order_id, "receiver", None if hold else self.model.now, parked=hold)

    def learn(self, order: int, system: str, due: datetime | None, *, parked: bool = False) -> Known:
        """Find the newest row: a task was added."""
        [row] = self.session.all(NEWEST)
        assert row[0] not in self.model.tasks
        self.model.tasks[row[0]] = Known(row[0], order, system, due, parked)
        return self.model.tasks[row[0]]

    @precondition(lambda self: self.model.orders)
    @rule(choice=st.integers(0, 99), system=st.sampled_from(SYSTEMS), hand_over=st.booleans())
    def add(self, choice: int, system: str, hand_over: bool) -> None:
        order = sorted(self.model.orders.values())[choice % len(self.model.orders)]
        blocked = any(task.lane == (order, system) for task in self.model.tasks.values())
        new = NewTask(system=system, kind="more", order_id=order)
        handed: list[Task] = []
        if hand_over:
            lanes.hand_over(self.session, new, self.model.now, LEASE, handed.append)
        else:
            lanes.add(self.session, new, self.model.now)
        known = self.learn(order, system, None if blocked else self.model.now)
        assert len(handed) == (hand_over and not blocked)
        for task in handed:
            known.fence, known.running, known.due = 1, True, self.model.now + timedelta(seconds=LEASE)
            assert (task.id, task.fence) == (known.id, 1)
            self.model.handed.append(task)

    @rule(system=st.sampled_from(SYSTEMS), limit=st.integers(1, 3))
    def claim(self, system: str, limit: int) -> None:
        due = {task.id for task in self.model.due(system)}
        found = lanes.claim(self.session, system, limit, self.model.now, LEASE)
        assert {task.id for task in found} <= due
        assert len(found) == min(limit, len(due))
        for task in found:
            known = self.model.tasks[task.id]
            assert task.fence == known.fence + 1
            known.fence, known.running = task.fence, True
            known.due = self.model.now + timedelta(seconds=LEASE)
            self.model.handed.append(task)

    @precondition(lambda self: self.model.handed)
    @rule(choice=st.integers(0, 99))
    def finish(self, choice: int) -> None:
        task = self.held(choice)
        attempt = Attempt(self.model.now, 1.0, "done")
        if not self.holds(task):
            with pytest.raises(LeaseLost):
                lanes.finish(self.session, task, attempt)
            return
        lanes.finish(self.session, task, attempt)
        self.model.attempts += 1
        self.model.unblock(self.model.tasks.pop(task.id).lane)

    @precondition(lambda self: self.model.handed)
    @rule(choice=st.integers(0, 99), seconds=st.none() | st.integers(0, 30))
    def put_back(self, choice: int, seconds: int | None) -> None:
        """With seconds a retry, without a parking."""
        task = self.held(choice)
        due = None if seconds is None else self.model.now + timedelta(seconds=seconds)
        put = partial(lanes.put_back, self.session, task, Attempt(self.model.now, 1.0, "transient", "x"))
        if not self.holds(task):
            with pytest.raises(LeaseLost):
                put(due=due, reason="x")
            return
        put(due=due, reason="x")
        self.model.attempts += 1
        known = self.model.tasks[task.id]
        known.due, known.parked, known.running = due, due is None, False

    @precondition(lambda self: self.model.handed)
    @rule(choice=st.integers(0, 99))
    def extend(self, choice: int) -> None:
        task = self.held(choice)
        end = self.model.now + timedelta(seconds=LEASE)
        lanes.extend(self.session, [task], end)
        if self.holds(task):
            self.model.tasks[task.id].due = end

    @precondition(lambda self: self.model.orders)
    @rule(choice=st.integers(0, 99))
    def wake(self, choice: int) -> None:
        order = sorted(self.model.orders.values())[choice % len(self.model.orders)]
        parked = [task for task in self.model.tasks.values() if task.order == order and task.parked]
        assert lanes.wake(self.session, order, self.model.now) == len(parked)
        for task in self.model.tasks.values():
            if task.order == order and (task.parked or (task.due is not None and not task.running)):
                task.parked, task.due = False, self.model.now

    @rule(seconds=st.integers(1, 15))
    def time_passes(self, seconds: int) -> None:
        """Leases run out by nothing else."""
        self.model.now += timedelta(seconds=seconds)

    @invariant()
    def rows_are_as_the_model_says(self) -> None:
        rows = self.session.all(ROWS)
        found = {row[0]: row[1:] for row in rows}
        assert found.keys() == self.model.tasks.keys()
        for task_id, (order, system, state, due, fence) in found.items():
            known = self.model.tasks[task_id]
            assert (order, system, fence) == (known.order, known.system, known.fence)
            assert due == known.due
            wanted = "running" if known.running else "parked" if known.parked else "waiting" if due else "blocked"
            assert state == wanted
        assert self.session.all(ATTEMPTS) == [(self.model.attempts,)]

    @invariant()
    def no_lane_has_more_than_its_first_task_in_motion(self) -> None:
        for lane in {task.lane for task in self.model.tasks.values()}:
            first, *others = sorted((t for t in self.model.tasks.values() if t.lane == lane), key=lambda t: t.id)
            assert first.due is not None or first.parked
            assert all(task.due is None and not task.parked and not task.running for task in others)


@contextmanager
def begin_on_sqlite(path: Path) -> Iterator[Begin]:
    with closing(connect_writer(path)) as connection:

        def begin(clock: Callable[[], datetime]) -> Session:
            connection.rollback()
            connection.execute("BEGIN IMMEDIATE")
            return Session(connection.cursor(), sqlite.DIALECT, clock, writing=True)

        yield begin


@contextmanager
def begin_on_postgresql(url: str) -> Iterator[Begin]:
    with closing(connect(parameters(url, None))) as connection:

        def begin(clock: Callable[[], datetime]) -> Session:
            connection.execute("ROLLBACK; BEGIN", prepare=False)
            return Session(connection.cursor(binary=True), postgresql.DIALECT, clock, writing=True)

        yield begin


def test_lanes(database: Database) -> None:
    with ExitStack() as stack:
        if isinstance(database, PostgresServer):
            begin = stack.enter_context(begin_on_postgresql(database.url))
        else:
            assert isinstance(database, SqliteFile)
            begin = stack.enter_context(begin_on_sqlite(database.path))

        class LanesHere(Lanes):
            def __init__(self) -> None:
                super().__init__(begin)

        run_state_machine_as_test(LanesHere, settings=settings(max_examples=40, stateful_step_count=30, deadline=None))
