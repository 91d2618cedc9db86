"""One HTTP call, carefully: one host, no redirects, a bounded answer, and every way to fail told apart."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property

import aiohttp
import msgspec
from yarl import URL

from order_receiver.orders.answers import wait_of
from order_receiver.orders.outcomes import PermanentFailure
from order_receiver.outgoing import failure, read_whole, uncertain

_exact = msgspec.json.Decoder(float_hook=Decimal)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A call ready to be sent. `name` stands for it in messages; `changes` is False for one that only reads."""

    name: str
    method: str
    url: URL
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    changes: bool = True


@dataclass(frozen=True)
class Answer:
    """What came back, whatever its status. Names of headers are in small letters."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    retry_after: float | None = None
    """Seconds that the other side asked to wait."""

    @cached_property
    def body(self) -> object:
        """The JSON of the answer with exact numbers; None where it is no JSON."""
        return read_json(self.content)

    @property
    def is_json(self) -> bool:
        """Tells a `body` that is null from one that is not there."""
        return self.body is not None or self.content.strip() == b"null"

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")

    @property
    def values(self) -> dict[str, object]:
        """What expressions on an answer can name."""
        return {"status": self.status, "headers": self.headers, "body": self.body, "text": self.text}


def read_json(content: bytes) -> object:
    """JSON with exact numbers, or None where it is none."""
    try:
        return _exact.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


async def send(session: aiohttp.ClientSession, call: Prepared, *, limit: int, clock: Callable[[], datetime]) -> Answer:
    """Send a call and read its answer, whatever its status, up to `limit` bytes.

    Raises TransientFailure where surely nothing changed, UnknownOutcome where something may have.
    """
    host = call.url.host or ""
    try:
        async with session.request(
            call.method, call.url, data=call.body, headers=call.headers, allow_redirects=False
        ) as response:
            content = await read_whole(response, limit)
            if content is None:
                response.close()
                raise uncertain(f"{host} answered {call.name} with more than {limit} bytes.", changes=call.changes)
            if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                sentence = f"{host} answered {call.name} compressed, which was not asked for."
                raise uncertain(sentence, changes=call.changes)
            headers = {name.lower(): value for name, value in response.headers.items()}
            wait = headers.get("retry-after")
            return Answer(response.status, headers, content, wait_of(wait, clock()) if wait else None)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise failure(error, host, changes=call.changes, call=call.name) from error
    except ValueError as error:
        raise PermanentFailure(f"The call {call.name} cannot be sent: a header or the address is not HTTP.") from error
