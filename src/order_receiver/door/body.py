"""Reading a request's body: counted while it comes, never more than the limit in memory."""

import asyncio

from starlette.types import Message, Receive

from order_receiver.door.answers import Situation

DRAIN_FACTOR = 2
"""How many limits' worth of a too large body are read and thrown away, so that the sender gets to read the answer."""


class BodyRefused(Exception):
    """The body cannot be taken; `situation` says why."""

    def __init__(self, situation: Situation) -> None:
        super().__init__(situation.value)
        self.situation = situation


async def read_body(receive: Receive, limit: int, seconds: float) -> bytes:
    """The whole body. Raises BodyRefused when it is too large, too slow, or ends before it is complete."""
    try:
        async with asyncio.timeout(seconds):
            message = await receive()
            body = _chunk(message)
            if message.get("more_body", False):
                body = await _read_rest(receive, body, limit)
    except TimeoutError as error:
        raise BodyRefused(Situation.BODY_TOO_SLOW) from error
    if len(body) > limit:
        raise BodyRefused(Situation.BODY_TOO_LARGE)
    return body


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
