"""One order over the wire, as Norce posts it, and the ways in which that can go wrong. (norce: receiving orders)"""

import asyncio
import base64
import ssl
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from order_receiver.contract.form import Form
from order_receiver.simulator.order_form import guess_form, request_headers
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


@dataclass(frozen=True, slots=True)
class EncodedOrder:
    """The bytes of an order, and the form that they are in."""

    form: Form
    body: bytes


async def post(
    session: aiohttp.ClientSession, receiver: Receiver, encoded: EncodedOrder, password: str | None = None
) -> Verdict:
    """Post an order and judge the answer. Never raises for trouble on the receiver's side: that is a verdict too."""
    authorization = basic(receiver.user, receiver.password if password is None else password)
    try:
        if receiver.challenge:
            verdict = await _post_once(session, receiver, encoded, {})
            if verdict.http_status != 401:
                return verdict
        return await _post_once(session, receiver, encoded, {"Authorization": authorization})
    except TimeoutError:
        return retry(f"no answer within {receiver.timeout:g} seconds")
    except (aiohttp.ClientError, OSError) as error:
        return retry(f"the connection failed ({str(error) or type(error).__name__})")


async def _post_once(
    session: aiohttp.ClientSession, receiver: Receiver, encoded: EncodedOrder, headers: dict[str, str]
) -> Verdict:
    async with session.post(
        receiver.url,
        data=encoded.body,
        headers={**request_headers(encoded.form), **headers},
        allow_redirects=False,
        timeout=aiohttp.ClientTimeout(total=receiver.timeout),
    ) as response:
        answer = await _read(response.content)
        if answer is None:
            return retry(f"the answer is longer than {ANSWER_LIMIT} bytes", response.status)
        return judge(encoded.form, response.status, response.headers.get("Content-Type"), answer)


async def _read(content: aiohttp.StreamReader) -> bytes | None:
    """The whole answer, or None when it is too long."""
    parts = bytearray()
    async for part in content.iter_any():
        parts += part
        if len(parts) > ANSWER_LIMIT:
            return None
    return bytes(parts)


async def post_and_leave(receiver: Receiver, encoded: EncodedOrder, share: float, *, wait: bool = False) -> None:
    """Send the head and the first `share` of the body, then close without reading an answer.

    With `wait`, close only when the answer begins to arrive. Raises `OSError` and `TimeoutError`.
    """
    address = urlsplit(receiver.url)
    secure = ssl.create_default_context() if address.scheme == "https" else None
    port = address.port or (443 if secure else 80)
    async with asyncio.timeout(receiver.timeout):
        reader, writer = await asyncio.open_connection(address.hostname, port, ssl=secure)
        try:
            writer.write(_head(receiver, encoded) + encoded.body[: int(len(encoded.body) * share)])
            await writer.drain()
            if wait:
                await reader.read(1)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


def _head(receiver: Receiver, encoded: EncodedOrder) -> bytes:
    address = urlsplit(receiver.url)
    target = f"{address.path or '/'}{'?' + address.query if address.query else ''}"
    headers = {
        "Host": address.netloc,
        "Authorization": basic(receiver.user, receiver.password),
        **request_headers(encoded.form),
        "Content-Length": str(len(encoded.body)),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {target} HTTP/1.1\r\n{lines}\r\n".encode("ascii")


def new_session(connections: int = 1) -> aiohttp.ClientSession:
    """A session as plain as .NET's HttpClient: no cookies, no compression, no name of its own."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent"),
    )


def basic(user: str, password: str) -> str:
    """The value of an Authorization header, in UTF-8 as newer .NET writes it."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


async def send_one(body: bytes, receiver: Receiver, form: Form | None = None) -> Verdict:
    """Post one order as Norce would and say what Norce would do next; without `form` it is guessed from the body."""
    async with new_session() as session:
        return await post(session, receiver, EncodedOrder(form or guess_form(body), body))
