"""Statements of the hot path: written in SQLAlchemy Core, compiled once, run by the driver itself.

Executing a Core statement costs ten times the driver call it ends in; compiling it once keeps one spelling for every
database and pays only for the driver.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, cast

from sqlalchemy import Delete, Insert, Select, Table, Update, bindparam
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Dialect

Value: TypeAlias = object
Row: TypeAlias = tuple[Any, ...]
Core: TypeAlias = Select[Any] | Insert | Update | Delete
Processor: TypeAlias = Callable[[Value], Value]


class Cursor(Protocol):
    """What we need of a DBAPI cursor."""

    @property
    def rowcount(self) -> int: ...
    def execute(self, sql: str, parameters: Sequence[Value] = ..., /) -> object: ...
    def fetchall(self) -> list[Row]: ...


class Statement:
    """A Core statement, compiled for each database at its first use there."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self._compiled: dict[str, Compiled] = {}

    def compiled(self, dialect: Dialect) -> "Compiled":
        """The statement as this database takes it."""
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = Compiled(self.core, dialect)
        return found


class Compiled:
    """The text of a statement with the conversions of its parameters and columns."""

    def __init__(self, core: Core, dialect: Dialect) -> None:
        compiled = core.compile(dialect=dialect)
        self.sql = str(compiled)
        defaults = compiled.params
        self._binds = [
            (
                name,
                defaults.get(name),
                cast("Processor | None", compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)),
            )
            for name in compiled.positiontup or ()
        ]
        self._results = [
            cast("Processor | None", column.type.dialect_impl(dialect).result_processor(dialect, None))
            for column in core.exported_columns
        ]
        self._plain = not any(self._results)

    def parameters(self, values: Mapping[str, Value]) -> list[Value]:
        """The values in the driver's order, converted as their columns ask; bound literals fill themselves in."""
        found = []
        for name, default, convert in self._binds:
            value = values.get(name, default)
            found.append(value if convert is None or value is None else convert(value))
        return found

    def rows(self, raw: list[Row]) -> list[Row]:
        """Fetched rows, converted as their columns ask."""
        if self._plain:
            return raw
        return [
            tuple(
                value if convert is None or value is None else convert(value)
                for value, convert in zip(row, self._results, strict=True)
            )
            for row in raw
        ]


def insertion(table: Table, *columns: str) -> Insert:
    """An INSERT of the named columns, each a parameter of its own name."""
    return sqlite_insert(table).values({column: bindparam(column) for column in columns})


def insertion_if_new(table: Table, *columns: str) -> Insert:
    """An INSERT that does nothing where a unique key is taken: the database decides, not a look before."""
    return sqlite_insert(table).values({column: bindparam(column) for column in columns}).on_conflict_do_nothing()
