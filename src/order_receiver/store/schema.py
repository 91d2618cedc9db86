"""The schema of a database: where it stands, and bringing it up to date while others run. (ADR 0028)"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import sleep

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, inspect, select

from order_receiver.store import tables
from order_receiver.store.errors import SchemaOutdated, SchemaTooNew

UPGRADE_LOCK = 7_032_001
"""The advisory lock in PostgreSQL that lets one process at a time bring the schema up to date."""
ASK_AGAIN = 0.1
"""Seconds between tries to get it."""
_PATIENT = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = '60s'"
"""A step may take long, and the program may be slow to begin with it; locks are waited for as briefly as ever."""


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The revision a database is at (None: empty) and the one this program wants.

    `known` is whether the program knows the revision; `suits` whether it can work with it all the same: a newer program
    has added to the schema and taken nothing away yet.
    """

    current: str | None
    wanted: str
    known: bool
    suits: bool
    empty: bool

    @property
    def up_to_date(self) -> bool:
        """Nothing is to be done."""
        return self.current == self.wanted or self.suits


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "order_receiver.store:migrations")
    return config


def state(engine: Engine) -> SchemaState:
    """Look where a database stands; changes nothing."""
    scripts = ScriptDirectory.from_config(_config())
    wanted = scripts.get_current_head() or ""
    revisions = {script.revision for script in scripts.walk_revisions()}
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        there = inspect(connection).get_table_names()
        known = current is None or current in revisions
        suits = not known and tables.schema_floor.name in there and _floor(connection) in revisions
    return SchemaState(current, wanted, known, suits, empty=not there)


def upgrade(engine: Engine) -> SchemaState:
    """Bring a database up to date, creating it if it is empty; where it stood before. Raises SchemaTooNew.

    Programs that know at least the `floor` of the newest migration may run on meanwhile and afterwards.
    """
    found = _not_too_new(engine)
    if not found.up_to_date:
        with alone(engine) as connection:
            # Another process may have done it while we waited, and more than we know.
            if not _not_too_new(engine).up_to_date:
                config = _config()
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
    return found


@contextmanager
def alone(engine: Engine) -> Iterator[Connection]:
    """A connection for migrations; only one process at a time has one.

    SQLite: in one transaction for them all. PostgreSQL: not in a transaction, as some migrations must be in none.
    """
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            # The driver begins no transaction before CREATE TABLE.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.commit()
        else:
            try:
                connection.exec_driver_sql(_PATIENT)
                _wait_for_turn(connection)
                yield connection
            finally:
                # The lock ends with the session.
                connection.invalidate()


def _wait_for_turn(connection: Connection) -> None:
    """Ask again and again: an index that is made beside writers waits for all who wait within the server."""
    while not connection.execute(select(func.pg_try_advisory_lock(UPGRADE_LOCK))).scalar():
        connection.commit()
        sleep(ASK_AGAIN)
    connection.commit()


def require_current(engine: Engine) -> None:
    """Raise SchemaTooNew or SchemaOutdated unless this program can work with the database as it is."""
    found = _not_too_new(engine)
    if not found.up_to_date:
        raise SchemaOutdated(
            f"The database is at {found.current or 'nothing'}, not {found.wanted}. {SchemaOutdated.__doc__}"
        )


def _not_too_new(engine: Engine) -> SchemaState:
    found = state(engine)
    if not found.known and not found.suits:
        raise SchemaTooNew(f"The database is at schema {found.current}. {SchemaTooNew.__doc__}")
    return found


def _floor(connection: Connection) -> str | None:
    return connection.execute(select(tables.schema_floor.c.revision)).scalar()
