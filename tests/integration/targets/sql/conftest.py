"""Staging tables in a real PostgreSQL and in SQLite, and adapters that use them."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from order_receiver.orders.identity import OrderKey
from order_receiver.settings.section import Secret
from order_receiver.settings.targets import SqlTarget, StagingColumns
from order_receiver.targets.adapter import Document, SaveStep, Step, Submission
from order_receiver.targets.sql.adapter import SqlAdapter
from order_receiver.targets.surroundings import Surroundings

KEY = "shop_-100001"
POSTGRESQL = """\
CREATE TABLE web_orders (
    id bigserial PRIMARY KEY,
    order_key varchar(120) NOT NULL UNIQUE,
    reference varchar(50) NOT NULL,
    document text NOT NULL,
    media_type varchar(100),
    created_at timestamptz,
    erp_order_no varchar(60),
    refusal text,
    changed_at timestamptz,
    problem varchar(40)
)"""
SQLITE = """\
CREATE TABLE web_orders (
    id INTEGER PRIMARY KEY,
    order_key VARCHAR(120) NOT NULL UNIQUE,
    reference VARCHAR(50) NOT NULL,
    document TEXT NOT NULL,
    media_type VARCHAR(100),
    created_at TIMESTAMP,
    erp_order_no VARCHAR(60),
    refusal TEXT,
    changed_at TIMESTAMP,
    problem VARCHAR(40)
)"""
COLUMNS = {
    "reference": "reference",
    "media_type": "media_type",
    "created": "created_at",
    "number": "erp_order_no",
    "refused": "refusal",
    "changed": "changed_at",
    "problem": "problem",
}


@dataclass
class Erp:
    """The ERP's side: its database, in its own words."""

    kind: str
    url: str
    base: Path
    _adapters: list[SqlAdapter] = field(default_factory=list)

    def execute(self, query: str) -> list[tuple[Any, ...]]:
        """Run a statement and commit."""
        if self.kind == "postgresql":
            with psycopg.connect(self.url, autocommit=True) as connection:
                cursor = connection.execute(query.encode())
                return cursor.fetchall() if cursor.description else []
        with closing(sqlite3.connect(self.base / "erp.db")) as database, database:
            return database.execute(query).fetchall()

    def answer(self, key: str, number: str | None = None, refusal: str | None = None, at: str = "10:00:00") -> None:
        said = ", ".join("NULL" if text is None else f"'{text}'" for text in (number, refusal))
        self.execute(
            f"UPDATE web_orders SET (erp_order_no, refusal, changed_at) = ({said}, '2026-03-02 {at}')"
            f" WHERE order_key = '{key}'"
        )

    def refuse_all(self, why: str, *, deferred: bool = False) -> None:
        """A trigger of the ERP raises for every order."""
        if self.kind == "sqlite":
            self.execute(f"CREATE TRIGGER refuse BEFORE INSERT ON web_orders BEGIN SELECT RAISE(ABORT, '{why}'); END")
            return
        when = "CONSTRAINT TRIGGER refuse AFTER INSERT" if deferred else "TRIGGER refuse BEFORE INSERT"
        wait = "DEFERRABLE INITIALLY DEFERRED" if deferred else ""
        self.execute(
            f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION '{why}'; END$$;"
            f"CREATE {when} ON web_orders {wait} FOR EACH ROW EXECUTE FUNCTION refuse()"
        )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Somebody else keeps all from writing."""
        if self.kind == "postgresql":
            with psycopg.connect(self.url) as connection:
                connection.execute("LOCK TABLE web_orders IN SHARE MODE")
                yield
            return
        with closing(sqlite3.connect(self.base / "erp.db")) as database:
            database.execute("BEGIN IMMEDIATE")
            yield
            database.rollback()

    def refuse_no_more(self) -> None:
        self.execute("DROP TRIGGER refuse" + (" ON web_orders" if self.kind == "postgresql" else ""))

    def rows(self) -> list[tuple[Any, ...]]:
        return self.execute("SELECT order_key, reference, document, media_type FROM web_orders ORDER BY order_key")

    def adapter(
        self, url: str | None = None, columns: dict[str, str | None] | None = None, **changes: Any
    ) -> SqlAdapter:
        settings = SqlTarget(
            url=url or without_password(self.url),
            columns=StagingColumns(**(COLUMNS | (columns or {}))),  # type: ignore[arg-type]
            **({"table": "web_orders", "password": self.password, "timeout": 20.0} | changes),
        )
        secrets = {"PASSWORD": urlsplit(self.url).password or "", "WRONG": "battery staple"}
        self._adapters.append(SqlAdapter(settings, Surroundings("erp", self.base, secrets)))
        return self._adapters[-1]

    @property
    def password(self) -> Secret | None:
        return Secret(env="PASSWORD") if self.kind == "postgresql" else None

    async def close(self) -> None:
        for adapter in self._adapters:
            await adapter.close()


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2].partition("/")[0])


def without_password(url: str) -> str:
    password = urlsplit(url).password
    return url if password is None else url.replace(f":{password}@", "@")


@pytest.fixture(params=["postgresql", "sqlite"])
async def erp(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Erp]:
    """Both databases, with an empty staging table."""
    if request.param == "postgresql":
        made = Erp("postgresql", request.getfixturevalue("postgresql_url"), tmp_path)
        made.execute(POSTGRESQL)
    else:
        made = Erp("sqlite", "sqlite:///erp.db", tmp_path)
        made.execute(SQLITE)
    yield made
    await made.close()


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Erp]:
    """SQLite alone, without a table."""
    made = Erp("sqlite", "sqlite:///erp.db", tmp_path)
    made.execute("PRAGMA user_version = 1")
    yield made
    await made.close()


@pytest.fixture
async def postgresql(postgresql_url: str, tmp_path: Path) -> AsyncIterator[Erp]:
    """PostgreSQL alone."""
    made = Erp("postgresql", postgresql_url, tmp_path)
    made.execute(POSTGRESQL)
    yield made
    await made.close()


@pytest.fixture
def save() -> SaveStep:
    async def fail(step: Step) -> None:
        raise AssertionError(f"the sql adapter stores no step, not even {step}")

    return fail


@pytest.fixture
def submission() -> Callable[..., Submission]:
    def make(content: bytes = b'{"a":1.10}', key: str = KEY, reference: str = "100001") -> Submission:
        return Submission(key, OrderKey("shop", reference), Document(content, "application/json", "json"))

    return make
