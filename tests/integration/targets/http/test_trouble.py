"""What can go wrong on the way to an ERP, each against a real socket."""

import asyncio
import gzip
from collections.abc import Callable
from email.utils import format_datetime
from typing import Any

import pytest
from aiohttp import web
from tests.integration.targets.http.conftest import CREATE, Steps
from tests.integration.targets.http.erp import Clock, Erp, running, says

from order_receiver.orders.identity import OrderKey
from order_receiver.orders.outcomes import CallFailed, PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.targets.adapter import Submission, Submitted
from order_receiver.targets.http.adapter import HttpAdapter

Open = Callable[..., HttpAdapter]
Make = Callable[..., Submission]

READ = '[[targets.erp.calls]]\nname = "read"\nmethod = "GET"\npath = "orders/1"\nsave = { number = "body.number" }'


async def failure(adapter: HttpAdapter, submission: Submission, steps: Steps) -> CallFailed:
    with pytest.raises(CallFailed) as failed:
        await adapter.submit(submission, steps)
    return failed.value


STATUSES: list[tuple[int, type[CallFailed]]] = [
    *((status, PermanentFailure) for status in (300, 301, 302, 303, 304, 307, 308)),
    *((status, PermanentFailure) for status in (400, 403, 405, 409, 410, 413, 415, 422)),
    *((status, TransientFailure) for status in (401, 404, 423, 425, 429, 503)),
    *((status, UnknownOutcome) for status in (408, 500, 501, 502, 504, 520)),
]


@pytest.mark.parametrize(("status", "kind"), STATUSES)
async def test_statuses(
    open_target: Open, erp: Erp, submission: Make, steps: Steps, status: int, kind: type[CallFailed]
) -> None:
    erp.replies.append(says(status, "" if status == 304 else "why\n\u202eso", Location=f"{erp.url}/elsewhere"))
    failed = await failure(open_target(), submission(), steps)
    assert type(failed) is kind
    assert f"127.0.0.1 answered order with HTTP {status}" in str(failed)
    assert len(erp.seen) == 1, "no redirect is followed, nothing is repeated"
    assert steps.saved == []
    if status >= 402:
        assert str(failed).endswith(": why so")


@pytest.mark.parametrize("status", [408, 500, 502])
async def test_a_call_that_only_reads_changes_nothing(
    open_target: Open, erp: Erp, submission: Make, steps: Steps, status: int
) -> None:
    erp.replies.append(says(status, ""))
    assert type(await failure(open_target(READ), submission(), steps)) is TransientFailure


async def test_erp_down(open_target: Open, submission: Make, steps: Steps, unused_port: int) -> None:
    failed = await failure(open_target(base_url=f"http://127.0.0.1:{unused_port}/api"), submission(), steps)
    assert type(failed) is TransientFailure
    assert str(failed) == "127.0.0.1 took no connection; the call order was not sent."


async def test_erp_slow(open_target: Open, erp: Erp, submission: Make, steps: Steps) -> None:
    erp.replies.append(erp.hang)
    failed = await failure(open_target(timeout=0.2), submission(), steps)
    assert type(failed) is UnknownOutcome
    assert str(failed) == "127.0.0.1 did not answer in time to order. The call may have taken effect."


async def test_an_erp_that_takes_half_a_minute_is_cut_off_by_default(
    open_text: Callable[..., HttpAdapter], erp: Erp, submission: Make, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a `timeout` in the settings; the seconds are the event loop's, which here pass when told to."""
    loop, passed = asyncio.get_running_loop(), 0.0
    now = loop.time
    monkeypatch.setattr(loop, "time", lambda: now() + passed)
    adapter = open_text(f'[targets.erp]\nbase_url = "{erp.url}/api"\n{CREATE}', "erp", {})
    asked = asyncio.Event()

    async def hang(request: web.Request) -> web.StreamResponse:
        asked.set()
        return await erp.hang(request)

    erp.after.append(hang)
    submitting = asyncio.create_task(adapter.submit(submission(), steps))
    await asked.wait()
    passed = 20.0
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(submitting), 0.01)
    passed = 31.0
    with pytest.raises(UnknownOutcome, match=r"did not answer in time to order\. The call may have taken effect"):
        await submitting
    assert await adapter.submit(submission(look_first=True), steps) == Submitted("SO-1", "id-1")
    assert len(erp.orders) == 1


