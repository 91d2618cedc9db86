"""Orders in a staging table of a real database, and every way in which that can go wrong."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.integration.targets.relay import Relay, relay_to
from tests.integration.targets.sql.conftest import KEY, Erp, port_of, without_password
from tests.postgresql.fixtures import OpenCluster
from tests.postgresql.server import Server

from order_receiver.orders.outcomes import PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.settings.problems import SettingsError
from order_receiver.settings.section import Secret
from order_receiver.targets.adapter import CancelOutcome, SaveStep, Submission
from order_receiver.targets.sql import adapter as adapter_module
from order_receiver.targets.sql.adapter import SqlAdapter

Make = Callable[..., Submission]
NOTHING = dict.fromkeys(("reference", "media_type", "created", "number", "refused", "changed", "problem"))


async def test_inserts_one_row(erp: Erp, submission: Make, save: SaveStep) -> None:
    submitted = await erp.adapter().submit(submission(), save)
    assert (submitted.erp_order_no, submitted.erp_id) == (None, KEY)
    assert erp.rows() == [(KEY, "100001", '{"a":1.10}', "application/json")]
    [(created,)] = erp.execute("SELECT created_at FROM web_orders")
    made = created if isinstance(created, datetime) else datetime.fromisoformat(created).replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - made) < timedelta(minutes=5)


async def test_a_repeat_finds_it_there_with_the_number_it_has_by_now(
    erp: Erp, submission: Make, save: SaveStep
) -> None:
    adapter = erp.adapter()
    await adapter.submit(submission(), save)
    again = await erp.adapter().submit(submission(b"changed mapping"), save)
    assert (again.erp_order_no, again.erp_id) == (None, KEY)
    erp.answer(KEY, "4711")
    assert (await adapter.submit(submission(), save)).erp_order_no == "4711"
    assert len(erp.rows()) == 1


async def test_many_at_once_and_workers_with_one_order(erp: Erp, submission: Make, save: SaveStep) -> None:
    adapters = [erp.adapter() for _ in range(2)]
    await asyncio.gather(
        *(adapter.submit(submission(key=f"shop_-{number}"), save) for adapter in adapters for number in range(20))
    )
    assert len(erp.rows()) == 20


async def test_find_and_the_rest_of_the_interface(erp: Erp, submission: Make, save: SaveStep) -> None:
    adapter = erp.adapter()
    assert await adapter.find(KEY) == []
    await adapter.submit(submission(), save)
    [found] = await adapter.find(KEY)
    assert (found.erp_order_no, found.erp_id) == (None, KEY)
    known = adapter.capabilities()
    assert (known.enforces_uniqueness, known.answers_number, known.polls) == (True, False, True)
    assert await adapter.cancel(KEY) is CancelOutcome.MANUAL


async def test_a_reference_is_never_cut(erp: Erp, submission: Make, save: SaveStep) -> None:
    adapter = erp.adapter()
    with pytest.raises(PermanentFailure, match=r"has 51 characters and the column reference takes 50; none is cut"):
        await adapter.submit(submission(reference="r" * 51), save)
    assert erp.rows() == []


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"reference": "\ud800"}, "is no text in UTF-8"),
        ({"content": b"\xff"}, "The mapped order is no text in UTF-8, and the column document takes text"),
    ],
)
async def test_what_is_no_text_is_permanent(
    erp: Erp, submission: Make, save: SaveStep, values: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(PermanentFailure, match=sentence):
        await erp.adapter().submit(submission(**values), save)


async def test_another_rule_of_the_table_is_permanent_and_quotes_no_order(
    erp: Erp, submission: Make, save: SaveStep
) -> None:
    """Without the reference, which may not be empty."""
    adapter = erp.adapter(columns={"reference": None})
    with pytest.raises(
        PermanentFailure, match=r"The table refuses the order: .*reference.*Correct the mapping"
    ) as seen:
        await adapter.submit(submission(b"Anna Andersson"), save)
    assert "Anna" not in str(seen.value)


@pytest.mark.filterwarnings("ignore:Did not recognize type 'xml'")
@pytest.mark.parametrize("kind", ["bytea", "jsonb", "xml"])
async def test_documents_as_the_column_has_them(postgresql: Erp, submission: Make, save: SaveStep, kind: str) -> None:
    postgresql.execute(f"ALTER TABLE web_orders ALTER document TYPE {kind} USING NULL")
    content = b"<a>1.10</a>" if kind == "xml" else b'{"a": 1.10}'
    await postgresql.adapter().submit(submission(content), save)
    [(text,)] = postgresql.execute(
        "SELECT convert_from(document, 'UTF8') FROM web_orders"
        if kind == "bytea"
        else "SELECT document::text FROM web_orders"
    )
    assert text == content.decode()


async def test_a_document_that_the_column_refuses_is_permanent(
    postgresql: Erp, submission: Make, save: SaveStep
) -> None:
    postgresql.execute("ALTER TABLE web_orders ALTER document TYPE jsonb USING NULL")
    with pytest.raises(
        PermanentFailure, match=r"refuses a value of the order: invalid input syntax for type json"
    ) as seen:
        await postgresql.adapter().submit(submission(b"<Anna/>"), save)
    assert "Anna" not in str(seen.value)


async def test_no_table_is_transient_until_it_is_there(erp: Erp, submission: Make, save: SaveStep) -> None:
    erp.execute("ALTER TABLE web_orders RENAME TO elsewhere")
    adapter = erp.adapter()
    with pytest.raises(TransientFailure, match=r"There is no table web_orders in the database: create it"):
        await adapter.submit(submission(), save)
    with pytest.raises(TransientFailure, match=r"There is no table web_orders"):
        await adapter.check()
    erp.execute("ALTER TABLE elsewhere RENAME TO web_orders")
    await adapter.submit(submission(), save)
    erp.execute("ALTER TABLE web_orders RENAME TO elsewhere")
    with pytest.raises(TransientFailure, match=r"Writing an order into .*, table web_orders failed: "):
        await adapter.submit(submission(key="shop_-2"), save)


async def test_a_missing_column_is_named(erp: Erp) -> None:
    with pytest.raises(
        TransientFailure, match=r"The table web_orders has no column docment; it has id, order_key, ref"
    ):
        await erp.adapter(columns={"document": "docment"}).check()


@pytest.mark.parametrize(
    ("index", "good"),
    [
        ("", False),
        ("CREATE INDEX an_index ON orders (order_key)", False),
        ("CREATE UNIQUE INDEX an_index ON orders (order_key, document)", False),
        ("CREATE UNIQUE INDEX an_index ON orders (order_key) WHERE document <> ''", False),
        ("CREATE UNIQUE INDEX an_index ON orders (order_key)", True),
    ],
)
async def test_check_demands_a_unique_key(erp: Erp, index: str, good: bool) -> None:
    erp.execute("CREATE TABLE orders (order_key varchar(120), document text)")
    if index:
        erp.execute(index)
    adapter = erp.adapter(table="orders", columns=NOTHING)
    if good:
        await adapter.check()
        return
    with pytest.raises(PermanentFailure, match=r"is not unique, .*: ALTER TABLE orders ADD UNIQUE \(order_key\)"):
        await adapter.check()


async def test_nothing_is_written_into_a_table_that_keeps_no_key_unique(
    erp: Erp, submission: Make, save: SaveStep
) -> None:
    erp.execute("CREATE TABLE orders (order_key varchar(120), document text)")
    adapter = erp.adapter(table="orders", columns=NOTHING)
    for _ in range(2):
        with pytest.raises(PermanentFailure, match=r"is not unique, .*: ALTER TABLE orders ADD UNIQUE \(order_key\)"):
            await adapter.submit(submission(), save)
    assert erp.execute("SELECT * FROM orders") == []
    erp.execute("CREATE UNIQUE INDEX an_index ON orders (order_key)")
    await adapter.submit(submission(), save)
    assert len(erp.execute("SELECT * FROM orders")) == 1


async def test_several_rows_with_one_key_are_an_alarm(sqlite: Erp, submission: Make, save: SaveStep) -> None:
    """The column takes two keys for one, and its index does not."""
    sqlite.execute("CREATE TABLE orders (order_key varchar(120) COLLATE NOCASE, document text, erp_order_no, at int)")
    sqlite.execute("CREATE UNIQUE INDEX an_index ON orders (order_key COLLATE BINARY)")
    sqlite.execute(f"INSERT INTO orders VALUES ('{KEY}', '', '1', 1), ('{KEY.upper()}', '', '2', 1)")
    adapter = sqlite.adapter(table="orders", columns={**NOTHING, "number": "erp_order_no", "changed": "at"})
    with pytest.raises(PermanentFailure, match=r"The order is there 2 times, in rows with the key .*remove the others"):
        await adapter.submit(submission(), save)
    assert [each.erp_order_no for each in await adapter.find(KEY)] == ["1", "2"]


async def test_a_number_that_norce_does_not_take_is_told_loudly(erp: Erp, submission: Make, save: SaveStep) -> None:
    adapter = erp.adapter()
    await adapter.submit(submission(), save)
    erp.answer(KEY, "9" * 60)
    with pytest.raises(PermanentFailure, match=r"number of the order has 60 characters; Norce takes 50, and none is"):
        await adapter.submit(submission(), save)
    erp.answer(KEY, "9" * 50)
    assert (await adapter.submit(submission(), save)).erp_order_no == "9" * 50


async def test_a_trigger_of_theirs_that_raises_is_permanent(erp: Erp, submission: Make, save: SaveStep) -> None:
    erp.refuse_all("The customer is blocked")
    adapter = erp.adapter()
    with pytest.raises(PermanentFailure, match=r"The table refuses the order: .*The customer is blocked.*Correct the"):
        await adapter.submit(submission(), save)
    erp.refuse_no_more()
    await adapter.submit(submission(), save)


async def test_a_trigger_that_raises_at_commit_undoes_all(postgresql: Erp, submission: Make, save: SaveStep) -> None:
    postgresql.refuse_all("The customer is blocked", deferred=True)
    with pytest.raises(PermanentFailure, match=r"The table refuses the order: The customer is blocked"):
        await postgresql.adapter().submit(submission(), save)
    assert postgresql.rows() == []


async def test_a_server_that_falls_silent_is_given_up_and_holds_no_thread(
    postgresql: Erp, submission: Make, save: SaveStep, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does what it is told, and nobody hears of it; then it is heard again, on new connections."""
    monkeypatch.setattr(adapter_module, "LATE_SECONDS", 0.0)
    async with through_relay(postgresql, timeout=0.5) as (relay, adapter):
        await finished(adapter, submission(key="shop_-1"), save)
        relay.silent = True
        keys = [f"shop_-{number}" for number in range(2, adapter_module.THREADS + 4)]
        ends = await asyncio.gather(
            *(adapter.submit(submission(key=key), save) for key in keys), return_exceptions=True
        )
        assert all(isinstance(end, UnknownOutcome | TransientFailure) for end in ends), ends
        relay.silent = False
        for key in keys:
            await finished(adapter, submission(key=key), save)
    assert len(postgresql.rows()) == adapter_module.THREADS + 3


