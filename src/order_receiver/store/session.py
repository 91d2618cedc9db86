"""One transaction as the store's operations see it."""

from collections.abc import Callable
from typing import TypeAlias, TypeVar

from sqlalchemy.engine import Dialect

from order_receiver.store.statements import Cursor, Row, Statement, Value

Result = TypeVar("Result")


class Session:
    """Runs compiled statements in the transaction that is open."""

    def __init__(self, cursor: Cursor, dialect: Dialect) -> None:
        self._cursor = cursor
        self._dialect = dialect

    def change(self, statement: Statement, **values: Value) -> int:
        """Run a statement that changes rows; how many it changed."""
        compiled = statement.compiled(self._dialect)
        self._cursor.execute(compiled.sql, compiled.parameters(values))
        return self._cursor.rowcount

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
