"""The door of a receiver in this process, on a free port and uvloop as in production, and a client of bytes."""

import asyncio
import base64
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvloop

from order_receiver.app.assembly import Configuration, Receiver
from order_receiver.app.serving import run
from order_receiver.contract.form import Form
from order_receiver.settings.credentials import hash_password
from order_receiver.settings.load import load
from order_receiver.simulator.order_form import guess_form, request_headers
from order_receiver.simulator.orders import change_order, encode_order, make_order
from order_receiver.store.sqlite import SqliteFile

SHOP = "123e4567-e89b-12d3-a456-426614174000"
PATIENCE = 20.0
JSON = "application/json; charset=utf-8"
SENT_AS: Mapping[Form, str] = {form: request_headers(form)["Content-Type"] for form in Form}
AS_SENT = "as senders call a body like this one"


def basic(user: str, password: str, encoding: str = "utf-8") -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode(encoding)).decode()


RIGHT = basic("norce", "secret")


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


def order_body(
    reference: str = "100001",
    *,
    form: Form = Form.JSON,
    seed: int = 1,
    lines: int | None = 3,
    application_key: str = SHOP,
    do_hold: bool = False,
    changed: bool = False,
) -> bytes:
    order = make_order(seed, application_key=application_key, reference=reference, lines=lines, do_hold=do_hold)
    return encode_order(change_order(order) if changed else order, form)


def head(
    *,
    method: str = "POST",
    path: str = "/orders",
    authorization: str | None = RIGHT,
    media_type: str | None = JSON,
    length: int | None = None,
    chunked: bool = False,
    more: Mapping[str, str] | None = None,
) -> bytes:
    headers: dict[str, str] = {"Host": "127.0.0.1:8080"}
    headers |= {} if authorization is None else {"Authorization": authorization}
    headers |= {} if media_type is None else {"Content-Type": media_type}
    headers |= {} if length is None else {"Content-Length": str(length)}
    headers |= {"Transfer-Encoding": "chunked"} if chunked else {}
    headers |= more or {}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def chunk(content: bytes) -> bytes:
    return f"{len(content):x}\r\n".encode() + content + b"\r\n"


LAST_CHUNK = chunk(b"")


def chunks(body: bytes, size: int) -> bytes:
    return b"".join(chunk(body[at : at + size]) for at in range(0, len(body), size)) + LAST_CHUNK


@dataclass(frozen=True)
class Answer:
    """One answer as it came over the wire, header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def members(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.body)
        return found


@dataclass
class Wire:
    """A connection of a sender who decides what is written, and when."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, *parts: bytes) -> None:
        self.writer.write(b"".join(parts))
        await self.writer.drain()

    def half_close(self) -> None:
        self.writer.write_eof()

    async def close(self) -> None:
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()

    async def answer(self) -> Answer:
        """The next answer, 100 Continue included; every answer of ours has a Content-Length."""
        async with asyncio.timeout(PATIENCE):
            lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            status = int(lines[0].split(" ")[1])
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}
            body = b"" if status == 100 else await self.reader.readexactly(int(headers["content-length"]))
        return Answer(status, headers, body)

    async def ended(self) -> bool:
        """Whether the receiver closes the connection and says nothing more."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.read(1) == b""

    async def post(
        self, body: bytes, *, path: str = "/orders", authorization: str | None = RIGHT, media_type: str | None = AS_SENT
    ) -> Answer:
        named = SENT_AS[guess_form(body)] if media_type == AS_SENT else media_type
        await self.send(head(path=path, authorization=authorization, media_type=named, length=len(body)), body)
        return await self.answer()

    async def get(self, path: str) -> Answer:
        await self.send(head(method="GET", path=path, authorization=None, media_type=None))
        return await self.answer()


@dataclass
class Doorway:
    """A receiver that runs, and its port."""

    receiver: Receiver
    port: int
    stop: asyncio.Event
    wires: list[Wire] = field(default_factory=list)

    @property
    def store_path(self) -> Path:
        database = self.receiver.configuration.database
        assert isinstance(database, SqliteFile)
        return database.path

    @property
    def base(self) -> Path:
        return self.receiver.configuration.base

    async def connect(self) -> Wire:
        wire = Wire(*await asyncio.open_connection("127.0.0.1", self.port))
        self.wires.append(wire)
        return wire

    async def post(
        self, body: bytes, *, path: str = "/orders", authorization: str | None = RIGHT, media_type: str | None = AS_SENT
    ) -> Answer:
        wire = await self.connect()
        return await wire.post(body, path=path, authorization=authorization, media_type=media_type)

    def rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """What is on disk, looked up beside the program."""
        with self.beside() as connection:
            return connection.execute(sql, values).fetchall()

    def value(self, sql: str, *values: object) -> object:
        return self.rows(sql, *values)[0][0]

    def change(self, sql: str) -> None:
        with self.beside() as connection:
            connection.execute(sql)

    @contextmanager
    def beside(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.store_path, isolation_level=None)
        try:
            yield connection
        finally:
            connection.close()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Another process writes, and does not come to an end."""
        with self.beside() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield

    async def until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():  # noqa: ASYNC110 - what is awaited happens on disk and in other processes
                await asyncio.sleep(0.01)

    def number_of(self, reference: str) -> object:
        return self.value("SELECT erp_order_no FROM orders WHERE client_order_ref = ?", reference)


