"""The adapter `amqp` passes the suite that every adapter passes, on a real RabbitMQ."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from tests.integration.targets.amqp.conftest import Erp
from tests.integration.targets.relay import Relay, relay_to

from order_receiver.targets.adapter import Submission, Update
from order_receiver.targets.amqp.adapter import AmqpAdapter
from order_receiver.testing import AdapterContract, Subject


@dataclass
class AmqpSubject(Subject):
    """Queues, and an ERP that does as the docs say: it refuses a second order with the same message id."""

    erp: Erp
    relay: Relay
    timeout: float
    taken: list[str] = field(default_factory=list)

    finds = False

    def open_adapter(self) -> AmqpAdapter:
        return self.erp.adapter(port=self.relay.port, timeout=self.timeout)

    async def orders_in_erp(self, key: str) -> Sequence[str]:
        for message in await self.erp.all(self.erp.orders):
            assert message.message_id is not None
            if message.message_id not in self.taken:
                self.taken.append(message.message_id)
        return [each for each in self.taken if each == key]

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        self.relay.refusing = True
        self.relay.cut()
        yield
        self.relay.refusing = False

    @asynccontextmanager
    async def slow(self) -> AsyncIterator[None]:
        """The broker does what it is told, and nobody hears of it."""
        self.relay.silent = True
        yield
        self.relay.silent = False
        self.relay.cut()

    @asynccontextmanager
    async def dies_after_taking(self) -> AsyncIterator[None]:
        """The broker has the order on disk, and the connection is lost before it says so."""
        self.relay.cut_at = b"client_order_ref"
        yield
        self.relay.cut_at = None
        self.relay.met.clear()

    async def answer(self, submission: Submission, number: str) -> None:
        await self.erp.answer({"key": submission.key, "erp_order_no": number})

    async def keeps(self, update: Update) -> bool:
        return any(
            update.erp_order_no is not None and update.erp_order_no.encode() in message.body
            for message in await self.erp.all(self.erp.aside)
        )


class TestAmqp(AdapterContract):
    @pytest.fixture
    async def subject(self, erp: Erp, request: pytest.FixtureRequest) -> AsyncIterator[AmqpSubject]:
        slow = request.node.originalname == "test_slow"
        async with relay_to(erp.port) as relay:
            yield AmqpSubject(erp, relay, timeout=1.0 if slow else 20.0)
            await erp.close_adapters()
