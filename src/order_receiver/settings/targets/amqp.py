"""Settings of the adapter `amqp`."""

from collections.abc import Hashable, Mapping
from typing import Annotated

from msgspec import Meta

from order_receiver.settings.section import Secret
from order_receiver.settings.targets.base import Target

Port = Annotated[int, Meta(ge=1, le=65535)]


class AmqpTarget(Target, tag="amqp", frozen=True, kw_only=True):
    """An ERP that takes orders as messages from RabbitMQ and answers with messages in a queue."""

    host: Annotated[str, Meta(description="name or address of the broker")]
    port: Annotated[Port | None, Meta(description="default: 5671 with TLS, 5672 without")] = None
    tls: Annotated[bool, Meta(description="the broker's certificate is always verified")] = True
    ca_file: Annotated[
        str | None, Meta(description="PEM file of the authority of the broker's certificate; default: the system's")
    ] = None
    virtual_host: Annotated[str, Meta(description="virtual host of the broker")] = "/"
    user: Annotated[str, Meta(description="user at the broker")]
    password: Annotated[Secret, Meta(description="of the user")]
    exchange: Annotated[str, Meta(description="where orders are published; the default exchange unless named")] = ""
    routing_key: Annotated[str, Meta(description="with the default exchange, the name of the queue for orders")]
    answers: Annotated[
        str | None, Meta(description="queue that the ERP's answers are read from; none: the number never comes")
    ] = None
    set_aside: Annotated[
        str | None,
        Meta(description="queue for answers of no use, with the reason; none: they are rejected (dead-lettered)"),
    ] = None
    timeout: Annotated[float, Meta(gt=0, description="seconds for connecting, and for one answer of the broker")] = 30.0

    def __post_init__(self) -> None:
        if self.ca_file is not None and not self.tls:
            raise ValueError("has a `ca_file`, but `tls = false`")
        if self.set_aside is not None and self.set_aside in (self.answers, self.routing_key):
            raise ValueError("has the queue `set_aside` also as `answers` or `routing_key`; give it one of its own")

    def places(self) -> Mapping[str, Hashable]:
        """Where orders are published, and the queue that answers are taken from."""
        port = self.port or (5671 if self.tls else 5672)
        broker = ("amqp", self.host.lower(), port, self.virtual_host)
        found = {"routing_key": (*broker, self.exchange, self.routing_key)}
        # The default exchange brings a message to the queue with the name of its routing key.
        return found if self.answers is None else {**found, "answers": (*broker, "", self.answers)}

    @property
    def number_setting(self) -> str:
        return "answers" if self.answers is None else ""
