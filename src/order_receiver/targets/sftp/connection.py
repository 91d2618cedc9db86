"""One connection to an SFTP server, kept and renewed; trouble comes as OSError with a plain sentence."""

import asyncio
import errno
import os
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import asyncssh

from order_receiver.targets.files.trouble import Told, Unreachable

Result = TypeVar("Result")
Work: TypeAlias = Callable[[asyncssh.SFTPClient], Coroutine[Any, Any, Result]]

KEEPALIVE_SECONDS = 15.0
FAREWELL_SECONDS = 1.0
"""How long work may take to notice that its connection is gone."""
LOGIN_PAUSE = 30.0
"""Seconds without another try after a refused login: many servers lock out who keeps coming with a wrong password."""

NOT_THERE = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath)
NOT_ALLOWED = (asyncssh.SFTPPermissionDenied, asyncssh.SFTPWriteProtect)
GONE = (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection)


@dataclass(frozen=True, slots=True)
class Login:
    """Who we are and whom we trust. `trusted` is the one right host key, or the path of a known_hosts file."""

    host: str
    port: int
    user: str
    trusted: asyncssh.SSHKey | Path
    password: str | None = field(default=None, repr=False)
    private_key: asyncssh.SSHKey | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"sftp://{self.user}@{self.host}:{self.port}"


class Connection:
    """Shared by all threads of one target; `ask` runs on the event loop."""

    def __init__(self, login: Login, timeout: float) -> None:
        self.login = login
        self._timeout = timeout
        self._opening = asyncio.Lock()
        self._connection: asyncssh.SSHClientConnection | None = None
        self._client: asyncssh.SFTPClient | None = None
        self._refused: tuple[float, str] | None = None
        self._closed = False

    async def ask(self, work: Work[Result]) -> Result:
        """Let `work` talk to the server, over a new connection where the last one was lost.

        Raises OSError: Unreachable where the server is out of reach or was lost, FileNotFoundError for what is not
        there, Told for what the server refuses.
        """
        try:
            client = await self._ready()
            return await self._bounded(work(client))
        except TimeoutError:
            self._drop()
            raise Unreachable(f"the server did not answer within {self._timeout:g} seconds") from None
        except GONE as error:
            self._drop()
            raise Unreachable(f"the connection was lost: {error.reason}") from error
        except asyncssh.SFTPError as error:
            raise _refusal(error) from error
        except Unreachable:
            raise
        except (asyncssh.Error, OSError) as error:
            self._drop()
            raise Unreachable(f"the connection was lost: {error}") from error

    async def close(self) -> None:
        """End the connection; who waits for an answer of the server gets Unreachable."""
        self._closed = True
        connection = self._connection
        self._drop()
        if connection is not None:
            with suppress(asyncssh.Error, OSError):
                await connection.wait_closed()

    async def _bounded(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Raises TimeoutError. The connection goes first: work that is cancelled would still wait to close its file."""
        task = asyncio.ensure_future(work)
        task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        try:
            if not (await asyncio.wait({task}, timeout=self._timeout))[0]:
                raise TimeoutError
            return task.result()
        finally:
            if not task.done():
                self._drop()
                await asyncio.wait({task}, timeout=FAREWELL_SECONDS)
                task.cancel()

    def _drop(self) -> None:
        connection, self._connection, self._client = self._connection, None, None
        if connection is not None:
            connection.abort()

    async def _ready(self) -> asyncssh.SFTPClient:
        async with self._opening:
            if self._closed:
                raise Unreachable("this program is ending")
            if self._client is None or self._connection is None or self._connection.is_closed():
                self._drop()
                self._client = await self._open()
            return self._client

    async def _open(self) -> asyncssh.SFTPClient:
        self._wait_after_refusal()
        try:
            async with asyncio.timeout(self._timeout):
                self._connection = await asyncssh.connect(
                    self.login.host,
                    self.login.port,
                    username=self.login.user,
                    password=self.login.password,
                    client_keys=None if self.login.private_key is None else [self.login.private_key],
                    known_hosts=self._known_hosts(),
                    config=None,
                    agent_path=None,
                    keepalive_interval=KEEPALIVE_SECONDS,
                )
                return await self._connection.start_sftp_client()
        except (asyncssh.Error, OSError) as error:
            self._drop()
            raise Unreachable(self._told(error)) from error

    def _wait_after_refusal(self) -> None:
        if self._refused is not None:
            until, words = self._refused
            if time.monotonic() < until:
                raise Unreachable(words)

    def _known_hosts(self) -> asyncssh.SSHKnownHosts:
        """What asyncssh compares the host key with; it is always something, so that none is taken unseen."""
        trusted = self.login.trusted
        if isinstance(trusted, asyncssh.SSHKey):
            return asyncssh.import_known_hosts(f"* {trusted.export_public_key().decode()}")
        try:
            return asyncssh.read_known_hosts(str(trusted))
        except (OSError, ValueError) as error:
            raise Unreachable(f"the file {trusted} of `known_hosts` cannot be read: {error}") from error

    def _told(self, error: Exception) -> str:
        """What kept us from connecting, without a full stop."""
        match error:
            case Unreachable():
                return str(error)
            case asyncssh.HostKeyNotVerifiable():
                return (
                    "the server's host key is not the one in the settings; it was renewed, or somebody is in between: "
                    "ask the server's people for its key before you change `host_key` or `known_hosts`"
                )
            case asyncssh.PermissionDenied():
                words = f"the server does not let {self.login.user} in; check user and password or private key"
                self._refused = (time.monotonic() + LOGIN_PAUSE, words)
                return words
            case TimeoutError():
                return f"the server did not answer within {self._timeout:g} seconds"
            case asyncssh.Error():
                return f"no SFTP session was opened: {error.reason}"
            case _:
                return f"no connection: {getattr(error, 'strerror', None) or error}"


def _refusal(error: asyncssh.SFTPError) -> OSError:
    """What an operating system would have said where the server's program tells that much."""
    if isinstance(error, NOT_THERE):
        return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    if isinstance(error, NOT_ALLOWED):
        return Told("the server does not allow it; give the user there the right to read and write")
    if isinstance(error, asyncssh.SFTPNoSpaceOnFilesystem | asyncssh.SFTPQuotaExceeded):
        return Told("the disk or the quota at the server is full; make room")
    return Told(f'the server says "{error.reason}"; often its disk or a quota is full: look there')
