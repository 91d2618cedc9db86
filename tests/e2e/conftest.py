"""The real program as a subprocess, in a folder of its own, with simulated Norce and the demo ERP in this process."""

import asyncio
import json
import os
import signal
import socket
import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from order_receiver.cli import output
from order_receiver.cli.main import application
from order_receiver.settings.credentials import hash_password
from order_receiver.simulator.erp import DemoErp, DemoErpOptions, ErpEvent
from order_receiver.simulator.identity import IdentityOptions
from order_receiver.simulator.norce import NorceOptions
from order_receiver.simulator.orders import encode_order, make_order
from order_receiver.simulator.post import Receiver
from order_receiver.simulator.server import RunningNorce, running_norce

SHOP = "123e4567-e89b-12d3-a456-426614174000"
NORWAY = "9b2d7c1e-4f6a-4d83-8c55-2a1e6f0b7d34"
USER, PASSWORD = "norce", "secret"
CLIENT_ID, CLIENT_SECRET = "client", "s3cret+/="
PATIENCE = 60.0
"""Seconds after which something that must happen has failed; a green run never waits that long."""

SETTINGS = """\
mode = "development"
[door]
port = {port}
[[door.credentials]]
user = "{user}"
password_hash = "{password_hash}"
[[applications]]
key = "{shop}"
name = "shop.se"
id = 1001
[[applications]]
key = "{norway}"
name = "shop.no"
id = 1002
time_zone = "Europe/Oslo"
[store]
path = "orders.db"
[targets.erp]
adapter = "folder"
outbox = "erp/outbox"
inbox = "erp/inbox"
poll = 0.05
[work]
poll = 0.1
lease = 1.5
retry_base = 0.1
retry_cap = 0.5
attempts_limit = 200
"""

REPORTING = """\
[norce]
base_url = "{url}"
client_id = "{client_id}"
client_secret = {{ env = "TEST_CLIENT_SECRET" }}
"""


def order_body(reference: str = "100001", *, seed: int = 1, lines: int | None = 3, do_hold: bool = False) -> bytes:
    return encode_order(make_order(seed, application_key=SHOP, reference=reference, lines=lines, do_hold=do_hold))


async def until(true: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    try:
        async with asyncio.timeout(patience):
            while not true():  # noqa: ASYNC110 - what is awaited happens on disk and in other processes
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail(f"not within {patience:g} seconds: {what}")


def quiet_port(rng: Random) -> int:
    """A port for life: below those that systems give out, so that nobody gets it while the program is down."""
    while True:
        port = rng.randrange(15_000, 30_000)
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue


@dataclass
class Program:
    """One run of `order-receiver`; what it says goes into `log`."""

    process: asyncio.subprocess.Process
    log: Path
    port: int = 0
    _read: int = 0
    _lines: list[dict[str, object]] = field(default_factory=list)

    def lines(self) -> list[dict[str, object]]:
        """The structured lines of the log so far; each is read once, however often this is asked."""
        with self.log.open("rb") as log:
            log.seek(self._read)
            whole, end, _ = log.read().rpartition(b"\n")
        self._read += len(whole) + len(end)
        self._lines += [
            json.loads(line) for line in whole.splitlines() if line.startswith(b"{") and line.endswith(b"}")
        ]
        return self._lines

    def events(self, name: str) -> list[dict[str, object]]:
        return [line for line in self.lines() if line["event"] == name]

    async def opened(self, event: str = "door.open") -> "Program":
        """Wait until the program says that it is at work."""
        await until(lambda: self.process.returncode is not None or self.events(event), event)
        if self.process.returncode is not None:
            pytest.fail(f"The program ended with {self.process.returncode}:\n{self.log.read_text()}")
        port = self.events(event)[0].get("port", 0)
        assert isinstance(port, int)
        self.port = port
        return self

    async def ended(self) -> int:
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()

    async def terminate(self) -> int:
        """Ask for an orderly end; the exit code."""
        self.process.terminate()
        return await self.ended()

    async def kill(self) -> None:
        """kill -9: no last word."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
        await self.ended()

    def receiver(self) -> Receiver:
        return Receiver(f"http://127.0.0.1:{self.port}/orders", USER, PASSWORD, timeout=30)


@dataclass
class Installation:
    """A folder as an operator keeps it: receiver.toml, the store, the ERP's folders."""

    base: Path
    password_hash: str
    environment: dict[str, str]
    programs: list[Program] = field(default_factory=list)

    @property
    def configuration(self) -> Path:
        return self.base / "receiver.toml"

    @property
    def store_path(self) -> Path:
        return self.base / "orders.db"

    def configure(self, *, port: int = 0, norce: str | None = None, more: str = "") -> None:
        for name in ("outbox", "inbox"):
            (self.base / "erp" / name).mkdir(parents=True, exist_ok=True)
        text = SETTINGS.format(port=port, user=USER, password_hash=self.password_hash, shop=SHOP, norway=NORWAY)
        if norce is not None:
            text += REPORTING.format(url=norce, client_id=CLIENT_ID)
        self.configuration.write_text(text + more, encoding="utf-8")

    def configure_mapping(self, mapping: str) -> None:
        text = self.configuration.read_text("utf-8").replace("[targets.erp]", f'[targets.erp]\nmapping = "{mapping}"')
        self.configuration.write_text(text, encoding="utf-8")

    async def start(self, *arguments: str) -> Program:
        """Start `order-receiver ARGUMENTS --config ...`."""
        return await self.start_plain(*arguments, "--config", str(self.configuration))

    async def start_plain(self, *arguments: str) -> Program:
        log = self.base / f"program-{len(self.programs)}.log"
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "order_receiver", *arguments),
                env=self.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self.programs.append(Program(process, log))
        return self.programs[-1]

    async def serve(self, *arguments: str) -> Program:
        return await (await self.start("serve", *arguments)).opened()

    async def work(self) -> Program:
        return await (await self.start("work")).opened("worker.open")

    def make_newer(self) -> None:
        """What a version has made of the store that this one cannot work beside."""
        connection = sqlite3.connect(self.store_path)
        with connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
            connection.execute("UPDATE schema_floor SET revision = '9999'")
        connection.close()

    def rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """What is on disk, looked up beside the program."""
        connection = sqlite3.connect(self.store_path, timeout=30)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def erp_options(self, refuse_every: int | None = None) -> DemoErpOptions:
        erp = self.base / "erp"
        return DemoErpOptions(
            outbox=erp / "outbox",
            inbox=erp / "inbox",
            taken=erp / "taken",
            memory=erp / "numbers.jsonl",
            poll=0.02,
            refuse_every=refuse_every,
        )

    @asynccontextmanager
    async def erp(self, refuse_every: int | None = None) -> AsyncIterator["Erp"]:
        """The demo ERP at work."""
        erp, stop = Erp(), asyncio.Event()
        working = asyncio.create_task(DemoErp(self.erp_options(refuse_every)).run(stop, erp.note))
        try:
            yield erp
        finally:
            stop.set()
            await working

    def log_tails(self) -> str:
        return "\n".join(f"--- {each.log.name}\n{each.log.read_text()[-3000:]}" for each in self.programs[-2:])


