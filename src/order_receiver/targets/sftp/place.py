"""A folder on an SFTP server as a place with files."""

import asyncio
import heapq
import os
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import asyncssh

from order_receiver.targets.files.handover import PROMISE_LIMIT
from order_receiver.targets.files.place import Content
from order_receiver.targets.files.trouble import Told
from order_receiver.targets.sftp.connection import Connection, Result, Work

PART = 32_768
"""Bytes of one read; servers give at least so many at once."""
ENTRIES_LIMIT = 100_000
"""Entries of a folder that are looked through."""


class SftpPlace:
    """A folder on a server without locks; the rename is the POSIX one where the server offers it.

    Used in threads, while the connection lives on the event loop `loop`, which is set before the first use.
    """

    def __init__(self, connection: Connection, folder: str) -> None:
        self._connection = connection
        self._folder = folder.rstrip("/") or "/"
        self._seen: dict[str, tuple[object, float]] = {}
        self.loop: asyncio.AbstractEventLoop | None = None

    def __str__(self) -> str:
        between = "" if self._folder.startswith("/") else "/"
        return f"{self._connection.login}{between}{self._folder}"

    @contextmanager
    def mark(self, name: str) -> Iterator["NamedMark"]:
        """No lock: SFTP has none that servers know."""
        yield NamedMark(self, name)

    def stage(self, name: str, content: bytes) -> None:
        """The name is one that nobody else knows until all is written."""
        try:
            self.write(name, content)
        except FileNotFoundError:
            self.make_folder(name.rpartition("/")[0])
            self.write(name, content)

    def write(self, name: str, content: bytes) -> None:
        """Write a file, durable where the server offers fsync."""

        async def work(client: asyncssh.SFTPClient) -> None:
            async with client.open(self._path(name), "wb") as file:
                await file.write(content)
                with suppress(asyncssh.SFTPOpUnsupported):
                    await file.fsync()

        self._ask(work)

    def read(self, name: str, limit: int) -> Content:
        async def work(client: asyncssh.SFTPClient) -> tuple[bytes, object]:
            content = b""
            async with client.open(self._path(name), "rb") as file:
                known = await file.stat()
                while len(content) < limit and (part := await file.read(min(PART, limit - len(content)))):
                    content += os.fsencode(part)
            return content, (known.size, known.mtime)

        content, signature = self._ask(work)
        return Content(content, self._settled(name, signature))

    def exists(self, name: str) -> bool:
        async def work(client: asyncssh.SFTPClient) -> None:
            await client.lstat(self._path(name))

        try:
            self._ask(work)
        except FileNotFoundError:
            return False
        return True

    def rename(self, name: str, new: str) -> None:
        async def work(client: asyncssh.SFTPClient) -> None:
            try:
                await client.posix_rename(self._path(name), self._path(new))
            except asyncssh.SFTPOpUnsupported:
                await client.rename(self._path(name), self._path(new))

        self._ask(work)

    def remove(self, name: str) -> None:
        async def work(client: asyncssh.SFTPClient) -> None:
            await client.remove(self._path(name))

        self._ask(work)

    def make_folder(self, name: str) -> None:
        async def work(client: asyncssh.SFTPClient) -> None:
            with suppress(asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists):
                await client.mkdir(self._path(name))

        if not self.exists(name):
            self._ask(work)

    def names(self, begin: str = "", end: str = "", most: int | None = None) -> Sequence[str]:
        async def work(client: asyncssh.SFTPClient) -> list[str]:
            found = []
            count = 0
            async for entry in client.scandir(self._path()):
                count += 1
                if count > ENTRIES_LIMIT:
                    raise asyncssh.SFTPFailure(f"over {ENTRIES_LIMIT} files in one folder")
                name = os.fsencode(entry.filename).decode("utf-8", "surrogateescape")
                if name.startswith(begin) and name.endswith(end) and _counts(name, entry.attrs):
                    found.append(name)
            return found

        found = self._ask(work)
        self._seen = {name: self._seen[name] for name in found if name in self._seen}
        return sorted(found) if most is None else heapq.nsmallest(most, found)

    def sync(self) -> None:
        """SFTP has no word for it: the server's file system decides when a name is durable."""

    def identity(self) -> object:
        async def work(client: asyncssh.SFTPClient) -> bytes:
            return await client.realpath(self._path())

        return self._ask(work)

    def _settled(self, name: str, signature: object) -> float:
        """Seconds since this file was first seen as it is: the server's clock need not be ours."""
        before, since = self._seen.get(name, (None, 0.0))
        if before != signature:
            since = time.monotonic()
            self._seen[name] = (signature, since)
        return time.monotonic() - since

    def _path(self, name: str = "") -> bytes:
        whole = f"{self._folder.rstrip('/')}/{name}" if name else self._folder
        return whole.encode("utf-8", "surrogateescape")

    def _ask(self, work: Work[Result]) -> Result:
        """Wait in this thread for what the event loop does; every wait there is bounded."""
        if self.loop is None:
            raise Told("the place was used before its event loop was known")
        return asyncio.run_coroutine_threadsafe(self._connection.ask(work), self.loop).result()


@dataclass(frozen=True, slots=True)
class NamedMark:
    """A mark by its name alone: a handle would be lost with the connection."""

    place: SftpPlace
    name: str

    def read(self) -> bytes:
        try:
            return self.place.read(self.name, PROMISE_LIMIT).content
        except FileNotFoundError:
            return b""

    def write(self, text: bytes) -> None:
        self.place.write(self.name, text)

    def clear(self) -> None:
        self.place.write(self.name, b"")


def _counts(name: str, known: asyncssh.SFTPAttrs) -> bool:
    """A regular file that is not hidden; where the server tells no kind, it is taken for a file."""
    if name.startswith(".") or "/" in name:
        return False
    if known.permissions is not None:
        return stat.S_ISREG(known.permissions)
    return known.type in (asyncssh.FILEXFER_TYPE_REGULAR, asyncssh.FILEXFER_TYPE_UNKNOWN)
