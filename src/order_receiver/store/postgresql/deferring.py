"""Statements of many operations as one: what finishing a hundred tasks needs is hardly more than what one needs.

Each statement is a message to the server and back, and costs both sides about a tenth of a millisecond of CPU. So what
operations defer is gathered, and each statement runs once, over the values of all of them. They travel as JSON, which
costs a thirtieth of what the driver takes to write an array. (ADR 0030)
"""

import typing
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    JSON,
    BindParameter,
    ColumnElement,
    Insert,
    String,
    TableValuedAlias,
    Text,
    bindparam,
    cast,
    column,
    func,
    insert,
    literal_column,
    select,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.visitors import ExternallyTraversible, replacement_traverse
from sqlalchemy.types import LargeBinary, TypeEngine

from order_receiver.store.session import Session, Then
from order_receiver.store.statements import Compiled, Core, Cursor, Deferrable, Rank, Row, Statement, Value, without_nul

ROWS = "given_rows"
"""The parameter that holds the values of all."""


class Deferred(NamedTuple):
    """A row of values for a statement; `about` is the order it concerns."""

    about: int | None
    values: Mapping[str, Value]
    then: Then | None


_encode = msgspec.json.Encoder().encode


class DeferringSession(Session):
    """Runs deferred statements together, in the order of their ranks, before anything else that is asked for.

    What concerns one order keeps its sequence: a statement that does not come after what is deferred about the same
    order already waits until that has run.
    """

    def __init__(self, cursor: Cursor, dialect: Dialect, clock: Callable[[], datetime]) -> None:
        super().__init__(cursor, dialect, clock, writing=True)
        self._deferred: dict[Deferrable, list[Deferred]] = defaultdict(list)
        self._reached: dict[int | None, int] = {}

    def defer(self, statement: Deferrable, then: Then | None = None, *, about: int | None, **values: Value) -> None:
        if statement.rank is not Rank.RECORD:
            if statement.rank <= self._reached.get(about, 0):
                self.flush()
            self._reached[about] = statement.rank
        self._deferred[statement].append(Deferred(about, values, then))

    def change(self, statement: Statement, **values: Value) -> int:
        self.flush()
        return super().change(statement, **values)

    def all(self, statement: Statement, **values: Value) -> list[Row]:
        self.flush()
        return super().all(statement, **values)

    def raw(self, sql: str, values: Sequence[Value]) -> list[Row]:
        self.flush()
        return super().raw(sql, values)

    def flush(self) -> None:
        """Run what was deferred. Raises what one of those who are told of it raises."""
        while self._deferred:
            deferred, self._deferred = self._deferred, defaultdict(list)
            self._reached.clear()
            for statement in sorted(deferred, key=lambda each: each.rank):
                # In one sequence everywhere, so that nobody who locks several waits for one who waits for it.
                self._run(statement, sorted(deferred[statement], key=lambda each: each.about or 0))

    def _run(self, statement: Deferrable, deferred: Sequence[Deferred]) -> None:
        joined = _joined(statement, self._dialect)
        self._cursor.execute(joined.sql, joined.parameters([each.values for each in deferred]))
        if not statement.key:
            return
        width = len(statement.key)
        found = {row[:width]: row for row in joined.rows(self._cursor.fetchall())}
        for each in deferred:
            if each.then is not None:
                each.then(found.get(tuple(each.values[name] for name in statement.key)))


class Joined:
    """A statement that takes the values of many where its own takes those of one."""

    def __init__(self, core: Core, dialect: Dialect) -> None:
        single = core.compile(dialect=dialect)
        names = [name for name in dict.fromkeys(single.positiontup or ()) if single.binds[name].required]
        compiled = Compiled(join(core, {name: single.binds[name].type for name in names}), dialect)
        self.sql = compiled.sql
        self.rows = compiled.rows
        self._parameters = compiled.parameters

    def parameters(self, rows: Sequence[Mapping[str, Value]]) -> Sequence[Value]:
        """The values in the driver's order."""
        return self._parameters({ROWS: rows_text(rows)})


def rows_text(rows: Sequence[Mapping[str, Value]]) -> str:
    """Rows of values as JSON, without the one character that texts of the server cannot hold."""
    text = _encode(rows)
    if b"\\u0000" in text:
        text = _encode([dict(zip(row, without_nul([*row.values()]), strict=True)) for row in rows])
    return text.decode()


_known: dict[Deferrable, Joined] = {}


def _joined(statement: Deferrable, dialect: Dialect) -> Joined:
    found = _known.get(statement)
    if found is None:
        found = _known[statement] = Joined(statement.core(dialect), dialect)
    return found


def join(core: Core, types: Mapping[str, TypeEngine[Any]]) -> Core:
    """A statement over the rows of one JSON parameter, in place of the parameters of those types."""
    given = (
        func.json_to_recordset(cast(bindparam(ROWS, type_=Text), JSON))
        .table_valued(*(column(name, _as_given(kind)) for name, kind in types.items()))
        .render_derived(name="given", with_types=True)
    )
    if isinstance(core, Insert) and core.select is None:
        columns = [each.name for each in core.table.c if each.name in types]
        return insert(core.table).from_select(columns, select(*(_value(given, name, types) for name in columns)))

    def replace(element: ExternallyTraversible, **_: object) -> ExternallyTraversible | None:
        if isinstance(element, BindParameter) and element.key in types:
            return _value(given, element.key, types)
        return None

    return typing.cast("Core", replacement_traverse(core, {}, replace))


def _as_given(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """How a value comes out of JSON: texts in full (a cast to a shorter type would cut them), bytes as base64."""
    return Text() if isinstance(kind, String | LargeBinary) else kind


def _value(given: TableValuedAlias, name: str, types: Mapping[str, TypeEngine[Any]]) -> ColumnElement[Any]:
    value = given.c[name]
    return func.decode(value, literal_column("'base64'")) if isinstance(types[name], LargeBinary) else value
