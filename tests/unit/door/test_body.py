"""Reading a body: counted while it comes, in a bounded time, never taken for whole when it is not."""

import asyncio
from collections.abc import Sequence

import pytest
from starlette.types import Message, Receive

from order_receiver.door.answers import Situation
from order_receiver.door.body import BodyReader, BodyRefused

GONE: Message = {"type": "http.disconnect"}


def part(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def sender(*messages: Message) -> Receive:
    left = list(messages)

    async def receive() -> Message:
        return left.pop(0)

    return receive


async def silence() -> Message:
    await asyncio.Event().wait()
    return GONE


@pytest.fixture
def reader() -> BodyReader:
    return BodyReader(limit=10, seconds=30)


@pytest.mark.parametrize(
    "parts",
    [
        [part(b"0123456789", more=False)],
        [part(b"01234"), part(b"56789", more=False)],
        [part(b""), part(b"0123456789"), part(b"", more=False)],
        [part(b"0123456789"), {"type": "http.request"}],
    ],
)
async def test_a_whole_body_up_to_the_limit(reader: BodyReader, parts: Sequence[Message]) -> None:
    assert await reader.read(sender(*parts)) == b"0123456789"


@pytest.mark.parametrize(
    ("parts", "situation"),
    [
        ([part(b"01234567890", more=False)], Situation.BODY_TOO_LARGE),
        ([part(b"0123456789"), part(b"0", more=False)], Situation.BODY_TOO_LARGE),
        ([part(b"x" * 5)] * 5, Situation.BODY_TOO_LARGE),
        ([GONE], Situation.BODY_CUT_OFF),
        ([part(b"01234"), GONE], Situation.BODY_CUT_OFF),
        ([part(b"0123456789"), part(b"01"), GONE], Situation.BODY_CUT_OFF),
    ],
)
async def test_a_body_that_is_refused(reader: BodyReader, parts: Sequence[Message], situation: Situation) -> None:
    with pytest.raises(BodyRefused) as refused:
        await reader.read(sender(*parts))
    assert refused.value.situation is situation
    assert str(refused.value) == situation.value


async def test_slow_bodies_are_given_up_each_after_its_own_time() -> None:
    reader = BodyReader(limit=10, seconds=0.02)
    results = await asyncio.gather(*(reader.read(silence) for _ in range(3)), return_exceptions=True)
    assert [str(result) for result in results] == ["body-too-slow"] * 3
    with pytest.raises(BodyRefused):
        await reader.read(silence)
    assert await reader.read(sender(part(b"ok", more=False))) == b"ok"


async def test_a_cancelled_request_is_no_slow_body(reader: BodyReader) -> None:
    reading = asyncio.create_task(reader.read(silence))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await reader.read(sender(part(b"ok", more=False))) == b"ok"
