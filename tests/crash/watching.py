"""Wraps the functions of the program at the labelled points (`points.py`), and shortens its patience with databases."""

import asyncio
import inspect
import os
import socket
import sqlite3
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from functools import partial
from typing import Any, Self

import psycopg
from alembic import command
from psycopg import pq
from sqlalchemy import Engine, event
from tests.crash.instructions import Action, Obedience, die, named

from order_receiver.door import door
from order_receiver.norce.connect import Connect
from order_receiver.store import schema, store
from order_receiver.store.postgresql import connection as postgresql_connection
from order_receiver.store.postgresql import lender, transactions
from order_receiver.store.sqlite import database as sqlite_database
from order_receiver.store.sqlite import transactions as sqlite_transactions
from order_receiver.targets.files import adapter, handover
from order_receiver.targets.folder.place import FolderPlace
from order_receiver.work.kinds import POLL, PROCESS, REPORT_CONFIRMED, SUBMIT
from order_receiver.work.listen import Listen
from order_receiver.work.process import Process
from order_receiver.work.report import ReportConfirmed
from order_receiver.work.submit import Submit

AFTER_THE_ANSWER = "after the answer"
STATEMENT, COMMIT, LOOK_UP = "a statement", "COMMIT", "a look-up"
"""Where a connection to PostgreSQL meets faults."""

PATIENCE = 1.0
"""Seconds that the program waits for a lock here, and 1.5 times as long for a statement."""

SELDOM = 2.0
"""Seconds after which work is found that nobody told of, as who should have told was killed."""

CHECKPOINT_PAGES = 60
"""The WAL goes into the database file more often than by itself, so that this is hit too."""

_written: ContextVar[Sequence[str]] = ContextVar("written", default=())
"""What the transaction that is open writes."""

NAMES = {
    "accept": "accept",
    "Worker._claim.<locals>.<lambda>": "claim",
    "Listen._write": "listen",
    "Store.save_token.<locals>.<lambda>": "token",
    "_add_target.<locals>.<lambda>": "ensure",
}
"""Operations on the store by the names of their functions."""


def install(obedience: Obedience) -> None:
    """Once in a process, before the program begins."""
    _watch_sqlite(obedience)
    _watch_postgresql(obedience)
    _watch_the_migration(obedience)
    _watch_the_door(obedience)
    _watch_the_worker(obedience)
    _shorten_patience()


Naming = str | Callable[..., str] | None


def _wrap(owner: object, name: str, wrapped: Callable[[Any], object]) -> None:
    """Put what `wrapped` makes of a function in its place. Raises AttributeError where it is not there any more."""
    setattr(owner, name, wrapped(getattr(owner, name)))


def _set(owner: object, name: str, value: object) -> None:
    _wrap(owner, name, lambda _: value)


def _around(obedience: Obedience, owner: object, name: str, *, before: str = "", after: str = "") -> None:
    """Name the places right before and right after each call of a function."""

    def wrapped(real: Callable[..., Any]) -> Callable[..., Any]:
        async def waiting(*arguments: Any, **more: Any) -> Any:
            obedience.passing(before)
            result = await real(*arguments, **more)
            obedience.passing(after)
            return result

        def working(*arguments: Any, **more: Any) -> Any:
            obedience.passing(before)
            result = real(*arguments, **more)
            obedience.passing(after)
            return result

        return waiting if inspect.iscoroutinefunction(real) else working

    _wrap(owner, name, wrapped)


def _name_of(operation: Callable[..., object]) -> str:
    """What an operation on the store writes; a worker's result with the kind of its task."""
    function = operation.func if isinstance(operation, partial) else operation
    name = function.__qualname__
    if name == "Worker._finish.<locals>.operation":
        return f"finish {inspect.getclosurevars(function).nonlocals['task'].kind}"
    return NAMES.get(name, name)


def _note(operations: Sequence[Callable[..., object]]) -> None:
    _written.set([_name_of(operation) for operation in operations])


def _watch_sqlite(obedience: Obedience) -> None:
    def noted(real: Callable[..., Any]) -> Callable[..., Any]:
        async def run(self: object, operations: Sequence[Callable[..., object]]) -> Any:
            _note(operations)
            return await real(self, operations)

        return run

    def watched(real: Callable[..., Any]) -> Callable[..., Any]:
        async def commit(self: object, sql: str) -> None:
            obedience.passing(*named("before COMMIT of", _written.get()))
            await real(self, sql)
            obedience.passing(*named("after COMMIT of", _written.get()))

        return commit

    def eager(real: Callable[..., sqlite3.Connection]) -> Callable[..., sqlite3.Connection]:
        def connect(path: object) -> sqlite3.Connection:
            connection = real(path)
            connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
            return connection

        return connect

    _wrap(sqlite_transactions.SqliteTransactions, "run", noted)
    _wrap(sqlite_transactions.SqliteTransactions, "_run_in_thread", watched)
    _wrap(sqlite_database, "connect_writer", eager)


