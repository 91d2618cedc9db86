"""One POST, carefully: no redirects, a bounded answer, and every way to fail told apart."""

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from order_receiver.norce.answers import Answer, wait_of
from order_receiver.orders.outcomes import CallFailed, TransientFailure, UnknownOutcome

BODY_LIMIT = 4_096
"""Bytes read of an answer; what follows is left unread and the connection is closed."""

_CONNECT_LIMIT = 10.0

_NOTHING_SENT: dict[type[Exception], str] = {
    aiohttp.ClientConnectorCertificateError: "showed a TLS certificate that cannot be trusted",
    aiohttp.ClientSSLError: "made no TLS connection",
    aiohttp.ClientConnectorDNSError: "is a name that could not be resolved",
    aiohttp.ClientConnectorError: "took no connection",
    aiohttp.ConnectionTimeoutError: "took no connection in time",
}
_NOBODY_KNOWS: dict[type[Exception], str] = {
    TimeoutError: "did not answer in time",
    aiohttp.ClientResponseError: "answered something that is not HTTP",
}


def open_session(timeout: float, connections: int) -> aiohttp.ClientSession:
    """A session for calls to Norce alone: no cookies, no proxy from the environment, nothing decompressed.

    `timeout` is seconds for a whole call; at most 10 of them for reaching the host.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=timeout, connect=min(_CONNECT_LIMIT, timeout * 0.8)),
        headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        auto_decompress=False,
        trust_env=False,
    )


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
        raise _failure(error, url.host or "") from error


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


def _failure(error: Exception, host: str) -> CallFailed:
    """Certainly nothing sent: transient. Anything else: nobody knows."""
    for kind, sentence in _NOTHING_SENT.items():
        if isinstance(error, kind):
            return TransientFailure(f"{host} {sentence}; nothing was sent.")
    for kind, sentence in _NOBODY_KNOWS.items():
        if isinstance(error, kind):
            return UnknownOutcome(f"{host} {sentence}; the call may have taken effect.")
    return UnknownOutcome(f"{host} broke the connection off before it answered; the call may have taken effect.")
