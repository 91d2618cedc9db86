"""Orders published to a real RabbitMQ, and every way in which that can go wrong."""

import asyncio
import socket
from collections.abc import Callable

import aio_pika
import pytest
from tests.integration.targets.amqp.conftest import KEY, Erp
from tests.integration.targets.relay import relay_to
from tests.rabbitmq.fixtures import Address
from tests.rabbitmq.node import PASSWORD, USER, Node

from order_receiver.orders.outcomes import PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.settings.problems import SettingsError
from order_receiver.settings.section import Secret
from order_receiver.targets.adapter import CancelOutcome, SaveStep, Submission

Make = Callable[..., Submission]


async def test_publishes_the_document_persistent_with_the_key(erp: Erp, submission: Make, save: SaveStep) -> None:
    submitted = await erp.adapter().submit(submission(), save)
    assert (submitted.erp_order_no, submitted.erp_id) == (None, KEY)
    [message] = await erp.all(erp.orders)
    assert message.body == b'{"a":1}'
    assert (message.message_id, message.correlation_id, message.reply_to) == (KEY, KEY, erp.answers)
    assert message.delivery_mode is aio_pika.DeliveryMode.PERSISTENT
    assert message.content_type == "application/json"
    assert message.headers == {"client_order_ref": "100001", "application_key": "shop"}
    assert message.timestamp is not None


async def test_a_repeat_has_the_same_id(erp: Erp, submission: Make, save: SaveStep) -> None:
    adapter = erp.adapter()
    for _ in range(2):
        await adapter.submit(submission(), save)
    assert [message.message_id for message in await erp.all(erp.orders)] == [KEY, KEY]
    assert await adapter.find(KEY) == []
    assert not adapter.capabilities().enforces_uniqueness
    assert await adapter.cancel(KEY) is CancelOutcome.MANUAL


async def test_an_exchange_takes_it_to_every_queue(erp: Erp, submission: Make, save: SaveStep) -> None:
    exchange = await erp.channel.declare_exchange(erp.name, aio_pika.ExchangeType.TOPIC, auto_delete=True)
    for name in (erp.orders, erp.aside):
        await (await erp.channel.get_queue(name)).bind(exchange, "web.*")
    adapter = erp.adapter(exchange=erp.name, routing_key="web.order")
    await adapter.check()
    await adapter.submit(submission(), save)
    assert (len(await erp.all(erp.orders)), len(await erp.all(erp.aside))) == (1, 1)


async def test_no_queue_for_it_is_told_loudly(erp: Erp, submission: Make, save: SaveStep) -> None:
    adapter = erp.adapter(routing_key=f"{erp.name}.nowhere")
    with pytest.raises(TransientFailure, match=r"has no queue for the order, which nobody got: bind a durable one"):
        await adapter.submit(submission(), save)
    await erp.channel.declare_queue(f"{erp.name}.nowhere", auto_delete=True)
    await adapter.submit(submission(), save)


async def test_no_exchange(erp: Erp, submission: Make, save: SaveStep) -> None:
    adapter = erp.adapter(exchange=f"{erp.name}.missing")
    with pytest.raises(TransientFailure, match=r"NOT_FOUND - no exchange .* in vhost '/'.*Declare the exchange, durab"):
        await adapter.submit(submission(), save)
    with pytest.raises(TransientFailure, match=r"something is missing: .*no exchange"):
        await adapter.check()


async def test_a_full_queue_is_of_unknown_outcome(erp: Erp, submission: Make, save: SaveStep) -> None:
    name = f"{erp.name}.full"
    await erp.declare(name, **{"x-max-length": 1, "x-overflow": "reject-publish", "x-expires": 60_000})
    adapter = erp.adapter(routing_key=name)
    await adapter.submit(submission(key="shop_-1"), save)
    with pytest.raises(UnknownOutcome, match=r"did not take the order in every queue; one may be full"):
        await adapter.submit(submission(), save)
    assert [message.message_id for message in await erp.all(name)] == ["shop_-1"]
    await adapter.submit(submission(), save)


