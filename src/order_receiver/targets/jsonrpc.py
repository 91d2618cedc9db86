"""JSON-RPC as ERPs answer it: a result or an error within HTTP 200, and statuses that mean trouble."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TypeVar

import aiohttp
import msgspec
from yarl import URL

from order_receiver.orders.answers import wait_of
from order_receiver.orders.outcomes import CallFailed, PermanentFailure, TransientFailure
from order_receiver.outgoing import failure, open_session, read_whole, uncertain

Result = TypeVar("Result")

NULL = b"null"
BODY_LIMIT = 4_000_000
"""Bytes of an answer; one that is longer was not asked for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body, and the seconds that the ERP asked to wait."""

    status: int
    body: bytes
    retry_after: float | None


class Response(msgspec.Struct, gc=False):
    """An answer: a result or an error; neither where a method returned nothing."""

    result: msgspec.Raw = msgspec.field(default_factory=lambda: msgspec.Raw(NULL))
    error: msgspec.Raw = msgspec.field(default_factory=lambda: msgspec.Raw(NULL))

    @property
    def failed(self) -> bool:
        """Whether it is an error."""
        return bytes(self.error) != NULL


_DECODER = msgspec.json.Decoder(Response)


def open_rpc(timeout: float) -> aiohttp.ClientSession:
    """A session for calls to one ERP; `timeout` is seconds for each."""
    return open_session(timeout, headers={"Content-Type": "application/json"})


async def post(
    session: aiohttp.ClientSession, url: URL, body: bytes, headers: Mapping[str, str], erp: str, *, changes: bool
) -> Answer:
    """Send and read the answer, whatever its status.

    `erp` names the ERP in sentences; `changes` tells whether the call changes anything in it. Raises TransientFailure
    where it surely had no effect, UnknownOutcome where it may have had one.
    """
    try:
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
            read = await read_whole(response, BODY_LIMIT)
            if read is None:
                response.close()
                raise uncertain(f"{erp}'s answer is over {BODY_LIMIT} bytes.", changes=changes)
            return Answer(response.status, read, wait_of(response.headers.get("Retry-After"), datetime.now(UTC)))
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise failure(error, f"{erp} at {url.host}", changes=changes) from error


def read_response(body: bytes, erp: str, call: str, *, changes: bool) -> Response:
    """Raises TransientFailure for a body that is no answer of JSON-RPC; UnknownOutcome where the call `changes`."""
    try:
        return _DECODER.decode(body.decode())
    except ValueError as error:
        raise uncertain(f"What answered {call} is not {erp}: {error}. Check `url`.", changes=changes) from error


def read_result(found: msgspec.Raw, kind: type[Result], unlike: str, *, changes: bool) -> Result:
    """A result as `kind`. Raises as `read_response`, with the sentence `unlike`, where it is of another form."""
    try:
        return msgspec.json.decode(found, type=kind)
    except msgspec.ValidationError as error:
        raise uncertain(f"{unlike}: {error}.", changes=changes) from error


def read_results(found: msgspec.Raw, kind: type[Result], unlike: str) -> list[Result]:
    """A list of results, which reading gave. Raises as `read_result`."""
    each = read_result(found, list[msgspec.Raw], unlike, changes=False)
    return [read_result(one, kind, unlike, changes=False) for one in each]


def status_failure(
    status: int, retry_after: float | None, said: str, passes: Mapping[int, str], *, changes: bool
) -> CallFailed:
    """What a status other than 200 stands for.

    `said` begins the sentence; `passes` are the statuses of which it is known that nothing was done, each with why.
    """
    if (reason := passes.get(status)) is not None:
        return TransientFailure(f"{said}: {reason}.", retry_after)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return uncertain(f"{said}.", changes=changes)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return PermanentFailure(f"{said}, a redirect; none is followed. Correct `url`.")
    return PermanentFailure(f"{said}.")
