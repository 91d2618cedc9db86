"""Process: every reason to hold an order, what a person may pass by, and what is queued in the end."""

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from tests.integration.work.conftest import SHOP, StartWorker, TakeOrder, rows, story, until

from order_receiver.contract.reading import Limits
from order_receiver.contract.request import OrderRequest
from order_receiver.mapping import Mapping as OrderMapping
from order_receiver.mapping import MappingContext, MappingFailed, ValueTables, open_mapping
from order_receiver.orders.document import Document
from order_receiver.orders.states import HoldReason
from order_receiver.settings.model import Application
from order_receiver.store import changes, decisions, tables
from order_receiver.store.errors import NotPossible
from order_receiver.store.store import Store, now
from order_receiver.store.values import OrderRow
from order_receiver.targets.keys import submission_key
from order_receiver.work.process import Process
from order_receiver.work.steps import Steps

ROW = {"LineNo": 1, "PartNo": "ART-1", "Quantity": 2, "UnitPrice": 100.0, "UnitVat": 25.0, "VatRate": 25.0}


def order_body(**members: object) -> bytes:
    """A good order of 250 SEK; members change it."""
    order = {
        "Header": {"ApplicationKey": SHOP},
        "ClientOrderRef": "100001",
        "SubmitDate": "2026-11-21T12:00:00+01:00",
        "CurrencyCode": "SEK",
        "OrderType": 1,
        "Items": [ROW],
        "Payments": [{"Amount": 250, "CurrencyCode": "SEK", "PaymentMethodCode": "card"}],
    }
    return json.dumps({**order, **members}).encode()


class Unmappable:
    """A mapping with a fault in its third line."""

    def map(self, order: OrderRequest, context: MappingContext) -> Document:
        raise MappingFailed("there is no such article", file="order.json.j2", line=3, field="Items.PartNo")

    def with_tables(self, tables: ValueTables) -> "Unmappable":
        return self


class Processing:
    """Runs orders through Process with a worker, as often as they are woken."""

    def __init__(self, store: Store, start_worker: StartWorker, take: TakeOrder) -> None:
        self.store = store
        self._start = start_worker
        self._take = take

    async def __call__(
        self,
        body: bytes,
        application: Application | None = None,
        mappings: Mapping[str, OrderMapping] | None = None,
    ) -> OrderRow:
        settings = application or Application(key=SHOP, name="Shop")
        self.order = await self._take(body=body)
        maps = {"erp": open_mapping(None, Path())} if mappings is None else mappings
        process = Process(self.store, Steps({settings.key: settings}, maps, Limits()))
        self.worker = self._start({"receiver process": process})
        return await self.settled(1)

    async def settled(self, attempts: int) -> OrderRow:
        await until(lambda: self.worker.idle and len(rows(self.store, tables.attempts)) == attempts)
        return await self.store.read(partial(changes.order_row, order_id=self.order.id))

    async def lift(self, *, waive: bool, attempts: int) -> OrderRow:
        held = await self.store.read(partial(changes.order_row, order_id=self.order.id))
        await self.store.write(lambda session: decisions.resume(session, held, now(), "eva", waive=waive, why=None))
        self.store.announce_work("receiver")
        return await self.settled(attempts)

    @property
    def queued(self) -> list[tuple[str, str]]:
        return [(row["system"], row["kind"]) for row in rows(self.store, tables.tasks) if row["state"] == "waiting"]


@pytest.fixture
def process(store: Store, start_worker: StartWorker, take: TakeOrder) -> Processing:
    return Processing(store, start_worker, take)


async def test_a_good_order_is_mapped_and_queued_for_its_target(process: Processing) -> None:
    order = await process(order_body())
    assert (order.hold, order.state) == (None, "received")
    assert process.queued == [("target:erp", "submit")]
    [submission] = rows(process.store, tables.submissions)
    assert (submission["target"], submission["key"]) == ("erp", submission_key(order.key))
    assert json.loads(submission["document"])["rows" if b'"rows"' in submission["document"] else "lines"]
    line = story(process.store).history[-1]
    assert (line.actor, line.event, line.new, line.why) == ("worker", "mapped", "erp", None)


@pytest.mark.parametrize(
    ("members", "reason", "words"),
    [
        ({"DoHold": True}, HoldReason.DO_HOLD, "manual check"),
        ({"Items": [], "Payments": None}, HoldReason.FINDINGS, "at least one row"),
        ({"CurrencyCode": None}, HoldReason.FINDINGS, "Name the order's currency"),
        ({"Items": [{**ROW, "PartNo": ""}]}, HoldReason.FINDINGS, "/Items/0/PartNo"),
        ({"Payments": [{"Amount": 240, "CurrencyCode": "SEK"}]}, HoldReason.TOTALS_DIFFER, "payments 240.00, rows 250"),
    ],
)
async def test_what_stands_in_the_way_holds_the_order_until_a_person_passes_it_by(
    process: Processing, members: dict[str, object], reason: HoldReason, words: str
) -> None:
    order = await process(order_body(**members))
    assert order.hold is reason
    assert words in (order.hold_text or "")
    assert process.queued == []
    assert [task.state for task in story(process.store).tasks] == ["parked"]

    order = await process.lift(waive=False, attempts=2)
    assert order.hold is reason

    order = await process.lift(waive=True, attempts=3)
    assert order.hold is None
    assert process.queued == [("target:erp", "submit")]


