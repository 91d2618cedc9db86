"""An order request's head: what is known before its body is read."""

from starlette.types import Scope

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


def head_of(scope: Scope, *, behind_proxy: bool) -> Head:
    """Read a request's head. Behind a proxy the last X-Forwarded-For entry, the proxy's own, is the sender."""
    headers = dict(scope["headers"])
    client = scope["client"][0] if scope.get("client") else None
    if behind_proxy and (forwarded := headers.get(b"x-forwarded-for")):
        client = forwarded.rpartition(b",")[2].strip().decode("latin-1")[:100]
    return Head(scope["method"], headers, client)
