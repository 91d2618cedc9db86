"""The databases that the receiver is measured on: a SQLite file, or one of a PostgreSQL server of our own.

The server is the one that the tests start (`tests/postgresql`), with durability on and its memory as PostgreSQL comes.
"""

import os
import socket
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import psycopg
from tests.postgresql.cluster import Cluster
from tests.postgresql.programs import Unavailable

from bench.servers import cpu_of
from bench.workshop import BenchFailed, Workshop
from order_receiver.store.database import Database as Store
from order_receiver.store.postgresql import PostgresServer
from order_receiver.store.sqlite import SqliteFile

PASSWORD_VARIABLE = "BENCH_DATABASE_PASSWORD"  # noqa: S105 - a variable's name
SETTINGS = {"shared_buffers": "128MB"}
"""PostgreSQL's own default; the tests make do with less."""
PATH_LIMIT = 55
"""Characters of a folder that leave room for the path of a socket two folders below."""


class Database(Protocol):
    """Where a receiver's orders live, seen from outside."""

    @property
    def name(self) -> str: ...

    @property
    def settings(self) -> str:
        """What [store] says."""
        ...

    @property
    def environ(self) -> Mapping[str, str]:
        """Variables that the receiver needs beside its settings."""
        ...

    @property
    def store(self) -> Store:
        """The same as the receiver's own code takes it."""
        ...

    def ask(self, question: str) -> tuple[object, ...]:
        """The first row of the answer."""
        ...

    def cpu_seconds(self) -> float:
        """CPU spent so far by processes of the database's own."""
        ...


@dataclass(frozen=True, slots=True)
class SqliteDatabase:
    """The file that a receiver keeps in its folder."""

    folder: Path
    name: str = "SQLite"

    @property
    def settings(self) -> str:
        return f'path = "{self.path}"'

    @property
    def environ(self) -> Mapping[str, str]:
        return {}

    @property
    def store(self) -> Store:
        return SqliteFile(self.path)

    @property
    def path(self) -> Path:
        return self.folder / "orders.db"

    def ask(self, question: str) -> tuple[object, ...]:
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=10)) as connection:
            row: tuple[object, ...] = connection.execute(question).fetchone()
            return row

    def cpu_seconds(self) -> float:
        """It runs within the receiver."""
        return 0.0


@dataclass(frozen=True, slots=True)
class PostgresDatabase:
    """A database of the server's own; questions go by a connection that stays, so that they cost little."""

    cluster: Cluster
    url: str
    connection: "psycopg.Connection[tuple[object, ...]]"
    name: str = "PostgreSQL"

    @property
    def settings(self) -> str:
        parts = urlsplit(self.url)
        url = f"postgresql://{parts.username}@{parts.hostname}:{parts.port}{parts.path}"
        return f'url = "{url}"\npassword = {{ env = "{PASSWORD_VARIABLE}" }}'

    @property
    def environ(self) -> Mapping[str, str]:
        return {PASSWORD_VARIABLE: self.cluster.password}

    @property
    def store(self) -> Store:
        return PostgresServer(self.url)

    def ask(self, question: str) -> tuple[object, ...]:
        row = self.connection.execute(question.encode()).fetchone()
        if row is None:
            raise BenchFailed(f"PostgreSQL has no answer to: {question}")
        return row

    def cpu_seconds(self) -> float:
        """Of the first process and all that it has started; those that have ended are in its account."""
        first, *others = self.cluster.processes
        return cpu_of(first, with_ended_children=True) + sum(cpu_of(process) for process in others)


def count(database: Database, question: str) -> int:
    """A number that a database answers."""
    return int(str(database.ask(question)[0]))


def moments(database: Database, question: str) -> list[datetime]:
    """Times that a database answers; SQLite keeps them as text."""
    return [one if isinstance(one, datetime) else datetime.fromisoformat(str(one)) for one in database.ask(question)]


@contextmanager
def open_cluster(workshop: Workshop, *, preloaded: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    """A PostgreSQL server that makes its commits durable. Raises BenchFailed where it cannot run.

    `preloaded` are variables for its processes, such as LD_PRELOAD.
    """
    with_variables = ("env", *(f"{name}={value}" for name, value in preloaded.items())) if preloaded else ()
    with tempfile.TemporaryDirectory(prefix="bench-", dir=_place(workshop)) as folder:
        parent = Path(folder)
        # PostgreSQL's account makes its folder there and removes it.
        parent.chmod(0o1777)
        try:
            cluster = Cluster(
                settings=SETTINGS, parent=parent, prefix=with_variables, port=_free_port() if preloaded else None
            )
        except Unavailable as reason:
            raise BenchFailed(str(reason)) from reason
        with cluster:
            yield cluster


@contextmanager
def fresh_postgresql(cluster: Cluster) -> Iterator[PostgresDatabase]:
    """An empty database, dropped at the end."""
    url = cluster.new_database()
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            yield PostgresDatabase(cluster, url, connection)
    finally:
        cluster.drop_database(url)


def _place(workshop: Workshop) -> Path:
    """Below build/, a real disk, if PostgreSQL's own account comes there and a socket's path fits."""
    build = workshop.folder.parent
    reachable = os.geteuid() != 0 or all(folder.stat().st_mode & 0o001 for folder in (build, *build.parents))
    return build if reachable and len(str(build)) <= PATH_LIMIT else Path("/var/tmp")  # noqa: S108 - a real disk


def _free_port() -> int:
    """One that nobody has now; where a command comes before PostgreSQL's, the cluster does not look for itself."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
