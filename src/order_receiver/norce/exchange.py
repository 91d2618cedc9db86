"""One POST, carefully: no redirects, a bounded answer, and every way to fail told apart."""

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from order_receiver.norce.answers import Answer
from order_receiver.orders.answers import wait_of
from order_receiver.outgoing import failure

BODY_LIMIT = 4_096
"""Bytes read of an answer; what follows is left unread and the connection is closed."""


async def post(
    session: aiohttp.ClientSession,
    url: URL,
    body: bytes,
    headers: Mapping[str, str],
    *,
    clock: Callable[[], datetime],
    body_limit: int = BODY_LIMIT,
) -> Answer:
    """Send and read the answer, whatever its status.

    Raises TransientFailure where nothing was sent, UnknownOutcome where it may have been.
    """
    try:
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
            if response.status == HTTPStatus.OK and response.content.at_eof():
                return Answer(response.status)
            text, whole = await _read(response, body_limit)
            if not whole:
                response.close()
            return _answer(response.status, response.headers, text, clock)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise failure(error, url.host or "", changes=True) from error


def _answer(status: int, headers: CIMultiDictProxy[str], body: bytes, clock: Callable[[], datetime]) -> Answer:
    wait = headers.get("Retry-After")
    return Answer(status, body, wait_of(wait, clock()) if wait else None, headers.get("Location"))


async def _read(response: aiohttp.ClientResponse, limit: int) -> tuple[bytes, bool]:
    """The first bytes of the answer, and whether they are all of it.

    A body that breaks off changes nothing: the status has been said.
    """
    read = b""
    try:
        while len(read) <= limit:
            chunk = await response.content.read(limit + 1 - len(read))
            if not chunk:
                return read, True
            read += chunk
    except (aiohttp.ClientError, TimeoutError, OSError):
        pass
    return read[:limit], False