async def test_erp_slow_in_the_middle_of_its_answer(
    open_target: Open, erp: Erp, submission: Make, steps: Steps
) -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"id": ')
        return await erp.hang(request)

    erp.replies.append(drip)
    assert type(await failure(open_target(timeout=0.2), submission(), steps)) is UnknownOutcome


RAW = {
    "closed at once": b"",
    "half a head": b"HTTP/1.1 201 Cre",
    "half a body": b'HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"id": 1',
    "half a chunk": b'HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{"id": 1',
    "not HTTP": b"+OK ready\r\n\r\n",
}


@pytest.mark.parametrize("sent", RAW.values(), ids=RAW.keys())
@pytest.mark.parametrize("half", [True, False], ids=["half-closed", "closed"])
async def test_broken_connections(open_target: Open, submission: Make, steps: Steps, sent: bytes, half: bool) -> None:
    over = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(sent)
        if half:
            writer.write_eof()
            await over.wait()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        failed = await failure(open_target(base_url=base), submission(), steps)
        reading = await failure(open_target(READ, base_url=base), submission(), steps)
        over.set()
    assert type(failed) is UnknownOutcome
    assert str(failed).endswith("The call may have taken effect.")
    assert type(reading) is TransientFailure


async def test_too_big_an_answer(open_target: Open, erp: Erp, submission: Make, steps: Steps) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(64):
            await response.write(b" " * 1024)
        return await erp.hang(request)

    adapter = open_target(settings="answer_limit = 2048")
    for reply in (says(201, " " * 2049), endless):
        erp.replies.append(reply)
        failed = await failure(adapter, submission(), steps)
        assert type(failed) is UnknownOutcome
        assert "answered order with more than 2048 bytes" in str(failed)
    erp.replies.append(says(201, '{"id": 1, "number": 2' + " " * 2026 + "}"))
    assert await adapter.submit(submission(), steps) == Submitted("2", "1")


