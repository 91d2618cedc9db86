"""The ERP's database: how it is opened, and how its troubles are told. (ADR 0031)"""

import os
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidatePoolError, NoSuchModuleError, SQLAlchemyError

from order_receiver.settings.problems import Problem, SettingsError
from order_receiver.settings.targets import SqlTarget
from order_receiver.settings.targets.sql import leaves_this_machine
from order_receiver.targets.surroundings import Surroundings

WORDS_LIMIT = 300
CONNECT_SECONDS = 10

RULE_BROKEN = "P0001"
"""SQLSTATE of `RAISE EXCEPTION` in PostgreSQL."""
RULES_BROKEN = {"pymysql": range(1644, 1645), "pymssql": range(50_000, 2**31)}
"""What `SIGNAL` of MariaDB and MySQL, and `THROW` and `RAISERROR` of SQL Server, are numbered by their drivers."""


def open_engine(
    settings: SqlTarget, surroundings: Surroundings, threads: int, begin: Callable[[object], None]
) -> Engine:
    """Make an engine with a connection for each thread. Reaches nothing yet.

    `begin` is called in the thread with each of the driver's connections before anything waits for an answer on it.
    Raises SettingsError for a URL of no use, a driver that is not installed, a password that cannot be had.
    """
    url = _url(settings, surroundings)
    try:
        engine = create_engine(url, pool_size=threads, max_overflow=0, connect_args=arguments(url, settings.timeout))
    except NoSuchModuleError as error:
        raise _problem(
            surroundings, f"names a kind of database that SQLAlchemy does not know: {told(error)}."
        ) from error
    except ModuleNotFoundError as error:
        raise _problem(
            surroundings, f"needs the driver {error.name}, which is not installed: pip install it."
        ) from error
    _watch(engine, begin)
    return engine


def _watch(engine: Engine, begin: Callable[[object], None]) -> None:
    """SQLAlchemy's own `pool_pre_ping` would wait for a silent server before anybody knew of the connection."""

    def ping(connection: DBAPIConnection, *_: object) -> None:
        begin(connection)
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error

    event.listen(engine, "connect", lambda connection, record: begin(connection), insert=True)
    event.listen(engine, "checkout", ping)


def told(error: SQLAlchemyError) -> str:
    """The first line of what the database says, without a full stop; lines after it may quote the order."""
    said: object = error.orig if isinstance(error, DBAPIError) else error
    lines = str(said).strip().splitlines() or [type(said).__name__]
    return lines[0].rstrip(".")[:WORDS_LIMIT]


def is_rule(error: DBAPIError) -> bool:
    """Whether the table's owner raised this in a trigger or a procedure: a refusal, and no trouble of the database."""
    said = error.orig
    if getattr(said, "sqlstate", None) == RULE_BROKEN:
        return True
    numbers = RULES_BROKEN.get(type(said).__module__.partition(".")[0], range(0))
    return said is not None and bool(said.args) and said.args[0] in numbers


@runtime_checkable
class OnSocket(Protocol):
    """A connection whose socket can be reached."""

    def fileno(self) -> int: ...


def hang_up(connection: object) -> None:
    """Let nobody wait for the server of this connection any more; other threads may be in the middle of it.

    Only psycopg needs it, which has no time-out for an answer; other drivers know when to give up.
    """
    if not isinstance(connection, OnSocket):
        return
    with suppress(Exception):  # it may be closed by now, in one of many ways
        number = os.dup(connection.fileno())
        with socket.socket(fileno=number) as other:
            other.shutdown(socket.SHUT_RDWR)


def _url(settings: SqlTarget, surroundings: Surroundings) -> URL:
    try:
        url = make_url(settings.url)
    except ArgumentError as error:
        what = "cannot be read; write it like postgresql://user@host/erp."
        raise _problem(surroundings, what) from error
    if settings.password is not None:
        url = url.set(password=surroundings.secret(settings.password, "password"))
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite":
        return _existing_file(url, surroundings.base)
    return url


def _existing_file(url: URL, base: Path) -> URL:
    """A file that is not there must not be made: the table would be missing in it."""
    path = (base / (url.database or "")).absolute()
    return url.set(database=path.as_uri(), query={**url.query, "mode": "rw", "uri": "true"})


def arguments(url: URL, timeout: float) -> dict[str, Any]:
    """Waits that are bounded, and TLS that is verified, where we know the driver's words for it."""
    seconds = max(1, round(timeout))
    away = leaves_this_machine(str(url))
    match url.get_driver_name():
        case "psycopg":
            return _of_psycopg(url, seconds)
        case "pymysql":
            bounds = {"connect_timeout": min(CONNECT_SECONDS, seconds)} | dict.fromkeys(
                ("read_timeout", "write_timeout"), seconds
            )
            return bounds | ({"ssl": ssl.create_default_context(cafile=_one(url, "ssl_ca"))} if away else {})
        case "pymssql":
            return {"timeout": seconds, "login_timeout": min(CONNECT_SECONDS, seconds)}
        case _:
            return {"timeout": timeout} if url.get_backend_name() == "sqlite" else {}


def _of_psycopg(url: URL, seconds: int) -> dict[str, Any]:
    """Where no host is named, the environment may name one; on a socket of this machine, libpq passes over TLS."""
    arguments = {
        "application_name": "order-receiver",
        "connect_timeout": min(CONNECT_SECONDS, seconds),
        "options": f"{url.query.get('options', '')} -c statement_timeout={seconds}s "
        f"-c idle_in_transaction_session_timeout={seconds}s",
        "tcp_user_timeout": seconds * 1000,
    }
    named = url.host or url.query.get("host") or url.query.get("hostaddr")
    if "sslmode" not in url.query and (not named or "service" in url.query or leaves_this_machine(str(url))):
        arguments |= {"sslmode": "verify-full", "sslrootcert": url.query.get("sslrootcert", "system")}
    return arguments


def _one(url: URL, name: str) -> str | None:
    value = url.query.get(name)
    return value if value is None or isinstance(value, str) else value[-1]


def _problem(surroundings: Surroundings, what: str) -> SettingsError:
    return SettingsError([Problem("settings", None, f"targets.{surroundings.name}.url", what)])
