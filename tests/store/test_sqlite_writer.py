"""Writing to the embedded database: its one lock, its disk, and a connection that is lost."""

import asyncio
import sqlite3
from functools import partial
from pathlib import Path

import pytest
from tests.store.conftest import Look, MakeArrival, kept_out, on_sqlite, put

from order_receiver.store import accepting, tables
from order_receiver.store.database import Database
from order_receiver.store.errors import StoreUnavailable
from order_receiver.store.sqlite.connection import connect_writer
from order_receiver.store.sqlite.transactions import SqliteTransactions
from order_receiver.store.store import Store
from order_receiver.store.values import Accepted
from order_receiver.store.writer import Writer


def connection_of(store: Store) -> sqlite3.Connection:
    transactions = store.writer._transactions
    assert isinstance(transactions, SqliteTransactions)
    return transactions._connection


@on_sqlite
async def test_another_process_that_writes_too_long_makes_the_store_unavailable(
    store: Store, database: Database, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("order_receiver.store.sqlite.transactions.LOCK_PATIENCE", 0.02)
    with kept_out(database):
        found = await asyncio.gather(store.write(put("a")), store.write(put("b")), return_exceptions=True)
    assert all(isinstance(each, StoreUnavailable) for each in found)
    assert "locked" in str(found[0])
    assert "The store did not confirm" in str(found[0])
    assert await store.write(put("later")) == "later"
    assert [row["name"] for row in look(store, tables.cursors)] == ["later"]


@on_sqlite
async def test_a_full_disk_makes_the_store_unavailable_until_there_is_room(
    store: Store, make_arrival: MakeArrival, look: Look
) -> None:
    await store.write(partial(accepting.accept, arrival=make_arrival("small")))
    [pages] = connection_of(store).execute("PRAGMA page_count").fetchone()
    connection_of(store).execute(f"PRAGMA max_page_count = {pages}")
    big = make_arrival("big", body=b"x" * 200_000)
    found = await asyncio.gather(
        *(store.write(partial(accepting.accept, arrival=each)) for each in (big, make_arrival("mate"))),
        return_exceptions=True,
    )
    assert all(isinstance(each, StoreUnavailable) for each in found)
    assert "full" in str(found[0])
    assert [row["client_order_ref"] for row in look(store, tables.orders)] == ["small"]
    connection_of(store).execute("PRAGMA max_page_count = 1000000")
    assert isinstance(await store.write(partial(accepting.accept, arrival=big)), Accepted)
    assert [row["client_order_ref"] for row in look(store, tables.orders)] == ["small", "big"]


@on_sqlite
async def test_a_lost_connection_is_opened_anew(store: Store) -> None:
    connection_of(store).close()
    with pytest.raises(StoreUnavailable, match="connection to the database was lost"):
        await store.write(put("lost"))
    assert await store.write(put("found")) == "found"


async def test_no_one_waits_for_ever_when_the_file_cannot_be_opened_anew(tmp_path: Path) -> None:
    """The disk went away: whoever waits is told so, now and at the next try."""
    connections = [connect_writer(tmp_path / "there.db")]

    def connect() -> sqlite3.Connection:
        if not connections:
            raise sqlite3.OperationalError("unable to open database file")
        return connections.pop()

    transactions = SqliteTransactions(connect)
    writer = Writer(transactions, 10)
    transactions._connection.close()
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            async with asyncio.timeout(5):
                await writer.run(lambda session: None)
    await writer.close()
