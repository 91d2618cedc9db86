"""Migrations: from nothing, forward, back and again; newer and older databases are refused."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, Insert, event, inspect, select, text
from sqlalchemy.exc import DBAPIError
from tests.store.conftest import PATIENCE

from order_receiver.store import schema, tables
from order_receiver.store.database import Database
from order_receiver.store.errors import SchemaOutdated, SchemaTooNew
from order_receiver.store.postgresql import PostgresServer
from order_receiver.store.sqlite import SqliteFile, open_engine
from order_receiver.store.store import Store

on_sqlite = pytest.mark.parametrize("place", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("place", ["postgresql"], indirect=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where there is an empty database, or none yet: a path or a URL."""
    return request.getfixturevalue("postgresql_url") if request.param == "postgresql" else str(tmp_path / "orders.db")


@pytest.fixture
def database(place: str) -> Database:
    return PostgresServer(place) if "://" in place else SqliteFile(Path(place))


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    engine = database.open_engine()
    yield engine
    engine.dispose()


def names(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names())


def move(engine: Engine, to: str, how: Callable[[Config, str], None]) -> None:
    config = Config()
    config.set_main_option("script_location", "order_receiver.store:migrations")
    with schema.alone(engine) as connection:
        config.attributes["connection"] = connection
        how(config, to)


CHANGED = {
    "sqlite": "PRAGMA schema_version",
    "postgresql": "SELECT string_agg(oid || ' ' || xmin, ',' ORDER BY oid) FROM pg_class "
    "WHERE relnamespace = 'public'::regnamespace",
}
"""What is another after each change of a schema."""


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
        version = connection.execute(text(CHANGED[engine.dialect.name])).scalar()
    assert schema.upgrade(engine).up_to_date
    with engine.connect() as connection:
        assert connection.execute(text(CHANGED[engine.dialect.name])).scalar() == version


def test_down_to_the_ground_and_up_again(engine: Engine) -> None:
    schema.upgrade(engine)
    move(engine, "base", command.downgrade)
    assert names(engine) == {"alembic_version"}
    schema.upgrade(engine)
    assert names(engine) == {*tables.metadata.tables, "alembic_version"}


def test_migrations_and_tables_say_the_same(engine: Engine) -> None:
    schema.upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, tables.metadata) == []


@on_sqlite
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


MADE = text(
    "SELECT table_name, column_name, data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') "
    "FROM information_schema.columns WHERE table_schema = :schema "
    "UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = :schema "
    "UNION ALL SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE connamespace = CAST(:schema AS regnamespace)"
)


@on_postgresql
def test_migrations_make_the_very_tables_of_a_server(engine: Engine) -> None:
    """Down to conditions of indexes, counters and foreign keys."""
    schema.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA direct"))
        tables.metadata.create_all(connection.execution_options(schema_translate_map={None: "direct"}))
        found, wanted = (
            {tuple(part.replace(f"{name}.", "") for part in row) for row in connection.execute(MADE, {"schema": name})}
            for name in ("public", "direct")
        )
    assert {row for row in found if "alembic" not in row[0]} == wanted


def test_the_second_poll_of_an_older_installation_goes(engine: Engine) -> None:
    move(engine, "0001", command.upgrade)
    with engine.begin() as connection:
        for system in ("poll:erp", "poll:wms", "poll:erp"):
            new = {"system": system, "kind": "poll", "state": "waiting", "fence": 0, "attempts": 0}
            connection.execute(tables.tasks.insert().values(**new, created_at=datetime.now(UTC)))
    schema.upgrade(engine)
    with engine.connect() as connection:
        systems = connection.execute(select(tables.tasks.c.system).order_by(tables.tasks.c.id)).scalars().all()
    assert systems == ["poll:erp", "poll:wms"]


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


def test_floors_never_fall() -> None:
    """What a program may work with, it may still work with after the next step, unless that says otherwise."""
    config = Config()
    config.set_main_option("script_location", "order_receiver.store:migrations")
    newest_first = list(ScriptDirectory.from_config(config).walk_revisions())[:-1]
    floors = [step.module.floor for step in newest_first]
    assert floors == sorted(floors, reverse=True)
    assert all("0001" <= step.module.floor <= step.revision for step in newest_first)


def test_a_floor_comes_with_its_step(engine: Engine) -> None:
    move(engine, "0002", command.upgrade)
    with engine.connect() as connection:
        assert connection.execute(select(tables.schema_floor.c.revision)).scalars().all() == ["0001"]


BY_STATE = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('ix_orders_state')"


