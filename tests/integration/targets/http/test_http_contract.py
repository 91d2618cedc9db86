"""The adapter `http` passes the suite that every adapter passes, with real sockets.

Once for an ERP that makes orders in several calls and minds no duplicates, once for one that takes them under our key
and tells their number later.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web
from tests.integration.targets.http.conftest import CREATE, SECRETS
from tests.integration.targets.http.erp import Clock, Erp, running, says

from order_receiver.orders.document import Document
from order_receiver.orders.identity import OrderKey
from order_receiver.targets.adapter import Submission, Update
from order_receiver.targets.http.adapter import HttpAdapter
from order_receiver.targets.keys import read_key
from order_receiver.testing import PERSONAL, AdapterContract, Subject

Open = Callable[..., HttpAdapter]

SEQUENCE = f"""
[targets.erp]
base_url = "%s/api"
timeout = 0.2
reference_length = 20
{CREATE}
[[targets.erp.calls]]
name = "line"
each = "document.lines"
path = "orders/{{{{ saved.id }}}}/lines"
body = "{{{{ item }}}}"

[targets.erp.calls.find]
path = "orders/{{{{ saved.id }}}}/lines"
items = "body.value"
only = "record.part == item.part"
"""
UNDER_OUR_KEY = """
[targets.erp]
base_url = "%s/api"
timeout = 0.2

[[targets.erp.calls]]
name = "order"
method = "PUT"
path = "orders/{{ key }}"
body = "document"
save = { id = "body.id" }
answers = [{ status = "400", means = "permanent", message = "body.error" }]

[targets.erp.calls.find]
path = "orders/{{ key }}"
items = "[body]"
missing = "404"
save = { id = "record.id" }

[targets.erp.news]
path = "changes"
query = { since = "{{ cursor }}" }
items = "body.value"
key = "record.key"
number = "record.number"
source = "record.key"
cursor = "record.changed"
start = "0000"
"""


class OwnErp(Erp):
    """It also takes orders under a key of ours, and tells later what became of them."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, dict[str, Any]] = {}
        self.changes: list[dict[str, Any]] = []

    def _own(self, request: web.Request, body: bytes) -> web.StreamResponse:
        key = request.path.rpartition("/")[2]
        if request.method == "PUT":
            self.kept[key] = json.loads(body)
            return web.json_response({"id": key})
        if key == "changes":
            since = request.query["since"]
            return web.json_response({"value": [each for each in self.changes if each["changed"] >= since]})
        if request.method == "GET" and len(key) > 36:
            return web.json_response({"id": key}) if key in self.kept else web.json_response({}, status=404)
        return super()._own(request, body)


async def cut(request: web.Request) -> web.StreamResponse:
    """Lose the connection instead of answering."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@dataclass
class HttpSubject(Subject):
    """The small ERP at the other end of a real socket."""

    erp: OwnErp
    clock: Clock
    open_text: Open
    text: str

    def open_adapter(self) -> HttpAdapter:
        return self.open_text(self.text % self.erp.url, "erp", SECRETS)

    async def orders_in_erp(self, key: str) -> Sequence[str]:
        order = read_key(key)
        made = [each for each in self.erp.orders if order is not None and each["reference"] == order.client_order_ref]
        for each in made:
            assert len(each["lines"]) <= len({line["part"] for line in each["lines"]}), "a line is there twice"
        return [*(each["id"] for each in made), *(each for each in self.erp.kept if each == key)]

    def document(self, order: OrderKey) -> Document:
        lines = [{"part": "A", "text": PERSONAL[0]}, {"part": "B", "text": PERSONAL[1]}]
        content = {"reference": order.client_order_ref, "buyer": list(PERSONAL), "lines": lines}
        return Document(json.dumps(content).encode(), "application/json", "json")

    async def wait(self, seconds: float) -> None:
        """The adapter waits 30 s between two looks; its clock is the test's."""
        self.clock.forward(seconds)
        await asyncio.sleep(0)

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        self.erp.replies.extend([cut] * 20)
        yield
        self.erp.replies.clear()

    @asynccontextmanager
    async def slow(self) -> AsyncIterator[None]:
        self.erp.after.append(self.erp.hang)
        yield
        self.erp.after.clear()

    @asynccontextmanager
    async def dies_after_taking(self) -> AsyncIterator[None]:
        self.erp.after.append(cut)
        yield
        self.erp.after.clear()

    @asynccontextmanager
    async def refuses(self) -> AsyncIterator[None]:
        self.erp.replies.append(says(400, {"error": "The customer is not known", "order": list(PERSONAL)}))
        yield

    async def answer(self, submission: Submission, number: str) -> None:
        changed = f"{len(self.erp.changes) + 1:04}"
        self.erp.changes.append({"key": submission.key, "number": number, "changed": changed})

    async def keeps(self, update: Update) -> bool:
        return any(each["key"] == update.source for each in self.erp.changes)


@pytest.fixture
async def own_erp() -> AsyncIterator[OwnErp]:
    own = OwnErp()

    def routes(app: web.Application) -> None:
        app.router.add_route("*", "/{rest:.*}", own.handle)

    async with running(routes) as own.url:
        yield own
        own.hold.set()


class TestSequenceOfCalls(AdapterContract):
    @pytest.fixture
    def subject(self, own_erp: OwnErp, clock: Clock, open_text: Open) -> HttpSubject:
        return HttpSubject(own_erp, clock, open_text, SEQUENCE)


class TestUnderOurKey(AdapterContract):
    @pytest.fixture
    def subject(self, own_erp: OwnErp, clock: Clock, open_text: Open) -> HttpSubject:
        return HttpSubject(own_erp, clock, open_text, UNDER_OUR_KEY)
