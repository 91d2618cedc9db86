"""An ERP that takes orders as messages from RabbitMQ and answers with messages in a queue."""

import asyncio
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel
from aiormq.exceptions import (
    AMQPError,
    ChannelAccessRefused,
    ChannelNotFoundEntity,
    ChannelPreconditionFailed,
    DeliveryError,
    PublishError,
)

from order_receiver.orders.outcomes import CallFailed, PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.settings.problems import Problem, SettingsError
from order_receiver.settings.targets import AmqpTarget
from order_receiver.targets.adapter import (
    CancelOutcome,
    Capabilities,
    ErpOrder,
    Poll,
    SaveStep,
    Submission,
    Submitted,
    Update,
)
from order_receiver.targets.amqp.answers import Answers
from order_receiver.targets.amqp.broker import Broker, Login, told
from order_receiver.targets.surroundings import Surroundings

PORT, TLS_PORT = 5672, 5671


class AmqpAdapter:
    """Publishes each order as a persistent message whose message id is the key, and waits for the confirmation.

    A broker enforces no uniqueness and nobody can look into a queue: after an unknown outcome the message goes out
    again with the same id, which the consumer must know. Raises SettingsError where a secret or file cannot be had.
    """

    def __init__(self, settings: AmqpTarget, surroundings: Surroundings) -> None:
        self._settings = settings
        self._broker = Broker(_login(settings, surroundings), settings.timeout)
        queue = settings.answers
        self._answers = None if queue is None else Answers(self._broker, queue, settings.set_aside)

    def capabilities(self) -> Capabilities:
        return Capabilities(enforces_uniqueness=False, answers_number=False, polls=self._answers is not None)

    async def submit(self, submission: Submission, save: SaveStep) -> Submitted:
        """Publish the order, and return when the broker has it on disk in every queue it goes to.

        Raises TransientFailure (broker away, no queue for it), UnknownOutcome (no confirmation), PermanentFailure
        (the broker refuses this message).
        """
        message = _message(submission, self._settings.answers)
        async with self._broker.publishing() as channel:
            try:
                exchange = await channel.get_exchange(self._settings.exchange, ensure=False)
                await exchange.publish(message, self._settings.routing_key, timeout=self._broker.timeout)
            except (AMQPError, OSError, RuntimeError) as error:
                raise self._failure(error) from error
        return Submitted(erp_id=submission.key)

    async def find(self, key: str) -> Sequence[ErpOrder]:
        """Nobody can look into a queue."""
        return []

    async def poll(self, cursor: str | None) -> Poll:
        """Read up to 200 answers; those without use are set aside. Raises TransientFailure."""
        return Poll(updates=()) if self._answers is None else await self._answers.poll()

    async def acknowledge(self, updates: Sequence[Update]) -> None:
        """Tell the broker to forget the answers. Raises TransientFailure."""
        if self._answers is not None:
            await self._answers.acknowledge(updates)

    async def set_aside(self, update: Update, reason: str) -> None:
        """Move the answer to the queue for such, or reject it. Raises TransientFailure."""
        if self._answers is not None:
            await self._answers.set_aside(update, reason)

    async def cancel(self, key: str) -> CancelOutcome:
        """A message cannot be called back."""
        return CancelOutcome.MANUAL

    async def check(self) -> None:
        """Log in, and ask for exchange and queues by their names. Raises TransientFailure."""
        settings = self._settings
        queues = [settings.answers, settings.set_aside, None if settings.exchange else settings.routing_key]
        channel = await self._broker.channel()
        try:
            async with asyncio.timeout(self._broker.timeout):
                await self._ask_for_all(channel, [queue for queue in queues if queue is not None])
                await channel.close()
        except (AMQPError, OSError, RuntimeError) as error:
            raise TransientFailure(f"Trying the broker {self._broker.login} failed: {told(error)}.") from error

    async def close(self) -> None:
        """End the connection; answers that were not acknowledged go back to their queue."""
        if self._answers is not None:
            self._answers.close()
        await self._broker.close()

    async def _ask_for_all(self, channel: AbstractChannel, queues: Sequence[str]) -> None:
        try:
            if self._settings.exchange:
                await channel.get_exchange(self._settings.exchange)
            for queue in queues:
                await channel.get_queue(queue)
        except ChannelNotFoundEntity as error:
            raise TransientFailure(
                f"At the broker {self._broker.login} something is missing: {told(error)}. Declare it, durable."
            ) from error

    def _failure(self, error: Exception) -> CallFailed:
        """Which of the three it is. A fault of exchange, queue or rights is no fault of the order: it is repeated."""
        where = f"exchange {self._settings.exchange or '(default)'}, routing key {self._settings.routing_key}"
        place = f"The broker {self._broker.login} ({where})"
        match error:
            case PublishError():
                return TransientFailure(f"{place} has no queue for the order, which nobody got: bind a durable one.")
            case DeliveryError():
                return UnknownOutcome(f"{place} did not take the order in every queue; one may be full.")
            case ChannelNotFoundEntity() | ChannelAccessRefused():
                advice = "Declare the exchange, durable, and give the user the right to publish to it."
                return TransientFailure(f"{place} does not take the order: {told(error)}. {advice}")
            case ChannelPreconditionFailed():
                return PermanentFailure(f"{place} refuses the order: {told(error)}.")
            case TimeoutError():
                return UnknownOutcome(f"{place} did not confirm the order within {self._broker.timeout:g} seconds.")
            case _:
                return UnknownOutcome(f"{place} was lost before it confirmed the order: {told(error)}.")


def _message(submission: Submission, reply_to: str | None) -> Message:
    """Raises PermanentFailure for a reference that is no text of AMQP."""
    order = submission.order
    try:
        order.client_order_ref.encode()
        order.application_key.encode()
    except UnicodeEncodeError as error:
        raise PermanentFailure("The order's reference or application key cannot be written in UTF-8.") from error
    return Message(
        submission.document.content,
        content_type=submission.document.media_type,
        delivery_mode=DeliveryMode.PERSISTENT,
        message_id=submission.key,
        correlation_id=submission.key,
        reply_to=reply_to,
        timestamp=datetime.now(UTC),
        app_id="order-receiver",
        type="order",
        headers={"client_order_ref": order.client_order_ref, "application_key": order.application_key},
    )


def _login(settings: AmqpTarget, surroundings: Surroundings) -> Login:
    return Login(
        host=settings.host,
        port=settings.port or (TLS_PORT if settings.tls else PORT),
        virtual_host=settings.virtual_host,
        user=settings.user,
        password=surroundings.secret(settings.password, "password"),
        tls=_tls(settings, surroundings) if settings.tls else None,
    )


def _tls(settings: AmqpTarget, surroundings: Surroundings) -> ssl.SSLContext:
    path = None if settings.ca_file is None else surroundings.base / settings.ca_file
    try:
        return ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        what = f"the file {path} cannot be used: {error.strerror or error}."
        raise SettingsError([Problem("settings", None, f"targets.{surroundings.name}.ca_file", what)]) from error
