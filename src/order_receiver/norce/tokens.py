"""OAuth2 client credentials: one token for all tasks of a process, and for other processes. (norce: authentication)

Norce gives out 3 tokens a minute for each address (20 more in a burst), so nothing here ever asks in a loop: one task
asks while the others wait for it, and after a failure nobody asks again until a pause is over.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Protocol
from urllib.parse import quote_plus, urlencode

import aiohttp
import msgspec
from yarl import URL

from order_receiver.norce.answers import Answer, failure
from order_receiver.norce.exchange import post
from order_receiver.norce.hosts import IDENTITY_PATH
from order_receiver.orders.outcomes import CallFailed, TransientFailure

RENEWAL_MARGIN = timedelta(seconds=60)
"""A token is renewed this long before its end (or halfway through, where it lives for less than two minutes)."""

CREDENTIALS_PAUSE = 600.0
"""Seconds before Norce is asked again after it refused our credentials: only a person can change that."""

RATE_PAUSE = 20.0
"""Seconds to wait after 429 where Norce names none: 3 a minute."""

FAULT_PAUSE = 5.0
"""Seconds to wait after a fault of network or server."""

_LONGEST_LIFE = 86_400.0
_ANSWER_LIMIT = 65_536
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token and its end (aware)."""

    value: str = field(repr=False)
    expires_at: datetime


class TokenShelf(Protocol):
    """Where processes share tokens; what is saved last counts."""

    async def load(self, name: str) -> Token | None: ...

    async def save(self, name: str, token: Token) -> None: ...


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks, where, and for what."""

    base_url: str
    scope: str
    client_id: str
    secret: str = field(repr=False)

    @property
    def name(self) -> str:
        """The name of its token on the shelf."""
        return f"norce {self.base_url} {self.scope} {self.client_id}"


class _TokenAnswer(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: float = 3_600.0
    kind: str = msgspec.field(default="Bearer", name="token_type")


@dataclass(frozen=True, slots=True)
class _Pause:
    until: datetime
    message: str
    asked: bool
    """Somebody asked for the wait, so that it is handed on as `retry_after`."""


class Tokens:
    """Hands out the token in force. `clock` gives the time of day (aware)."""

    def __init__(
        self,
        client: Client,
        session: aiohttp.ClientSession,
        shelf: TokenShelf | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._session = session
        self._shelf = shelf
        self._clock = clock
        self._url = URL(client.base_url + IDENTITY_PATH)
        self._lock = asyncio.Lock()
        self._held: Token | None = None
        self._renew_at = datetime.min.replace(tzinfo=UTC)
        self._dropped: str | None = None
        self._pause: _Pause | None = None
        self._kept_until: datetime | None = None

    async def token(self) -> str:
        """The token in force; raises TransientFailure where none can be had now."""
        if self._held is not None and self._clock() < self._renew_at:
            return self._held.value
        async with self._lock:
            if self._held is not None and self._clock() < self._renew_at:
                return self._held.value
            return await self._take_or_fetch()

    def drop(self, value: str) -> None:
        """Norce does not take this token any more: the next caller gets another one."""
        kept = self._kept_until is not None and self._clock() < self._kept_until
        if self._held is not None and self._held.value == value and not kept:
            self._held, self._dropped = None, value

    def keep(self) -> None:
        """A fresh token was not taken either: `drop` does nothing for a while, so that no tokens are burnt."""
        now = self._clock()
        if self._kept_until is None or now >= self._kept_until:
            self._kept_until = now + timedelta(seconds=CREDENTIALS_PAUSE)

    async def _take_or_fetch(self) -> str:
        now = self._clock()
        if token := await self._from_shelf(now):
            self._hold(token, token.expires_at - RENEWAL_MARGIN)
            return token.value
        if self._pause is not None and now < self._pause.until:
            left = (self._pause.until - now).total_seconds()
            raise TransientFailure(self._pause.message, left if self._pause.asked else None)
        token = await self._fetch()
        self._hold(token, token.expires_at - min(RENEWAL_MARGIN, (token.expires_at - now) / 2))
        if self._shelf is not None:
            await self._shelf.save(self._client.name, token)
        return token.value

    def _hold(self, token: Token, renew_at: datetime) -> None:
        self._held, self._renew_at, self._pause = token, renew_at, None

    async def _from_shelf(self, now: datetime) -> Token | None:
        token = await self._shelf.load(self._client.name) if self._shelf is not None else None
        usable = token is not None and token.value != self._dropped and now < token.expires_at - RENEWAL_MARGIN
        return token if usable else None

    async def _fetch(self) -> Token:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client.client_id,
            "client_secret": self._client.secret,
            "scope": self._client.scope,
        }
        try:
            body = urlencode(form).encode()
            answer = await post(self._session, self._url, body, _FORM, clock=self._clock, body_limit=_ANSWER_LIMIT)
        except CallFailed as failed:
            raise self._paused(f"No token from Norce: {str(failed).partition(';')[0]}.") from failed
        if not answer.succeeded:
            raise self._refused(answer)
        return self._read(answer)

    def _read(self, answer: Answer) -> Token:
        try:
            read = msgspec.json.decode(answer.body, type=_TokenAnswer)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise self._paused("Norce answered the token request with something else than a token.") from None
        value = read.access_token
        usable = value and value.isascii() and value.isprintable() and " " not in value and read.expires_in > 0
        if not usable or read.kind.lower() != "bearer":
            raise self._paused("Norce answered the token request with a token that cannot be used.")
        return Token(value, self._clock() + timedelta(seconds=min(read.expires_in, _LONGEST_LIFE)))

    def _refused(self, answer: Answer) -> TransientFailure:
        said = f"Norce answered the token request with HTTP {answer.status}"
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            return self._paused(f"{said}: too many token requests from this address.", answer.retry_after or RATE_PAUSE)
        secret = self._client.secret
        sentence = str(failure(answer, "the token request", (secret, quote_plus(secret))))
        if 400 <= answer.status < 500 and answer.status != HTTPStatus.REQUEST_TIMEOUT:
            advice = "Check the host, norce.client_id, norce.client_secret and the scope in Norce Admin."
            return self._paused(f"{sentence} {advice}", CREDENTIALS_PAUSE)
        return self._paused(sentence, answer.retry_after)

    def _paused(self, message: str, asked: float | None = None) -> TransientFailure:
        """The failure to raise now, and for everyone who asks during the pause.

        Only a wait that was asked for is handed on; after a mere fault the caller's own growing delays rule.
        """
        self._pause = _Pause(self._clock() + timedelta(seconds=asked or FAULT_PAUSE), message, asked is not None)
        return TransientFailure(message, asked)
