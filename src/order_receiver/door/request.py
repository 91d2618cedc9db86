"""An order request: what is known before its body is read, and what is learnt while it is answered."""

from dataclasses import dataclass

from starlette.types import Scope

from order_receiver.contract.forms import likely_reply
from order_receiver.contract.media import MediaType, media_type
from order_receiver.contract.reply import Reply
from order_receiver.contract.value import Value

CREDENTIAL_HEADERS = frozenset({b"authorization", b"proxy-authorization", b"cookie"})
"""Never kept with a message."""


class Head(Value, frozen=True):
    """Headers by lower-case name; of one that comes twice the last counts."""

    method: str
    headers: dict[bytes, bytes]
    client: str | None

    def text(self, name: bytes) -> str | None:
        """A header as text."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def media(self) -> MediaType:
        """Content-Type."""
        return media_type(self.text(b"content-type"))

    @property
    def announced_length(self) -> int | None:
        """Content-Length, where it is a number."""
        value = self.headers.get(b"content-length", b"")
        return int(value) if value.isdigit() else None

    @property
    def encoded(self) -> bool:
        """The body is compressed or otherwise encoded."""
        return self.headers.get(b"content-encoding", b"identity").strip().lower() not in {b"", b"identity"}

    def kept(self) -> dict[str, str]:
        """The headers that are stored with a message: all but credentials."""
        return {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in self.headers.items()
            if name not in CREDENTIAL_HEADERS
        }


@dataclass(slots=True)
class Call:
    """One request while it is answered; `reply` says how to write the answer, as soon as that is known."""

    head: Head
    body: bytes = b""
    reply: Reply | None = None

    @property
    def likely_reply(self) -> Reply:
        """How to answer, as far as that can be told."""
        return self.reply or likely_reply(self.body, self.head.media, soap_action=b"soapaction" in self.head.headers)


def head_of(scope: Scope, *, behind_proxy: bool) -> Head:
    """Read a request's head. Behind a proxy the last X-Forwarded-For entry, the proxy's own, is the sender."""
    headers = dict(scope["headers"])
    client = scope["client"][0] if scope.get("client") else None
    if behind_proxy and (forwarded := headers.get(b"x-forwarded-for")):
        client = forwarded.rpartition(b",")[2].strip().decode("latin-1")[:100]
    return Head(scope["method"], headers, client)
