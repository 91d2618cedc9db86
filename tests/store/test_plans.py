"""What people and monitors ask reads no more when there are more orders that are done: counted, not timed."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from tests.store.conftest import SHOP

from order_receiver.orders.states import OrderState
from order_receiver.store import circuits, queries
from order_receiver.store.queries import OrderFilter
from order_receiver.store.store import Store

DONE = 10_000
"""Beside them there are 1,250: 500 cancelled and 500 held ones, older than all others, and 250 open ones, newer."""
FEW = DONE // 2
"""Some are read twice: in an index and in the table."""

ORDERS = """
WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < 11250)
INSERT INTO orders (id, application_key, client_order_ref, state, hold, received_at, updated_at)
SELECT i, '{shop}', CAST(i AS TEXT),
  CASE WHEN i <= 500 THEN 'cancelled' WHEN i <= 1000 THEN 'received' WHEN i <= 11000 THEN 'confirmed'
    WHEN i <= 11100 THEN 'placed' WHEN i <= 11150 THEN 'submitted' ELSE 'received' END,
  CASE WHEN i > 500 AND i <= 1000 THEN 'mapping' END, {moment}, {moment} FROM numbers
"""
MOMENTS = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%S', 1735689600 + i, 'unixepoch') || '.000000+00:00'",
    "postgresql": "to_timestamp(1735689600 + i)",
}
ABOUT_THEM = """
INSERT INTO messages (order_id, role, received_at, headers, body) SELECT id, 'first', received_at, '', '' FROM orders;
INSERT INTO history (order_id, at, actor, event) SELECT id, received_at, 'door', 'received' FROM orders;
INSERT INTO attempts (order_id, system, kind, number, started_at, milliseconds, outcome)
SELECT id, 'receiver', 'process', 1, received_at, 1, 'done' FROM orders;
INSERT INTO submissions (order_id, target, key, media_type, extension, document, created_at)
SELECT id, 'erp', client_order_ref, 'text/xml', 'xml', '', received_at FROM orders;
INSERT INTO tasks (order_id, system, kind, state, fence, attempts, created_at)
SELECT id, 'erp', 'submit', 'parked', 0, 0, received_at FROM orders WHERE hold IS NOT NULL OR id > 11150
"""


def listed(which: OrderFilter) -> Callable[[Engine], object]:
    return partial(queries.list_orders, which=which)


QUESTIONS: Mapping[str, Callable[[Engine], object]] = {
    "orders list": listed(OrderFilter()),
    **{f"orders list --state {state}": listed(OrderFilter(state)) for state in OrderState},
    "orders list --held": listed(OrderFilter(held=True)),
    "orders list --reason": listed(OrderFilter(reason="mapping")),
    "orders list --reason of no order": listed(OrderFilter(reason="findings")),
    "orders list --state --held": listed(OrderFilter("cancelled", held=True)),
    "orders retry --reason": lambda engine: queries.held_orders(engine, "mapping"),
    "orders show": lambda engine: [queries.story(engine, found) for found in queries.find_orders(engine, "6000")],
    "metrics": queries.count,
    "targets": circuits.waiting,
}


@pytest.fixture
def engine(store: Store) -> Engine:
    """Of a database with many orders that are done."""
    engine = store.engine
    with engine.begin() as connection:
        connection.execute(text(ORDERS.format(shop=SHOP, moment=MOMENTS[engine.dialect.name])))
        for statement in ABOUT_THEM.split(";"):
            connection.execute(text(statement))
        if engine.dialect.name == "postgresql":
            # The server does it by itself after a while.
            connection.execute(text("ANALYZE"))
    return engine


def test_questions_read_no_more_for_orders_that_are_done(engine: Engine) -> None:
    count = in_postgresql if engine.dialect.name == "postgresql" else in_sqlite
    read = {}
    for name, ask in QUESTIONS.items():
        with count(engine) as counted:
            ask(engine)
        read[name] = sum(counted)
    assert any(read.values())
    assert {name: rows for name, rows in read.items() if rows > FEW} == {}


@contextmanager
def in_sqlite(engine: Engine) -> Iterator[list[int]]:
    """Rows as SQLite's machine counts: it makes about four steps to pass one by, and twenty to give one."""
    counted: list[int] = []

    def count(connection: Any, *_: object) -> None:
        connection.set_progress_handler(lambda: counted.append(1), 4)

    event.listen(engine, "checkout", count)
    yield counted
    event.remove(engine, "checkout", count)
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        driver.set_progress_handler(None, 0)


@contextmanager
def in_postgresql(engine: Engine) -> Iterator[list[int]]:
    """Rows that are read from tables and indices, as EXPLAIN ANALYZE tells them."""
    counted: list[int] = []

    def explain(connection: Any, _: object, statement: str, parameters: Any, *__: object) -> None:
        with connection.connection.dbapi_connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
            counted.append(read_by(cursor.fetchone()[0][0]["Plan"]))

    event.listen(engine, "before_cursor_execute", explain)
    yield counted
    event.remove(engine, "before_cursor_execute", explain)


def read_by(plan: Mapping[str, Any]) -> int:
    """Rows that a part of a plan reads itself, kept or not, and that all below it read."""
    below = sum(read_by(part) for part in plan.get("Plans", ()))
    if "Scan" not in plan["Node Type"]:
        return below
    skipped = plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Index Recheck", 0)
    read: float = (plan["Actual Rows"] + skipped) * plan["Actual Loops"]
    return below + round(read)
