"""The watch over value tables: no change is missed, and nothing ends it."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.integration.work.conftest import TakeOrder, story, until

from order_receiver.mapping import ValueTables, open_tables
from order_receiver.orders.states import HoldReason
from order_receiver.settings.values import ValueTable
from order_receiver.store import changes, holding
from order_receiver.store.session import Session
from order_receiver.store.store import Store
from order_receiver.work.value_watch import ValueWatch, stamps_of

VALUES = {"payments.method": ValueTable(table="pay.csv")}
WITHOUT, WITH = "norce;erp\ncard;K\n", "norce;erp\ncard;K\nklarna;KL\n"


class Watched:
    """Value tables in a folder, and what was taken into use."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.used: list[Mapping[str, ValueTables]] = []
        self.failures: list[Exception] = []

    def read(self) -> Mapping[str, ValueTables]:
        if self.failures:
            raise self.failures.pop()
        return {"erp": open_tables(VALUES, self.base)}

    def write(self, text: str) -> None:
        hidden = self.base / "new"
        hidden.write_text(text)
        hidden.rename(self.base / "pay.csv")


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    made = Watched(tmp_path)
    made.write(WITHOUT)
    return made


async def _run(watch: ValueWatch) -> asyncio.Task[None]:
    return asyncio.create_task(watch.run())


async def _end(running: asyncio.Task[None]) -> None:
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


def _hold(session: Session, *, order_id: int) -> None:
    holding.hold(
        session,
        changes.order_row(session, order_id),
        HoldReason.MISSING_VALUE,
        "the table pay has no value",
        session.now,
        "worker",
        system="receiver",
        causes=["value:pay:klarna"],
    )


async def test_a_change_while_the_program_starts_is_seen(store: Store, take: TakeOrder, watched: Watched) -> None:
    """The file changed after its stamp was taken; what was read may be the one or the other."""
    order = await take()
    await store.write(partial(_hold, order_id=order.id))
    stamps, tables = stamps_of([watched.base / "pay.csv"]), watched.read()
    watched.write(WITH)
    running = await _run(ValueWatch(store, tables, stamps, watched.read, watched.used.append, 0.02))
    await until(lambda: story(store).order.hold is None)
    assert len(watched.used) == 1
    await _end(running)


async def test_trouble_does_not_end_the_watch(store: Store, take: TakeOrder, watched: Watched) -> None:
    order = await take()
    await store.write(partial(_hold, order_id=order.id))
    watched.failures = [RuntimeError("nobody thought of this")]
    stamps, tables = stamps_of([watched.base / "pay.csv"]), {"erp": open_tables(VALUES, watched.base)}
    with capture_logs() as logs:
        running = await _run(ValueWatch(store, tables, stamps, watched.read, watched.used.append, 0.02))
        watched.write(WITH.replace("KL", "X"))
        await until(lambda: any(line["event"] == "values.look_failed" for line in logs))
        watched.write("norce;erp\nklarna\n")
        await until(lambda: any(line["event"] == "values.unusable" for line in logs))
        watched.write(WITH)
        await until(lambda: story(store).order.hold is None)
    await _end(running)