async def test_silence_in_commit_is_of_unknown_outcome(
    postgresql: Erp, submission: Make, save: SaveStep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter_module, "LATE_SECONDS", 0.0)
    async with through_relay(postgresql, timeout=0.5) as (relay, adapter):
        await finished(adapter, submission(key="shop_-1"), save)
        relay.silent_at = b"COMMIT"
        with pytest.raises(UnknownOutcome, match=r"The database did not answer within 0.5 seconds"):
            await adapter.submit(submission(), save)
        relay.silent_at, relay.silent = None, False
        await finished(adapter, submission(), save)
    assert [row[0] for row in postgresql.rows()] == ["shop_-1", KEY]


async def test_a_half_closed_connection_is_renewed(postgresql: Erp, submission: Make, save: SaveStep) -> None:
    """The server says that it says no more, and would still listen."""
    async with through_relay(postgresql, timeout=5.0) as (relay, adapter):
        await adapter.submit(submission(key="shop_-1"), save)
        relay.half_close()
        relay.silent = False
        await adapter.submit(submission(), save)
    assert [row[0] for row in postgresql.rows()] == ["shop_-1", KEY]


@asynccontextmanager
async def through_relay(erp: Erp, **changes: Any) -> AsyncIterator[tuple[Relay, SqlAdapter]]:
    port = port_of(erp.url)
    async with relay_to(port) as relay:
        url = without_password(erp.url).replace(f":{port}/", f":{relay.port}/")
        adapter = erp.adapter(url=url + "?sslmode=disable&gssencmode=disable", **changes)
        yield relay, adapter
        await adapter.close()


