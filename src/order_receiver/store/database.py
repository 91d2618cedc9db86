"""What the store needs of a database, whichever it is."""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Engine

from order_receiver.store.session import Operation, Result


class Transactions(Protocol):
    """Carries out batches of operations, each batch in one transaction."""

    at_once: int
    """How many batches may run at the same time."""

    async def run(self, operations: Sequence[Operation[object]]) -> Sequence[object]:
        """The results, once they are on disk. Raises whatever went wrong; then nothing of the batch was done."""
        ...

    def is_trouble(self, error: Exception) -> bool:
        """Whether an error is the database's, not that of one operation."""
        ...

    def may_succeed(self, error: Exception) -> bool:
        """Whether the same operation may do better at once: it was in the way of another."""
        ...

    def is_blocked(self, error: Exception) -> bool:
        """Whether others hold what was needed, and held it for longer than can be waited."""
        ...

    async def close(self) -> None: ...


class Reader(Protocol):
    """Reads what is committed."""

    async def run(self, operation: Operation[Result]) -> Result:
        """Raises StoreUnavailable."""
        ...

    async def close(self) -> None: ...


class Bell(Protocol):
    """Tells other processes of an installation that there is news, and hears it from them."""

    def ring(self, news: str) -> None: ...
    async def close(self) -> None: ...


class Database(Protocol):
    """One database, by its address."""

    def __str__(self) -> str:
        """The address as people may see it."""
        ...

    @property
    def tells(self) -> bool:
        """Whether processes hear of one another's news through it, so that they need to look only seldom."""
        ...

    def open_engine(self) -> Engine:
        """For queries and migrations."""
        ...

    def make_ready(self) -> None:
        """Make or check the place where the database is to be. Raises UnsuitableFileSystem, OSError."""
        ...

    def transactions(self) -> Transactions: ...
    def reader(self) -> Reader: ...
    def bell(self, heard: "Heard") -> Bell: ...


class Heard(Protocol):
    """Takes news from other processes."""

    def __call__(self, news: str) -> None: ...
