"""A PostgreSQL server as the store's database."""

from dataclasses import dataclass

import psycopg
from sqlalchemy import Engine, create_engine

from order_receiver.store.database import Heard
from order_receiver.store.postgresql.bell import PostgresBell
from order_receiver.store.postgresql.connection import BY_INDEX, parameters
from order_receiver.store.postgresql.transactions import PostgresReader, PostgresTransactions


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """One database on a server, or on any of several: the one that takes writes is used."""

    url: str
    password: str | None = None

    def __str__(self) -> str:
        shown = psycopg.conninfo.conninfo_to_dict(self.url)
        return f"postgresql://{shown.get('host', '')}:{shown.get('port', 5432)}/{shown.get('dbname', '')}"

    @property
    def tells(self) -> bool:
        """LISTEN and NOTIFY."""
        return True

    def open_engine(self) -> Engine:
        """For queries and migrations."""
        given = parameters(self.url, self.password)
        return create_engine(
            "postgresql+psycopg://", creator=lambda: psycopg.connect(**given), pool_size=2, pool_pre_ping=True
        )

    def make_ready(self) -> None:
        """The server is looked after by others."""

    def transactions(self) -> PostgresTransactions:
        """Writes."""
        return PostgresTransactions(parameters(self.url, self.password, BY_INDEX))

    def reader(self) -> PostgresReader:
        """Look-ups."""
        return PostgresReader(parameters(self.url, self.password, BY_INDEX))

    def bell(self, heard: Heard) -> PostgresBell:
        """Tells the other processes."""
        return PostgresBell(parameters(self.url, self.password), heard)
