"""OAuth2 client credentials: one token for all calls of a target in this process. (RFC 6749, 4.4)"""

import asyncio
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote_plus, urlencode

import aiohttp
import msgspec
from yarl import URL

from order_receiver.orders.answers import clean
from order_receiver.orders.outcomes import CallFailed, TransientFailure
from order_receiver.settings.targets.http import OAuth2Auth
from order_receiver.targets.http.errors import CREDENTIALS_PAUSE
from order_receiver.targets.http.exchange import Answer, Prepared, send

RENEWAL_MARGIN = timedelta(seconds=60)
"""A token is renewed this long before its end (or halfway through, where it lives for less than two minutes)."""

FAULT_PAUSE = 5.0
"""Seconds before tokens are asked for again after a fault of network or server."""

_ANSWER_LIMIT = 65_536
_LONGEST_LIFE = 86_400.0


class _TokenAnswer(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: float | str = 3_600.0
    token_type: str = "Bearer"  # noqa: S105


@dataclass(frozen=True, slots=True)
class _Pause:
    until: datetime
    message: str
    asked: float | None


@dataclass
class Tokens:
    """Hands out the token in force; one task asks while the others wait for it."""

    settings: OAuth2Auth
    secret: str = field(repr=False)
    clock: Callable[[], datetime]
    _held: str | None = field(default=None, init=False, repr=False)
    _renew_at: datetime | None = field(default=None, init=False)
    _pause: _Pause | None = field(default=None, init=False)
    _kept_until: datetime | None = field(default=None, init=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    @property
    def known(self) -> tuple[str, ...]:
        """What must never be shown."""
        return (self._pair, self.secret, quote_plus(self.secret), *filter(None, [self._held]))

    async def token(self, session: aiohttp.ClientSession) -> str:
        """The token in force; raises TransientFailure where none can be had now."""
        async with self._lock:
            now = self.clock()
            if self._held is not None and self._renew_at is not None and now < self._renew_at:
                return self._held
            if self._pause is not None and now < self._pause.until:
                raise TransientFailure(self._pause.message, self._pause.asked)
            return await self._fetch(session)

    def drop(self, value: str) -> bool:
        """The ERP does not take this token any more: True where the next call gets another one.

        A token that was fetched because the one before was not taken either is kept for a while, so that a client
        without rights in the ERP burns no tokens.
        """
        now = self.clock()
        if self._held == value:
            if self._kept_until is not None and now < self._kept_until:
                return False
            self._held, self._kept_until = None, now + timedelta(seconds=CREDENTIALS_PAUSE)
        return True

    async def _fetch(self, session: aiohttp.ClientSession) -> str:
        try:
            answer = await send(session, self._request(), limit=_ANSWER_LIMIT, clock=self.clock)
        except CallFailed as failed:
            raise self._paused(f"No token: {str(failed).partition(';')[0]}.") from failed
        if not 200 <= answer.status < 300:
            raise self._refused(answer)
        return self._take(answer)

    @property
    def _pair(self) -> str:
        """Id and secret as HTTP Basic carries them. (RFC 6749, 2.3.1)"""
        return b64encode(f"{quote_plus(self.settings.client_id)}:{quote_plus(self.secret)}".encode()).decode()

    def _request(self) -> Prepared:
        settings = self.settings
        form = {"grant_type": "client_credentials", **settings.parameters}
        headers = {"Content-Type": "application/x-www-form-urlencoded", **settings.headers}
        if settings.scope is not None:
            form["scope"] = settings.scope
        if settings.client_in == "body":
            form |= {"client_id": settings.client_id, "client_secret": self.secret}
        else:
            headers["Authorization"] = f"Basic {self._pair}"
        body = urlencode(form).encode()
        return Prepared("the token request", "POST", URL(settings.token_url), headers, body, changes=False)

    def _take(self, answer: Answer) -> str:
        try:
            read = msgspec.json.decode(answer.content, type=_TokenAnswer)
            life = min(float(read.expires_in), _LONGEST_LIFE)
        except (ValueError, msgspec.DecodeError, UnicodeDecodeError):
            raise self._paused("The token request was answered with something else than a token.") from None
        value = read.access_token
        usable = value and value.isascii() and value.isprintable() and " " not in value and life > 0
        if not usable or read.token_type.lower() != "bearer":
            raise self._paused("The token request was answered with a token that cannot be used.")
        alive = timedelta(seconds=life)
        self._held, self._pause = value, None
        self._renew_at = self.clock() + alive - min(RENEWAL_MARGIN, alive / 2)
        return value

    def _refused(self, answer: Answer) -> TransientFailure:
        said = f"{URL(self.settings.token_url).host} answered the token request with HTTP {answer.status}"
        words = clean(answer.content, self.known)
        sentence = f"{said}: {words}" if words else f"{said}."
        if 400 <= answer.status < 500 and answer.status not in (408, 429):
            advice = "Check auth.client_id, auth.client_secret and auth.scope."
            return self._paused(f"{sentence} {advice}", answer.retry_after or CREDENTIALS_PAUSE)
        return self._paused(sentence, answer.retry_after)

    def _paused(self, message: str, asked: float | None = None) -> TransientFailure:
        """The failure to raise now, and for everyone who asks during the pause."""
        self._pause = _Pause(self.clock() + timedelta(seconds=asked or FAULT_PAUSE), message, asked)
        return TransientFailure(message, asked)
