"""How the door speaks HTTP: uvicorn's protocol with two changes. (ADR 0022)"""

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from order_receiver.door.body import CUT_OFF

_HEAD = b"HTTP/1.1 "
_INTERIM = b"HTTP/1.1 100 "


class OneWrite:
    """A transport that keeps the head of an answer until its body comes, so that both go out in one packet.

    uvicorn writes them apart, and the second system call is a good part of what an answer costs. Every answer here
    has one body part, which follows its head at once.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""

    def write(self, data: bytes) -> None:
        """Keep a head, or write what was kept together with what follows."""
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head + data)
        elif data.startswith(_HEAD) and not data.startswith(_INTERIM):
            self._head = data
        else:
            self._transport.write(data)

    def close(self) -> None:
        """Write what is kept, then close."""
        if self._head:
            self.write(b"")
        self._transport.close()

    def __getattr__(self, name: str) -> object:
        return getattr(self._transport, name)


class DoorProtocol(HttpToolsProtocol):
    """Writes answers whole, and answers a sender that has closed its half of the connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A sender has connected."""
        super().connection_made(transport)
        self.transport = cast("asyncio.Transport", OneWrite(transport))

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio wants a bool; uvicorn never gives one
        """What is missing of the body now never comes; our half stays open for the answer, but not under TLS."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is None or cycle.response_complete:
            return False
        if cycle.more_body:
            cycle.scope["state"][CUT_OFF] = True
            cycle.more_body = False
            cycle.message_event.set()
        cycle.keep_alive = False
        return self.scheme == "http"
