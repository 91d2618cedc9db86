"""Media types as senders write them."""

from email.message import Message
from functools import lru_cache

from order_receiver.contract.value import Value


class MediaType(Value, frozen=True):
    """A Content-Type: the type in lower case (empty when there is none) and its charset, if it names one."""

    name: str
    charset: str | None = None

    @property
    def is_json(self) -> bool:
        """`application/json`, `text/json`, and types that end in +json."""
        return self.name in {"application/json", "text/json"} or self.name.endswith("+json")

    @property
    def is_xml(self) -> bool:
        """`application/xml`, `text/xml`, and types that end in +xml, SOAP's own among them."""
        return self.name in {"application/xml", "text/xml"} or self.name.endswith("+xml")

    @property
    def is_open(self) -> bool:
        """Says nothing about the form, so the first byte decides."""
        return self.name in {"", "text/plain", "application/octet-stream", "application/x-www-form-urlencoded"}


@lru_cache(maxsize=256)
def media_type(content_type: str | None) -> MediaType:
    """Read a Content-Type header; liberal, never an error."""
    if not content_type:
        return MediaType("")
    header = Message()
    header["Content-Type"] = content_type.replace("\r", " ").replace("\n", " ")
    named = content_type.partition(";")[0].strip().lower()
    charset = header.get_param("charset")
    return MediaType(named, charset.strip() or None if isinstance(charset, str) else None)
