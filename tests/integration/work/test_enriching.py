"""Enrichments at work: orders are routed and mapped by what was found, and wait while nothing can be found."""

import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web
from structlog.testing import capture_logs
from tests.integration.targets.http.erp import Erp, running, says
from tests.integration.work.conftest import SHOP, story, until

from order_receiver.app.assembly import Configuration, Receiver, open_receiver
from order_receiver.orders.identity import OrderKey
from order_receiver.settings.load import load
from order_receiver.store import accepting, changes, decisions, tables
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
attempts_limit = 50
poll = 0.05
[targets.erp]
adapter = "folder"
outbox = "erp-out"
mapping = "erp.txt.j2"
[targets.gold]
adapter = "folder"
outbox = "gold-out"
[[routes]]
when = 'extra["group"] == "gold"'
to = ["gold"]
[[routes]]
to = ["erp"]
[[enrichments]]
kind = "http"
name = "crm"
base_url = "CRM"
path = "customers/{{{{ info.Customer }}}}"
save = {{ no = "body.no", group = "body.group|default(none)" }}
timeout = 0.3
"""
FUNCTION = """
[[enrichments]]
kind = "function"
name = "credit"
function = "MODULE:find"
save = ["credit"]
"""


class Scene:
    """A receiver at work, and the folders of its targets."""

    def __init__(self, base: Path, receiver: Receiver) -> None:
        self.base, self.receiver = base, receiver

    async def take(self, reference: str) -> int:
        body = {
            "Header": {"ApplicationKey": SHOP},
            "ClientOrderRef": reference,
            "CurrencyCode": "SEK",
            "OrderType": 1,
            "AdditionalInfo": [{"Code2": "Customer", "Value": "anna@example.com"}],
            "Items": [{"LineNo": 1, "PartNo": "A", "Quantity": 1, "UnitPrice": 100, "UnitVat": 25, "VatRate": 25}],
            "Payments": [{"Amount": 125, "PaymentMethodCode": "card"}],
        }
        message = Message(json.dumps(body).encode(), "application/json", now(), None, {})
        arrival = Arrival(OrderKey(SHOP, reference), message)
        found = await self.receiver.store.write(lambda session: accepting.accept(session, arrival))
        assert isinstance(found, Accepted)
        self.receiver.store.announce_work("receiver")
        return found.order_id

    async def lift(self, order_id: int, *, waive: bool) -> None:
        held = await self.receiver.store.read(lambda session: changes.order_row(session, order_id=order_id))
        await self.receiver.store.write(
            lambda session: decisions.resume(session, held, now(), "eva", waive=waive, why=None)
        )
        self.receiver.store.announce_work("receiver")

    def files(self, target: str) -> list[bytes]:
        return [file.read_bytes() for file in sorted((self.base / f"{target}-out").glob("[!.]*.*"))]

    def hold(self, reference: str) -> str | None:
        return story(self.receiver.store, reference).order.hold

    def events(self, reference: str) -> list[tuple[str, str | None]]:
        return [(line.event, line.new) for line in story(self.receiver.store, reference).history]


Open = Callable[..., object]


@pytest.fixture
async def crm() -> AsyncIterator[Erp]:
    own = Erp()

    def routes(app: web.Application) -> None:
        app.router.add_route("*", "/{rest:.*}", own.handle)

    async with running(routes) as own.url:
        yield own
        own.hold.set()


@pytest.fixture
async def open_scene(tmp_path: Path, crm: Erp, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Open]:
    monkeypatch.setattr("sys.path", sys.path[:])
    async with AsyncExitStack() as stack:

        async def opened(more: str = "") -> Scene:
            for name in ("erp-out", "gold-out"):
                (tmp_path / name).mkdir()
            (tmp_path / "erp.txt.j2").write_text("{{ order.ClientOrderRef }}: {{ context.extra.no|default('nobody') }}")
            path = tmp_path / "receiver.toml"
            path.write_text(SETTINGS.replace("CRM", crm.url) + more)
            configuration = Configuration(load(path, {}), tmp_path)
            receiver = await open_receiver(stack, configuration, work=True)
            assert receiver.worker is not None
            receiver.worker.start()
            stack.push_async_callback(receiver.worker.stop, 5.0)
            return Scene(tmp_path, receiver)

        yield opened


async def scene_of(open_scene: Open, more: str = "") -> Scene:
    scene = await open_scene(more)  # type: ignore[misc]
    assert isinstance(scene, Scene)
    return scene


async def test_orders_are_routed_and_mapped_by_what_was_found(open_scene: Open, crm: Erp) -> None:
    scene = await scene_of(open_scene)
    crm.replies.append(says(200, {"no": 4711, "group": "gold"}))
    await scene.take("100001")
    await until(lambda: bool(scene.files("gold")))
    assert json.loads(scene.files("gold")[0])["extra"] == {"no": "4711", "group": "gold"}
    crm.replies.append(says(200, {"no": "4712"}))
    await scene.take("100002")
    await until(lambda: bool(scene.files("erp")))
    assert scene.files("erp") == [b"100002: 4712"]
    assert crm.calls() == ["GET /customers/anna%40example.com"] * 2
    assert scene.events("100002")[1:3] == [("enriched", "crm"), ("mapped", "erp")]


async def test_an_order_goes_on_by_itself_once_the_host_answers(open_scene: Open, crm: Erp) -> None:
    scene = await scene_of(open_scene)
    crm.replies += [says(503, "down for anna@example.com"), crm.hang, says(200, "<html>"), says(200, {"no": "7"})]
    with capture_logs() as lines:
        await scene.take("100001")
        await until(lambda: bool(scene.files("erp")))
    assert scene.files("erp") == [b"100001: 7"]
    with scene.receiver.store.engine.connect() as connection:
        told = list(connection.execute(tables.attempts.select().order_by(tables.attempts.c.id)).mappings())
    texts = [each["error"] for each in told if each["outcome"] == "transient"]
    assert len(texts) == 3
    assert all(text.startswith("Enrichment crm: ") for text in texts)
    assert "no answer within 0.3 s" in texts[1] or "did not answer in time" in texts[1]
    assert scene.hold("100001") is None
    assert [line["event"] for line in lines].count("task.retry") == 3
    assert "anna" not in str(lines)


async def test_what_no_repeating_cures_holds_the_order_until_it_is_mended(open_scene: Open, crm: Erp) -> None:
    scene = await scene_of(open_scene)
    crm.replies.append(says(400))
    order_id = await scene.take("100001")
    await until(lambda: scene.hold("100001") == "enrichment")
    assert "Enrichment crm: 127.0.0.1 answered crm with HTTP 400." in str(story(scene.receiver.store).order)
    crm.replies.append(says(200, {"no": "7"}))
    await scene.lift(order_id, waive=False)
    await until(lambda: bool(scene.files("erp")))
    assert scene.files("erp") == [b"100001: 7"]


async def test_a_released_order_goes_on_without(open_scene: Open, crm: Erp) -> None:
    scene = await scene_of(open_scene)
    crm.replies += [says(400), says(400)]
    order_id = await scene.take("100001")
    await until(lambda: scene.hold("100001") == "enrichment")
    await scene.lift(order_id, waive=True)
    await until(lambda: bool(scene.files("erp")))
    assert scene.files("erp") == [b"100001: nobody"]


async def test_a_function_that_raises_is_told_with_file_and_line(open_scene: Open, crm: Erp, tmp_path: Path) -> None:
    (tmp_path / "own_credit_of_scene.py").write_text("def find(order, context):\n    return {}[order.extra['no']]\n")
    scene = await scene_of(open_scene, FUNCTION.replace("MODULE", "own_credit_of_scene"))
    crm.replies.append(says(200, {"no": "7"}))
    await scene.take("100001")
    await until(lambda: scene.hold("100001") == "enrichment")
    told = str(story(scene.receiver.store).order)
    assert "own_credit_of_scene:find in own_credit_of_scene.py, line 2: raised KeyError: '7'." in told
