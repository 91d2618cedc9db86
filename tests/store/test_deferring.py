"""What operations defer runs together on a server; what comes of it is the same as if each had run alone."""

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import psycopg
import pytest
from sqlalchemy import Table
from tests.store.conftest import Look, Rows, Start, Take, on_postgresql

from order_receiver.orders.outcomes import CallFailed
from order_receiver.orders.states import HoldReason, OrderState
from order_receiver.store import changes, holding, lanes, submissions, tables
from order_receiver.store.database import Database
from order_receiver.store.errors import LeaseLost, NoSuchOrder, NotPossible
from order_receiver.store.history import record
from order_receiver.store.postgresql import PostgresServer
from order_receiver.store.postgresql.connection import BY_INDEX, DIALECT, begin, connect, parameters
from order_receiver.store.postgresql.deferring import DeferringSession, Joined
from order_receiver.store.session import Operation, Session
from order_receiver.store.statements import Cursor, Deferrable
from order_receiver.store.store import Store
from order_receiver.store.values import Attempt, NewTask, OrderRow, Task

pytestmark = on_postgresql

STRANGE = "å 'quoted' \"twice\" \\u0000 \\ {} % %s \u2028 🛒\n\t" + "x" * 300
ANYTHING = bytes(range(256)) * 20
SYSTEMS = ("target:erp", "norce")


@pytest.fixture
def connection(database: PostgresServer) -> Iterator[Any]:
    with connect(parameters(database.url, database.password, BY_INDEX)) as opened:
        yield opened