async def finished(adapter: SqlAdapter, made: Submission, save: SaveStep) -> None:
    """As the worker does, which tries again."""
    for _ in range(20):
        with suppress(TransientFailure, UnknownOutcome):
            await adapter.submit(made, save)
            return
    raise AssertionError("After 20 attempts the order is not there.")


async def test_check_looks_at_lengths_and_kinds(erp: Erp) -> None:
    await erp.adapter().check()
    erp.execute(
        "CREATE TABLE short (order_key varchar(40) PRIMARY KEY, document text, erp_order_no text, changed text)"
    )
    nothing = dict.fromkeys(("reference", "media_type", "created", "refused", "problem"))
    with pytest.raises(PermanentFailure, match=r"takes 40 characters; a key has up to 120"):
        await erp.adapter(table="short", columns={**nothing, "changed": "changed"}).check()
    erp.execute(
        "CREATE TABLE kinds (order_key varchar(120) PRIMARY KEY, document text, erp_order_no text, changed text)"
    )
    with pytest.raises(PermanentFailure, match=r"is TEXT: it must be a time or a whole number"):
        await erp.adapter(table="kinds", columns={**nothing, "changed": "changed"}).check()


async def test_a_table_in_a_schema(postgresql: Erp, submission: Make, save: SaveStep) -> None:
    postgresql.execute("CREATE SCHEMA web")
    postgresql.execute("ALTER TABLE web_orders SET SCHEMA web")
    adapter = postgresql.adapter(table="web.web_orders")
    await adapter.check()
    await adapter.submit(submission(), save)
    assert postgresql.execute("SELECT order_key FROM web.web_orders") == [(KEY,)]