async def test_a_message_that_is_too_large_is_permanent_and_disturbs_no_other(
    erp: Erp, submission: Make, save: SaveStep
) -> None:
    adapter = erp.adapter()
    large = submission(b"x" * 1_000_001, key="shop_-large")
    results = await asyncio.gather(
        *(adapter.submit(submission(key=f"shop_-{number}"), save) for number in range(10)),
        adapter.submit(large, save),
        *(adapter.submit(submission(key=f"shop_-{number}"), save) for number in range(10, 20)),
        return_exceptions=True,
    )
    assert [each for each in results if isinstance(each, BaseException)] == [results[10]]
    assert isinstance(results[10], PermanentFailure)
    assert "message size 1000001" in str(results[10])
    assert len(await erp.all(erp.orders)) == 20


async def test_a_reference_that_is_no_text_is_permanent(erp: Erp, submission: Make, save: SaveStep) -> None:
    with pytest.raises(PermanentFailure, match=r"cannot be written in UTF-8"):
        await erp.adapter().submit(submission(reference="\ud800"), save)


async def test_no_broker_is_transient(erp: Erp, submission: Make, save: SaveStep) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    with pytest.raises(TransientFailure, match=rf"The broker amqp://receiver@127.0.0.1:{port} \(/\) cannot be used"):
        await erp.adapter(port=port).submit(submission(), save)


async def test_a_broker_that_says_nothing_is_transient(erp: Erp, submission: Make, save: SaveStep) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(TransientFailure, match=r"did not answer within 0.2 seconds"),
    ):
        await erp.adapter(port=silent.getsockname()[1], timeout=0.2).submit(submission(), save)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"password": Secret(env="WRONG")}, "does not let receiver in; check user and password"),
        ({"user": "stranger"}, "does not let stranger in"),
        ({"virtual_host": "nowhere"}, "let receiver in and then closed; check the virtual host nowhere and the rights"),
    ],
)
async def test_a_refused_login_is_transient(
    erp: Erp, submission: Make, save: SaveStep, changes: dict[str, object], sentence: str
) -> None:
    adapter = erp.adapter(**changes)
    with pytest.raises(TransientFailure, match=sentence):
        await adapter.submit(submission(), save)
    with pytest.raises(TransientFailure, match=sentence):
        await adapter.check()


async def test_a_connection_lost_while_publishing_is_of_unknown_outcome(
    erp: Erp, submission: Make, save: SaveStep
) -> None:
    """The broker has the order, and its confirmation is lost."""
    async with relay_to(erp.port) as relay:
        adapter = erp.adapter(port=relay.port)
        await adapter.check()
        relay.cut_at = KEY.encode()
        with pytest.raises(UnknownOutcome, match=r"was lost before it confirmed the order"):
            await adapter.submit(submission(), save)
        relay.cut_at = None
        relay.met.clear()
        await adapter.submit(submission(), save)
        await adapter.close()
    assert [message.message_id for message in await erp.all(erp.orders)] == [KEY, KEY]


async def test_a_confirmation_that_does_not_come_is_of_unknown_outcome(
    erp: Erp, submission: Make, save: SaveStep
) -> None:
    async with relay_to(erp.port) as relay:
        adapter = erp.adapter(port=relay.port, timeout=1.0)
        await adapter.submit(submission(key="shop_-1"), save)
        relay.silent = True
        with pytest.raises(UnknownOutcome, match=r"did not confirm the order within 1 seconds"):
            await adapter.submit(submission(), save)
        relay.silent = False
        relay.cut()
        await adapter.close()


async def test_a_connection_lost_before_is_renewed(erp: Erp, submission: Make, save: SaveStep) -> None:
    async with relay_to(erp.port) as relay:
        adapter = erp.adapter(port=relay.port)
        await adapter.submit(submission(key="shop_-1"), save)
        relay.cut()
        try:
            await adapter.submit(submission(key="shop_-2"), save)
        except (TransientFailure, UnknownOutcome):
            await adapter.submit(submission(key="shop_-2"), save)
        await adapter.close()
    assert {message.message_id for message in await erp.all(erp.orders)} == {"shop_-1", "shop_-2"}


