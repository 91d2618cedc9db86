"""Connections to PostgreSQL: bounded in every wait, by the server's clock, in UTC."""

import os
import socket
from contextlib import suppress
from datetime import datetime
from typing import Any

import psycopg
from psycopg import Connection, pq
from sqlalchemy.dialects.postgresql import psycopg as dialects
from sqlalchemy.engine import Dialect

DIALECT: Dialect = dialects.dialect(paramstyle="format")  # type: ignore[no-untyped-call]

CONNECT_SECONDS = 5
STATEMENT_SECONDS = 10
LOCK_SECONDS = 2
IDLE_SECONDS = 3
"""How long the server waits for the next statement of a transaction: a host that is gone holds its locks so long."""
ANSWER_SECONDS = 10
"""How long a whole piece of work may take: a server that stands still keeps its connections and says nothing."""
SILENCE_SECONDS = 10
"""How long a server that does not answer is believed to be there: a cut cable is noticed after so long."""
_KEEPALIVE = {
    "tcp_keepalives_idle": SILENCE_SECONDS // 2,
    "tcp_keepalives_interval": 2,
    "tcp_keepalives_count": 3,
}

_SETTINGS = (
    "-c timezone=UTC "
    f"-c statement_timeout={STATEMENT_SECONDS}s "
    f"-c lock_timeout={LOCK_SECONDS}s "
    f"-c idle_in_transaction_session_timeout={IDLE_SECONDS}s "
) + " ".join(f"-c {name}={value}" for name, value in _KEEPALIVE.items())
"""The server looks after us as we after it: otherwise the connections of a host that is gone stay for hours."""

BY_INDEX = " ".join(
    f"-c {name}={value}"
    for name, value in {
        "cpu_tuple_cost": 1,
        "cpu_index_tuple_cost": 1,
        "random_page_cost": 0.01,
        "enable_seqscan": "off",
        "jit": "off",
    }.items()
)
"""What the hot path asks for is a few rows by their keys, always: a plan is as good as the rows it touches are few.
Without this, a server that has no statistics yet reads whole tables. (ADR 0030)"""

PLAN_SECONDS = 1.0
"""How long a plan is kept: one that was made when a table was small is bad when it has grown, and the server does not
think again by itself before it has gathered statistics, a minute later or more."""


def parameters(url: str, password: str | None, more: str = "") -> dict[str, Any]:
    """What every connection is opened with; hosts in the address are tried until one takes writes."""
    given: dict[str, Any] = dict(psycopg.conninfo.conninfo_to_dict(url))
    options = f"{given.get('options') or ''} {_SETTINGS} {more}".strip()
    return {
        "application_name": "order-receiver",
        "target_session_attrs": "read-write",
        "connect_timeout": CONNECT_SECONDS,
        **{name.removeprefix("tcp_"): value for name, value in _KEEPALIVE.items()},
        "tcp_user_timeout": SILENCE_SECONDS * 1000,
        **given,
        **({} if password is None else {"password": password}),
        "options": options,
    }


def connect(given: dict[str, Any]) -> Connection[tuple[Any, ...]]:
    """A connection on which every statement is its own transaction until we begin one. Raises psycopg.Error."""
    connection = psycopg.connect(**given, autocommit=True)
    connection.prepare_threshold = 2
    return connection


def cut(connection: Connection[tuple[Any, ...]]) -> None:
    """End a connection on which another thread waits for the server: it wakes with an error."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as wire:
        wire.shutdown(socket.SHUT_RDWR)


def is_open(connection: Connection[tuple[Any, ...]]) -> bool:
    """Whether a connection can be used for another transaction."""
    return not connection.closed and connection.info.transaction_status is pq.TransactionStatus.IDLE


def begin(connection: Connection[tuple[Any, ...]]) -> datetime:
    """Begin a transaction; the server's time, which comes with the same message."""
    cursor = connection.execute("BEGIN; SELECT clock_timestamp()", prepare=False)
    cursor.nextset()
    found = cursor.fetchone()
    if found is None:
        raise psycopg.OperationalError("the server did not tell the time")
    moment: datetime = found[0]
    return moment
