"""One order over the wire, as Norce posts it, and the ways in which that can go wrong. (norce: receiving orders)"""

import asyncio
import base64
import ssl
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from order_receiver.simulator.verdict import Verdict, judge, retry

ANSWER_LIMIT = 65_536
"""Bytes of an answer that are read; a longer one is malformed. .NET's default limit."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where Norce posts orders and with which credentials.

    With `challenge` each order is first posted without credentials and again after a 401, as .NET senders do.
    `timeout` is seconds for one post; Norce's own is unknown.
    """

    url: str
    user: str
    password: str
    challenge: bool = False
    timeout: float = 30.0


async def post(session: aiohttp.ClientSession, receiver: Receiver, body: bytes, password: str | None = None) -> Verdict:
    """Post an order and judge the answer. Never raises for trouble on the receiver's side: that is a verdict too."""
    authorization = basic(receiver.user, receiver.password if password is None else password)
    try:
        if receiver.challenge:
            verdict = await _post_once(session, receiver, body, {})
            if verdict.http_status != 401:
                return verdict
        return await _post_once(session, receiver, body, {"Authorization": authorization})
    except TimeoutError:
        return retry(f"no answer within {receiver.timeout:g} seconds")
    except (aiohttp.ClientError, OSError) as error:
        return retry(f"the connection failed ({str(error) or type(error).__name__})")


async def _post_once(
    session: aiohttp.ClientSession, receiver: Receiver, body: bytes, headers: dict[str, str]
) -> Verdict:
    async with session.post(
        receiver.url,
        data=body,
        headers={"Content-Type": "application/json; charset=utf-8", "Accept": "application/json", **headers},
        allow_redirects=False,
        timeout=aiohttp.ClientTimeout(total=receiver.timeout),
    ) as response:
        answer = await _read(response.content)
        if answer is None:
            return retry(f"the answer is longer than {ANSWER_LIMIT} bytes", response.status)
        return judge(response.status, response.headers.get("Content-Type"), answer)


async def _read(content: aiohttp.StreamReader) -> bytes | None:
    """The whole answer, or None when it is too long."""
    parts = bytearray()
    async for part in content.iter_any():
        parts += part
        if len(parts) > ANSWER_LIMIT:
            return None
    return bytes(parts)


async def post_and_leave(receiver: Receiver, body: bytes, share: float, *, wait: bool = False) -> None:
    """Send the head and the first `share` of the body, then close without reading an answer.

    With `wait`, close only when the answer begins to arrive. Raises `OSError` and `TimeoutError`.
    """
    address = urlsplit(receiver.url)
    secure = ssl.create_default_context() if address.scheme == "https" else None
    port = address.port or (443 if secure else 80)
    async with asyncio.timeout(receiver.timeout):
        reader, writer = await asyncio.open_connection(address.hostname, port, ssl=secure)
        try:
            writer.write(_head(receiver, len(body)) + body[: int(len(body) * share)])
            await writer.drain()
            if wait:
                await reader.read(1)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


def _head(receiver: Receiver, length: int) -> bytes:
    address = urlsplit(receiver.url)
    target = f"{address.path or '/'}{'?' + address.query if address.query else ''}"
    return (
        f"POST {target} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Authorization: {basic(receiver.user, receiver.password)}\r\n"
        f"Content-Type: application/json; charset=utf-8\r\nContent-Length: {length}\r\n\r\n"
    ).encode("ascii")


def new_session(connections: int = 1) -> aiohttp.ClientSession:
    """A session as plain as .NET's HttpClient: no cookies, no compression, no name of its own."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("Accept-Encoding", "User-Agent"),
    )


def basic(user: str, password: str) -> str:
    """The value of an Authorization header, in UTF-8 as newer .NET writes it."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


async def send_one(body: bytes, receiver: Receiver) -> Verdict:
    """Post one order as Norce would and say what Norce would do next."""
    async with new_session() as session:
        return await post(session, receiver, body)
