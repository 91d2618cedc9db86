"""The connection to a broker, kept and renewed, with channels for orders and one for answers."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection
from aiormq.exceptions import AMQPError, AuthenticationError, InvalidFrameError, ProbableAuthenticationError

from order_receiver.orders.outcomes import TransientFailure

FAREWELL_SECONDS = 1.0
"""How long a broker may take to answer that something is closed."""


@dataclass(frozen=True, slots=True)
class Login:
    """Where the broker is and who we are there; without `tls`, nothing is verified or encrypted."""

    host: str
    port: int
    virtual_host: str
    user: str
    password: str = field(repr=False)
    tls: ssl.SSLContext | None

    def __str__(self) -> str:
        return f"amqp{'s' if self.tls else ''}://{self.user}@{self.host}:{self.port} ({self.virtual_host})"


class Broker:
    """Opens what is needed when it is needed. Everything raises TransientFailure where that cannot be done."""

    def __init__(self, login: Login, timeout: float) -> None:
        self.login = login
        self.timeout = timeout
        self._opening = asyncio.Lock()
        self._connection: AbstractConnection | None = None
        self._idle: list[AbstractChannel] = []
        self._answers: AbstractChannel | None = None

    @asynccontextmanager
    async def publishing(self) -> AsyncIterator[AbstractChannel]:
        """A channel with confirms for one message at a time: the broker closes it for a fault of one message."""
        channel = await self._idle_channel()
        try:
            yield channel
        except BaseException:
            # The next message must not meet what this one left behind, such as a confirmation that comes late.
            await self._abandon(channel)
            raise
        self._idle.append(channel)

    async def answers(self) -> AbstractChannel:
        """The one channel that answers are read from; what it has not acknowledged comes again on the next."""
        if self._answers is None or self._answers.is_closed:
            self._answers = await self.channel()
        return self._answers

    async def channel(self) -> AbstractChannel:
        """A new channel with confirms, on a connection that is renewed where it was lost."""
        try:
            async with asyncio.timeout(self.timeout):
                connection = await self._open_connection()
                channel = connection.channel(publisher_confirms=True, on_return_raises=True)
                await channel.initialize()
                return channel
        except (AMQPError, OSError, RuntimeError) as error:
            # RuntimeError is aiormq's word for a connection that was lost a moment ago.
            raise TransientFailure(f"The broker {self.login} cannot be used: {self._told(error)}.") from error

    async def let_answers_go(self) -> None:
        """Give back to the queue what was read and not acknowledged."""
        channel, self._answers = self._answers, None
        if channel is not None:
            with suppress(AMQPError, OSError, RuntimeError):
                await asyncio.wait_for(channel.close(), FAREWELL_SECONDS)

    async def close(self) -> None:
        """End the connection, and do not wait long for the broker's goodbye."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(AMQPError, OSError, RuntimeError):
                await asyncio.wait_for(connection.close(), FAREWELL_SECONDS)

    async def _abandon(self, channel: AbstractChannel) -> None:
        """Close a channel; where the broker does not even answer that, the connection is given up too."""
        try:
            await asyncio.wait_for(channel.close(), FAREWELL_SECONDS)
        except TimeoutError:
            await self.close()
        except (AMQPError, OSError, RuntimeError):
            return

    async def _idle_channel(self) -> AbstractChannel:
        while self._idle:
            channel = self._idle.pop()
            if not channel.is_closed:
                return channel
        return await self.channel()

    async def _open_connection(self) -> AbstractConnection:
        async with self._opening:
            if self._connection is not None and not _is_alive(self._connection):
                await self.close()
            if self._connection is None:
                self._connection = await aio_pika.connect(
                    host=self.login.host,
                    port=self.login.port,
                    login=self.login.user,
                    password=self.login.password,
                    virtualhost=self.login.virtual_host,
                    ssl=self.login.tls is not None,
                    ssl_context=self.login.tls,
                    client_properties={"connection_name": "order-receiver"},
                )
            return self._connection

    def _told(self, error: Exception) -> str:
        """What kept us out, without a full stop."""
        if isinstance(error, AuthenticationError | ProbableAuthenticationError):
            return f"it does not let {self.login.user} in; check user and password"
        if isinstance(error, InvalidFrameError):
            where = f"the virtual host {self.login.virtual_host}"
            return f"it let {self.login.user} in and then closed; check {where} and the rights"
        if isinstance(error.__cause__, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {error.__cause__.verify_message}; see `ca_file` and `host`"
        if isinstance(error, TimeoutError):
            return f"it did not answer within {self.timeout:g} seconds"
        return told(error)


def _is_alive(connection: AbstractConnection) -> bool:
    """`is_closed` alone does not tell of a connection that the other side lost."""
    transport = connection.transport
    return transport is not None and connection.connected.is_set() and not transport.connection.is_closed


def told(error: Exception) -> str:
    """The words of the broker or the operating system, without a full stop."""
    return " ".join(str(part) for part in error.args).rstrip(".") or type(error).__name__
