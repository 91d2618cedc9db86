"""Migrations: from nothing, forward, back and again; newer and older databases are refused."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from order_receiver.store import schema, tables
from order_receiver.store.errors import SchemaOutdated, SchemaTooNew
from order_receiver.store.sqlite import open_engine
from order_receiver.store.store import Store


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(tmp_path / "orders.db")
    yield engine
    engine.dispose()


def names(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names())


def downgrade(engine: Engine, to: str) -> None:
    config = Config()
    config.set_main_option("script_location", "order_receiver.store:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, to)


def test_from_nothing_to_the_newest(engine: Engine) -> None:
    before = schema.state(engine)
    assert (before.current, before.empty, before.known, before.up_to_date) == (None, True, True, False)
    assert schema.upgrade(engine) == before
    after = schema.state(engine)
    assert (after.current, after.empty, after.up_to_date) == (before.wanted, False, True)
    assert names(engine) == {*tables.metadata.tables, "alembic_version"}
    schema.require_current(engine)


def test_a_second_upgrade_does_nothing(engine: Engine) -> None:
    schema.upgrade(engine)
    with engine.connect() as connection:
        version = connection.execute(text("PRAGMA schema_version")).scalar()
    assert schema.upgrade(engine).up_to_date
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA schema_version")).scalar() == version


def test_down_to_the_ground_and_up_again(engine: Engine) -> None:
    schema.upgrade(engine)
    downgrade(engine, "base")
    assert names(engine) == {"alembic_version"}
    schema.upgrade(engine)
    assert names(engine) == {*tables.metadata.tables, "alembic_version"}


def test_migrations_and_tables_say_the_same(engine: Engine) -> None:
    schema.upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, tables.metadata) == []


def test_migrations_make_the_very_tables(engine: Engine, tmp_path: Path) -> None:
    """Down to what `compare_metadata` does not look at: conditions of indexes, key columns, AUTOINCREMENT."""
    schema.upgrade(engine)
    direct = open_engine(tmp_path / "direct.db")
    tables.metadata.create_all(direct)
    made = text("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'alembic%' ORDER BY name")
    with engine.connect() as migrated, direct.connect() as created:
        found, wanted = (
            {name: sorted(word.strip() for word in sql.replace("\n", " ").split(",")) for name, sql in rows}
            for rows in (migrated.execute(made), created.execute(made))
        )
    direct.dispose()
    assert {name: len(parts) for name, parts in found.items()} == {name: len(parts) for name, parts in wanted.items()}
    assert {name for name, parts in found.items() if any("AUTOINCREMENT" in part for part in parts)} == {
        name for name, parts in wanted.items() if any("AUTOINCREMENT" in part for part in parts)
    }


def test_an_upgrade_that_fails_leaves_nothing_half_done(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE tasks (stranger TEXT)"))
    with pytest.raises(Exception, match="tasks"):
        schema.upgrade(engine)
    assert names(engine) <= {"tasks", "alembic_version"}
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE tasks"))
    schema.upgrade(engine)
    schema.require_current(engine)


START = """
import sys
from pathlib import Path
from order_receiver.store.store import prepare
print("ready", flush=True)
sys.stdin.readline()
prepare(Path(sys.argv[1]), migrate=True).dispose()
"""


def test_processes_that_start_together_on_an_empty_disk_all_start(tmp_path: Path) -> None:
    path = tmp_path / "orders.db"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", START, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[1] for process in started]
    assert [process.returncode for process in started] == [0, 0], said


def test_a_newer_database_is_refused_and_left_alone(engine: Engine, tmp_path: Path) -> None:
    schema.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for migrate in (True, False):
        with pytest.raises(SchemaTooNew, match=r"schema 9999.*newer version"):
            Store(tmp_path / "orders.db", migrate=migrate)
    assert not schema.state(engine).known


def test_an_outdated_database_says_what_to_do(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(SchemaOutdated, match=r"at nothing, not .*order-receiver db upgrade"):
        Store(tmp_path / "orders.db", migrate=False)
    assert names(engine) == set()
    schema.upgrade(engine)
    downgrade(engine, "base")
    with pytest.raises(SchemaOutdated):
        schema.require_current(engine)


async def test_a_store_brings_its_schema_up_to_date_by_itself(tmp_path: Path) -> None:
    store = Store(tmp_path / "orders.db")
    assert schema.state(store.engine).up_to_date
    await store.close()
