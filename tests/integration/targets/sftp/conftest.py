"""A real SFTP server on 127.0.0.1: asyncssh's own, or asyncssh with the program `sftp-server` of OpenSSH behind it."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from order_receiver.orders.identity import OrderKey
from order_receiver.settings.section import Secret
from order_receiver.settings.targets import SftpTarget
from order_receiver.targets.adapter import Document, Step, Submission
from order_receiver.targets.sftp.adapter import SftpAdapter
from order_receiver.targets.surroundings import Surroundings

KEY = "shop_-100001"
PASSWORD = "correct horse"
OPENSSH = [Path(folder) / "sftp-server" for folder in ("/usr/lib/openssh", "/usr/libexec/openssh", "/usr/lib/ssh")]
WATCHED = ("open", "read", "write", "close", "lstat", "mkdir", "remove", "rename", "posix_rename", "fsync")


class Stall:
    """One request is not done until `go` is set; `reached` tells that it came."""

    def __init__(self) -> None:
        self.reached, self.go = asyncio.Event(), asyncio.Event()

    async def then(self, do: Callable[[], object]) -> object:
        self.reached.set()
        await self.go.wait()
        return do()


@dataclass
class Behaviour:
    """What the server does to a request: `before` and `after` are asked with its name and may raise."""

    before: Callable[[str, "ErpFiles"], None] = lambda name, server: None
    after: Callable[[str, "ErpFiles"], None] = lambda name, server: None
    requests: list[str] = field(default_factory=list)
    stalls: dict[str, list[Stall | None]] = field(default_factory=dict)

    def stall(self, name: str, nth: int = 1) -> Stall:
        """Let the `nth` request of this name from now on wait."""
        stall = Stall()
        self.stalls[name] = [*[None] * (nth - 1), stall]
        return stall

    def stall_of(self, name: str) -> Stall | None:
        waiting = self.stalls.get(name)
        return waiting.pop(0) if waiting else None


class ErpFiles(asyncssh.SFTPServer):
    """asyncssh's server over one folder, watched."""

    def __init__(self, channel: "asyncssh.SSHServerChannel[bytes]", root: Path, behaviour: Behaviour) -> None:
        super().__init__(channel, chroot=os.fsencode(root))
        self.lost = False
        for name in WATCHED:
            setattr(self, name, self._watched(name, getattr(self, name), behaviour))

    def _watched(self, name: str, real: Callable[..., Any], behaviour: Behaviour) -> Callable[..., Any]:
        def call(*arguments: object) -> object:
            behaviour.requests.append(name)
            if (stall := behaviour.stall_of(name)) is not None:
                return stall.then(lambda: real(*arguments))
            behaviour.before(name, self)
            result = real(*arguments)
            behaviour.after(name, self)
            if self.lost and name == "open":
                result.close()  # nobody else will
            return result

        return call

    def cut(self) -> None:
        """Lose the connection without an answer."""
        self.lost = True
        self.channel.get_connection().abort()


