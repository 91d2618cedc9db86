"""Databases for tests: each has its own, quickly, and none is left."""

import psycopg
import pytest
from tests.postgresql import programs
from tests.postgresql.fixtures import MigratedUrl, or_skipped
from tests.postgresql.server import Server, database_of

Rows = list[tuple[object, ...]]


def run(url: str, query: str) -> Rows:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        return cursor.fetchall() if cursor.description else []


def migrate(url: str) -> None:
    run(url, "CREATE TABLE orders (number integer)")


@pytest.fixture
def server(postgresql_server: Server) -> Server:
    """The shared server as another worker sees it, by its URL alone."""
    return Server(postgresql_server.url())


def test_each_test_has_an_empty_database(postgresql_url: str, server: Server) -> None:
    assert run(postgresql_url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == []
    assert run(postgresql_url, "SELECT current_database()") == [(database_of(postgresql_url),)]
    assert postgresql_url == server.url(database_of(postgresql_url))


def test_a_migrated_database_is_a_copy_of_its_own(migrated_postgresql_url: MigratedUrl) -> None:
    one, other = migrated_postgresql_url(migrate), migrated_postgresql_url(migrate)
    run(one, "INSERT INTO orders VALUES (1)")

    assert run(one, "SELECT * FROM orders") == [(1,)]
    assert run(other, "SELECT * FROM orders") == []


def test_a_template_is_prepared_once(server: Server) -> None:
    prepared: list[str] = []
    assert server.template(prepared.append) == server.template(prepared.append)
    assert len(prepared) == 1
    server.drop_all()


def test_all_databases_are_dropped_even_with_somebody_in_them(server: Server) -> None:
    names = [database_of(server.new_database()) for _ in range(2)]
    with psycopg.connect(server.url(names[0])) as connection:
        server.drop_all()
        with pytest.raises(psycopg.errors.AdminShutdown):
            connection.execute("SELECT 1")

    assert server.execute("SELECT datname FROM pg_database WHERE datname = ANY(%s)", [names]) == []


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("postgresql://me:secret@db.example:5433/other", "postgresql://me:secret@db.example:5433/orders"),
        ("postgresql://db.example", "postgresql://db.example/orders"),
        ("postgresql:///other?host=/run/postgresql", "postgresql:///orders?host=/run/postgresql"),
    ],
)
def test_the_url_of_a_database_differs_in_its_name_only(given: str, wanted: str) -> None:
    assert Server(given).url() == given
    assert Server(given).url("orders") == wanted
    assert database_of(wanted) == "orders"


def test_without_postgresql_tests_are_skipped_but_fail_in_continuous_integration(
    monkeypatch: pytest.MonkeyPatch, tmp_path: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "FOLDERS", ())

    monkeypatch.setenv("CI", "false")
    with pytest.raises(pytest.skip.Exception, match="apt install postgresql"), or_skipped():
        programs.find()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="apt install postgresql"), or_skipped():
        programs.find()
