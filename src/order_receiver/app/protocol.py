"""How the door speaks HTTP: uvicorn's protocol with a few changes. (ADR 0022)"""

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from order_receiver.app.one_write import OneWrite
from order_receiver.door.body import CUT_OFF

_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: 37\r\nconnection: close\r\n\r\nThe head of the request is too large."
)

HEAD_LIMIT = 65_536
"""Bytes of one request's line and header fields."""


class DoorProtocol(HttpToolsProtocol):
    """Writes answers whole, answers a sender that has closed its half, and waits only so long for what it is owed.

    Owed is the rest of a head, or the rest of a body whose request was answered early. Bodies that are being read are
    the door's own matter, idle connections uvicorn's.
    """

    patience = 30.0
    """Seconds for a head, and for the rest of a body after its answer; set by `protocol_with`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A sender has connected; from now on it owes a head."""
        super().connection_made(transport)
        self._out = OneWrite(transport)
        self.transport = cast("asyncio.Transport", self._out)
        self._head_size = 0
        self._owed_since: float | None = self.loop.time()
        self._timer = self.loop.call_later(self.patience, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, but never more than HEAD_LIMIT bytes of one head."""
        self._head_size += len(data)
        if self._head_size > HEAD_LIMIT and not self._in_body():
            self._feed_in_two(data)
        else:
            super().data_received(data)
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is not None and cycle.scope is self.scope and not cycle.response_complete:
            self._head_size = 0
            self._owed_since = None
        else:
            self._note_what_is_owed()

    def on_message_complete(self) -> None:
        """A request is complete. Noted even after its answer, which uvicorn does not do."""
        self._head_size = 0
        self.cycle.more_body = False
        self.cycle.message_event.set()

    def on_response_complete(self) -> None:
        """An answer is complete; one to HEAD has no body that would have taken its head along."""
        self._out.flush()
        cycle = self.cycle
        self._owed_since = self.loop.time() if cycle.more_body or cycle.scope is not self.scope else None
        super().on_response_complete()

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

    def _in_head(self) -> bool:
        """Whether nothing came yet, or a head has begun and is not complete: the parser's scope has no cycle yet."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is None or cycle.scope is not self.scope

    def _in_body(self) -> bool:
        return not self._in_head() and self.cycle.more_body

    def _answering(self) -> bool:
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is not None and not cycle.response_complete

    def _feed_in_two(self, data: bytes) -> None:
        """Feed what the limit leaves room for; the rest only if the head ended within it."""
        room = max(HEAD_LIMIT - self._head_size + len(data), 0)
        self._head_size = HEAD_LIMIT
        if room:
            super().data_received(data[:room])
        if self.transport.is_closing():
            return
        if self._head_size == HEAD_LIMIT and self._in_head():
            self._refuse_head()
        else:
            super().data_received(data[room:])

    def _refuse_head(self) -> None:
        """Requests that came before keep their answers; the connection ends with the last of them."""
        if self._answering():
            self.cycle.keep_alive = False
            return
        self.logger.warning("The head of a request has more than %d bytes.", HEAD_LIMIT)
        self.transport.write(_TOO_LARGE)
        self.transport.close()

    def _note_what_is_owed(self) -> None:
        """After data that did not leave a request to be answered."""
        if self._in_head():
            self._owed_since = self._owed_since or self.loop.time()
            return
        self._head_size = 0
        if not self.cycle.more_body and not self.transport.is_closing():
            self._owed_since = None
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _look(self) -> None:
        """Close if what is owed is late; else come back when it may be. One timer for the life of a connection."""
        now = self.loop.time()
        since = now if self._owed_since is None or self._answering() else self._owed_since
        if now - since >= self.patience:
            self.transport.close()
        else:
            self._timer = self.loop.call_at(since + self.patience, self._look)


def protocol_with(read_timeout: float) -> type[DoorProtocol]:
    """The protocol for a door that waits `read_timeout` seconds for a head."""

    class Patient(DoorProtocol):
        patience = read_timeout

    return Patient