def _watched_cursor(obedience: Obedience) -> type[psycopg.Cursor[Any]]:
    class Watched(psycopg.Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **more: Any) -> Self:
            written = _written.get()
            committing = isinstance(query, str) and query.endswith(COMMIT)
            if committing:
                obedience.passing(*named("before COMMIT of", written))
            places = ("in COMMIT", COMMIT, STATEMENT) if committing else (STATEMENT if written else LOOK_UP,)
            action = obedience.passing(*places)
            if action is not None:
                _meet_fault(self.connection.pgconn, action, str(query))
            super().execute(query, params, **more)
            if committing:
                obedience.passing(*named("after COMMIT of", written))
            return self

    return Watched


def _watch_postgresql(obedience: Obedience) -> None:
    watched_cursor = _watched_cursor(obedience)

    def noted(real: Callable[..., Any]) -> Callable[..., Any]:
        def in_one(operations: Sequence[Callable[..., object]], connection: object) -> Any:
            _note(operations)
            return real(operations, connection)

        return in_one

    def watched(real: Callable[..., Any]) -> Callable[..., Any]:
        def connect(given: object) -> Any:
            connection = real(given)
            connection.cursor_factory = watched_cursor
            return connection

        return connect

    _wrap(transactions, "_in_one", noted)
    _wrap(lender, "connect", watched)


def _meet_fault(connection: pq.abc.PGconn, action: Action, query: str) -> None:
    """Do to the connection what is asked for. Raises OperationalError where the call is not to be made any more."""
    if action is Action.FAIL:
        raise psycopg.OperationalError("a fault was asked for here")
    if action in {Action.CUT_AFTER, Action.DIE_AFTER}:
        connection.send_query(query.encode())
        while connection.flush():
            pass
    if action is Action.DIE_AFTER:
        die()
    with socket.socket(fileno=socket.dup(connection.socket)) as end:
        end.shutdown(socket.SHUT_RDWR)
    if action is Action.CUT_AFTER:
        connection.finish()
        raise psycopg.OperationalError("the connection was cut before the answer came, as was asked for")


def _watch_the_migration(obedience: Obedience) -> None:
    migrating: ContextVar[bool] = ContextVar("migrating", default=False)

    def watched(real: Callable[..., None]) -> Callable[..., None]:
        def upgrade(*arguments: object) -> None:
            token = migrating.set(True)
            real(*arguments)
            migrating.reset(token)

        return upgrade

    def after_a_statement(*_: object) -> None:
        if migrating.get():
            obedience.passing("in the migration")

    def before_a_commit(_: object) -> None:
        """PostgreSQL commits each migration by itself, SQLite all of them together, when they are done."""
        if migrating.get():
            obedience.passing("before COMMIT of the migration")

    event.listen(Engine, "after_cursor_execute", after_a_statement)
    event.listen(Engine, "commit", before_a_commit)
    _wrap(command, "upgrade", watched)
    _around(obedience, command, "upgrade", before="before the migration", after="before COMMIT of the migration")
    _around(obedience, schema, "upgrade", after="after the migration")


def _watch_the_door(obedience: Obedience) -> None:
    def watched(real: Callable[..., Any]) -> Callable[..., Any]:
        async def send_outcome(*arguments: object) -> None:
            obedience.passing("before the answer")
            await real(*arguments)
            if obedience.expects(AFTER_THE_ANSWER):
                # What was written goes out at the end of the event loop's round.
                await asyncio.sleep(0.005)
            obedience.passing(AFTER_THE_ANSWER)

        return send_outcome

    _wrap(door, "send_outcome", watched)


def _watch_the_worker(obedience: Obedience) -> None:
    around = partial(_around, obedience)
    for handler, kind in ((Process, PROCESS), (Submit, SUBMIT), (Listen, POLL), (ReportConfirmed, REPORT_CONFIRMED)):
        around(handler, "__call__", before=f"before {kind}", after=f"after {kind}")
    around(FolderPlace, "stage", before="before the order is staged")
    around(os, "pwrite", before="before the promise is written", after="before the promise is on disk")
    around(handover, "release", before="before the file is renamed", after="before the rename is on disk")
    around(handover, "_make_durable", after="after the rename is on disk")
    around(Connect, "_send", before="before Norce is told", after="after Norce was told")
    around(Listen, "_settle", before="before the answer file is put away")
    around(adapter, "put_away", after="after the answer file is put away")


def _shorten_patience() -> None:
    """Faults that last longer than the program's patience would make rounds of many seconds."""
    _set(sqlite_transactions, "LOCK_PATIENCE", PATIENCE)
    _set(store, "SELDOM", SELDOM)
    shorter = f" -c lock_timeout={PATIENCE}s -c statement_timeout={1.5 * PATIENCE}s"
    _wrap(postgresql_connection, "_SETTINGS", lambda settings: settings + shorter)
