import tomllib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from msgspec import inspect
from tests.integration.targets.http.erp import Clock, Erp, running

from order_receiver.orders.document import Document
from order_receiver.orders.identity import OrderKey
from order_receiver.settings.places import lines_of
from order_receiver.settings.reading import Reading
from order_receiver.settings.targets import HttpTarget
from order_receiver.settings.words import sections_of
from order_receiver.targets.adapter import Step, Submission
from order_receiver.targets.http.adapter import HttpAdapter
from order_receiver.targets.http.opening import open_http
from order_receiver.targets.keys import submission_key
from order_receiver.targets.surroundings import Surroundings

ORDER = OrderKey("11111111-2222-3333-4444-555555555555", "100001")
KEY = submission_key(ORDER)
CONTENT = b'{"reference": "100001", "total": 811.250, "lines": [{"no": 1, "part": "A"}, {"no": 2, "part": "B/1"}]}'
SECRETS = {"PASSWORD": "pass:wörd", "TOKEN": "fixed-token", "SECRET": "s3cret+/="}

CREATE = """
[[targets.erp.calls]]
name = "order"
path = "orders"
body = "document"
save = { id = "body.id", number = "body.number" }

[targets.erp.calls.find]
path = "orders"
query = { reference = "{{ reference }}" }
items = "body.value"
save = { id = "record.id", number = "record.number" }
"""


def read_target(text: str, name: str = "erp") -> HttpTarget:
    """A target of a receiver.toml, read as the program reads it."""
    reading = Reading("receiver.toml", lines_of(text))
    kinds = sections_of(inspect.type_info(HttpTarget))
    target = reading.section(kinds, tomllib.loads(text, parse_float=Decimal)["targets"][name], ("targets", name))
    assert reading.problems == []
    assert isinstance(target, HttpTarget)
    return target


@dataclass
class Steps:
    """What the worker would have stored; it can die at one of them."""

    saved: list[Step] = field(default_factory=list)
    die_at: int | None = None

    async def __call__(self, step: Step) -> None:
        if self.die_at == len(self.saved):
            raise Died
        self.saved.append(dict(step))

    @property
    def last(self) -> Step:
        return self.saved[-1] if self.saved else {}


class Died(Exception):
    """Stands for a worker that is killed."""


@pytest.fixture
async def erp() -> AsyncIterator[Erp]:
    own = Erp()

    def routes(app: web.Application) -> None:
        app.router.add_post("/token", own.token)
        app.router.add_route("*", "/{rest:.*}", own.handle)

    async with running(routes) as own.url:
        yield own
        own.hold.set()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def steps() -> Steps:
    return Steps()


@pytest.fixture
async def open_text(tmp_path: Path, clock: Clock) -> AsyncIterator[Callable[..., HttpAdapter]]:
    """Open the adapter of a target as the program does, from the text of a receiver.toml."""
    opened = []

    def make(text: str, name: str, secrets: Mapping[str, str]) -> HttpAdapter:
        opened.append(open_http(read_target(text, name), Surroundings(name, tmp_path, secrets).secret, clock))
        return opened[-1]

    yield make
    for adapter in opened:
        await adapter.close()


@pytest.fixture
def open_target(erp: Erp, open_text: Callable[..., HttpAdapter]) -> Callable[..., HttpAdapter]:
    """Open a target `erp` made of its calls and of further settings."""

    def make(
        calls: str = CREATE, settings: str = "", *, base_url: str | None = None, timeout: float = 5.0
    ) -> HttpAdapter:
        base = f'base_url = "{base_url or erp.url + "/api"}"\ntimeout = {timeout}'
        return open_text(f"[targets.erp]\n{base}\n{settings}\n{calls}", "erp", SECRETS)

    return make


@pytest.fixture
def submission() -> Callable[..., Submission]:
    def make(content: bytes = CONTENT, media_type: str = "application/json", **changes: Any) -> Submission:
        order = changes.pop("order", ORDER)
        return Submission(submission_key(order), order, Document(content, media_type, "json"), **changes)

    return make


@pytest.fixture
def unused_port(unused_tcp_port_factory: Callable[[], int]) -> int:
    return unused_tcp_port_factory()
