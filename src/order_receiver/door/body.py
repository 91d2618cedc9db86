"""Reading a request's body: counted while it comes, never more than the limit in memory."""

import asyncio

from starlette.types import Message, Receive

from order_receiver.door.answers import Situation

DRAIN_FACTOR = 2
"""How many limits' worth of a too large body are read and thrown away, so that the sender gets to read the answer."""

CUT_OFF = "order_receiver.cut_off"
"""Set in the scope's state by a server whose sender closed its half of the connection before the body was complete."""


class BodyRefused(Exception):
    """The body cannot be taken; `situation` says why."""

    def __init__(self, situation: Situation) -> None:
        super().__init__(situation.value)
        self.situation = situation


class BodyReader:
    """Reads bodies of at most `limit` bytes, each within `seconds`.

    One timer watches all bodies that are being read: a timer for each would cost more than reading a usual body.
    """

    def __init__(self, limit: int, seconds: float) -> None:
        self._limit = limit
        self._seconds = seconds
        self._since: dict[asyncio.Task[object], float] = {}
        self._late: set[asyncio.Task[object]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def read(self, receive: Receive) -> bytes:
        """The whole body. Raises BodyRefused when it is too large, too slow, or ends before it is complete."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a body is read outside of a task")
        self._watch(task)
        try:
            message = await receive()
            body = _chunk(message)
            if message.get("more_body", False):
                body = await _read_rest(receive, body, self._limit)
        except asyncio.CancelledError:
            if task not in self._late:
                raise
            task.uncancel()
            raise BodyRefused(Situation.BODY_TOO_SLOW) from None
        finally:
            del self._since[task]
            self._late.discard(task)
        if len(body) > self._limit:
            raise BodyRefused(Situation.BODY_TOO_LARGE)
        return body

    def _watch(self, task: "asyncio.Task[object]") -> None:
        loop = asyncio.get_running_loop()
        self._since[task] = loop.time()
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._look)

    def _look(self) -> None:
        """Cancel what is late; come back when the next one may be."""
        self._timer = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        waiting = [task for task in self._since if task not in self._late]
        for task in waiting:
            if now - self._since[task] >= self._seconds:
                self._late.add(task)
                task.cancel()
        left = [self._since[task] for task in waiting if task not in self._late]
        if left:
            self._timer = loop.call_at(min(left) + self._seconds, self._look)


async def _read_rest(receive: Receive, first: bytes, limit: int) -> bytes:
    chunks, size, more = [first], len(first), True
    while more and size <= limit * DRAIN_FACTOR:
        message = await receive()
        chunk = _chunk(message)
        more = message.get("more_body", False)
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        else:
            chunks.clear()
    if size > limit:
        raise BodyRefused(Situation.BODY_TOO_LARGE)
    return b"".join(chunks)


def _chunk(message: Message) -> bytes:
    if message["type"] == "http.disconnect":
        raise BodyRefused(Situation.BODY_CUT_OFF)
    chunk: bytes = message.get("body", b"")
    return chunk
