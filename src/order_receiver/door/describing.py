"""The description of the SOAP service, for the tools with which a sender is set up: `?wsdl`, `?singleWsdl`, `?xsd=`.

It holds nothing of the shop, only the public contract, so it needs no credentials: most of those tools send none.
"""

import re

from starlette.types import Scope

from order_receiver.contract.soap_form.description import MEDIA_TYPE, document
from order_receiver.contract.value import Value
from order_receiver.door.request import Head
from order_receiver.settings.model import Door

_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._~-]*")


class Document(Value, frozen=True):
    """One document of the description."""

    body: bytes
    media_type: bytes = MEDIA_TYPE.encode()
    status: int = 200


def described(scope: Scope, head: Head, settings: Door) -> Document | None:
    """What a GET or HEAD asks for; None where it asks for nothing of the description."""
    query: bytes = scope["query_string"]
    if not query or head.method not in ("GET", "HEAD"):
        return None
    content = document(query.decode("latin-1"), settings.public_url or _address(scope, head, settings))
    return None if content is None else Document(content)


def _address(scope: Scope, head: Head, settings: Door) -> str:
    """Where the request went, as the sender wrote it; behind a proxy what that says of it."""
    scheme, host = scope["scheme"], head.text(b"host") or ""
    if settings.behind_proxy:
        scheme = _last(head, b"x-forwarded-proto").lower() or scheme
        host = _last(head, b"x-forwarded-host") or host
    if _HOST.fullmatch(host) is None:
        host = f"{settings.host}:{settings.port}"
    path = scope["path"] if _PLAIN_PATH.fullmatch(scope["path"]) else settings.path
    return f"{scheme if scheme in ('http', 'https') else 'http'}://{host}{path}"


def _last(head: Head, name: bytes) -> str:
    """The last entry of a forwarding header: the one that our own proxy wrote."""
    return (head.text(name) or "").rpartition(",")[2].strip()
