"""The staging table: what it has to be like, its rows, and the answers in them."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    MetaData,
    Select,
    Table,
    cast,
    inspect,
    literal,
    null,
    or_,
    select,
    types,
)
from sqlalchemy.engine.interfaces import ReflectedIndex
from sqlalchemy.exc import NoSuchTableError

from order_receiver.orders.outcomes import PermanentFailure, TransientFailure
from order_receiver.settings.targets import SqlTarget
from order_receiver.targets.adapter import Submission
from order_receiver.targets.files.answers import LOOK_LIMIT
from order_receiver.targets.keys import KEY_LIMIT

AnyColumn: TypeAlias = Column[Any]


@dataclass(frozen=True, slots=True)
class Answered:
    """A row in which the ERP has written; empty text counts as nothing."""

    key: str
    number: str
    refused: str
    changed: Any

    @property
    def said(self) -> tuple[str, str]:
        """What the ERP says, by which a row is known again."""
        return self.number, self.refused


class Staging:
    """The table as it was found in the database, with the columns that the settings name."""

    def __init__(self, settings: SqlTarget, table: Table) -> None:
        self._settings = settings
        self.table = table
        self.key = table.c[settings.columns.key]

    def row(self, submission: Submission) -> dict[str, object]:
        """The values to insert, by column. Raises PermanentFailure for what does not fit: nothing is ever cut."""
        columns = self._settings.columns
        order, document = submission.order, submission.document
        texts = {
            columns.key: submission.key,
            columns.reference: order.client_order_ref,
            columns.media_type: document.media_type,
        }
        values: dict[str, object] = {}
        for name, text in texts.items():
            if name is not None:
                self._fits(self.table.c[name], text)
                values[name] = text
        values[columns.document] = self._document(self.table.c[columns.document], document.content)
        if columns.created is not None:
            values[columns.created] = _now(self.table.c[columns.created])
        return values

    def number_of(self, key: str) -> "Select[Any]":
        """The row of a key: one column, the ERP's number where there is one."""
        number = self._settings.columns.number
        return select(self.key if number is None else self.table.c[number]).where(self.key == key)

    def answered(self, connection: Connection, newest: Any) -> Iterator[Answered]:
        """The rows with answers, by `changed`; the caller stops when it has enough.

        They begin a little before the newest one known: rows are not committed in the order of `changed`, and a clock
        that shows local time goes back an hour in autumn.
        """
        columns = self._settings.columns
        number = self.table.c[columns.number or ""]
        refused = null() if columns.refused is None else self.table.c[columns.refused]
        query = (
            select(self.key, number, refused, self._changed)
            .where(or_(number.is_not(None), refused.is_not(None)), self._changed.is_not(None))
            .order_by(self._changed, self.key)
        )
        if newest is not None:
            query = query.where(self._changed >= self._since(newest))
        with connection.execution_options(yield_per=LOOK_LIMIT).execute(query) as rows:
            for row in rows:
                found = Answered(_text(row[0]), _text(row[1]), _text(row[2]), row[3])
                if found.number or found.refused:
                    yield found

    def value(self, cursor: str | None) -> Any:
        """The value of `changed` that a cursor stands for; None for one of a column of another kind."""
        if cursor is None:
            return None
        try:
            return int(cursor) if self._counts else _no_later(datetime.fromisoformat(cursor))
        except ValueError:
            return None

    def newest(self, one: Any, other: Any) -> Any:
        """The later of two values of `changed`, but never later than now: a row of the future must not hide others."""
        later = other if one is None or not _comparable(one, other) else max(one, other)
        return later if self._counts else _no_later(later)

    def goes_back_to(self, changed: Any, newest: Any) -> bool:
        """Whether a look that begins from the newest one known comes by a row of this change."""
        return newest is None or (_comparable(changed, newest) and changed >= self._since(newest))

    def _since(self, newest: Any) -> Any:
        return newest - (self._settings.overlap if self._counts else timedelta(seconds=self._settings.overlap))

    @property
    def _counts(self) -> bool:
        return isinstance(self._changed.type, types.Integer)

    @property
    def _changed(self) -> AnyColumn:
        return self.table.c[self._settings.columns.changed or ""]

    def _fits(self, column: AnyColumn, text: str) -> None:
        limit = getattr(column.type, "length", None)
        if limit is not None and len(text) > limit:
            raise PermanentFailure(
                f"{text!r} has {len(text)} characters and the column {column.name} takes {limit}; none is cut. "
                "Make the column longer, then retry the order."
            )
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise PermanentFailure(f"What belongs into the column {column.name} is no text in UTF-8.") from error

    def _document(self, column: AnyColumn, content: bytes) -> object:
        if isinstance(column.type, types.LargeBinary):
            return content
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            raise PermanentFailure(
                f"The mapped order is no text in UTF-8, and the column {column.name} takes text: make it bytes."
            ) from error
        self._fits(column, text)
        # The text goes to the database as it is: reading it here would touch its numbers.
        return cast(literal(text, types.Text()), column.type) if isinstance(column.type, JSON) else text


