"""Queues on a real RabbitMQ, each test with its own, and adapters that use them."""

import json
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from tests.rabbitmq.fixtures import Address, rabbitmq, rabbitmq_node
from tests.rabbitmq.node import PASSWORD, USER

from order_receiver.orders.identity import OrderKey
from order_receiver.settings.section import Secret
from order_receiver.settings.targets import AmqpTarget
from order_receiver.targets.adapter import Document, SaveStep, Step, Submission
from order_receiver.targets.amqp.adapter import AmqpAdapter
from order_receiver.targets.surroundings import Surroundings

__all__ = ["rabbitmq", "rabbitmq_node"]

KEY = "shop_-100001"


@dataclass
class Erp:
    """The ERP's side: queues by names of this test's own."""

    port: int
    channel: AbstractChannel
    base: Path
    name: str = field(default_factory=lambda: f"test-{secrets.token_hex(4)}")
    _adapters: list[AmqpAdapter] = field(default_factory=list)

    @property
    def orders(self) -> str:
        return f"{self.name}.orders"

    @property
    def answers(self) -> str:
        return f"{self.name}.answers"

    @property
    def aside(self) -> str:
        return f"{self.name}.aside"

    async def declare(self, name: str, **arguments: Any) -> None:
        await self.channel.declare_queue(name, durable=True, arguments=arguments)

    async def get(self, name: str) -> AbstractIncomingMessage | None:
        queue = await self.channel.get_queue(name, ensure=False)
        return await queue.get(no_ack=True, fail=False)

    async def all(self, name: str) -> list[AbstractIncomingMessage]:
        found = []
        while (message := await self.get(name)) is not None:
            found.append(message)
        return found

    async def answer(self, body: object, **properties: Any) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        await self.channel.default_exchange.publish(aio_pika.Message(content, **properties), self.answers)

    def adapter(self, **changes: object) -> AmqpAdapter:
        given: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "tls": False,
            "user": USER,
            "password": Secret(env="PASSWORD"),
            "routing_key": self.orders,
            "answers": self.answers,
            "set_aside": self.aside,
            "timeout": 20.0,
        }
        secrets_: Mapping[str, str] = {"PASSWORD": PASSWORD, "WRONG": "battery staple"}
        adapter = AmqpAdapter(AmqpTarget(**(given | changes)), Surroundings("erp", self.base, secrets_))
        self._adapters.append(adapter)
        return adapter

    async def close_adapters(self) -> None:
        for adapter in self._adapters:
            await adapter.close()

    async def close(self) -> None:
        await self.close_adapters()
        for name in (self.orders, self.answers, self.aside):
            await self.channel.queue_delete(name)


@pytest.fixture
async def erp(rabbitmq: Address) -> AsyncIterator[Erp]:
    connection = await aio_pika.connect(host="127.0.0.1", port=rabbitmq.port, login=USER, password=PASSWORD)
    async with connection:
        erp = Erp(rabbitmq.port, await connection.channel(), rabbitmq.certificate)
        for name in (erp.orders, erp.answers, erp.aside):
            await erp.declare(name)
        yield erp
        await erp.close()


@pytest.fixture
def save() -> SaveStep:
    async def keep(step: Step) -> None:
        pass

    return keep


@pytest.fixture
def submission() -> Callable[..., Submission]:
    def make(content: bytes = b'{"a":1}', key: str = KEY, reference: str = "100001") -> Submission:
        return Submission(key, OrderKey("shop", reference), Document(content, "application/json", "json"))

    return make
