"""A gateway on 127.0.0.1 in front of an ERP: it does to calls of one kind what servers and networks do in trouble."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from enum import Enum, auto

BUSY_ANSWER = b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"
INSTEAD = {
    "GATEWAY_TIMEOUT": b"HTTP/1.1 504 Slow\r\nContent-Length: 0\r\n\r\n",
    "GARBLED": b'HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{"result": "odd"}',
}
LENGTH = b"content-length:"
"""Without it, an answer ends with its connection."""
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Trouble(Enum):
    """What becomes of a call. The ERP gets it, unless it says otherwise."""

    SILENCE = auto()
    """Nobody hears the answer, and the connection stays open."""
    HALF_CLOSED = auto()
    """The side that should answer is shut, and the other stays open."""
    HALF_ANSWERED = auto()
    """The same, after half of the answer."""
    RESET = auto()
    """The connection is reset."""
    BUSY = auto()
    """The ERP does not get it: HTTP 503 with Retry-After 7."""
    GATEWAY_TIMEOUT = auto()
    """HTTP 504 in place of its answer."""
    GARBLED = auto()
    """HTTP 200 with a result that means nothing, in place of its answer."""
    GONE = auto()
    """The connection is reset, and so is every one after it."""
    AWAY = auto()
    """The ERP does not get it: the connection is reset."""


class Gateway:
    """Passes calls on, each by a connection of its own."""

    def __init__(self, port: int) -> None:
        self.url = ""
        self.trouble: Trouble | None = None
        self.at = b""
        """What the calls have in them that `trouble` befalls."""
        self.met = asyncio.Event()
        """Such a call has come."""
        self._port = port
        self._over = asyncio.Event()
        self._serving: set[asyncio.Task[None]] = set()

    def befall(self, trouble: Trouble | None, at: bytes = b"") -> None:
        self.trouble, self.at = trouble, at
        self.met.clear()

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.add(task := asyncio.create_task(self._serve(reader, writer)))
        task.add_done_callback(self._serving.discard)

    async def end(self) -> None:
        self._over.set()
        await asyncio.gather(*self._serving)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ending = asyncio.create_task(self._over.wait())
        try:
            while call := await _first(message(reader), ending):
                if not await self._handle(call, reader, writer, ending):
                    break
        finally:
            ending.cancel()
            await closed(writer)

    async def _handle(
        self, call: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ending: asyncio.Task[bool]
    ) -> bool:
        """Whether the connection goes on."""
        trouble = self.trouble if self.at in call else None
        if trouble is not None:
            self.met.set()
        if trouble is Trouble.GONE:
            self.befall(Trouble.AWAY)
        if trouble is Trouble.BUSY:
            writer.write(BUSY_ANSWER)
            return True
        answer = b"" if trouble is Trouble.AWAY else await self._ask(call)
        if trouble is None or trouble.name in INSTEAD:
            answer = answer if trouble is None else INSTEAD[trouble.name]
            writer.write(answer)
            return LENGTH in answer.partition(b"\r\n\r\n")[0].lower()
        if trouble is Trouble.SILENCE:
            await ending
        elif trouble in (Trouble.HALF_CLOSED, Trouble.HALF_ANSWERED):
            writer.write(answer[: len(answer) // 2] if trouble is Trouble.HALF_ANSWERED else b"")
            writer.write_eof()
            await _first(reader.read(), ending)
        else:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            writer.transport.abort()
        return False

    async def _ask(self, call: bytes) -> bytes:
        answers, asking = await asyncio.open_connection("127.0.0.1", self._port)
        asking.write(call)
        answer = await message(answers)
        await closed(asking)
        return answer


@asynccontextmanager
async def gateway_to(port: int) -> AsyncIterator[Gateway]:
    gateway = Gateway(port)
    async with await asyncio.start_server(gateway.serve, "127.0.0.1", 0) as server:
        gateway.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield gateway
        finally:
            await gateway.end()


async def message(reader: asyncio.StreamReader) -> bytes:
    """A request or an answer of HTTP; nothing where the other side has ended."""
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        head = await reader.readuntil(b"\r\n\r\n")
        _, _, length = head.lower().partition(LENGTH)
        return head + await (reader.readexactly(int(length.split(b"\r\n")[0])) if length else reader.read())
    return b""


async def closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def _first(reading: Coroutine[None, None, bytes], ending: asyncio.Task[bool]) -> bytes:
    """What is read; nothing where the gateway ends before."""
    task = asyncio.ensure_future(reading)
    await asyncio.wait({task, ending}, return_when=asyncio.FIRST_COMPLETED)
    if not task.done():
        task.cancel()
        return b""
    with suppress(ConnectionError):
        return task.result()
    return b""
