"""The schema of a database: where it stands, and bringing it up to date while others run. (ADR 0028)"""

from dataclasses import dataclass

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, delete, insert, inspect, select

from order_receiver.store import tables
from order_receiver.store.errors import SchemaOutdated, SchemaTooNew

UPGRADE_LOCK = 7_032_001
"""The advisory lock in PostgreSQL that lets one process at a time bring the schema up to date."""


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
    found = state(engine)
    _refuse_newer(found)
    if not found.up_to_date:
        config = _config()
        with engine.begin() as connection:
            # Two processes may start together.
            if engine.dialect.name == "sqlite":
                # The driver begins no transaction before CREATE TABLE.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({UPGRADE_LOCK})")
                connection.exec_driver_sql("SET LOCAL lock_timeout TO DEFAULT")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            _set_floor(connection, ScriptDirectory.from_config(config))
    return found


def require_current(engine: Engine) -> None:
    """Raise SchemaTooNew or SchemaOutdated unless this program can work with the database as it is."""
    found = state(engine)
    _refuse_newer(found)
    if not found.up_to_date:
        raise SchemaOutdated(
            f"The database is at {found.current or 'nothing'}, not {found.wanted}. {SchemaOutdated.__doc__}"
        )


def _refuse_newer(found: SchemaState) -> None:
    if not found.known and not found.suits:
        raise SchemaTooNew(f"The database is at schema {found.current}. {SchemaTooNew.__doc__}")


def _floor(connection: Connection) -> str | None:
    return connection.execute(select(tables.schema_floor.c.revision)).scalar()


def _set_floor(connection: Connection, scripts: ScriptDirectory) -> None:
    """Write down the oldest revision whose programs can work with the newest schema."""
    newest = scripts.get_revision(scripts.get_current_head() or "")
    floor: str = newest.module.floor
    connection.execute(delete(tables.schema_floor))
    connection.execute(insert(tables.schema_floor).values(revision=floor))
