"""Many orders in a database, quickly: written by SQL within it, in the states in which a receiver leaves them.

Every order has the rows that its state brings along: message, history, attempts, submission, task. Messages and
documents are small unless given, to keep disk use low; what is measured here reads at most a few of them.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from sqlalchemy import Connection, text

from bench.databases import Database, count
from bench.order_templates import APPLICATION_KEY
from order_receiver.store.store import bring_up_to_date

FIRST = 5_000_000_000
"""Before the references of filled-in orders, above all that the load generator sends."""
SMALL = b'{"ClientOrderRef": "filled in"}' * 4
CHUNK = 100_000
"""Orders in one transaction."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What there is of an order in one state."""

    state: str
    history: Sequence[tuple[str, str, str | None, str]]
    """Actor, event, old, new."""
    attempts: Sequence[tuple[str, str]] = ()
    """System and kind."""
    task: tuple[str, str, str] | None = None
    """System, kind and state of the one that is still to be done."""
    hold: str | None = None
    number: bool = False
    submission: bool = False


_RECEIVED = ("door", "received", None, "received")
_MAPPED = ("worker", "mapped", None, "erp")
_PROCESS, _SUBMIT, _CONFIRM = ("receiver", "process"), ("target:erp", "submit"), ("norce", "confirm")

CONFIRMED = Kind(
    "confirmed",
    (_RECEIVED, _MAPPED, ("erp", "placed", "received", "SO-1"), ("norce", "confirmed", "placed", "confirmed")),
    (_PROCESS, _SUBMIT, _CONFIRM),
    number=True,
    submission=True,
)
HELD = Kind(
    "received",
    (_RECEIVED, ("worker", "held", None, "findings")),
    (_PROCESS,),
    ("receiver", "process", "parked"),
    hold="findings",
)
CANCELLED = Kind("cancelled", (_RECEIVED, ("operator", "cancelled", "received", "cancelled")), (_PROCESS,))
SUBMITTED = Kind(
    "submitted",
    (_RECEIVED, _MAPPED, ("erp", "submitted", "received", "submitted")),
    (_PROCESS, _SUBMIT),
    submission=True,
)
MAPPED = Kind("received", (_RECEIVED, _MAPPED), (_PROCESS,), ("target:erp", "submit", "waiting"), submission=True)
"""Its submission is due."""
NEW = Kind("received", (_RECEIVED,), (), ("receiver", "process", "waiting"))
"""As the door leaves it."""

_MOMENTS = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%S', 1735689600 + {seconds}, 'unixepoch') || '.000000+00:00'",
    "postgresql": "to_timestamp(1735689600 + {seconds})",
}
"""Seconds into 2025, as each database keeps them: an order a second."""

_ORDERS = """
    WITH RECURSIVE numbers (i) AS (
      SELECT CAST(:first AS BIGINT) UNION ALL SELECT i + 1 FROM numbers WHERE i < CAST(:last AS BIGINT)
    )
    INSERT INTO orders
      (application_key, client_order_ref, state, hold, hold_text, erp_order_no, received_at, updated_at)
    SELECT CAST(:application AS TEXT), CAST({base} + i AS TEXT), CAST(:state AS TEXT), CAST(:hold AS TEXT),
      CAST(:hold AS TEXT), CASE WHEN CAST(:number AS INTEGER) = 1 THEN 'SO-' || CAST(i AS TEXT) END,
      {received}, {updated}
    FROM numbers
"""
_MESSAGES = """
    INSERT INTO messages (order_id, role, received_at, remote, media_type, headers, body)
    SELECT id, 'first', received_at, '192.0.2.10', 'application/json; charset=utf-8', '{{}}', :body
    FROM orders WHERE id > :known ORDER BY id
"""
_HISTORY = """
    INSERT INTO history (order_id, at, actor, event, old, new)
    SELECT o.id, o.received_at, s.column2, s.column3, s.column4, s.column5
    FROM orders o CROSS JOIN (VALUES {steps}) AS s WHERE o.id > :known ORDER BY o.id, s.column1
"""
_ATTEMPTS = """
    INSERT INTO attempts (order_id, system, kind, number, started_at, milliseconds, outcome)
    SELECT o.id, s.column2, s.column3, 1, o.received_at, 1.5, 'done'
    FROM orders o CROSS JOIN (VALUES {steps}) AS s WHERE o.id > :known ORDER BY o.id, s.column1
"""
_SUBMISSIONS = """
    INSERT INTO submissions (order_id, target, key, media_type, extension, document, created_at)
    SELECT id, 'erp', application_key || '-' || client_order_ref, 'application/json', 'json', :body, received_at
    FROM orders WHERE id > :known ORDER BY id
"""
_TASKS = """
    INSERT INTO tasks (order_id, system, kind, state, due, fence, attempts, created_at)
    SELECT id, '{system}', '{kind}', '{state}', {due}, 0, 0, received_at FROM orders WHERE id > :known ORDER BY id
"""


