"""A session with Tryton: logged in once for all calls, and again when it has ended.

Never Basic authentication for each call: Tryton hashes the password each time, which took 164 ms against 7 ms.
"""

import asyncio
import time
from base64 import b64encode
from dataclasses import dataclass, field
from http import HTTPStatus

import aiohttp
import msgspec
from yarl import URL

from order_receiver.orders.outcomes import CallFailed, TransientFailure
from order_receiver.targets.jsonrpc import open_rpc, post, read_response
from order_receiver.targets.tryton.encoding import Json
from order_receiver.targets.tryton.errors import SessionEnded, error_failure, http_failure

REFUSED_PAUSE = 60.0
"""Seconds in which no login is tried after a refused one: Tryton slows down and locks out whoever goes on trying."""

_LOGIN = "the login"


@dataclass(frozen=True, slots=True)
class Account:
    """Where to log in, and as whom."""

    url: URL
    user: str
    password: str = field(repr=False)


class Session:
    """Calls as one user of one database; safe for many tasks at once. Reaches nothing before the first call."""

    def __init__(self, account: Account, timeout: float) -> None:
        self._account = account
        self._timeout = timeout
        self._http: aiohttp.ClientSession | None = None
        self._authorization: str | None = None
        self._refused_until = 0.0
        self._logging_in = asyncio.Lock()

    async def call(self, method: str, parameters: Json, what: str, *, changes: bool) -> msgspec.Raw:
        """The result of a call; a session that has ended is renewed once, as Tryton did nothing in it.

        `what` names the call in sentences. Raises PermanentFailure (Refused by a rule), TransientFailure,
        UnknownOutcome.
        """
        authorization = self._authorization or await self._log_in(None)
        try:
            return await self._send(method, parameters, what, authorization, changes=changes)
        except SessionEnded:
            authorization = await self._log_in(authorization)
        try:
            return await self._send(method, parameters, what, authorization, changes=changes)
        except SessionEnded as ended:
            raise TransientFailure(f"Tryton ended a session right after the login, at {what}.") from ended

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def _log_in(self, ended: str | None) -> str:
        """A session other than `ended`; one task logs in while others wait. Raises CallFailed."""
        async with self._logging_in:
            if self._authorization is None or self._authorization == ended:
                self._authorization = None
                self._authorization = await self._new_session()
            return self._authorization

    async def _new_session(self) -> str:
        account = self._account
        if time.monotonic() < self._refused_until:
            raise self._login_refused()
        parameters: Json = [account.user, {"password": account.password}]
        try:
            found = await self._send("common.db.login", parameters, _LOGIN, None, changes=False)
        except SessionEnded as refused:
            self._refused_until = time.monotonic() + REFUSED_PAUSE
            raise self._login_refused() from refused
        user_id, token = _identity(found)
        return f"Session {b64encode(f'{account.user}:{user_id}:{token}'.encode()).decode()}"

    def _login_refused(self) -> CallFailed:
        return TransientFailure(
            f"Tryton takes no login of the user {self._account.user!r} with this password. "
            "Correct `user` or `password` of the target, or the user in Tryton.",
            REFUSED_PAUSE,
        )

    async def _send(
        self, method: str, parameters: Json, what: str, authorization: str | None, *, changes: bool
    ) -> msgspec.Raw:
        if self._http is None:
            self._http = open_rpc(self._timeout)
        body = _ENCODER.encode({"id": 0, "method": method, "params": parameters})
        headers = {} if authorization is None else {"Authorization": authorization}
        answer = await post(self._http, self._account.url, body, headers, "Tryton", changes=changes)
        if answer.status != HTTPStatus.OK:
            raise http_failure(answer.status, answer.retry_after, what, changes=changes)
        response = read_response(answer.body, "Tryton", what, changes=changes)
        if response.failed:
            raise error_failure(response.error, what, changes=changes)
        return response.result


def _identity(found: msgspec.Raw) -> tuple[int, str]:
    """User id and token; a third part, the address of a message bus, is for desktop clients."""
    try:
        user_id, token, _ = msgspec.json.decode(found, type=tuple[int, str, str | None])
    except msgspec.ValidationError as error:
        raise TransientFailure(f"Tryton answered the login in a way that 8.0 does not: {error}.") from error
    return user_id, token


_ENCODER = msgspec.json.Encoder(decimal_format="number")