@on_postgresql
def test_an_index_is_made_beside_writers(engine: Engine) -> None:
    """While it is made, an older transaction goes on and a newer one is not kept waiting."""
    move(engine, "0002", command.upgrade)
    with ThreadPoolExecutor() as threads, engine.connect() as older:
        older.execute(an_order("1"))
        upgrading = threads.submit(schema.upgrade, engine)
        wait_until(lambda: making_indices(engine))
        with engine.begin() as newer:
            newer.execute(an_order("2"))
        older.execute(an_order("3"))
        older.commit()
        assert upgrading.result(timeout=PATIENCE).current == "0002"
    schema.require_current(engine)
    with engine.connect() as connection:
        assert connection.execute(text(BY_STATE)).scalar() is True


@on_postgresql
def test_an_index_that_was_interrupted_is_made_again(engine: Engine) -> None:
    move(engine, "0002", command.upgrade)
    with ThreadPoolExecutor() as threads, engine.connect() as older:
        older.execute(an_order("1"))
        upgrading = threads.submit(schema.upgrade, engine)
        wait_until(lambda: making_indices(engine))
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_progress_create_index"))
        with pytest.raises(DBAPIError):
            upgrading.result(timeout=PATIENCE)
    with engine.connect() as connection:
        assert connection.execute(text(BY_STATE)).scalar() is False
    assert schema.upgrade(engine).current == "0002"
    with engine.connect() as connection:
        assert connection.execute(text(BY_STATE)).scalar() is True


@on_postgresql
def test_who_waits_for_an_upgrade_is_not_in_its_way(engine: Engine) -> None:
    """An index that is made beside writers waits for whoever waits within the server, and that one for it."""
    move(engine, "0002", command.upgrade)
    asked: list[object] = []
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append("advisory" in given[2]))
    with ThreadPoolExecutor() as threads, engine.connect() as older:
        older.execute(an_order("1"))
        first = threads.submit(schema.upgrade, engine)
        wait_until(lambda: making_indices(engine))
        second = threads.submit(schema.upgrade, engine)
        wait_until(lambda: asked.count(True) > 2)
        older.commit()
        assert [each.result(timeout=PATIENCE).current for each in (first, second)] == ["0002", "0002"]


def an_order(reference: str) -> Insert:
    moment = datetime.now(UTC)
    return tables.orders.insert().values(
        application_key="shop", client_order_ref=reference, state="received", received_at=moment, updated_at=moment
    )


def making_indices(engine: Engine) -> bool:
    with engine.connect() as connection:
        return connection.execute(text("SELECT 1 FROM pg_stat_progress_create_index")).scalar() is not None


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


START = """
import sys
from pathlib import Path
from order_receiver.store.postgresql import PostgresServer
from order_receiver.store.store import prepare
place = sys.argv[1]
print("ready", flush=True)
sys.stdin.readline()
prepare(PostgresServer(place) if "://" in place else Path(place), migrate=True).dispose()
"""


def test_processes_that_start_together_on_an_empty_database_all_start(place: str) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", START, place],
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


def newer(engine: Engine, floor: str) -> None:
    """What a program of another year has made of the database."""
    schema.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(tables.schema_floor.update().values(revision=floor))


def test_a_newer_database_is_refused_and_left_alone(engine: Engine, database: Database) -> None:
    newer(engine, floor="9998")
    for migrate in (True, False):
        with pytest.raises(SchemaTooNew, match=r"schema 9999.*newer version"):
            Store(database, migrate=migrate)
    found = schema.state(engine)
    assert (found.current, found.known, found.suits, found.up_to_date) == ("9999", False, False, False)


async def test_a_newer_database_that_this_program_can_work_with_is_taken_as_it_is(
    engine: Engine, database: Database
) -> None:
    newer(engine, floor=schema.state(engine).wanted)
    for migrate in (True, False):
        await Store(database, migrate=migrate).close()
    found = schema.state(engine)
    assert (found.current, found.known, found.suits, found.up_to_date) == ("9999", False, True, True)


def test_an_outdated_database_says_what_to_do(engine: Engine, database: Database) -> None:
    with pytest.raises(SchemaOutdated, match=r"at nothing, not .*order-receiver db upgrade"):
        Store(database, migrate=False)
    assert names(engine) == set()
    schema.upgrade(engine)
    move(engine, "base", command.downgrade)
    with pytest.raises(SchemaOutdated):
        schema.require_current(engine)


async def test_a_store_brings_its_schema_up_to_date_by_itself(database: Database) -> None:
    store = Store(database)
    assert schema.state(store.engine).up_to_date
    await store.close()
