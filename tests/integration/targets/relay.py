"""A relay on 127.0.0.1 in front of a server: the network between, which can be cut, silent or half open."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Relay:
    """Passes bytes both ways until it is told otherwise."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.port = 0
        self.silent = False
        """The server hears the client, and nobody hears the server."""
        self.refusing = False
        """Whoever comes is sent away at once."""
        self.silent_at: bytes | None = None
        """When the client sends this, it is passed on, and from then on nobody hears the server."""
        self.cut_at: bytes | None = None
        """When the client sends this, it is passed on, and the connection is cut once the server answers."""
        self.met = asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []
        self._clients: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        """Lose every connection."""
        self._clients.clear()
        while self._writers:
            self._writers.pop().transport.abort()

    def half_close(self) -> None:
        """Tell every client that nothing more comes, while it may go on talking."""
        for writer in self._clients:
            writer.write_eof()
        self.silent = True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self.target)
        self._writers += [writer, back]
        self._clients.append(writer)
        for source, sink, answers in ((reader, back, False), (there, writer, True)):
            task = asyncio.create_task(self._pass_on(source, sink, answers))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, answers: bool) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                if answers and self.met.is_set():
                    self.cut()
                    return
                if not answers and self.cut_at is not None and self.cut_at in data:
                    self.met.set()
                if not answers and self.silent_at is not None and self.silent_at in data:
                    self.silent = True
                if not (answers and self.silent):
                    sink.write(data)
        if not sink.is_closing():
            sink.close()

    async def end(self) -> None:
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def relay_to(port: int) -> AsyncIterator[Relay]:
    relay = Relay(port)
    async with await asyncio.start_server(relay.serve, "127.0.0.1", 0) as server:
        relay.port = server.sockets[0].getsockname()[1]
        yield relay
        await relay.end()
