"""Calls to Odoo's /jsonrpc as one user.

Never XML-RPC: there, a method without result fails after its work is committed, and a repeat would do it twice.
Each call carries the password or API key; the login only asks for the user's id, once.
"""

import asyncio
import time
from dataclasses import dataclass, field
from itertools import count

import aiohttp
import msgspec
from yarl import URL

from order_receiver.orders.outcomes import CallFailed, TransientFailure
from order_receiver.targets.jsonrpc import NULL, open_rpc, post, read_response
from order_receiver.targets.odoo.encoding import Json
from order_receiver.targets.odoo.errors import LoginEnded, error_failure, http_failure

REFUSED_PAUSE = 60.0
"""Seconds in which no login is tried after a refused one: Odoo locks out whoever goes on trying."""

_LOGIN = "the login"


@dataclass(frozen=True, slots=True)
class Account:
    """Where to log in, and as whom."""

    url: URL
    database: str
    user: str
    password: str = field(repr=False)


class Version(msgspec.Struct, gc=False):
    """What Odoo says about itself."""

    server_serie: str


class Session:
    """Calls as one user of one database; safe for many tasks at once. Reaches nothing before the first call."""

    def __init__(self, account: Account, timeout: float) -> None:
        self._account = account
        self._url = account.url / "jsonrpc"
        self._timeout = timeout
        self._numbers = count(1)
        self._http: aiohttp.ClientSession | None = None
        self._user_id: int | None = None
        self._refused_until = 0.0
        self._logging_in = asyncio.Lock()

    async def call(
        self, model: str, method: str, args: list[Json], options: dict[str, Json], what: str, *, changes: bool
    ) -> msgspec.Raw:
        """The result of a model's method. `what` names the call in sentences.

        Raises PermanentFailure (Refused by a rule), TransientFailure (Overtaken by another call), UnknownOutcome.
        """
        account = self._account
        before: list[Json] = [account.database, await self.user_id(), account.password]
        try:
            return await self._send(
                "object", "execute_kw", [*before, model, method, args, options], what, changes=changes
            )
        except LoginEnded:
            self._user_id = None
        await self.user_id()
        raise TransientFailure(f"Odoo took the login and denied {what} at once; it is done again.")

    async def user_id(self) -> int:
        """The id of the user; one task logs in while others wait. Raises TransientFailure where it is not taken."""
        async with self._logging_in:
            if self._user_id is None:
                self._user_id = await self._log_in()
            return self._user_id

    async def version(self) -> str:
        """The series that Odoo is of, such as `17.0`. Raises the failures of `call`."""
        found = await self._send("common", "version", [], "the question for its version", changes=False)
        try:
            return msgspec.json.decode(found, type=Version).server_serie
        except msgspec.ValidationError as error:
            raise TransientFailure(f"Odoo told its version in a way that 14 to 18 do not: {error}.") from error

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def _log_in(self) -> int:
        account = self._account
        if time.monotonic() < self._refused_until:
            raise self._login_refused()
        parameters: list[Json] = [account.database, account.user, account.password]
        try:
            found = await self._send("common", "login", parameters, _LOGIN, changes=False)
        except LoginEnded:
            found = msgspec.Raw(NULL)
        user_id = msgspec.json.decode(found, type=object)
        if not isinstance(user_id, int) or isinstance(user_id, bool):
            self._refused_until = time.monotonic() + REFUSED_PAUSE
            raise self._login_refused()
        return user_id

    def _login_refused(self) -> CallFailed:
        return TransientFailure(
            f"Odoo takes no login of the user {self._account.user!r} with this password or API key. "
            "Correct `user` or `password` of the target, or the user in Odoo.",
            REFUSED_PAUSE,
        )

    async def _send(self, service: str, method: str, args: list[Json], what: str, *, changes: bool) -> msgspec.Raw:
        if self._http is None:
            self._http = open_rpc(self._timeout)
        parameters = {"service": service, "method": method, "args": args}
        body = msgspec.json.encode(
            {"jsonrpc": "2.0", "method": "call", "id": next(self._numbers), "params": parameters}
        )
        answer = await post(self._http, self._url, body, {}, "Odoo", changes=changes)
        if answer.status != 200:
            raise http_failure(answer.status, answer.retry_after, what, changes=changes)
        response = read_response(answer.body, "Odoo", what, changes=changes)
        if response.failed:
            raise error_failure(response.error, what, changes=changes)
        return response.result
