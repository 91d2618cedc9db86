"""`targets`: what an operator sees of an ERP that is down, and deciding by hand that it gets nothing."""

import asyncio
import json
from collections.abc import Mapping

import pytest
from tests.e2e.conftest import PATIENCE, Command, Installation, order_body
from tests.e2e.test_cli_orders import at_work, states
from tests.postgresql.fixtures import MigratedUrl

from order_receiver.store.postgresql import PostgresServer
from order_receiver.store.sqlite import SqliteFile
from order_receiver.store.store import Store, bring_up_to_date


@pytest.fixture
def ready(folder: Installation) -> Installation:
    bring_up_to_date(SqliteFile(folder.store_path))
    return folder


def targets(command: Command) -> Mapping[str, object]:
    [line] = command.configured("targets", "--json").data()
    return line


def test_a_target_that_nobody_has_served_yet_is_closed(ready: Installation, command: Command) -> None:
    assert targets(command) == {
        "target": "erp",
        "state": "closed",
        "since": None,
        "until": None,
        "paused_by": None,
        "why": None,
        "failures": 0,
        "waiting": 0,
        "oldest": None,
    }


def test_a_paused_target_gets_no_orders_until_it_is_resumed(ready: Installation, command: Command) -> None:
    said = command.configured("targets", "pause", "erp", "--why", "Stocktaking")
    assert (said.code, said.out.strip()) == (
        0,
        "erp is paused: its orders wait until `order-receiver targets resume erp`.",
    )
    mapped = "SELECT count(*) FROM submissions"
    at_work(ready, order_body("100001"), work=True, until_true=lambda: ready.rows(mapped) == [(1,)])
    assert states(ready) == {"100001": "received"}
    assert list((ready.base / "erp" / "outbox").iterdir()) == []
    line = targets(command)
    assert (line["state"], line["why"], line["waiting"]) == ("paused", "Stocktaking", 1)
    assert str(line["paused_by"]).startswith("operator")
    assert line["since"] is not None
    assert line["oldest"] is not None
    said = command.configured("targets")
    assert "Stocktaking" in said.out
    assert "`order-receiver targets resume erp` ends it" in said.out
    shown = command.configured("orders", "show", "100001").out
    assert "submit (target:erp) waits until the target is given orders again; `order-receiver targets` says" in shown
    said = command.configured("targets", "resume", "erp")
    assert (said.code, said.out.strip()) == (0, "erp is closed. Orders flow.")
    at_work(ready, work=True, until_true=lambda: states(ready) == {"100001": "submitted"})
    assert targets(command)["waiting"] == 0


def test_an_open_circuit_is_shown_and_can_be_tried_at_once(ready: Installation, command: Command) -> None:
    folder = ready.base / "erp" / "outbox"
    folder.rmdir()
    ready.configuration.write_text(
        ready.configuration.read_text().replace("[targets.erp]", "[targets.erp]\nbreaker_failures = 1\nconcurrency = 1")
    )
    opened = "SELECT count(*) FROM circuits WHERE until IS NOT NULL"
    at_work(ready, order_body("100001"), work=True, until_true=lambda: ready.rows(opened) == [(1,)])
    line = targets(command)
    assert (line["state"], line["failures"], line["waiting"]) == ("open", 1, 1)
    said = command.configured("targets")
    assert "It failed 1 times in a row. Left alone until" in said.out
    assert states(ready) == {"100001": "received"}
    said = command.configured("targets", "resume", "erp")
    assert (said.code, said.out.strip()) == (
        0,
        "erp is half-open. One order goes first: if the target takes it, the others follow.",
    )
    assert targets(command)["state"] == "half-open"
    folder.mkdir()
    at_work(ready, work=True, until_true=lambda: states(ready) == {"100001": "submitted"})
    assert targets(command)["state"] == "closed"


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_a_name_that_is_no_target_is_told_with_the_nearest(ready: Installation, command: Command, action: str) -> None:
    said = command.configured("targets", action, "erb")
    assert (said.code, said.err.strip()) == (1, "There is no target erb. Did you mean `erp`?")


def test_there_is_nothing_to_resume_where_orders_flow(ready: Installation, command: Command) -> None:
    said = command.configured("targets", "resume", "erp")
    assert (said.code, said.err.strip()) == (1, "erp is neither paused nor open: it is given orders.")


def test_json_is_for_programs(ready: Installation, command: Command) -> None:
    assert isinstance(json.loads(command.configured("targets", "--json").out), list)


def bring_up(url: str) -> None:
    bring_up_to_date(PostgresServer(url))


async def test_workers_hear_at_once_what_was_decided(
    folder: Installation, command: Command, migrated_postgresql_url: MigratedUrl
) -> None:
    url = migrated_postgresql_url(bring_up)
    text = folder.configuration.read_text().replace('path = "orders.db"', f'url = "{url}"')
    folder.configuration.write_text(text)
    store = Store(PostgresServer(url), migrate=False)
    news: asyncio.Queue[str] = asyncio.Queue()
    store.on_work(news.put_nowait)
    store.listen()
    try:
        async with asyncio.timeout(PATIENCE):
            assert await news.get() == ""
            for action in ("pause", "resume"):
                said = await asyncio.to_thread(command.configured, "targets", action, "erp")
                assert (said.code, said.err) == (0, "")
                assert await news.get() == "target:erp"
    finally:
        await store.close()