async def test_what_a_person_passed_by_is_written_down(process: Processing) -> None:
    await process(order_body(Payments=[{"Amount": 240, "CurrencyCode": "SEK"}]))
    await process.lift(waive=True, attempts=2)
    line = story(process.store).history[-1]
    assert line.event == "mapped"
    assert "totals-differ" in (line.why or "")


async def test_one_cause_after_the_other_holds_the_order(process: Processing) -> None:
    order = await process(order_body(DoHold=True, Items=[{**ROW, "PartNo": ""}], Payments=[{"Amount": 1}]))
    reasons = []
    for attempt in (2, 3, 4):
        reasons.append(order.hold)
        order = await process.lift(waive=True, attempts=attempt)
    assert reasons == [HoldReason.DO_HOLD, HoldReason.FINDINGS, HoldReason.TOTALS_DIFFER]
    assert order.hold is None


@pytest.mark.parametrize(
    "application",
    [
        Application(key=SHOP, name="Shop", on_difference="pass"),
        Application(key=SHOP, name="Shop", rounding_allowance=Decimal(10)),
    ],
)
async def test_a_difference_passes_where_the_application_lets_it(process: Processing, application: Application) -> None:
    order = await process(order_body(Payments=[{"Amount": 240, "CurrencyCode": "SEK"}]), application)
    assert order.hold is None
    assert process.queued == [("target:erp", "submit")]


async def test_an_unknown_application_holds_and_releasing_does_not_help(process: Processing) -> None:
    other = Application(key="00000000-0000-0000-0000-000000000000", name="Other")
    order = await process(order_body(), other)
    assert order.hold is HoldReason.UNKNOWN_APPLICATION
    assert SHOP in (order.hold_text or "")
    assert "receiver.toml" in (order.hold_text or "")
    with pytest.raises(NotPossible, match="use retry once the cause is mended"):
        await process.lift(waive=True, attempts=2)
    assert (await process.lift(waive=False, attempts=2)).hold is HoldReason.UNKNOWN_APPLICATION


@pytest.mark.parametrize("body", [b'{"ClientOrderRef": "100001"', b"[]", b"\xff\xfe\x00", order_body() + b"x"])
async def test_a_message_that_cannot_be_read_holds(process: Processing, body: bytes) -> None:
    order = await process(body)
    assert order.hold is HoldReason.UNREADABLE
    assert "cannot be read" in (order.hold_text or "")


async def test_too_many_rows_hold(process: Processing) -> None:
    order = await process(order_body(Items=[{**ROW, "LineNo": line} for line in range(5_001)]))
    assert order.hold in {HoldReason.UNREADABLE, HoldReason.FINDINGS}


@pytest.mark.parametrize(
    ("target", "names", "words"),
    [(None, (), "No target is configured"), (None, ("a", "b"), "a, b"), ("c", ("a",), "targets.c")],
)
async def test_no_route_holds(process: Processing, target: str | None, names: tuple[str, ...], words: str) -> None:
    mappings = {name: open_mapping(None, Path()) for name in names}
    order = await process(order_body(), Application(key=SHOP, name="Shop", target=target), mappings)
    assert order.hold is HoldReason.NO_ROUTE
    assert words in (order.hold_text or "")


async def test_a_mapping_that_fails_holds_with_the_place(process: Processing) -> None:
    mappings: dict[str, OrderMapping] = {"erp": Unmappable()}
    order = await process(order_body(), mappings=mappings)
    assert order.hold is HoldReason.MAPPING
    assert order.hold_text is not None
    for part in ("order.json.j2", "line 3", "Items.PartNo", "no such article"):
        assert part in order.hold_text
    mappings["erp"] = open_mapping(None, Path())
    order = await process.lift(waive=False, attempts=2)
    assert order.hold is None
    assert process.queued == [("target:erp", "submit")]


async def test_many_findings_are_told_shortly(process: Processing) -> None:
    order = await process(order_body(Items=[{**ROW, "LineNo": line, "PartNo": ""} for line in range(1, 31)]))
    assert order.hold is HoldReason.FINDINGS
    assert len((order.hold_text or "").splitlines()) == 11
    assert (order.hold_text or "").endswith("more")