@dataclass
class Erp:
    """What the demo ERP was given: how often each file came, and the number of each key."""

    files: Counter[str] = field(default_factory=Counter)
    numbers: dict[str, str] = field(default_factory=dict)

    def note(self, event: ErpEvent) -> None:
        self.files[event.file] += 1
        assert event.unreadable is None, f"{event.file} is half written: {event.unreadable}"
        if event.key is not None and event.erp_order_no is not None:
            self.numbers[event.key] = event.erp_order_no


@pytest.fixture(scope="session")
def password_hash() -> str:
    return hash_password(PASSWORD)


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of all programs. They share bytecode, so that only the first of them has to compile."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    bytecode = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(shared / "bytecode")}
    return {**os.environ, **bytecode, "TEST_CLIENT_SECRET": CLIENT_SECRET}


@pytest.fixture
async def installation(tmp_path: Path, password_hash: str, environment: dict[str, str]) -> AsyncIterator[Installation]:
    installation = Installation(tmp_path, password_hash, environment)
    installation.configure()
    yield installation
    for program in installation.programs:
        await program.kill()
    print(installation.log_tails())


@pytest.fixture
async def norce() -> AsyncIterator[RunningNorce]:
    async with running_norce(NorceOptions(IdentityOptions(CLIENT_ID, CLIENT_SECRET))) as running:
        yield running


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it said on both streams."""

    code: int
    out: str
    err: str

    def data(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = json.loads(self.out)
        return found


class Command:
    """`order-receiver` within this process, where nothing needs one of its own; 300 columns wide."""

    def __init__(self, configuration: Path) -> None:
        self._configuration = configuration

    def __call__(self, *arguments: str, stdin: str = "") -> Said:
        result = CliRunner().invoke(application, list(arguments), input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    def configured(self, *arguments: str) -> Said:
        return self(*arguments, "--config", str(self._configuration))


@pytest.fixture
def folder(tmp_path: Path, password_hash: str, environment: dict[str, str]) -> Installation:
    """An installation for commands that need no running program."""
    installation = Installation(tmp_path, password_hash, environment)
    installation.configure()
    return installation


@pytest.fixture
def command(folder: Installation, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setattr(output.console, "width", 300)
    return Command(folder.configuration)


async def run_cli(environment: dict[str, str], cwd: Path, *arguments: str, stdin: bytes = b"") -> Said:
    """`order-receiver` as a process of its own, from start to end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "order_receiver", *arguments),
        env={**environment, "COLUMNS": "300"},
        cwd=cwd,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            out, err = await process.communicate(stdin)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Said(process.returncode or 0, out.decode(), err.decode())