class Counting:
    """A cursor that counts its messages to the server."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor, self.count = cursor, 0

    @property
    def rowcount(self) -> int:
        return self.cursor.rowcount

    def execute(self, sql: str, values: Sequence[object] = ()) -> object:
        self.count += 1
        return self.cursor.execute(sql, values)

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self.cursor.fetchall()


async def running(store: Store, take: Take, count: int, first: int = 0) -> list[tuple[OrderRow, Task]]:
    """Orders, each with a task in our hands."""
    orders = [await take(store, str(100_000 + first + number)) for number in range(count)]
    claimed = await store.write(lambda s: lanes.claim(s, lanes.RECEIVER, count, orders[0].received_at, 60))
    tasks = {task.order_id: task for task in claimed}
    return [(order, tasks[order.id]) for order in orders]


def finish(order: OrderRow, task: Task, handed: list[Task], name: str = "erp") -> Operation[None]:
    """What a worker writes when it has mapped an order."""

    def operation(session: Session) -> None:
        at = session.now
        lanes.finish(session, task, Attempt(at, 12.3456, "done", STRANGE))
        submissions.add(session, order.id, name, f"key-{order.id}", (ANYTHING, "text/plain", "txt"), at)
        record(session, order.id, at, "worker", "mapped", new=name, why=STRANGE)
        changes.move(session, order, OrderState.SUBMITTED, at, name)
        new = NewTask(system="target:erp", kind="submit", order_id=order.id, payload=STRANGE, known=order)
        lanes.hand_over(session, new, at, 60, handed.append)

    return operation


async def test_a_hundred_cost_hardly_more_than_one(store: Store, take: Take, connection: Any, look: Look) -> None:
    orders = await running(store, take, 100)
    began = begin(connection)
    cursor = Counting(connection.cursor(binary=True))
    session = DeferringSession(cursor, DIALECT, lambda: began)
    handed: list[Task] = []
    for order, task in orders:
        finish(order, task, handed)(session)
    session.flush()
    connection.execute("COMMIT")
    assert cursor.count == 7
    assert sorted(task.order_id or 0 for task in handed) == [order.id for order, _ in orders]
    assert {id(task.known) for task in handed} == {id(order) for order, _ in orders}
    assert {row["state"] for row in look(store, tables.orders)} == {"submitted"}
    assert {(row["document"], row["key"]) for row in look(store, tables.submissions)} == {
        (ANYTHING, f"key-{order.id}") for order, _ in orders
    }
    assert {row["payload"] for row in look(store, tables.tasks)} == {STRANGE}
    assert {float(row["milliseconds"]) for row in look(store, tables.attempts)} == {12.346}
    for order, _ in orders:
        told = [(row["event"], row["why"]) for row in look(store, tables.history) if row["order_id"] == order.id]
        assert told == [("received", None), ("mapped", STRANGE), ("submitted", None)]


async def test_a_character_that_the_server_cannot_hold_is_replaced(store: Store, take: Take, look: Look) -> None:
    orders = [await take(store, str(number)) for number in range(3)]
    why = "before\x00after \\u0000"
    at = orders[0].received_at
    await asyncio.gather(
        *(store.write(partial(record, order_id=o.id, at=at, actor="a", event="e", why=why)) for o in orders)
    )
    assert [row["why"] for row in look(store, tables.history) if row["event"] == "e"] == [
        "before\ufffdafter \\u0000"
    ] * 3


async def test_one_that_lost_its_lease_does_not_spoil_the_others(store: Store, take: Take, look: Look) -> None:
    orders = await running(store, take, 5)
    lost = orders[2][1]
    await store.write(lambda session: lanes.put_back(session, lost, None, due=session.now, reason=None))
    handed: list[Task] = []
    ends = await asyncio.gather(
        *(store.write(finish(order, task, handed)) for order, task in orders), return_exceptions=True
    )
    assert [type(end) for end in ends] == [type(None), type(None), LeaseLost, type(None), type(None)]
    assert [row["state"] for row in look(store, tables.orders)] == ["submitted"] * 2 + ["received"] + ["submitted"] * 2
    assert len([row for row in look(store, tables.tasks) if row["kind"] == "submit"]) == 4


async def test_an_operation_can_still_choose_another_way_when_an_order_has_moved(
    store: Store, take: Take, look: Look
) -> None:
    orders = await running(store, take, 3)
    moved, _ = orders[1]
    await store.write(lambda s: changes.move(s, moved, OrderState.SUBMITTED, s.now, "other"))

    def write(order: OrderRow, session: Session) -> str:
        try:
            changes.move(session, order, OrderState.SUBMITTED, session.now, "erp")
        except NotPossible:
            return changes.order_row(session, order.id).state
        return "moved"

    found = await asyncio.gather(*(store.write(partial(write, order)) for order, _ in orders))
    assert found == ["moved", "submitted", "moved"]
    actors = [(row["order_id"], row["actor"]) for row in look(store, tables.history) if row["event"] == "submitted"]
    assert sorted(actors) == [(orders[0][0].id, "erp"), (orders[1][0].id, "other"), (orders[2][0].id, "erp")]


class Scenario:
    """Random operations on some orders. Every other one has nothing in it that can fail: all of it runs together."""

    def __init__(self, seed: int, orders: Sequence[tuple[OrderRow, Task]]) -> None:
        self.draw, self.tame, self.orders = random.Random(seed), seed % 2 == 0, orders
        self.done: set[tuple[int, str]] = set()

    def operations(self) -> list[Operation[object]]:
        return [self._one() for _ in range(self.draw.randint(2, 12))]

    def _one(self) -> Operation[object]:
        order, task = self.orders[self.draw.randrange(len(self.orders))]
        acts = [self._act(order, task) for _ in range(self.draw.randint(1, 5))]

        def operation(session: Session) -> object:
            return [act(session) for act in acts]

        return operation

    def _act(self, order: OrderRow, task: Task) -> Callable[[Session], object]:
        draw = self.draw
        system, name = draw.choice(SYSTEMS), f"{draw.random()}"
        new = NewTask(system=system, kind=name[:9], order_id=order.id)
        at = order.received_at + timedelta(seconds=draw.randint(1, 99))
        once: dict[str, Callable[[Session], object]] = {
            "finish": lambda s: lanes.finish(s, task, Attempt(at, 1.0, "done")),
            "move": lambda s: changes.move(s, order, OrderState.SUBMITTED, at, name),
            "submit": lambda s: submissions.add(s, order.id, system, f"{name}-{order.id}", (b"\x00a", "a/b", "c"), at),
        }
        often: list[Callable[[Session], object]] = [
            lambda s: lanes.add(s, new, at),
            lambda s: lanes.hand_over(s, new, at, 60, lambda handed: None),
            lambda s: record(s, order.id, at, name, "seen"),
            lambda s: lanes.wake(s, order.id, at),
            lambda s: lanes.has_tasks(s, order.id),
        ]
        unruly: list[Callable[[Session], object]] = [
            lambda s: changes.move(s, changes.order_row(s, order.id), OrderState.PLACED, at, name, number=name[:20]),
            lambda s: holding.hold(s, order, HoldReason.PARKED, name, at, name, system="receiver"),
        ]
        if not self.tame:
            return draw.choice([*once.values(), *often, *unruly])
        left = [name for name in once if (order.id, name) not in self.done]
        if left and draw.random() < 0.6:
            self.done.add((order.id, left[0]))
            return once[left[0]]
        return draw.choice(often)


COMPARED: dict[Table, tuple[str, ...]] = {
    tables.orders: ("state", "hold", "hold_text", "erp_order_no", "updated_at"),
    tables.tasks: ("system", "kind", "state", "due", "fence", "attempts", "followed", "reason"),
    tables.history: ("at", "actor", "event", "old", "new", "why"),
    tables.attempts: ("system", "kind", "number", "started_at", "outcome"),
    tables.submissions: ("target", "media_type", "document"),
}


@pytest.mark.parametrize("seed", range(16))
async def test_together_is_as_one_after_the_other(
    store: Store, take: Take, connection: Any, look: Look, at: datetime, seed: int
) -> None:
    """The same operations on the same orders: in one transaction that defers, and each in one that does not."""
    together = await running(store, take, 4)
    apart = await running(store, take, 4, first=10)
    _carry_out(connection, at, Scenario(seed, together).operations(), DeferringSession)
    for operation in Scenario(seed, apart).operations():
        _carry_out(connection, at, [operation], partial(Session, writing=True))
    for table in COMPARED:
        rows = look(store, table)
        assert _told(rows, table, together) == _told(rows, table, apart), table.name


def _told(rows: Rows, table: Table, orders: Sequence[tuple[OrderRow, Task]]) -> list[list[tuple[object, ...]]]:
    """What a table says of each order, without numbers that are given out."""
    own, columns = "id" if table is tables.orders else "order_id", COMPARED[table]
    return [[tuple(row[name] for name in columns) for row in rows if row[own] == each.id] for each, _ in orders]


def _carry_out(
    connection: Any, at: datetime, operations: Sequence[Operation[object]], kind: Callable[..., Session]
) -> None:
    """As the store does: where an operation fails, the others are carried out again without it."""
    left = list(operations)
    while left:
        begin(connection)
        session = kind(connection.cursor(binary=True), DIALECT, lambda: at)
        try:
            for operation in left:
                operation(session)
            if isinstance(session, DeferringSession):
                session.flush()
        except (LeaseLost, NotPossible, NoSuchOrder, CallFailed, psycopg.IntegrityError):
            connection.execute("ROLLBACK")
            if isinstance(session, DeferringSession):
                for operation in left:
                    _carry_out(connection, at, [operation], partial(Session, writing=True))
            return
        connection.execute("COMMIT")
        return


DEFERRED: dict[Deferrable, dict[str, object]] = {
    lanes._lock: {},
    lanes._remove: {"held_fence": 1},
    lanes._insert: {"system": "s", "kind": "k", "free_state": "waiting", "in_hands": 0, "payload": None},
    changes._move: {"from_state": "received", "under_hold": None, "to_state": "submitted", "number": None},
    submissions._submitted: {"of_target": "erp", "number": None, "id_there": None},
}


@pytest.mark.parametrize("statement", DEFERRED, ids=lambda statement: statement.rank.name)
async def test_a_server_without_statistics_looks_at_the_rows_that_are_asked_for_only(
    database: Database, connection: Any, open_store: Start, take: Take, statement: Deferrable
) -> None:
    """Tables of thousands of rows that nobody has analysed yet, and a statement over three of them."""
    store = open_store()
    order = await take(store)
    connection.execute(
        "INSERT INTO orders (application_key, client_order_ref, state, received_at, updated_at) "
        "SELECT 'a', n::text, 'received', now(), now() FROM generate_series(1, 3000) n"
    )
    connection.execute(
        "INSERT INTO tasks (order_id, system, kind, state, due, fence, attempts, created_at) "
        "SELECT id, 'receiver', 'process', 'waiting', now(), 0, 0, now() FROM orders WHERE application_key = 'a'"
    )
    connection.execute(
        "INSERT INTO submissions (order_id, target, key, media_type, extension, document, created_at) "
        "SELECT id, 'erp', id::text, 'a/b', 'c', '', now() FROM orders WHERE application_key = 'a'"
    )
    values = {"of_order": order.id, "order_id": order.id, "task": 1, "at": order.received_at}
    moments = {"free_due": order.received_at, "created_at": order.received_at}
    joined = Joined(statement.core(DIALECT), DIALECT)
    rows = [{**values, **moments, **DEFERRED[statement]}]
    begin(connection)
    explained = connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {joined.sql}", joined.parameters(rows)).fetchone()
    connection.execute("ROLLBACK")
    touched = list(_rows_touched(explained[0][0]["Plan"]))
    assert touched
    assert max(touched) <= 3, explained[0]


def _rows_touched(plan: dict[str, Any]) -> Iterator[float]:
    yield plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Join Filter", 0)
    for inner in plan.get("Plans", ()):
        yield from _rows_touched(inner)
