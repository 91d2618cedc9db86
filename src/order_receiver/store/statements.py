"""Statements of the hot path: written in SQLAlchemy Core, compiled once, run by the driver itself.

Executing a Core statement costs ten times the driver call it ends in; compiling it once keeps one spelling for every
database and pays only for the driver.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
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
        names = list(compiled.positiontup or ())
        self.sql = str(compiled)
        self._literals = {name: value for name, value in compiled.params.items() if not compiled.binds[name].required}
        self._pick = _picker(names)
        binds = [compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
        self._binds = [(index, cast("Processor", bind)) for index, bind in enumerate(binds) if bind is not None]
        results = [
            column.type.dialect_impl(dialect).result_processor(dialect, None) for column in core.exported_columns
        ]
        self._results = [
            (index, cast("Processor", result)) for index, result in enumerate(results) if result is not None
        ]

    def parameters(self, values: Mapping[str, Value]) -> Sequence[Value]:
        """The values in the driver's order, converted as their columns ask; literals fill themselves in.

        Raises KeyError for a value that was forgotten.
        """
        return _converted(self._pick({**self._literals, **values} if self._literals else values), self._binds)

    def rows(self, raw: list[Row]) -> list[Row]:
        """Fetched rows, converted as their columns ask."""
        if not self._results:
            return raw
        return [tuple(_converted(row, self._results)) for row in raw]


def _picker(names: Sequence[str]) -> Callable[[Mapping[str, Value]], Sequence[Value]]:
    """Takes the named values out of a mapping, in order, as quickly as Python can."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: [values[name] for name in names]


def _converted(row: Sequence[Value], processors: Sequence[tuple[int, Processor]]) -> Sequence[Value]:
    if not processors:
        return row
    values = list(row)
    for index, process in processors:
        value = values[index]
        if value is not None:
            values[index] = process(value)
    return values


def insertion(table: Table, *columns: str) -> Insert:
    """An INSERT of the named columns, each a parameter of its own name."""
    return sqlite_insert(table).values({column: bindparam(column) for column in columns})


def insertion_if_new(table: Table, *columns: str) -> Insert:
    """An INSERT that does nothing where a unique key is taken: the database decides, not a look before."""
    return sqlite_insert(table).values({column: bindparam(column) for column in columns}).on_conflict_do_nothing()
