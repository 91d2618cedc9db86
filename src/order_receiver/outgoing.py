"""HTTP out: sessions that call one host alone, bounded answers, and every way to fail told apart."""

from collections.abc import Mapping

import aiohttp

from order_receiver.orders.outcomes import CallFailed, TransientFailure, UnknownOutcome

CONNECT_LIMIT = 10.0
"""Seconds at most for reaching a host."""

_CHUNK = 65_536
_NOTHING_SENT: Mapping[type[Exception], str] = {
    aiohttp.ClientConnectorCertificateError: "showed a TLS certificate that cannot be trusted",
    aiohttp.ClientSSLError: "made no TLS connection",
    aiohttp.ClientConnectorDNSError: "is a name that could not be resolved",
    aiohttp.ClientConnectorError: "took no connection",
    aiohttp.ConnectionTimeoutError: "took no connection in time",
}
_NOBODY_KNOWS: Mapping[type[Exception], str] = {
    TimeoutError: "did not answer in time",
    aiohttp.ClientResponseError: "answered something that is not HTTP",
    aiohttp.ClientPayloadError: "broke the connection off in the middle of its answer",
}


def open_session(
    timeout: float, *, connections: int = 0, headers: Mapping[str, str] | None = None
) -> aiohttp.ClientSession:
    """A session for calls to one host: no cookies, no proxy from the environment, nothing decompressed.

    `timeout` is seconds for a whole call. `connections` limits them, 0 does not: waiting for a free one counts as not
    reaching the host. Redirects are up to the call: pass `allow_redirects=False`.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=timeout, connect=min(CONNECT_LIMIT, timeout * 0.8)),
        headers={"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})},
        auto_decompress=False,
        trust_env=False,
    )


async def read_whole(response: aiohttp.ClientResponse, limit: int) -> bytes | None:
    """The whole body, or None where it is longer than `limit` bytes; counted while it comes."""
    if (response.content_length or 0) > limit:
        return None
    read = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        read += chunk
        if len(read) > limit:
            return None
    return bytes(read)


def failure(error: Exception, who: str, *, changes: bool, call: str = "") -> CallFailed:
    """What an error of a call stands for: transient where certainly nothing was sent, else nobody knows.

    `who` was called, `call` is what for; `changes` is False for a call that only reads, which can simply be repeated.
    """
    for kind, clause in _NOTHING_SENT.items():
        if isinstance(error, kind):
            return TransientFailure(f"{who} {clause}; {f'the call {call} was not' if call else 'nothing was'} sent.")
    clause = "broke the connection off before it answered"
    clause = next((clause for kind, clause in _NOBODY_KNOWS.items() if isinstance(error, kind)), clause)
    return uncertain(f"{who} {clause}{f' to {call}' if call else ''}.", changes=changes)


def uncertain(sentence: str, *, changes: bool) -> CallFailed:
    """No telling what a call did; one that changes nothing may simply be repeated."""
    return UnknownOutcome(f"{sentence} The call may have taken effect.") if changes else TransientFailure(sentence)