async def test_a_wrong_password_is_transient(postgresql: Erp, submission: Make, save: SaveStep) -> None:
    with pytest.raises(TransientFailure, match=r"password authentication failed") as seen:
        await postgresql.adapter(password=Secret(env="WRONG")).submit(submission(), save)
    assert "battery" not in str(seen.value)


async def test_a_right_that_is_missing_is_transient(
    postgresql: Erp, postgresql_server: Server, submission: Make, save: SaveStep
) -> None:
    postgresql.execute("CREATE ROLE reader_of_orders")
    try:
        postgresql.execute("GRANT SELECT ON web_orders TO reader_of_orders")
        url = f"{without_password(postgresql.url)}?options=-c%20role%3Dreader_of_orders"
        with pytest.raises(TransientFailure, match=r"permission denied for table web_orders"):
            await postgresql.adapter(url=url).submit(submission(), save)
    finally:
        postgresql.execute("DROP OWNED BY reader_of_orders")
        postgresql.execute("DROP ROLE reader_of_orders")


async def test_no_server_is_transient(postgresql: Erp, submission: Make, save: SaveStep) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    with pytest.raises(
        TransientFailure, match=r"Writing an order into postgresql://127.0.0.1, table .* failed: .*refused"
    ):
        await postgresql.adapter(url=f"postgresql://me@127.0.0.1:{port}/erp").submit(submission(), save)


async def test_no_database_file_is_transient_and_it_is_not_created(erp: Erp, submission: Make, save: SaveStep) -> None:
    adapter = erp.adapter(url="sqlite:///none.db", password=None)
    with pytest.raises(TransientFailure, match=r"unable to open database file"):
        await adapter.submit(submission(), save)
    assert not (erp.base / "none.db").exists()


