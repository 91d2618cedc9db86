"""A transport that writes an answer whole. (ADR 0022)"""

import asyncio

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

    def flush(self) -> None:
        """Write what is kept."""
        if self._head:
            self.write(b"")

    def close(self) -> None:
        """Write what is kept, then close."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> object:
        return getattr(self._transport, name)
