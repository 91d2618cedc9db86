"""A small ERP with a REST API on a free port, with answers that a test lays out beforehand."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

Reply = Callable[[web.Request], web.StreamResponse | Awaitable[web.StreamResponse]]


@dataclass
class Clock:
    """A time of day that moves only when told to."""

    now: datetime = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Seen:
    """One request as it came."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Erp:
    """Takes orders at POST /api/orders and lines below them; it minds no duplicates, like most."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    replies: deque[Reply] = field(default_factory=deque)
    """Answers instead of its own, for the calls that come next."""
    after: deque[Reply] = field(default_factory=deque)
    """Answers to the POSTs that come next, given after the call took effect."""
    tokens: list[dict[str, str]] = field(default_factory=list)
    token_replies: deque[Reply] = field(default_factory=deque)
    expires_in: float = 3600
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    """Set at the end, so that whatever hangs goes on."""

    def calls(self, method: str | None = None) -> list[str]:
        return [f"{seen.method} {seen.path}" for seen in self.seen if method in (None, seen.method)]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        path, _, query = request.raw_path.partition("?")
        self.seen.append(Seen(request.method, path, query, dict(request.headers), body))
        if self.replies:
            return await said(self.replies.popleft(), request)
        answer = self._own(request, body)
        return await said(self.after.popleft(), request) if self.after and request.method == "POST" else answer

    def _own(self, request: web.Request, body: bytes) -> web.StreamResponse:
        parts = request.path.strip("/").split("/")[1:]
        if request.method == "POST" and parts == ["orders"]:
            return self._create(json.loads(body))
        if request.method == "POST" and parts[2:] == ["lines"]:
            self._order(parts[1])["lines"].append(json.loads(body))
            return web.json_response({"ok": True}, status=201)
        if request.method == "GET" and parts == ["orders"]:
            found = [order for order in self.orders if order["reference"] == request.query.get("reference")]
            return web.json_response({"value": found})
        if request.method == "GET" and parts[2:] == ["lines"]:
            return web.json_response({"value": self._order(parts[1])["lines"]})
        if request.method == "GET" and len(parts) == 2:
            return web.json_response(self._order(parts[1]))
        return web.Response(text="the root")

    def _create(self, order: dict[str, Any]) -> web.StreamResponse:
        identity = f"id-{len(self.orders) + 1}"
        made = {**order, "id": identity, "number": f"SO-{len(self.orders) + 1}", "lines": []}
        self.orders.append(made)
        headers = {"Location": f"/api/orders/{identity}", "X-Number": made["number"]}
        return web.json_response({"id": identity, "number": made["number"]}, status=201, headers=headers)

    def _order(self, identity: str) -> dict[str, Any]:
        return next(order for order in self.orders if order["id"] == identity)

    async def token(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.tokens.append({**form, **{f"header {name}": value for name, value in request.headers.items()}})
        if self.token_replies:
            return await said(self.token_replies.popleft(), request)
        answer = {"access_token": f"token-{len(self.tokens)}", "token_type": "Bearer", "expires_in": self.expires_in}
        return web.json_response(answer)

    async def hang(self, request: web.Request) -> web.StreamResponse:
        """Do not answer before the test is over."""
        await self.hold.wait()
        return web.Response()


async def said(reply: Reply, request: web.Request) -> web.StreamResponse:
    answer = reply(request)
    return answer if isinstance(answer, web.StreamResponse) else await answer


def says(status: int, answer: Any = None, **headers: str) -> Reply:
    """An answer with JSON, or with text."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: web.Response(status=status, text=text, headers=named)


@asynccontextmanager
async def running(routes: Callable[[web.Application], None], *, stubborn: bool = False) -> AsyncIterator[str]:
    """Serve on a free port for as long as the context lasts; its address.

    `stubborn`: go on with calls of clients that are gone.
    """
    app = web.Application()
    routes(app)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=not stubborn)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