@asynccontextmanager
async def serving(configuration: Configuration, *, work: bool) -> AsyncIterator[Doorway]:
    opened: asyncio.Future[Doorway] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()

    def on_open(receiver: Receiver, port: int | None) -> None:
        opened.set_result(Doorway(receiver, port or 0, stop))

    running = asyncio.ensure_future(run(configuration, work=work, on_open=on_open, stop=stop))
    try:
        await asyncio.wait((opened, running), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        yield opened.result()
        for wire in opened.result().wires:
            await wire.close()
    finally:
        stop.set()
        await running


@pytest.fixture(scope="session")
def password_hash() -> str:
    return hash_password("secret")


def toml(values: Mapping[str, object]) -> str:
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())


class Opener:
    """Opens doors in one folder; each with the settings that a test needs."""

    def __init__(self, base: Path, password_hash: str, stack: AsyncExitStack) -> None:
        self.base = base
        self._hash = password_hash
        self._stack = stack

    async def __call__(
        self,
        *,
        work: bool = False,
        credentials: Sequence[tuple[str, str]] | None = None,
        application: Mapping[str, object] | None = None,
        target: Mapping[str, object] | None = None,
        **door: object,
    ) -> Doorway:
        for name in ("outbox", "inbox"):
            (self.base / name).mkdir(exist_ok=True)
        pairs = [("norce", self._hash)] if credentials is None else credentials
        path = self.base / "receiver.toml"
        path.write_text(
            "mode = 'development'\n"
            "[door]\n"
            + toml({"port": 0, **door})
            + "".join("[[door.credentials]]\n" + toml({"user": u, "password_hash": h}) for u, h in pairs)
            + "[[applications]]\n"
            + toml({"key": SHOP, "name": "shop.se", **(application or {})})
            + "[targets.erp]\n"
            + toml({"adapter": "folder", "outbox": "outbox", "inbox": "inbox", "poll": 0.05, **(target or {})}),
            encoding="utf-8",
        )
        configuration = Configuration(load(path, {}), self.base, {})
        return await self._stack.enter_async_context(serving(configuration, work=work))


@pytest.fixture(params=list(Form))
def form(request: pytest.FixtureRequest) -> Form:
    """Each form that a sender can use."""
    found: Form = request.param
    return found


@pytest.fixture
async def open_door(tmp_path: Path, password_hash: str) -> AsyncIterator[Opener]:
    async with AsyncExitStack() as stack:
        yield Opener(tmp_path, password_hash, stack)


@pytest.fixture
async def door(open_door: Opener) -> Doorway:
    """A door as most tests want it: no worker, one shop, one pair."""
    return await open_door()
