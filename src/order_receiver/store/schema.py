"""The schema of a database: where it stands, and bringing it up to date."""

from dataclasses import dataclass

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from order_receiver.store.errors import SchemaOutdated, SchemaTooNew


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The revision a database is at (None: empty) and the one this program wants."""

    current: str | None
    wanted: str
    known: bool
    empty: bool

    @property
    def up_to_date(self) -> bool:
        """Nothing is to be done."""
        return self.current == self.wanted


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "order_receiver.store:migrations")
    return config


def state(engine: Engine) -> SchemaState:
    """Look where a database stands; changes nothing."""
    scripts = ScriptDirectory.from_config(_config())
    wanted = scripts.get_current_head() or ""
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        empty = not inspect(connection).get_table_names()
    known = current is None or current in {script.revision for script in scripts.walk_revisions()}
    return SchemaState(current, wanted, known, empty)


def upgrade(engine: Engine) -> SchemaState:
    """Bring a database up to date, creating it if it is empty. Raises SchemaTooNew."""
    found = state(engine)
    _refuse_newer(found)
    if not found.up_to_date:
        config = _config()
        with engine.begin() as connection:
            if engine.dialect.name == "sqlite":
                # The driver begins no transaction before CREATE TABLE; and two processes may start together.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    return found


def require_current(engine: Engine) -> None:
    """Raise SchemaTooNew or SchemaOutdated unless the database is exactly at this program's version."""
    found = state(engine)
    _refuse_newer(found)
    if not found.up_to_date:
        raise SchemaOutdated(
            f"The database is at {found.current or 'nothing'}, not {found.wanted}. {SchemaOutdated.__doc__}"
        )


def _refuse_newer(found: SchemaState) -> None:
    if not found.known:
        raise SchemaTooNew(f"The database is at schema {found.current}. {SchemaTooNew.__doc__}")