def fill(database: Database, orders: Sequence[tuple[Kind, int]], *, body: bytes = SMALL) -> None:
    """Add so many orders of each kind, one kind after the other, each a second younger than the one before."""
    bring_up_to_date(database.store)
    engine = database.store.open_engine()
    dialect = engine.dialect.name
    try:
        with engine.connect() as connection:
            if dialect == "postgresql":
                connection.execute(text("SET statement_timeout = 0"))
                # Keys into other tables need no check here, and take half of the time.
                connection.execute(text("SET session_replication_role = replica"))
                connection.commit()
            first = count(database, "SELECT count(*) FROM orders") + 1
            for kind, many in orders:
                for start in range(0, many, CHUNK):
                    _add(connection, kind, first, min(CHUNK, many - start), body, _MOMENTS[dialect])
                    first += min(CHUNK, many - start)
    finally:
        engine.dispose()


def settle(database: Database) -> None:
    """What the database does by itself some time after a fill, done now: statistics, old rows, and all on disk."""
    engine = database.store.open_engine()
    statements = {
        "sqlite": ("ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"),
        "postgresql": ("SET statement_timeout = 0", "VACUUM ANALYZE", "CHECKPOINT"),
    }
    try:
        with closing(engine.connect().execution_options(isolation_level="AUTOCOMMIT")) as connection:
            for statement in statements[engine.dialect.name]:
                connection.exec_driver_sql(statement)
    finally:
        engine.dispose()


def reference(number: int) -> str:
    """ClientOrderRef of the n-th order, from 1."""
    return str(FIRST + number)


def _add(connection: Connection, kind: Kind, first: int, many: int, body: bytes, moment: str) -> None:
    known = connection.execute(text("SELECT coalesce(max(id), 0) FROM orders")).scalar()
    given: Mapping[str, object] = {
        "first": first,
        "last": first + many - 1,
        "known": known,
        "body": body,
        "application": APPLICATION_KEY,
        "state": kind.state,
        "hold": kind.hold,
        "number": int(kind.number),
    }
    for statement in _statements(kind, moment):
        connection.execute(text(statement), given)
    connection.commit()


def _statements(kind: Kind, moment: str) -> Sequence[str]:
    times = {"received": moment.format(seconds="i"), "updated": moment.format(seconds="i + 4")}
    statements = [_ORDERS.format(base=FIRST, **times), _MESSAGES.format(), _HISTORY.format(steps=_values(kind.history))]
    if kind.attempts:
        statements.append(_ATTEMPTS.format(steps=_values(kind.attempts)))
    if kind.submission:
        statements.append(_SUBMISSIONS)
    if kind.task is not None:
        system, name, state = kind.task
        due = "received_at" if state == "waiting" else "NULL"
        statements.append(_TASKS.format(system=system, kind=name, state=state, due=due))
    return statements


def _values(rows: Sequence[Sequence[str | None]]) -> str:
    """Rows as SQL, numbered; both databases call their columns column1, column2, ..."""
    told = (", ".join([str(number), *map(_quoted, row)]) for number, row in enumerate(rows))
    return ", ".join(f"({row})" for row in told)


def _quoted(word: str | None) -> str:
    return "NULL" if word is None else f"'{word}'"
