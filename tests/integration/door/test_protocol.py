"""Below the answers: HEAD, heads that are too large, and connections on which nothing comes to an end."""

import asyncio
from contextlib import suppress

import pytest
from tests.integration.door.conftest import PATIENCE, Doorway, Opener, Wire, head, order_body

from order_receiver.app import serving
from order_receiver.app.protocol import HEAD_LIMIT

BRIEFLY = 0.3
"""A read_timeout that a test can wait for."""

BOUNDARY = b"\r\n\r\n"


async def bare_head(wire: Wire) -> bytes:
    """An answer that has a head and nothing else."""
    async with asyncio.timeout(PATIENCE):
        return await wire.reader.readuntil(BOUNDARY)


async def closed(wire: Wire) -> bool:
    """Whether the receiver closes; with what we sent unread, the system tells us so by a reset."""
    try:
        return await wire.ended()
    except ConnectionError:
        return True


async def closed_under(wire: Wire, trickle: bytes) -> bool:
    """Whether the receiver closes although something comes all the time."""

    async def drip() -> None:
        with suppress(ConnectionError):
            while not wire.writer.is_closing():
                await wire.send(trickle)
                await asyncio.sleep(BRIEFLY / 10)

    dripping = asyncio.create_task(drip())
    try:
        return await closed(wire)
    finally:
        dripping.cancel()
        await asyncio.wait([dripping])


def head_of_size(size: int, *, length: int | None = None) -> bytes:
    """A complete head of exactly `size` bytes."""
    without = len(head(length=length, more={"X-Long": ""}))
    return head(length=length, more={"X-Long": "x" * (size - without)})


@pytest.mark.parametrize(("path", "status"), [("/orders", b"405"), ("/health/live", b"200"), ("/nowhere", b"404")])
async def test_head_is_answered_and_the_next_request_too(door: Doorway, path: str, status: bytes) -> None:
    wire = await door.connect()
    for _ in range(2):
        await wire.send(head(method="HEAD", path=path, media_type=None))
        assert (await bare_head(wire)).startswith(b"HTTP/1.1 " + status)
    assert (await wire.post(order_body())).status == 200


async def test_head_and_the_next_request_in_one_packet(door: Doorway) -> None:
    wire = await door.connect()
    body = order_body()
    await wire.send(head(method="HEAD", path="/health/live"), head(length=len(body)), body)
    assert (await bare_head(wire)).startswith(b"HTTP/1.1 200")
    assert (await wire.answer()).status == 200


async def test_head_on_a_connection_that_is_to_close(door: Doorway) -> None:
    wire = await door.connect()
    await wire.send(head(method="HEAD", path="/health/live", more={"Connection": "close"}))
    assert b"connection: close" in await bare_head(wire)
    assert await wire.ended()


