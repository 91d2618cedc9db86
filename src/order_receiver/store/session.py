"""One transaction as the store's operations see it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeAlias, TypeVar

from sqlalchemy.engine import Dialect

from order_receiver.store.statements import Cursor, Deferrable, Row, Statement, Value

Result = TypeVar("Result")

Then: TypeAlias = Callable[[Row | None], None]
"""Is told the row that a deferred statement returned, or that it returned none."""


class Session:
    """Runs compiled statements in the transaction that is open.

    `writing` is whether what is read may be changed in the same transaction; then rows that decide are locked, where
    the database lets several write at once.
    """

    def __init__(self, cursor: Cursor, dialect: Dialect, clock: Callable[[], datetime], *, writing: bool) -> None:
        self._cursor = cursor
        self._dialect = dialect
        self._clock = clock
        self.writing = writing
        self.locked: set[int] = set()
        """Orders that this transaction has locked."""

    @property
    def now(self) -> datetime:
        """The time by the one clock that all processes of an installation share: the database's."""
        return self._clock()

    @property
    def shared(self) -> bool:
        """Whether others may write at the same time, so that rows have to be locked."""
        return self._dialect.name != "sqlite"

    def change(self, statement: Statement, **values: Value) -> int:
        """Run a statement that changes rows; how many it changed."""
        compiled = statement.compiled(self._dialect)
        self._cursor.execute(compiled.sql, compiled.parameters(values))
        return self._cursor.rowcount

    def defer(self, statement: Deferrable, then: Then | None = None, *, about: int | None, **values: Value) -> None:
        """Run a statement at the latest before the transaction ends; `about` is the order whose rows it touches.

        Here that is at once. Where every statement costs a message, it runs together with those of other operations;
        what `then` raises is then raised for all of them, and each is carried out again in a transaction of its own.
        """
        if statement.key:
            found = self.one(statement, **values)
            if then is not None:
                then(found)
        else:
            self.change(statement, **values)

    def raw(self, sql: str, values: Sequence[Value]) -> list[Row]:
        """Rows of a statement that is written for one database only."""
        self._cursor.execute(sql, values)
        return self._cursor.fetchall()

    def all(self, statement: Statement, **values: Value) -> list[Row]:
        """All rows that the statement returns."""
        compiled = statement.compiled(self._dialect)
        self._cursor.execute(compiled.sql, compiled.parameters(values))
        return compiled.rows(self._cursor.fetchall())

    def one(self, statement: Statement, **values: Value) -> Row | None:
        """The first row that the statement returns, if it returns any."""
        found = self.all(statement, **values)
        return found[0] if found else None


Operation: TypeAlias = Callable[[Session], Result]
"""A piece of work on the store that runs inside one transaction. It may run twice (when its batch is rolled back),
so it must have no effect outside the session."""
