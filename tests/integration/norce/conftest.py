"""A Norce of our own on a free port: identity and Connect, with answers that a test lays out beforehand."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web

from order_receiver.norce.connect import Connect
from order_receiver.norce.tokens import Client, Token, Tokens
from order_receiver.outgoing import open_session

SECRET = "s3cret+/=å"
Reply = Callable[[web.Request], web.StreamResponse | Awaitable[web.StreamResponse]]


@dataclass
class Clock:
    """A time of day that moves only when told to."""

    now: datetime = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Shelf:
    """A shelf in memory, as several processes would share it."""

    tokens: dict[str, Token] = field(default_factory=dict)

    async def load(self, name: str) -> Token | None:
        return self.tokens.get(name)

    async def save(self, name: str, token: Token) -> None:
        self.tokens[name] = token


@dataclass
class FakeNorce:
    """What was asked, and what will be answered; without anything laid out, all goes well."""

    url: str = ""
    forms: list[dict[str, str]] = field(default_factory=list)
    calls: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    token_replies: deque[Reply] = field(default_factory=deque)
    replies: deque[Reply] = field(default_factory=deque)
    expires_in: float = 3600
    gate: asyncio.Event | None = None
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def token(self, request: web.Request) -> web.StreamResponse:
        self.forms.append({name: str(value) for name, value in (await request.post()).items()})
        self.asked.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.token_replies:
            return await _said(self.token_replies.popleft(), request)
        answer = {"access_token": f"token-{len(self.forms)}", "token_type": "Bearer", "expires_in": self.expires_in}
        return web.json_response({**answer, "scope": "playground"})

    async def connect(self, request: web.Request) -> web.StreamResponse:
        self.calls.append((request.path, dict(request.headers), await request.read()))
        return await _said(self.replies.popleft(), request) if self.replies else web.Response()


async def _said(reply: Reply, request: web.Request) -> web.StreamResponse:
    answer = reply(request)
    return answer if isinstance(answer, web.StreamResponse) else await answer


@pytest.fixture
async def norce() -> AsyncIterator[FakeNorce]:
    fake = FakeNorce()
    app = web.Application()
    app.router.add_post("/identity/1.0/connect/token", fake.token)
    app.router.add_post("/commerce/connect/4.0/{call:.*}", fake.connect)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield fake
    await runner.cleanup()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session(timeout=5.0, connections=8) as opened:
        yield opened


@pytest.fixture
def make_tokens(norce: FakeNorce, session: aiohttp.ClientSession, clock: Clock) -> Callable[..., Tokens]:
    def make(shelf: Shelf | None = None) -> Tokens:
        return Tokens(Client(norce.url, "playground", "client-1", SECRET), session, shelf, clock)

    return make


@pytest.fixture
def tokens(make_tokens: Callable[..., Tokens]) -> Tokens:
    return make_tokens()


@pytest.fixture
def connect(norce: FakeNorce, tokens: Tokens, session: aiohttp.ClientSession, clock: Clock) -> Connect:
    return Connect(norce.url, tokens, session, 4, clock)