async def test_a_connection_lost_at_commit_is_of_unknown_outcome(
    postgresql: Erp, submission: Make, save: SaveStep
) -> None:
    """The database has committed, and nobody heard it."""
    port = port_of(postgresql.url)
    async with relay_to(port) as relay:
        url = without_password(postgresql.url).replace(f":{port}/", f":{relay.port}/")
        adapter = postgresql.adapter(url=url + "?sslmode=disable&gssencmode=disable")
        await adapter.submit(submission(key="shop_-1"), save)
        relay.cut_at = b"COMMIT"
        with pytest.raises(UnknownOutcome, match=r"An order was written, but the database did not confirm it"):
            await adapter.submit(submission(), save)
        relay.cut_at = None
        relay.met.clear()
        await adapter.submit(submission(), save)
        await adapter.close()
    assert [row[0] for row in postgresql.rows()] == ["shop_-1", KEY]


async def test_a_connection_lost_while_writing_is_transient(postgresql: Erp, submission: Make, save: SaveStep) -> None:
    port = port_of(postgresql.url)
    async with relay_to(port) as relay:
        url = without_password(postgresql.url).replace(f":{port}/", f":{relay.port}/")
        adapter = postgresql.adapter(url=url + "?sslmode=disable&gssencmode=disable")
        await adapter.submit(submission(key="shop_-1"), save)
        relay.cut_at = b"INSERT"
        with pytest.raises(TransientFailure, match=r"Writing an order into"):
            await adapter.submit(submission(), save)
        relay.cut_at = None
        relay.met.clear()
        assert await adapter.find(KEY) == []
        await adapter.submit(submission(), save)
        await adapter.close()
    assert len(postgresql.rows()) == 2


async def test_a_rule_checked_at_commit_undoes_all(postgresql: Erp, submission: Make, save: SaveStep) -> None:
    postgresql.execute(
        "CREATE TABLE customers (reference varchar(50) PRIMARY KEY);"
        "ALTER TABLE web_orders ADD FOREIGN KEY (reference) REFERENCES customers DEFERRABLE INITIALLY DEFERRED"
    )
    with pytest.raises(PermanentFailure, match=r"The table refuses the order: insert or update on table"):
        await postgresql.adapter().submit(submission(), save)
    assert postgresql.rows() == []


async def test_a_server_that_restarts(
    open_postgresql_cluster: OpenCluster, postgresql: Erp, submission: Make, save: SaveStep
) -> None:
    from tests.integration.targets.sql.conftest import POSTGRESQL

    cluster = open_postgresql_cluster(durable=False)
    theirs = Erp("postgresql", cluster.url(), postgresql.base)
    theirs.execute(POSTGRESQL)
    adapter = theirs.adapter()
    await adapter.submit(submission(key="shop_-1"), save)
    await asyncio.to_thread(cluster.stop)
    with pytest.raises(TransientFailure):
        await adapter.submit(submission(), save)
    await asyncio.to_thread(cluster.start)
    await adapter.submit(submission(), save)
    await theirs.close()
    assert len(theirs.rows()) == 2


async def test_a_table_that_is_locked_is_given_up(postgresql: Erp, submission: Make, save: SaveStep) -> None:
    import psycopg

    with psycopg.connect(postgresql.url) as other:
        adapter = postgresql.adapter(timeout=1.0)
        await adapter.check()
        other.execute("LOCK TABLE web_orders IN SHARE MODE")
        with pytest.raises(TransientFailure, match=r"canceling statement due to statement timeout"):
            await adapter.submit(submission(), save)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nothing", "targets.erp.url: cannot be read; write it like postgresql://user@host/erp."),
        ("oracle+nothing://x", "names a kind of database that SQLAlchemy does not know"),
        ("mysql+mysqldb://me@host/erp", "needs the driver MySQLdb, which is not installed"),
    ],
)
def test_urls_of_no_use(erp: Erp, url: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        erp.adapter(url=url, password=None)
