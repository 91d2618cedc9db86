"""One order, several targets: parts by rule, one number for Norce, and values that are missing for a while."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import msgspec
import pytest
from tests.integration.work.conftest import SHOP, story, until

from order_receiver.app.assembly import Configuration, Parts, Receiver, open_receiver
from order_receiver.contract.outgoing import SendOrderStatusRequest
from order_receiver.orders.identity import OrderKey
from order_receiver.orders.states import HoldReason
from order_receiver.settings.load import load
from order_receiver.store import accepting, decisions, holding, queries
from order_receiver.store.changes import order_row
from order_receiver.store.errors import NotPossible
from order_receiver.store.session import Session
from order_receiver.store.store import now
from order_receiver.store.values import Accepted, Arrival, Message

SETTINGS = f"""
mode = "development"
[[applications]]
key = "{SHOP}"
name = "Shop"
id = 1
[work]
retry_base = 0.01
retry_cap = 0.02
poll = 0.05
[norce]
base_url = "http://127.0.0.1:1"
client_id = "c"
client_secret = {{ env = "X" }}
[targets.erp]
adapter = "folder"
outbox = "erp-out"
inbox = "erp-in"
poll = 0.05
[targets.cards]
adapter = "folder"
outbox = "cards-out"
inbox = "cards-in"
poll = 0.05
[[routes]]
name = "gift cards"
lines = 'row.part_no.startswith("GC-")'
to = ["cards"]
[[routes]]
to = ["erp"]
"""
VALUES = """
[targets.erp.values]
"payments.method" = { table = "methods.csv", missing = "hold" }
"""


class Norce:
    """Takes reports down."""

    def __init__(self) -> None:
        self.told: list[tuple[int | None, str | None]] = []

    async def send_order_status(self, request: SendOrderStatusRequest, application_id: int | None) -> None:
        self.told.append((request.ClientOrderRef, request.ErpOrderNo))


class Scene:
    """A receiver at work, and the folders of its targets."""

    def __init__(self, base: Path, receiver: Receiver, norce: Norce) -> None:
        self.base, self.receiver, self.norce = base, receiver, norce

    async def take(self, reference: str, *parts: str, method: str = "card") -> int:
        """An order with a row of 125 for each part number."""
        row = {"Quantity": 1, "UnitPrice": 100, "UnitVat": 25, "VatRate": 25}
        body = {
            "Header": {"ApplicationKey": SHOP},
            "ClientOrderRef": reference,
            "CurrencyCode": "SEK",
            "OrderType": 1,
            "Items": [{**row, "LineNo": number, "PartNo": part} for number, part in enumerate(parts, 1)],
            "Payments": [{"Amount": 125 * len(parts), "PaymentMethodCode": method}],
        }
        message = Message(json.dumps(body).encode(), "application/json", now(), None, {})
        arrival = Arrival(OrderKey(SHOP, reference), message)
        found = await self.receiver.store.write(lambda session: accepting.accept(session, arrival))
        assert isinstance(found, Accepted)
        self.receiver.store.announce_work("receiver")
        return found.order_id

    def files(self, target: str) -> list[Path]:
        return sorted((self.base / f"{target}-out").glob("*.json"))

    def answer(self, target: str, reference: str, number: str | None, refused: str | None = None) -> None:
        said = {"client_order_ref": reference, "erp_order_no": number, "refused": refused}
        answer = self.base / f"{target}-in" / f"{reference}.json"
        hidden = answer.with_suffix(".new")
        hidden.write_text(json.dumps({name: value for name, value in said.items() if value is not None}))
        hidden.rename(answer)

    def state(self, reference: str) -> tuple[str, str | None]:
        order = story(self.receiver.store, reference).order
        return order.state, order.hold

    def holds(self, reference: str) -> list[tuple[str, str]]:
        return [(line.system, line.reason) for line in story(self.receiver.store, reference).holds]

    async def resume(self, reference: str, *, waive: bool) -> None:
        await self.receiver.store.write(partial(_resume, order_id=self.id_of(reference), waive=waive))
        self.receiver.store.announce_work("")

    async def cancel(self, reference: str) -> None:
        await self.receiver.store.write(partial(_cancel, order_id=self.id_of(reference)))

    def id_of(self, reference: str) -> int:
        return story(self.receiver.store, reference).order.id

    def events(self, reference: str) -> list[tuple[str, str, str | None]]:
        return [(line.actor, line.event, line.new) for line in story(self.receiver.store, reference).history]


def _resume(session: Session, *, order_id: int, waive: bool) -> None:
    decisions.resume(session, order_row(session, order_id), session.now, "eva", waive=waive, why=None)


def _cancel(session: Session, *, order_id: int) -> None:
    decisions.cancel(session, order_row(session, order_id), session.now, "eva", None)


@pytest.fixture
async def open_scene(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Scene]]]:
    async with AsyncExitStack() as stack:

        async def opened(more: str = "") -> Scene:
            for name in ("erp-out", "erp-in", "cards-out", "cards-in"):
                (tmp_path / name).mkdir()
            path = tmp_path / "receiver.toml"
            path.write_text(SETTINGS + more)
            norce = Norce()
            configuration = Configuration(load(path, {}), tmp_path)
            receiver = await open_receiver(stack, configuration, work=True, parts=Parts(norce=norce))
            assert receiver.worker is not None
            receiver.worker.start()
            stack.push_async_callback(receiver.worker.stop, 5.0)
            if receiver.value_watch is not None:
                watching = asyncio.create_task(receiver.value_watch.run())
                stack.callback(watching.cancel)
            return Scene(tmp_path, receiver, norce)

        yield opened


async def test_an_order_is_split_and_norce_gets_one_number(open_scene: Callable[..., Awaitable[Scene]]) -> None:
    scene = await open_scene()
    await scene.take("100001", "ART-1", "GC-500", "ART-2")
    await until(lambda: bool(scene.files("erp") and scene.files("cards")))
    [erp], [cards] = (
        [msgspec.json.decode(file.read_bytes()) for file in scene.files(name)] for name in ("erp", "cards")
    )
    assert [row["part_no"] for row in erp["rows"]] == ["ART-1", "ART-2"]
    assert [row["part_no"] for row in cards["rows"]] == ["GC-500"]
    assert (len(erp["payments"]), len(cards["payments"])) == (1, 0)
    scene.answer("cards", "100001", "GC-NUMBER")
    await until(lambda: ("cards", "part-numbered", "GC-NUMBER") in scene.events("100001"))
    assert scene.state("100001")[0] == "submitted"
    scene.answer("erp", "100001", "SO-1")
    await until(lambda: scene.state("100001") == ("confirmed", None))
    assert scene.norce.told == [(100001, "SO-1")]
    numbers = {line.target: line.erp_order_no for line in story(scene.receiver.store, "100001").submissions}
    assert numbers == {"erp": "SO-1", "cards": "GC-NUMBER"}


async def test_a_target_that_refuses_does_not_disturb_the_other(open_scene: Callable[..., Awaitable[Scene]]) -> None:
    scene = await open_scene()
    (scene.base / "cards-out").rmdir()
    await scene.take("100002", "ART-1", "GC-500")
    await until(lambda: bool(scene.files("erp")))
    scene.answer("erp", "100002", "SO-2")
    await until(lambda: scene.state("100002")[0] == "confirmed")
    [task] = [task for task in story(scene.receiver.store, "100002").tasks if task.system == "target:cards"]
    assert task.reason is not None
    assert "cards-out" in task.reason
    (scene.base / "cards-out").mkdir()
    await until(lambda: bool(scene.files("cards")))


async def test_a_refusal_of_one_target_is_not_forgotten_when_the_other_gives_its_number(
    open_scene: Callable[..., Awaitable[Scene]],
) -> None:
    scene = await open_scene()
    await scene.take("100002", "ART-1", "GC-500")
    await until(lambda: bool(scene.files("erp") and scene.files("cards")))
    scene.answer("cards", "100002", None, "no cards left")
    await until(lambda: scene.holds("100002") == [("target:cards", "erp-refused")])
    scene.answer("erp", "100002", "SO-2")
    await until(lambda: scene.state("100002") == ("confirmed", "erp-refused"))
    assert scene.norce.told == [(100002, "SO-2")]
    with pytest.raises(NotPossible, match="erp has it, or its part of it"):
        await scene.cancel("100002")
    with pytest.raises(NotPossible, match="if you have settled the part otherwise, release"):
        await scene.resume("100002", waive=False)
    scene.answer("cards", "100002", "GC-7")
    await until(lambda: scene.state("100002") == ("confirmed", None))


async def test_a_part_that_was_refused_can_be_settled_by_hand(
    open_scene: Callable[..., Awaitable[Scene]],
) -> None:
    scene = await open_scene()
    await scene.take("100002", "ART-1", "GC-500")
    await until(lambda: bool(scene.files("erp") and scene.files("cards")))
    scene.answer("cards", "100002", None, "no cards left")
    await until(lambda: scene.holds("100002") == [("target:cards", "erp-refused")])
    await scene.resume("100002", waive=True)
    assert scene.holds("100002") == []
    scene.answer("erp", "100002", "SO-2")
    await until(lambda: scene.state("100002") == ("confirmed", None))


async def test_two_targets_hold_an_order_each_for_its_own_reason(
    open_scene: Callable[..., Awaitable[Scene]],
) -> None:
    """The ERP refuses; the other part is parked. What mends the one does not hide the other."""
    scene = await open_scene()
    await scene.take("100002", "ART-1", "GC-500")
    await until(lambda: bool(scene.files("erp") and scene.files("cards")))
    scene.answer("erp", "100002", None, "blocked")
    await until(lambda: scene.state("100002") == ("submitted", "erp-refused"))
    order_id = scene.id_of("100002")
    await scene.receiver.store.write(partial(_park, order_id=order_id))
    assert scene.holds("100002") == [("target:cards", "parked"), ("target:erp", "erp-refused")]
    assert scene.state("100002") == ("submitted", "erp-refused")
    causes = [line.cause for line in queries.list_causes(scene.receiver.store.engine)]
    assert sorted(causes) == ["erp-refused", "parked"]
    assert queries.held_by(scene.receiver.store.engine, "parked") == [order_id]
    await scene.resume("100002", waive=False)
    assert scene.holds("100002") == [("target:erp", "erp-refused")]
    scene.answer("erp", "100002", "SO-2")
    await until(lambda: scene.state("100002") == ("confirmed", None))


def _park(session: Session, *, order_id: int) -> None:
    order = order_row(session, order_id)
    holding.hold(session, order, HoldReason.PARKED, "it failed", session.now, "worker", system="target:cards")


async def test_an_order_waits_for_a_value_and_goes_on_by_itself(
    open_scene: Callable[..., Awaitable[Scene]], tmp_path: Path
) -> None:
    (tmp_path / "methods.csv").write_text("norce;erp\ncard;C\n")
    scene = await open_scene(VALUES)
    await scene.take("100003", "ART-1", method="klarna")
    await scene.take("100004", "ART-1", method="swish")
    await scene.take("100005", "ART-1", method="card")
    await until(lambda: [scene.state(f"10000{n}")[1] for n in (3, 4)] == ["missing-value"] * 2)
    engine = scene.receiver.store.engine
    assert [(line.cause, line.orders) for line in queries.list_causes(engine)] == [
        ("value:methods:klarna", 1),
        ("value:methods:swish", 1),
    ]
    [waiting] = queries.held_by(engine, "value:methods:klarna")
    assert waiting == story(scene.receiver.store, "100003").order.id
    (tmp_path / "methods.csv").write_text("norce;erp\ncard;C\nklarna;K\n")
    await until(lambda: len(scene.files("erp")) == 2)
    assert scene.state("100003")[1] is None
    assert scene.state("100004") == ("received", "missing-value")
    assert [line.cause for line in queries.list_causes(engine)] == ["value:methods:swish"]
    methods = {msgspec.json.decode(file.read_bytes())["payments"][0]["method"] for file in scene.files("erp")}
    assert methods == {"C", "K"}