class OpenSsh(asyncssh.SSHServerSession[bytes]):
    """OpenSSH's program over a folder, with asyncssh as the SSH around it."""

    def __init__(self, root: Path, running: "list[asyncio.Task[None]]") -> None:
        self._root = root
        self._all = running
        self._given: asyncio.Queue[bytes] = asyncio.Queue()

    def connection_made(self, chan: "asyncssh.SSHServerChannel[bytes]") -> None:
        self._channel = chan

    def subsystem_requested(self, subsystem: str) -> bool:
        return subsystem == "sftp"

    def session_started(self) -> None:
        self._all.append(asyncio.create_task(self._run()))

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self._given.put_nowait(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._given.put_nowait(b"")

    async def _run(self) -> None:
        program = next(path for path in OPENSSH if path.exists())
        running = await asyncio.create_subprocess_exec(
            program, "-d", self._root, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        assert running.stdin is not None
        assert running.stdout is not None
        answering = asyncio.create_task(self._answer(running.stdout))
        while data := await self._given.get():
            running.stdin.write(data)
        running.stdin.close()
        await answering
        await running.wait()

    async def _answer(self, said: asyncio.StreamReader) -> None:
        while data := await said.read(65_536):
            if not self._channel.is_closing():
                self._channel.write(data)


class Door(asyncssh.SSHServer):
    """Lets in the user `receiver` with the password, or with one key."""

    def __init__(self, server: "Server") -> None:
        self._server = server

    def session_requested(self) -> bool | OpenSsh:
        return True if self._server.kind == "asyncssh" else OpenSsh(self._server.base, self._server.running)

    def begin_auth(self, username: str) -> bool:
        self._server.logins.append(username)
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("receiver", PASSWORD)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == "receiver" and key == self._server.user_key.convert_to_public()


@dataclass
class Server:
    """The server, its folders, and adapters that use it."""

    base: Path
    host_key: asyncssh.SSHKey
    user_key: asyncssh.SSHKey
    kind: str
    behaviour: Behaviour = field(default_factory=Behaviour)
    logins: list[str] = field(default_factory=list)
    running: list[asyncio.Task[None]] = field(default_factory=list)
    port: int = 0
    _acceptor: asyncssh.SSHAcceptor | None = None
    _connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)
    _adapters: list[SftpAdapter] = field(default_factory=list)

    @property
    def outbox(self) -> Path:
        return self.base / "out"

    @property
    def inbox(self) -> Path:
        return self.base / "in"

    def files(self) -> list[str]:
        return sorted(path.name for path in self.outbox.iterdir() if not path.name.startswith("."))

    @property
    def host_key_text(self) -> str:
        return self.host_key.export_public_key().decode().strip()

    async def start(self) -> None:
        """Listen, on the port of before if there was one."""
        self._acceptor = await asyncssh.create_server(
            lambda: Door(self),
            "127.0.0.1",
            self.port,
            server_host_keys=[self.host_key],
            acceptor=self._connections.append,
            sftp_factory=lambda channel: ErpFiles(channel, self.base, self.behaviour),
            encoding=None,
        )
        self.port = self._acceptor.get_port()

    async def stop(self) -> None:
        if self._acceptor is not None:
            self._acceptor.close()
            self.cut()
            await self._acceptor.wait_closed()
            self._acceptor = None

    def cut(self) -> None:
        """Lose every connection."""
        while self._connections:
            self._connections.pop().abort()

    def adapter(self, **changes: object) -> SftpAdapter:
        """An adapter by password, or with other settings."""
        given: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "user": "receiver",
            "password": Secret(env="PASSWORD"),
            "host_key": self.host_key_text,
            "outbox": "out",
            "inbox": "in",
            "timeout": 20.0,
        }
        settings = SftpTarget(**(given | changes))
        secrets = {
            "PASSWORD": PASSWORD,
            "WRONG": "battery staple",
            "KEY": self.user_key.export_private_key().decode().strip(),
            "LOCKED_KEY": self.user_key.export_private_key("pkcs8-pem", passphrase="phrase").decode().strip(),
            "PHRASE": "phrase",
        }
        self._adapters.append(SftpAdapter(settings, Surroundings("erp", self.base.parent, secrets)))
        return self._adapters[-1]

    async def close(self) -> None:
        for adapter in self._adapters:
            await adapter.close()
        await self.stop()
        await asyncio.gather(*self.running)


@pytest.fixture(scope="session")
def ssh_keys() -> tuple[asyncssh.SSHKey, asyncssh.SSHKey]:
    return asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture
async def open_server(
    tmp_path: Path, ssh_keys: tuple[asyncssh.SSHKey, asyncssh.SSHKey]
) -> AsyncIterator[Callable[[str], Awaitable[Server]]]:
    opened: list[Server] = []

    async def open_one(kind: str) -> Server:
        if kind == "openssh" and not any(path.exists() for path in OPENSSH):
            reason = "OpenSSH's sftp-server is not installed (Debian: apt install openssh-sftp-server)."
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
        base = tmp_path / "erp"
        for folder in (base, base / "out", base / "in"):
            folder.mkdir(exist_ok=True)
        opened.append(Server(base, *ssh_keys, kind))
        await opened[-1].start()
        return opened[-1]

    yield open_one
    for server in opened:
        await server.close()


@pytest.fixture(params=["asyncssh", "openssh"])
async def server(request: pytest.FixtureRequest, open_server: Callable[[str], Awaitable[Server]]) -> Server:
    """Both kinds."""
    return await open_server(request.param)


@pytest.fixture
async def erp(open_server: Callable[[str], Awaitable[Server]]) -> Server:
    """The one whose requests can be watched and disturbed."""
    return await open_server("asyncssh")


@pytest.fixture
def save() -> Callable[[Step], Awaitable[None]]:
    async def keep(step: Step) -> None:
        pass

    return keep


@pytest.fixture
def submission() -> Callable[..., Submission]:
    def make(content: bytes = b'{"a":1}', extension: str = "json", key: str = KEY) -> Submission:
        return Submission(key, OrderKey("shop", "100001"), Document(content, "application/json", extension))

    return make
