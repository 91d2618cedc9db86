"""The simulated identity server: client credentials in, bearer tokens out, three a minute. (norce: token)"""

import base64
import json
import math
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from order_receiver.simulator.refusal import Refusal


@dataclass(frozen=True, slots=True)
class IdentityOptions:
    """Who may have tokens. `lifetime` is seconds; `burst` requests more than `per_minute` are let through at first."""

    client_id: str
    client_secret: str
    scope: str = "playground"
    lifetime: int = 3600
    per_minute: int = 3
    burst: int = 20


class Identity:
    """Gives out tokens and knows them again. `clock` counts seconds and can be replaced in tests."""

    def __init__(self, options: IdentityOptions, clock: Callable[[], float]) -> None:
        self._options = options
        self._clock = clock
        self._tokens: dict[str, float] = {}
        self._buckets: dict[str, tuple[float, float]] = {}

    def issue(self, address: str, form: bytes, content_type: str) -> dict[str, str | int]:
        """A token answer. Raises `Refusal` 429 over the limit and 400 with an OAuth error otherwise."""
        self._take(address)
        if content_type.split(";", maxsplit=1)[0].strip().lower() != "application/x-www-form-urlencoded":
            raise Refusal(400, "invalid_request: the form must be application/x-www-form-urlencoded")
        self._check({name: values[0] for name, values in parse_qs(form.decode("utf-8", "replace")).items()})
        token = _make_token(self._options.scope)
        self._forget_expired()
        self._tokens[token] = self._clock() + self._options.lifetime
        return {
            "access_token": token,
            "expires_in": self._options.lifetime,
            "token_type": "Bearer",
            "scope": self._options.scope,
        }

    def check(self, authorization: str | None) -> None:
        """Raise `Refusal` 401 unless the header carries a known token that has not expired."""
        scheme, _, token = (authorization or "").partition(" ")
        challenge = {"WWW-Authenticate": "Bearer"}
        if scheme.lower() != "bearer" or not token:
            raise Refusal(401, "A bearer token is needed.", challenge)
        expires = self._tokens.get(token.strip())
        if expires is None:
            raise Refusal(401, "This token is unknown.", challenge)
        if expires <= self._clock():
            raise Refusal(401, "This token has expired.", challenge)

    def _check(self, form: Mapping[str, str]) -> None:
        if form.get("grant_type") != "client_credentials":
            raise Refusal(400, "unsupported_grant_type: only client_credentials is offered")
        given = f"{form.get('client_id')}\n{form.get('client_secret')}".encode()
        known = f"{self._options.client_id}\n{self._options.client_secret}".encode()
        if not secrets.compare_digest(given, known):
            raise Refusal(400, "invalid_client: client_id and client_secret in the form do not fit")
        if self._options.scope not in form.get("scope", "").split():
            raise Refusal(400, f"invalid_scope: this environment is {self._options.scope!r}")

    def _take(self, address: str) -> None:
        """One request out of the address's bucket, which refills by `per_minute`."""
        capacity = float(self._options.per_minute + self._options.burst)
        rate = self._options.per_minute / 60
        now = self._clock()
        left, seen = self._buckets.get(address, (capacity, now))
        left = min(capacity, left + (now - seen) * rate)
        if left < 1:
            self._buckets[address] = (left, now)
            wait = max(1, math.ceil((1 - left) / rate))
            raise Refusal(429, "Too many token requests from this address.", {"Retry-After": str(wait)})
        self._buckets[address] = (left - 1, now)

    def _forget_expired(self) -> None:
        now = self._clock()
        self._tokens = {token: expires for token, expires in self._tokens.items() if expires > now}


def _make_token(scope: str) -> str:
    """Opaque, in the shape of a JWT; nobody may read anything out of it."""
    parts = ({"alg": "none", "typ": "at+jwt"}, {"scope": scope, "jti": secrets.token_hex(8)})
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, secrets.token_urlsafe(32)])