async def test_a_half_closed_connection_is_renewed(erp: Erp, submission: Make, save: SaveStep) -> None:
    """The broker says that it says no more, and would still listen."""
    async with relay_to(erp.port) as relay:
        adapter = erp.adapter(port=relay.port, timeout=5.0)
        await adapter.submit(submission(key="shop_-1"), save)
        relay.half_close()
        relay.silent = False
        try:
            await adapter.submit(submission(key="shop_-2"), save)
        except (TransientFailure, UnknownOutcome):
            await adapter.submit(submission(key="shop_-2"), save)
        await adapter.close()
    assert {message.message_id for message in await erp.all(erp.orders)} == {"shop_-1", "shop_-2"}


async def test_tls_is_verified(erp: Erp, rabbitmq: Address, submission: Make, save: SaveStep) -> None:
    tls = {"tls": True, "port": rabbitmq.tls_port}
    adapter = erp.adapter(ca_file="ca.pem", **tls)
    await adapter.check()
    await adapter.submit(submission(), save)
    with pytest.raises(TransientFailure, match=r"its certificate is not trusted: .*; see `ca_file` and `host`"):
        await erp.adapter(**tls).submit(submission(), save)
    with pytest.raises(TransientFailure, match=r"its certificate is not trusted: Hostname mismatch"):
        await erp.adapter(ca_file="ca.pem", host="localhost", **tls).submit(submission(), save)
    with pytest.raises(SettingsError, match=r"targets.erp.ca_file: the file .*none.pem cannot be used"):
        erp.adapter(ca_file="none.pem", **tls)


@pytest.mark.parametrize("missing", ["routing_key", "answers", "set_aside"])
async def test_check_names_a_queue_that_is_missing(erp: Erp, missing: str) -> None:
    await erp.adapter().check()
    with pytest.raises(
        TransientFailure, match=r"something is missing: .*no queue '.*\.lost' in vhost.*Declare it, dur"
    ):
        await erp.adapter(**{missing: f"{erp.name}.lost"}).check()


async def test_a_full_disk_and_a_killed_broker(rabbitmq_node: Node, erp: Erp, submission: Make, save: SaveStep) -> None:
    """The broker stops reading when its disk is full; what it had confirmed is there after kill -9."""
    node = rabbitmq_node
    at_home = {"host": "127.0.0.1", "port": node.port, "login": USER, "password": PASSWORD}
    async with await aio_pika.connect(**at_home) as connection:
        await (await connection.channel()).declare_queue(erp.orders, durable=True)
    adapter = erp.adapter(port=node.port, answers=None, set_aside=None)
    await adapter.submit(submission(key="shop_-1"), save)
    await asyncio.to_thread(node.control, "set_disk_free_limit", "1000000GB")
    impatient = erp.adapter(port=node.port, timeout=1.0)
    with pytest.raises(UnknownOutcome, match=r"did not confirm the order within 1 seconds"):
        await impatient.submit(submission(key="shop_-2"), save)
    await asyncio.to_thread(node.control, "set_disk_free_limit", "1MB")
    await adapter.submit(submission(key="shop_-3"), save)
    await impatient.close()
    await asyncio.to_thread(node.kill)
    with pytest.raises((TransientFailure, UnknownOutcome)):
        await adapter.submit(submission(key="shop_-4"), save)
    await asyncio.to_thread(node.start)
    await adapter.submit(submission(key="shop_-5"), save)
    async with await aio_pika.connect(**at_home) as connection:
        queue = await (await connection.channel()).get_queue(erp.orders)
        found = set()
        while (message := await queue.get(no_ack=True, fail=False)) is not None:
            found.add(message.message_id)
    assert {"shop_-1", "shop_-3", "shop_-5"} <= found
    await adapter.close()
