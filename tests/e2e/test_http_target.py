"""Orders into an ERP over HTTP that refuses no duplicates, fails in every way and is left in the middle of calls."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

import pytest
from aiohttp import web
from tests.e2e.conftest import Installation, order_body, until
from tests.integration.targets.http.erp import running

from order_receiver.contract.codes import OrderStatus
from order_receiver.simulator.orders import decode_order
from order_receiver.simulator.post import send_one
from order_receiver.simulator.server import RunningNorce
from order_receiver.simulator.verdict import Outcome

ORDERS = 30

TARGET = """\
[targets.erp]
adapter = "http"
base_url = "{url}/api"
settle = 0.6
poll = 0.05
breaker_seconds = 0.1
breaker_cap = 0.5

[[targets.erp.calls]]
name = "order"
path = "orders"
body = '{{"reference": {{{{ reference }}}}, "total": {{{{ document.totals.incl_vat }}}}}}'
save = {{ id = "headers.location|search('orders/(.+)$')" }}

[targets.erp.calls.find]
path = "orders"
query = {{ reference = "{{{{ reference }}}}" }}
only = "record.reference == reference"
save = {{ id = "record.id" }}

[[targets.erp.calls]]
name = "lines"
path = "orders/{{{{ saved.id }}}}/lines"
each = "document.rows"
body = '{{"line": {{{{ item.line }}}}, "part": {{{{ item.part_no }}}}, "quantity": {{{{ item.quantity }}}}}}'

[targets.erp.calls.find]
path = "orders/{{{{ saved.id }}}}/lines"
only = "record.line == item.line"

[[targets.erp.calls]]
name = "number"
method = "GET"
path = "orders/{{{{ saved.id }}}}"
save = {{ number = "body.number" }}
"""


@dataclass
class Erp:
    """Takes its time, goes on for clients that are gone, and answers one call in six with trouble: before or after.

    Every tenth line is answered with a page that has a good status, and not made.
    """

    url: str = ""
    orders: list[dict[str, Any]] = field(default_factory=list)
    lines: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    asked: int = 0
    rng: Random = field(default_factory=lambda: Random(5))

    def has(self, orders: int) -> bool:
        return len(self.orders) >= orders

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        fate = self.rng.random()
        if fate < 0.08:
            return web.Response(status=503, headers={"Retry-After": "0"})
        if request.method == "POST":
            await asyncio.sleep(0.1)
            self.asked += request.path.endswith("/lines")
            if request.path.endswith("/lines") and self.asked % 10 == 5:
                return web.Response(text="<html>log in</html>", content_type="text/html")
        answer = self._answer(request, body)
        if fate < 0.12:
            return web.Response(status=500)
        if fate < 0.16 and request.transport is not None:
            request.transport.abort()
        return answer

    def _answer(self, request: web.Request, body: bytes) -> web.StreamResponse:
        _, _, *rest = request.path.split("/")[1:]
        if not rest:
            if request.method == "GET":
                wanted = request.query["reference"]
                return web.json_response([each for each in self.orders if each["reference"].startswith(wanted)])
            return self._create(json.loads(body))
        identity = rest[0]
        if rest[1:] != ["lines"]:
            return web.json_response(next(each for each in self.orders if each["id"] == identity))
        if request.method == "POST":
            self.lines[identity].append(json.loads(body))
        return web.json_response(self.lines[identity])

    def _create(self, order: dict[str, Any]) -> web.StreamResponse:
        identity = f"id-{len(self.orders)}"
        self.orders.append({**order, "id": identity, "number": f"SO-{len(self.orders)}"})
        self.lines[identity] = []
        return web.Response(status=201, headers={"Location": f"{self.url}/api/orders/{identity}"})


@pytest.fixture
async def erp() -> AsyncIterator[Erp]:
    own = Erp()

    def routes(app: web.Application) -> None:
        app.router.add_route("*", "/api/{rest:.*}", own.handle)

    async with running(routes, stubborn=True) as own.url:
        yield own


def configure(installation: Installation, norce: RunningNorce, erp: Erp) -> None:
    installation.configure(norce=norce.url)
    text = installation.configuration.read_text("utf-8")
    before, after = text[: text.index("[targets.erp]")], text[text.index("[work]") :]
    slow = after.replace("[work]", "[work]\nconcurrency = 4")
    installation.configuration.write_text(before + TARGET.format(url=erp.url) + slow, "utf-8")


async def test_every_order_is_made_once_whatever_happens(
    installation: Installation, norce: RunningNorce, erp: Erp
) -> None:
    configure(installation, norce, erp)
    program = await installation.serve()
    for number in range(ORDERS):
        body = order_body(str(number + 1), seed=number, lines=2)
        norce.state.register(decode_order(body))
        assert (await send_one(body, program.receiver())).outcome is Outcome.TAKEN_OVER
    for made in (5, 15):
        await until(partial(erp.has, made), f"{made} orders in the ERP")
        await program.kill()
        program = await installation.serve()
    await until(
        lambda: all(order.status is OrderStatus.Confirmed for order in norce.state), "Norce was told about every order"
    )
    assert await program.terminate() == 0
    assert sorted(int(order["reference"]) for order in erp.orders) == list(range(1, ORDERS + 1))
    assert sorted(order["number"] for order in erp.orders) == sorted(str(order.erp_order_no) for order in norce.state)
    for lines in erp.lines.values():
        assert len({line["line"] for line in lines}) == len(lines)
        assert len(lines) >= 2