def find_table(settings: SqlTarget, connection: Connection) -> Staging:
    """Look the table up, before anything is written into it.

    Raises TransientFailure where it, or a column, is missing: for all orders alike. Raises PermanentFailure where
    nothing in it keeps an order from being there twice.
    """
    schema, _, name = settings.table.rpartition(".")
    columns = settings.columns
    named = [each for field in columns.__struct_fields__ if (each := getattr(columns, field)) is not None]
    try:
        there = [column["name"] for column in inspect(connection).get_columns(name, schema or None)]
    except NoSuchTableError as error:
        raise TransientFailure(f"There is no table {settings.table} in the database: create it.") from error
    if missing := [each for each in named if each not in there]:
        raise TransientFailure(
            f"The table {settings.table} has no column {', '.join(missing)}; it has {', '.join(there)}."
        )
    table = Table(
        name, MetaData(), schema=schema or None, autoload_with=connection, include_columns=named, resolve_fks=False
    )
    if (columns.key,) not in set(_unique(settings, connection)):
        raise PermanentFailure(
            f"The column {columns.key} of {settings.table} is not unique, so an order could be in it twice: "
            f"ALTER TABLE {settings.table} ADD UNIQUE ({columns.key})."
        )
    return Staging(settings, table)


def examine(settings: SqlTarget, connection: Connection) -> None:
    """Whether the table can do what is needed. Raises PermanentFailure, TransientFailure."""
    staging = find_table(settings, connection)
    columns = settings.columns
    length = getattr(staging.key.type, "length", None)
    if length is not None and length < KEY_LIMIT:
        raise PermanentFailure(
            f"The column {columns.key} of {settings.table} takes {length} characters; a key has up to {KEY_LIMIT}."
        )
    if columns.changed is not None:
        changed = staging.table.c[columns.changed]
        if not isinstance(changed.type, types.Integer | types.DateTime):
            raise PermanentFailure(
                f"The column {changed.name} of {settings.table} is {changed.type}: it must be a time or a whole number."
            )


def _unique(settings: SqlTarget, connection: Connection) -> Iterator[tuple[str, ...]]:
    """The sets of columns that the database keeps unique: keys, constraints, and indexes over whole columns."""
    schema, _, name = settings.table.rpartition(".")
    look = inspect(connection)
    yield tuple(look.get_pk_constraint(name, schema or None)["constrained_columns"])
    with suppress(NotImplementedError):
        for constraint in look.get_unique_constraints(name, schema or None):
            yield tuple(constraint["column_names"])
    # The option is SQLite's, where a column's own UNIQUE shows only as an index that it made by itself.
    for index in look.get_indexes(name, schema or None, include_auto_indexes=True):
        if index["unique"] and not _is_partial(index):
            yield tuple(str(column) for column in index["column_names"])


def _is_partial(index: ReflectedIndex) -> bool:
    options = index.get("dialect_options", {})
    return any(name.endswith("_where") and value is not None for name, value in options.items())


def cursor_of(changed: Any) -> str | None:
    """A value of the column `changed` as the text that `Staging.value` reads again."""
    return changed.isoformat() if isinstance(changed, datetime) else None if changed is None else str(changed)


def _no_later(at: datetime) -> datetime:
    now = datetime.now(UTC)
    return min(at, now if at.tzinfo else now.replace(tzinfo=None))


def _comparable(one: Any, other: Any) -> bool:
    """Not where the column was given another kind or a zone since."""
    zones = [getattr(each, "tzinfo", None) is None for each in (one, other)]
    return type(one) is type(other) and zones[0] == zones[1]


def _now(column: AnyColumn) -> datetime:
    """UTC; without a zone where the column has none."""
    now = datetime.now(UTC)
    return now if getattr(column.type, "timezone", False) else now.replace(tzinfo=None)


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()