async def test_a_compressed_answer_is_not_unpacked(open_target: Open, erp: Erp, submission: Make, steps: Steps) -> None:
    bomb = gzip.compress(b" " * 10_000_000)
    erp.replies.append(lambda _: web.Response(body=bomb, headers={"Content-Encoding": "gzip"}))
    failed = await failure(open_target(), submission(), steps)
    assert type(failed) is UnknownOutcome
    assert "compressed, which was not asked for" in str(failed)
    assert erp.seen[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after(
    open_target: Open, erp: Erp, submission: Make, steps: Steps, clock: Clock, status: int
) -> None:
    adapter = open_target(settings='answers = [{ status = "429", means = "transient", wait = 5 }]')
    waits = []
    for named in ("17", format_datetime(clock.now.replace(minute=2), usegmt=True), "soon", None):
        erp.replies.append(says(status, "", **({} if named is None else {"Retry-After": named})))
        failed = await failure(adapter, submission(), steps)
        assert isinstance(failed, TransientFailure)
        waits.append(failed.retry_after)
    fallback = 5.0 if status == 429 else None
    assert waits == [17.0, 120.0, fallback, fallback]


RULES = """
answers = [
  { status = "200-299", when = "body.error", means = "permanent", message = "body.error.text" },
  { status = "200", when = "body.busy", means = "transient", wait = 9 },
  { status = "400, 409-410", when = "'locked' in text", means = "transient" },
  { status = "404", means = "permanent", message = "body.missing" },
  { status = "500", when = "body.code < 3", means = "permanent" },
  { status = "500", when = "body.code == 7", means = "permanent", message = "body.errors" },
]
"""
ANSWERS: list[tuple[int, Any, type[CallFailed], str]] = [
    (200, {"error": {"text": "Customer blocked"}}, PermanentFailure, "HTTP 200: Customer blocked"),
    (200, {"busy": True}, TransientFailure, 'HTTP 200: {"busy": true}'),
    (400, "table locked", TransientFailure, "HTTP 400: table locked"),
    (410, "locked", TransientFailure, "HTTP 410: locked"),
    (400, "bad", PermanentFailure, "HTTP 400: bad"),
    (404, "no such page", PermanentFailure, "HTTP 404: no such page"),
    (500, {"code": 7, "errors": ["a", "b"]}, PermanentFailure, 'HTTP 500: ["a","b"]'),
    (500, {"code": "7"}, UnknownOutcome, 'HTTP 500: {"code": "7"}'),
]


@pytest.mark.parametrize(("status", "answer", "kind", "words"), ANSWERS)
async def test_rules(
    open_target: Open,
    erp: Erp,
    submission: Make,
    steps: Steps,
    status: int,
    answer: Any,
    kind: type[CallFailed],
    words: str,
) -> None:
    erp.replies.append(says(status, answer))
    failed = await failure(open_target(settings=RULES), submission(), steps)
    assert type(failed) is kind
    assert str(failed).endswith(words)


async def test_the_rules_of_a_call_come_first(open_target: Open, erp: Erp, submission: Make, steps: Steps) -> None:
    own = 'answers = [{ status = "404", means = "success" }]\n\n[targets.erp.calls.find]'
    adapter = open_target(CREATE.replace("[targets.erp.calls.find]", own), RULES)
    erp.replies.append(says(404, {"id": 1, "number": 2}))
    assert await adapter.submit(submission(), steps) == Submitted("2", "1")


async def test_an_address_of_an_answer_is_followed_on_the_same_host_only(
    open_target: Open, erp: Erp, submission: Make, steps: Steps
) -> None:
    calls = CREATE.replace('number = "body.number"', 'at = "headers.location"', 1).replace(
        'number = "record.number"', 'at = "record.id"'
    )
    adapter = open_target(calls + READ.replace('path = "orders/1"', 'url = "saved.at"'))
    other = Erp()

    def routes(app: web.Application) -> None:
        app.router.add_route("*", "/{rest:.*}", other.handle)

    async with running(routes) as other.url:
        places = (
            f"{other.url}/x",
            f"//{other.url[7:]}/x",
            erp.url.replace("//", "//me@"),
            "file:///etc/passwd",
            "http://[",
        )
        for place in places:
            erp.after.append(says(201, {"id": 1}, Location=place))
            failed = await failure(adapter, submission(), steps)
            assert type(failed) is PermanentFailure
            assert "127.0.0.1 gave an address" in str(failed)
        assert other.seen == []
    for place in (f"{erp.url}/api/orders/id-1#x", "orders/id-1", "/api/orders/id-1"):
        erp.after.append(says(201, {"id": 1}, Location=place))
        assert (await adapter.submit(submission(), steps)).erp_order_no == "SO-1"


async def test_what_is_no_header_is_not_sent(open_target: Open, erp: Erp, submission: Make, steps: Steps) -> None:
    calls = CREATE.replace('body = "document"', 'body = "document"\nheaders = { X-Reference = "{{ reference }}" }')
    sent = submission(order=OrderKey("shop", "1\r\nX-Evil: 1"))
    with pytest.raises(PermanentFailure, match="a header or the address is not HTTP"):
        await open_target(calls).submit(sent, steps)
    assert erp.seen == []


async def test_no_more_calls_at_once_than_allowed(open_target: Open, erp: Erp, submission: Make) -> None:
    adapter = open_target(settings="connections = 2")
    under_way, most = 0, 0

    async def count(request: web.Request) -> web.StreamResponse:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1
        return web.json_response({"id": 1, "number": 1})

    erp.replies.extend([count] * 8)
    await asyncio.gather(*(adapter.submit(submission(), Steps()) for _ in range(8)))
    assert most == 2


async def test_secrets_are_never_shown(open_target: Open, erp: Erp, submission: Make, steps: Steps) -> None:
    adapter = open_target(settings='auth = { kind = "bearer", token = { env = "TOKEN" } }')
    erp.replies.append(lambda request: web.Response(status=400, text=f"bad: {request.headers['Authorization']}"))
    failed = await failure(adapter, submission(), steps)
    assert str(failed).endswith("HTTP 400: bad: Bearer ***")
