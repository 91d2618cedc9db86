"""Answers of an ERP in a queue of a real RabbitMQ."""

import asyncio
from collections.abc import Sequence

import pytest
from tests.integration.targets.amqp.conftest import Erp
from tests.integration.targets.relay import relay_to

from order_receiver.orders.outcomes import TransientFailure
from order_receiver.targets.adapter import Poll, Update, UpdateKind
from order_receiver.targets.amqp import answers
from order_receiver.targets.amqp.adapter import AmqpAdapter


async def poll(adapter: AmqpAdapter, count: int) -> Poll:
    """The broker hands out what was published a moment later."""
    while len((look := await adapter.poll(None)).updates) < count:  # noqa: ASYNC110 - the other side is the broker
        await asyncio.sleep(0.01)
    return look


def told(updates: Sequence[Update]) -> list[tuple[str | None, UpdateKind, str | None]]:
    return [(update.submission_key, update.kind, update.erp_order_no or update.reason) for update in updates]


async def test_numbers_and_refusals(erp: Erp) -> None:
    await erp.answer({"key": "k-1", "erp_order_no": "4711", "more": True})
    await erp.answer({"key": "k-2", "refused": "closed period"})
    await erp.answer({"erp_order_no": 12}, correlation_id="k-3")
    await erp.answer({"client_order_ref": 7, "erp_order_no": 13}, correlation_id="k-4")
    adapter = erp.adapter()
    look = await poll(adapter, 4)
    assert told(look.updates) == [
        ("k-1", UpdateKind.CONFIRMED, "4711"),
        ("k-2", UpdateKind.REFUSED, "closed period"),
        ("k-3", UpdateKind.CONFIRMED, "12"),
        (None, UpdateKind.CONFIRMED, "13"),
    ]
    assert look.updates[3].client_order_ref == "7"
    assert not look.more
    assert adapter.capabilities().polls


async def test_the_same_again_until_acknowledged(erp: Erp) -> None:
    await erp.answer({"key": "k-1", "erp_order_no": "1"})
    adapter = erp.adapter()
    first = await poll(adapter, 1)
    assert (await adapter.poll(first.cursor)).updates == first.updates
    await adapter.acknowledge(first.updates)
    await adapter.acknowledge(first.updates)
    assert (await adapter.poll(None)).updates == []
    await adapter.close()
    assert await erp.all(erp.answers) == []


async def test_an_answer_that_was_not_stored_comes_again_elsewhere(erp: Erp) -> None:
    await erp.answer({"key": "k-1", "erp_order_no": "1"})
    dying = erp.adapter()
    await poll(dying, 1)
    await dying.close()
    look = await poll(erp.adapter(), 1)
    assert told(look.updates) == [("k-1", UpdateKind.CONFIRMED, "1")]


async def test_an_answer_that_nobody_acknowledges_is_let_go(erp: Erp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "HOLD_SECONDS", 0.05)
    await erp.answer({"key": "k-1", "erp_order_no": "1"})
    await poll(erp.adapter(), 1)
    look = await poll(erp.adapter(), 1)
    assert told(look.updates) == [("k-1", UpdateKind.CONFIRMED, "1")]


async def test_what_was_read_on_a_lost_connection_comes_again(erp: Erp) -> None:
    await erp.answer({"key": "k-1", "erp_order_no": "1"})
    async with relay_to(erp.port) as relay:
        adapter = erp.adapter(port=relay.port)
        first = await poll(adapter, 1)
        relay.cut()
        again = first
        while again.updates == first.updates:
            try:
                again = await poll(adapter, 1)
            except TransientFailure:
                continue
        assert told(again.updates) == told(first.updates)
        await adapter.acknowledge(first.updates)
        assert (await adapter.poll(None)).updates == again.updates
        await adapter.acknowledge(again.updates)
        await adapter.close()
    assert await erp.all(erp.answers) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "no answer in JSON"),
        (b"\xff", "no answer in JSON"),
        (b'{"key": "k-1"}', "must have one of"),
        (b'{"erp_order_no": "1"}', "must name the order"),
        (b'{"key": "k-1", "erp_order_no": "' + b"9" * 51 + b'"}', "has 51 characters"),
    ],
)
async def test_answers_of_no_use_are_set_aside_with_the_reason(erp: Erp, content: bytes, reason: str) -> None:
    await erp.answer(content, message_id="m-1", headers={"from": "the ERP"})
    await erp.answer({"key": "k-1", "erp_order_no": "1"})
    adapter = erp.adapter()
    look = await poll(adapter, 1)
    assert told(look.updates) == [("k-1", UpdateKind.CONFIRMED, "1")]
    [message] = await erp.all(erp.aside)
    assert (message.body, message.message_id) == (content, "m-1")
    assert message.headers["from"] == "the ERP"
    assert reason in str(message.headers["reason"])


async def test_an_answer_that_fits_no_order_is_set_aside(erp: Erp) -> None:
    await erp.answer({"client_order_ref": "1", "erp_order_no": "1"})
    adapter = erp.adapter()
    [update] = (await poll(adapter, 1)).updates
    await adapter.set_aside(update, "There is no order 1.")
    await adapter.set_aside(update, "There is no order 1.")
    assert (await adapter.poll(None)).updates == []
    [message] = await erp.all(erp.aside)
    assert message.headers["reason"] == "There is no order 1."


async def test_without_a_queue_for_it_an_answer_is_rejected_to_the_dead_letters(erp: Erp) -> None:
    await erp.channel.queue_delete(erp.answers)
    routing = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": erp.aside}
    await erp.declare(erp.answers, **routing)
    await erp.answer(b"{")
    adapter = erp.adapter(set_aside=None)
    dead: list[object] = []
    while not dead:
        assert (await adapter.poll(None)).updates == []
        dead += await erp.all(erp.aside)
    assert len(dead) == 1


async def test_a_look_is_bounded_and_says_that_there_is_more(erp: Erp) -> None:
    for number in range(201):
        await erp.answer({"key": f"k-{number}", "erp_order_no": number})
    adapter = erp.adapter()
    first = await poll(adapter, 200)
    assert (len(first.updates), first.more) == (200, True)
    await adapter.acknowledge(first.updates)
    second = await poll(adapter, 1)
    assert (told(second.updates), second.more) == ([("k-200", UpdateKind.CONFIRMED, "200")], False)


async def test_no_answer_queue_is_transient(erp: Erp) -> None:
    adapter = erp.adapter(answers=f"{erp.name}.lost")
    with pytest.raises(
        TransientFailure, match=r"Reading answers from the queue .*lost at .* failed: NOT_FOUND - no queue"
    ):
        await adapter.poll(None)


async def test_a_lost_queue_for_what_is_set_aside_keeps_the_answer(erp: Erp) -> None:
    await erp.answer(b"{")
    adapter = erp.adapter(set_aside=f"{erp.name}.lost")
    with pytest.raises(TransientFailure):
        await poll(adapter, 1)
    await adapter.close()
    look = erp.adapter()
    while not (aside := await erp.all(erp.aside)):
        await look.poll(None)
    assert len(aside) == 1


async def test_without_answers_nothing_comes(erp: Erp) -> None:
    adapter = erp.adapter(answers=None)
    assert not adapter.capabilities().polls
    assert (await adapter.poll(None)).updates == ()
    update = Update("k-1", UpdateKind.CONFIRMED, "a:1:1", erp_order_no="1")
    await adapter.acknowledge([update])
    await adapter.set_aside(update, "no order")
