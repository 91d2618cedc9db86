"""A SQLite file as the store's database."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from order_receiver.store.database import Heard
from order_receiver.store.sqlite.connection import connect_writer, open_engine, refuse_network_file_system
from order_receiver.store.sqlite.transactions import SqliteReader, SqliteTransactions


class Silence:
    """Processes that share a file tell one another nothing; they look."""

    def ring(self, news: str) -> None:
        """Nobody hears it."""

    async def close(self) -> None:
        """Nothing to let go of."""


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """One file on a local disk, for the processes of one machine."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @property
    def tells(self) -> bool:
        """Looking costs microseconds."""
        return False

    def open_engine(self) -> Engine:
        """For queries and migrations."""
        return open_engine(self.path)

    def make_ready(self) -> None:
        """The folder must be there, on a disk of this machine. Raises UnsuitableFileSystem, OSError."""
        refuse_network_file_system(self.path)
        self.path.parent.mkdir(parents=True, exist_ok=True)

    def transactions(self) -> SqliteTransactions:
        """Writes."""
        return SqliteTransactions(lambda: connect_writer(self.path))

    def reader(self) -> SqliteReader:
        """Look-ups."""
        return SqliteReader(connect_writer(self.path))

    def bell(self, heard: Heard) -> Silence:
        """There is none."""
        return Silence()
