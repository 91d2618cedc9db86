"""Connect, against a real server: every way a call can end."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from order_receiver.contract.outgoing import OrderInfo, SendOrderStatusRequest
from order_receiver.norce.connect import Connect
from order_receiver.norce.opening import open_connect
from order_receiver.norce.references import confirmed
from order_receiver.norce.tokens import Client, Tokens
from order_receiver.orders.outcomes import CallFailed, PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.outgoing import open_session
from order_receiver.settings.model import Norce
from order_receiver.settings.section import Secret

CONFIRMED = confirmed("100001", "E-1")
Reply = Callable[[web.Request], web.StreamResponse]


def says(status: int, text: str = "", **headers: str) -> Reply:
    return lambda _: web.Response(
        status=status, text=text, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


async def test_the_request_is_exact(connect: Connect, norce: Any) -> None:
    await connect.send_order_status(CONFIRMED, 1042)
    path, headers, body = norce.calls[0]
    assert path == "/commerce/connect/4.0/Order/SendOrderStatus"
    assert body == b'{"ClientOrderRef":100001,"ErpOrderNo":"E-1","OrderStatus":"Confirmed"}'
    assert headers["Authorization"] == "Bearer token-1"
    assert headers["Content-Type"] == "application/json"
    assert headers["application-id"] == "1042"
    assert "X-StormConnect-Header" not in headers
    assert "Cookie" not in headers


async def test_all_members_in_contract_order(connect: Connect, norce: Any) -> None:
    infos = [OrderInfo(Code="TrackingNo", Value="JJFI å")]
    request = SendOrderStatusRequest(
        ClientOrderRef=1, ErpOrderNo="E", Infos=infos, OrderStatus="BackOrder", AccountId=7
    )
    await connect.send_order_status(request, None)
    _, headers, body = norce.calls[0]
    assert list(json.loads(body)) == ["ClientOrderRef", "ErpOrderNo", "Infos", "OrderStatus", "AccountId"]
    assert "application-id" not in headers


async def test_a_reference_that_is_no_number_is_left_out(connect: Connect, norce: Any) -> None:
    await connect.send_order_status(confirmed("SE-17", "E-1"), 1)
    assert norce.calls[0][2] == b'{"ErpOrderNo":"E-1","OrderStatus":"Confirmed"}'


@pytest.mark.parametrize("number", ["", "E" * 51])
async def test_what_norce_cannot_take_is_not_sent(connect: Connect, norce: Any, number: str) -> None:
    with pytest.raises(PermanentFailure):
        await connect.send_order_status(confirmed("x", number), 1)
    assert norce.forms == norce.calls == []


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_any_success_is_success(connect: Connect, norce: Any, status: int) -> None:
    norce.replies.append(says(status, "" if status == 204 else '{"whatever": 1}'))
    await connect.send_order_status(CONFIRMED, 1)


FAILURES: list[tuple[int, type[CallFailed]]] = [
    *((status, PermanentFailure) for status in (300, 301, 302, 304, 307, 308)),
    *((status, PermanentFailure) for status in (400, 403, 404, 405, 409, 413, 415, 422)),
    *((status, TransientFailure) for status in (429, 503)),
    *((status, UnknownOutcome) for status in (408, 500, 501, 502, 504, 520)),
]


@pytest.mark.parametrize(("status", "failure"), FAILURES)
async def test_each_status_has_its_class(connect: Connect, norce: Any, status: int, failure: type[CallFailed]) -> None:
    norce.replies.append(says(status, "" if status == 304 else "because"))
    with pytest.raises(failure, match=f"Norce answered SendOrderStatus with HTTP {status}"):
        await connect.send_order_status(CONFIRMED, 1)
    assert len(norce.calls) == 1


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("header", "wait"), [("17", 17), ("Sat, 21 Nov 2026 12:01:00 GMT", 60), ("soon", None)])
async def test_the_wait_that_norce_asks_for(
    connect: Connect, norce: Any, status: int, header: str, wait: float | None
) -> None:
    norce.replies.append(says(status, Retry_After=header))
    with pytest.raises(TransientFailure) as failed:
        await connect.send_order_status(CONFIRMED, 1)
    assert failed.value.retry_after == wait


async def test_401_is_renewed_and_repeated_once(connect: Connect, norce: Any) -> None:
    norce.replies.append(says(401))
    await connect.send_order_status(CONFIRMED, 1)
    assert [headers["Authorization"] for _, headers, _ in norce.calls] == ["Bearer token-1", "Bearer token-2"]


async def test_many_at_once_with_an_old_token_renew_it_once(connect: Connect, norce: Any) -> None:
    await connect.send_order_status(CONFIRMED, 1)

    def only_the_new(request: web.Request) -> web.Response:
        return web.Response(status=401 if request.headers["Authorization"] == "Bearer token-1" else 200)

    norce.replies.extend([only_the_new] * 120)
    await asyncio.gather(*(connect.send_order_status(CONFIRMED, 1) for _ in range(50)))
    assert len(norce.forms) == 2


async def test_401_for_ever_burns_no_tokens(connect: Connect, norce: Any, clock: Any) -> None:
    norce.replies.extend([says(401)] * 40)
    for _ in range(10):
        clock.forward(30)
        with pytest.raises(TransientFailure, match="not even a fresh one") as failed:
            await connect.send_order_status(CONFIRMED, 1)
        assert failed.value.retry_after == 600
    assert len(norce.forms) == 2
    clock.forward(601)
    with pytest.raises(TransientFailure):
        await connect.send_order_status(CONFIRMED, 1)
    assert len(norce.forms) == 3


async def test_no_token_no_call(connect: Connect, norce: Any) -> None:
    norce.token_replies.append(says(429))
    with pytest.raises(TransientFailure):
        await connect.send_order_status(CONFIRMED, 1)
    assert norce.calls == []


async def test_a_redirect_is_not_followed_and_only_its_host_is_told(connect: Connect, norce: Any) -> None:
    norce.replies.append(says(302, Location=f"{norce.url.replace('127.0.0.1', 'localhost')}/path?code=private"))
    with pytest.raises(PermanentFailure, match="a redirect to localhost; redirects are never followed") as failed:
        await connect.send_order_status(CONFIRMED, 1)
    assert "private" not in str(failed.value)
    assert len(norce.calls) == 1


async def test_a_text_is_kept_short_and_clean(connect: Connect, norce: Any) -> None:
    norce.replies.append(says(400, "\x1b[31mNo\r\n\tsuch\u202e order\x00 token-1 " + "x" * 9_000))
    with pytest.raises(PermanentFailure) as failed:
        await connect.send_order_status(CONFIRMED, 1)
    text = str(failed.value)
    assert "[31mNo such order *** xxx" in text
    assert text.isprintable()
    assert len(text) < 600


@pytest.mark.parametrize("status", [200, 400])
async def test_an_endless_answer_is_not_read_to_its_end(connect: Connect, norce: Any, status: int) -> None:
    written = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal written
        response = web.StreamResponse(status=status)
        await response.prepare(request)
        for _ in range(100_000):
            try:
                await response.write(b"a" * 10_000)
            except ConnectionError:
                break
            written += 10_000
        return response

    norce.replies.append(endless)
    await _ends(connect, status)
    assert written < 50_000_000


async def _ends(connect: Connect, status: int) -> None:
    if status == 200:
        await connect.send_order_status(CONFIRMED, 1)
    else:
        with pytest.raises(PermanentFailure):
            await connect.send_order_status(CONFIRMED, 1)


Speaks = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def call_raw(speaks: Speaks, tokens: Tokens, clock: Any, seconds: float = 5.0) -> None:
    """Make a call to a server that writes plain bytes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"}")
        await speaks(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, open_session(seconds, connections=1) as session:
        await Connect(url, tokens, session, 1, clock).send_order_status(CONFIRMED, 1)


async def test_a_connection_lost_after_sending(tokens: Tokens, clock: Any) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    with pytest.raises(UnknownOutcome, match="broke the connection off"):
        await call_raw(hang_up, tokens, clock)


async def test_an_answer_that_is_not_http(tokens: Tokens, clock: Any) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 smtp ready\r\n\r\n")
        await writer.drain()

    with pytest.raises(UnknownOutcome, match="may have taken effect"):
        await call_raw(babble, tokens, clock)


async def test_no_answer_in_time(tokens: Tokens, clock: Any) -> None:
    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    with pytest.raises(UnknownOutcome, match="did not answer in time"):
        await call_raw(wait, tokens, clock, seconds=0.2)


@pytest.mark.parametrize(
    ("head", "failure"), [(b"HTTP/1.1 200 OK", None), (b"HTTP/1.1 400 Bad Request", PermanentFailure)]
)
async def test_a_body_that_breaks_off_changes_nothing(
    tokens: Tokens, clock: Any, head: bytes, failure: type[CallFailed] | None
) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head + b"\r\nContent-Length: 100\r\n\r\nonly this")
        await writer.drain()

    if failure is None:
        await call_raw(cut, tokens, clock)
    else:
        with pytest.raises(failure, match="HTTP 400"):
            await call_raw(cut, tokens, clock)