@pytest.mark.parametrize("pieces", [1, 7])
async def test_a_head_without_end_is_answered_431(door: Doorway, pieces: int) -> None:
    wire = await door.connect()
    start = head_of_size(HEAD_LIMIT + 3)[:HEAD_LIMIT]
    step = -(-len(start) // pieces)
    for at in range(0, len(start), step):
        await wire.send(start[at : at + step])
        await door.connect()
    await wire.send(b"x")
    answer = await wire.answer()
    assert (answer.status, answer.headers["connection"]) == (431, "close")
    assert await closed(wire)
    assert (await door.post(order_body())).status == 200


async def test_a_head_too_large_is_refused_even_if_it_comes_whole(door: Doorway) -> None:
    wire = await door.connect()
    await wire.send(head_of_size(HEAD_LIMIT + 1, length=0))
    assert (await wire.answer()).status == 431


async def test_the_largest_head_passes_and_a_large_body_is_no_head(door: Doorway) -> None:
    wire = await door.connect()
    body = order_body().ljust(300_000)
    for _ in range(2):
        await wire.send(head_of_size(HEAD_LIMIT, length=len(body)), body)
        assert (await wire.answer()).status == 200


async def test_what_is_no_http_is_answered_400_however_large_it_is(door: Doorway) -> None:
    wire = await door.connect()
    await wire.send(b"?" * (HEAD_LIMIT + 1))
    assert (await wire.answer()).status == 400
    assert await closed(wire)


async def test_a_head_in_two_pieces_behind_a_body_is_counted_by_itself(door: Doorway) -> None:
    wire = await door.connect()
    body = order_body().ljust(HEAD_LIMIT - 2_000)
    second = head(method="GET", path="/health/live", more={"X-Long": "x" * 6_000})
    await wire.send(head(length=len(body)), body, second[:500])
    assert (await wire.answer()).status == 200
    await wire.send(second[500:])
    assert (await wire.answer()).status == 200


async def test_many_requests_in_one_packet_are_not_one_head(door: Doorway) -> None:
    wire = await door.connect()
    each = head(method="GET", path="/health/live", more={"X-Long": "x" * 1_000})
    await wire.send(each * 150)
    assert {(await wire.answer()).status for _ in range(150)} == {200}


async def test_a_head_too_large_does_not_cost_the_request_before_it_its_answer(open_door: Opener) -> None:
    door = await open_door(application={"wait_milliseconds": 1_000})
    wire, other = await door.connect(), await door.connect()
    body = order_body()
    await wire.send(head(length=len(body)), body)
    await door.until(lambda: door.value("SELECT count(*) FROM orders"))
    for part in (head_of_size(HEAD_LIMIT + 3)[:HEAD_LIMIT], b"x", b"x"):
        await wire.send(part)
        assert (await other.get("/health/live")).status == 200
    answer = await wire.answer()
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert await closed(wire)


async def test_a_connection_that_says_nothing_is_closed(open_door: Opener) -> None:
    door = await open_door(read_timeout=BRIEFLY)
    assert await closed(await door.connect())


@pytest.mark.parametrize("trickle", [b"x", b"\r\nX-More: x", b"\r\n"])
async def test_a_head_that_is_never_complete_is_closed(open_door: Opener, trickle: bytes) -> None:
    door = await open_door(read_timeout=BRIEFLY)
    wire = await door.connect()
    if trickle != b"\r\n":
        await wire.send(b"POST /orders HTTP/1.1\r\nX-Long: ")
    assert await closed_under(wire, trickle)


async def test_a_second_head_that_is_never_complete_is_closed(open_door: Opener) -> None:
    door = await open_door(read_timeout=BRIEFLY)
    wire = await door.connect()
    assert (await wire.post(order_body())).status == 200
    await wire.send(b"POST /orders HTTP/1.1\r\nX-Long: ")
    assert await closed_under(wire, b"x")


async def test_half_a_head_waits_for_the_answer_before_it(open_door: Opener) -> None:
    door = await open_door(read_timeout=BRIEFLY, application={"wait_milliseconds": 1_000})
    wire = await door.connect()
    body = order_body()
    await wire.send(head(length=len(body)), body, b"GET /health")
    assert (await wire.answer()).status == 200
    await wire.send(b"/live HTTP/1.1\r\nHost: x" + BOUNDARY)
    assert (await wire.answer()).status == 200


@pytest.mark.parametrize(
    ("status", "request_head"),
    [
        (401, head(authorization=None, length=1_000_000)),
        (405, head(method="PUT", length=1_000_000)),
        (413, head(length=1_000_000_000)),
        (415, head(media_type="image/png", length=1_000_000)),
        (200, head(method="GET", path="/health/live", length=1_000_000)),
    ],
)
async def test_a_body_without_end_behind_an_early_answer_is_closed(
    open_door: Opener, status: int, request_head: bytes
) -> None:
    door = await open_door(read_timeout=BRIEFLY)
    wire = await door.connect()
    await wire.send(request_head, b"{")
    assert (await wire.answer()).status == status
    assert await closed_under(wire, b" ")


@pytest.mark.parametrize("rest", [b"}", b"}\r\n", b"}" + head(method="GET", path="/health/live")])
async def test_a_connection_is_idle_once_the_rest_of_a_body_has_come(
    open_door: Opener, monkeypatch: pytest.MonkeyPatch, rest: bytes
) -> None:
    monkeypatch.setattr(serving, "KEEP_ALIVE", 1)
    door = await open_door()
    wire = await door.connect()
    await wire.send(head(authorization=None, length=2), b"{")
    assert (await wire.answer()).status == 401
    await wire.send(rest)
    if len(rest) > 10:
        assert (await wire.answer()).status == 200
    assert await closed(wire)


async def test_blank_lines_leave_a_connection_idle(open_door: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "KEEP_ALIVE", 1)
    door = await open_door()
    wire = await door.connect()
    assert (await wire.post(order_body())).status == 200
    await wire.send(b"\r\n")
    assert await closed(wire)


async def test_read_timeout_ends_neither_a_wait_for_a_number_nor_an_idle_connection(open_door: Opener) -> None:
    door = await open_door(read_timeout=BRIEFLY, application={"wait_milliseconds": int(BRIEFLY * 3_000)})
    wire = await door.connect()
    body = order_body("100002")
    await wire.send(head(authorization=None, length=len(body)), body[:5])
    assert (await wire.answer()).status == 401
    await wire.send(body[5:])
    await asyncio.sleep(BRIEFLY * 3)
    assert (await wire.post(body)).status == 200
