"""Statements of the hot path: written in SQLAlchemy Core, compiled once, run by the driver itself.

Executing a Core statement costs ten times the driver call it ends in; compiling it once keeps one spelling for every
database and pays only for the driver.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from operator import itemgetter
from typing import Any, Protocol, TypeAlias, cast

from sqlalchemy import Column, Delete, Insert, Select, Table, Update, bindparam, insert
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Dialect

Value: TypeAlias = object
Row: TypeAlias = tuple[Any, ...]
Core: TypeAlias = Select[Any] | Insert | Update | Delete
Spelled: TypeAlias = Mapping[str, Core]
"""A statement that databases spell differently, by the name of the dialect."""
Processor: TypeAlias = Callable[[Value], Value]


class Cursor(Protocol):
    """What we need of a DBAPI cursor."""

    @property
    def rowcount(self) -> int: ...
    def execute(self, sql: str, parameters: Sequence[Value] = ..., /) -> object: ...
    def fetchall(self) -> list[Row]: ...


class Statement:
    """A Core statement, compiled for each database at its first use there."""

    def __init__(self, core: Core | Spelled) -> None:
        self._core = core
        self._compiled: dict[str, Compiled] = {}

    def compiled(self, dialect: Dialect) -> "Compiled":
        """The statement as this database takes it."""
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = Compiled(self.core(dialect), dialect)
        return found

    def core(self, dialect: Dialect) -> Core:
        """The statement as it is spelled for a database."""
        return self._core[dialect.name] if isinstance(self._core, Mapping) else self._core


class Rank(IntEnum):
    """The order in which a transaction carries out what was deferred: that of finishing a task."""

    LOCK = 1
    REMOVE_TASK = 2
    SUBMISSION = 3
    MOVE_ORDER = 4
    ADD_TASK = 5
    RECORD = 6
    """What is only written down, and decides nothing in the transaction that writes it."""


class Deferrable(Statement):
    """A statement that one row of values needs now or later in its transaction, so that it can serve many at once.

    `key` names the values that are the first columns of the row it returns, if it returns any.
    """

    def __init__(self, core: Core | Spelled, rank: Rank, *key: str) -> None:
        super().__init__(core)
        self.rank = rank
        self.key = key


class Compiled:
    """The text of a statement with the conversions of its parameters and columns."""

    def __init__(self, core: Core, dialect: Dialect) -> None:
        compiled = core.compile(dialect=dialect)
        names = list(compiled.positiontup or ())
        self.sql = str(compiled)
        self._literals = {name: value for name, value in compiled.params.items() if not compiled.binds[name].required}
        self._pick = _picker(names)
        self._nul_is_no_text = dialect.name == "postgresql"
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
        picked = _converted(self._pick({**self._literals, **values} if self._literals else values), self._binds)
        return without_nul(picked) if self._nul_is_no_text else picked

    def rows(self, raw: list[Row]) -> list[Row]:
        """Fetched rows, converted as their columns ask."""
        if not self._results:
            return raw
        return [tuple(_converted(row, self._results)) for row in raw]


def without_nul(row: Sequence[Value]) -> Sequence[Value]:
    """The one character that PostgreSQL's texts cannot hold becomes U+FFFD."""
    if any(isinstance(value, str) and "\x00" in value for value in row):
        return [value.replace("\x00", "\ufffd") if isinstance(value, str) else value for value in row]
    return row


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
    return insert(table).values({column: bindparam(column) for column in columns}).inline()


def insertion_if_new(table: Table, *columns: str, returning: Sequence[Column[Any]] = ()) -> Spelled:
    """An INSERT that does nothing where a unique key is taken: the database decides, not a look before."""
    values: dict[str, Any] = {column: bindparam(column) for column in columns}
    in_sqlite = sqlite_insert(table).values(values).inline().on_conflict_do_nothing()
    in_postgresql = postgresql_insert(table).values(values).inline().on_conflict_do_nothing()
    if not returning:
        return {"sqlite": in_sqlite, "postgresql": in_postgresql}
    return {"sqlite": in_sqlite.returning(*returning), "postgresql": in_postgresql.returning(*returning)}


def replacement(table: Table, *columns: str) -> Spelled:
    """An INSERT that overwrites the row with the same primary key."""
    values: dict[str, Any] = {column: bindparam(column) for column in columns}
    keys = [column.name for column in table.primary_key]
    others = [column for column in columns if column not in keys]
    in_sqlite = sqlite_insert(table).values(values).inline()
    in_postgresql = postgresql_insert(table).values(values).inline()
    return {
        "sqlite": in_sqlite.on_conflict_do_update(keys, set_={name: in_sqlite.excluded[name] for name in others}),
        "postgresql": in_postgresql.on_conflict_do_update(
            index_elements=keys, set_={name: in_postgresql.excluded[name] for name in others}
        ),
    }
