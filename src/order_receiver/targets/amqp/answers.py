"""Answers of the ERP in a queue: read, held until they are stored, then acknowledged or set aside."""

import asyncio
from collections.abc import Sequence

import structlog
from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aiormq.exceptions import AMQPError

from order_receiver.orders.outcomes import TransientFailure
from order_receiver.targets.adapter import Poll, Update
from order_receiver.targets.amqp.broker import Broker, told
from order_receiver.targets.files.answers import LOOK_LIMIT, Unreadable, decode, read_answer

log = structlog.get_logger(__name__)

HOLD_SECONDS = 120.0
"""How long an answer is held unacknowledged: then another worker may read it."""


class Answers:
    """One queue. What is not acknowledged when its channel ends comes again: the worker recognises it."""

    def __init__(self, broker: Broker, queue: str, aside: str | None) -> None:
        self._broker = broker
        self._queue = queue
        self._aside = aside
        self._channel: AbstractChannel | None = None
        self._held: dict[str, tuple[AbstractIncomingMessage, Update]] = {}
        self._channels = 0
        self._letting_go: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None

    async def poll(self) -> Poll:
        """Read up to 200 answers; those without use are set aside at once. Raises TransientFailure."""
        try:
            async with asyncio.timeout(self._broker.timeout):
                more = await self._read()
        except (AMQPError, OSError, RuntimeError) as error:
            # An answer may be on its way that nobody waits for any more: it must come again.
            await self._broker.let_answers_go()
            raise self._failed("Reading answers from", error) from error
        return Poll(updates=[update for _, update in self._held.values()], more=more)

    async def acknowledge(self, updates: Sequence[Update]) -> None:
        """Tell the broker to forget them. One of a lost channel is left alone: it comes again."""
        try:
            for update in updates:
                if update.source in self._held:
                    message, _ = self._held.pop(update.source)
                    await message.ack()
        except (AMQPError, OSError, RuntimeError) as error:
            raise self._failed("Acknowledging answers of", error) from error

    async def set_aside(self, update: Update, reason: str) -> None:
        """Move the answer to the queue for such, with the reason as header; without one, reject it."""
        if update.source in self._held:
            message, _ = self._held[update.source]
            try:
                await self._put_away(message, reason)
            except (AMQPError, OSError, RuntimeError) as error:
                raise self._failed("Setting aside an answer of", error) from error
            self._held.pop(update.source, None)

    def close(self) -> None:
        if self._letting_go is not None:
            self._letting_go.cancel()

    async def _read(self) -> bool:
        """Fill what is held up to the limit; whether there may be more."""
        channel = await self._broker.answers()
        if channel is not self._channel:
            self._channel, self._channels = channel, self._channels + 1
            self._held.clear()
        self._let_go_later()
        queue = await channel.get_queue(self._queue, ensure=False)
        while len(self._held) < LOOK_LIMIT:
            message = await queue.get(fail=False, timeout=self._broker.timeout)
            if message is None:
                return False
            try:
                update = self._update(message)
            except Unreadable as reason:
                log.warning("target.answer_set_aside", queue=self._queue, tag=message.delivery_tag, why=str(reason))
                await self._put_away(message, str(reason))
            else:
                self._held[update.source] = message, update
        return True

    def _update(self, message: AbstractIncomingMessage) -> Update:
        """Raises Unreadable. An answer that names no order itself belongs to the message it correlates with."""
        answer = decode(message.body)
        if not answer.key and answer.client_order_ref is None:
            answer.key = message.correlation_id
        return read_answer(answer, f"{self._queue}:{self._channels}:{message.delivery_tag}")

    async def _put_away(self, message: AbstractIncomingMessage, reason: str) -> None:
        if self._aside is None:
            await message.reject(requeue=False)
            return
        copy = Message(
            message.body,
            headers={**message.headers, "reason": reason},
            content_type=message.content_type,
            correlation_id=message.correlation_id,
            message_id=message.message_id,
            delivery_mode=DeliveryMode.PERSISTENT,
        )
        async with self._broker.publishing() as channel:
            await channel.default_exchange.publish(copy, self._aside, timeout=self._broker.timeout)
        await message.ack()

    def _let_go_later(self) -> None:
        """A poll whose updates are never acknowledged must not keep them from other workers for ever."""
        self.close()
        self._letting_go = asyncio.get_running_loop().call_later(HOLD_SECONDS, self._let_go)

    def _let_go(self) -> None:
        if self._held:
            self._ending = asyncio.create_task(self._broker.let_answers_go())

    def _failed(self, action: str, error: Exception) -> TransientFailure:
        late = isinstance(error, TimeoutError)
        why = f"the broker did not answer within {self._broker.timeout:g} seconds" if late else told(error)
        return TransientFailure(f"{action} the queue {self._queue} at {self._broker.login} failed: {why}.")
