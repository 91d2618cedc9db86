"""A PostgreSQL server on which tests make and drop databases."""

import re
import secrets
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import psycopg
    from psycopg.rows import TupleRow

Prepare = Callable[[str], None]
"""Fills the empty database of a URL, and leaves no connection open."""


class Server:
    """A server of version 13 or newer, by the URL of a role that may create databases.

    `administration` is a shorter way to the same server, as libpq takes it.
    """

    def __init__(self, url: str, administration: str | None = None) -> None:
        self._url = url
        self.administration = administration or url
        self._names = f"order_receiver_test_{secrets.token_hex(4)}"
        self._templates: dict[Prepare, str] = {}

    def url(self, database: str | None = None) -> str:
        """The URL of a database; without a name that of the database for administration."""
        return self._url if database is None else re.sub(r"^(\w+://[^/?]*)[^?]*", rf"\1/{database}", self._url)

    def execute(
        self, query: str, parameters: Sequence[object] = (), *, database: str | None = None
    ) -> "list[TupleRow]":
        """Run one statement outside of a transaction, on a connection of its own, and give its rows."""
        with self._connect(database) as connection:
            cursor = connection.execute(query.encode(), parameters or None)
            return cursor.fetchall() if cursor.description else []

    def new_database(self, template: str | None = None) -> str:
        """The URL of a new database: empty, or a copy of the database `template`, to which nobody is connected."""
        name = f"{self._names}_{secrets.token_hex(4)}"
        with self._connect() as connection:
            # Without fsync copying files takes a third of the time of logging every page, the default.
            strategy = "STRATEGY file_copy" if connection.info.server_version >= 15_00_00 else ""
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template or 'template0'} {strategy}".encode())
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Drop the database of a URL, and cut off who is still connected."""
        self.execute(f"DROP DATABASE IF EXISTS {database_of(url)} WITH (FORCE)")

    def template(self, prepare: Prepare) -> str:
        """The name of a database that `prepare` has filled; it does so once for this server and worker."""
        if prepare not in self._templates:
            url = self.new_database()
            prepare(url)
            self._templates[prepare] = database_of(url)
        return self._templates[prepare]

    def drop_all(self) -> None:
        """Drop every database that was made here."""
        for (name,) in self.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [self._names]):
            self.drop_database(self.url(name))

    def _connect(self, database: str | None = None) -> "psycopg.Connection":
        # Every test's conftest.py comes by here; most tests have no use for the driver.
        import psycopg

        return psycopg.connect(self.administration, dbname=database, autocommit=True)


def database_of(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")