async def test_a_compressed_bomb_is_not_unpacked(tokens: Tokens, clock: Any) -> None:
    async def bomb(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 No\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00")
        await writer.drain()

    with pytest.raises(PermanentFailure, match="HTTP 400"):
        await call_raw(bomb, tokens, clock)


async def test_nothing_listens(
    tokens: Tokens, session: aiohttp.ClientSession, clock: Any, unused_tcp_port: int
) -> None:
    connect = Connect(f"http://127.0.0.1:{unused_tcp_port}", tokens, session, 1, clock)
    with pytest.raises(TransientFailure, match="took no connection; nothing was sent"):
        await connect.send_order_status(CONFIRMED, 1)


async def test_tls_with_a_server_that_speaks_none(norce: Any, session: aiohttp.ClientSession, clock: Any) -> None:
    url = norce.url.replace("http://", "https://")
    tokens = Tokens(Client(url, "x", "c", "s"), session, None, clock)
    with pytest.raises(TransientFailure, match="made no TLS connection"):
        await tokens.token()


async def test_no_connection_in_time(norce: Any, tokens: Tokens, clock: Any) -> None:
    await tokens.token()
    held = asyncio.Event()

    async def hold(request: web.Request) -> web.Response:
        held.set()
        await asyncio.Event().wait()
        return web.Response()

    norce.replies.append(hold)
    async with (
        open_session(5.0, connections=1) as one,
        aiohttp.ClientSession(
            connector=one.connector, connector_owner=False, timeout=aiohttp.ClientTimeout(total=5, connect=0.01)
        ) as other,
    ):
        holding = asyncio.create_task(Connect(norce.url, tokens, one, 1, clock).send_order_status(CONFIRMED, 1))
        await held.wait()
        with pytest.raises(TransientFailure, match="took no connection in time; nothing was sent"):
            await Connect(norce.url, tokens, other, 1, clock).send_order_status(CONFIRMED, 1)
        holding.cancel()


async def test_no_more_calls_at_once_than_allowed(norce: Any, connect: Connect) -> None:
    here, most = 0, 0

    async def slow(request: web.Request) -> web.Response:
        nonlocal here, most
        here += 1
        most = max(most, here)
        for _ in range(20):
            await asyncio.sleep(0)
        here -= 1
        return web.Response()

    norce.replies.extend([slow] * 30)
    await asyncio.gather(*(connect.send_order_status(CONFIRMED, 1) for _ in range(30)))
    assert most <= 4


async def test_put_together_from_settings(norce: Any, shelf: Any) -> None:
    settings = Norce(base_url=norce.url, client_id="c", client_secret=Secret(env="X"))
    async with open_connect(settings, "s", shelf) as connect:
        await connect.check()
        await connect.send_order_status(CONFIRMED, 1)
    assert norce.forms[0]["scope"] == "playground"
    assert list(shelf.tokens) == [f"norce {norce.url} playground c"]
