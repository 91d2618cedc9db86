"""How calls prove who they are."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

import aiohttp

from order_receiver.settings.section import Secret
from order_receiver.settings.targets.http import ApiKeyAuth, BasicAuth, BearerAuth, OAuth2Auth
from order_receiver.targets.http.tokens import Tokens

Reveal = Callable[[Secret, str], str]
"""Gives the secret that a setting stands for. Raises SettingsError."""


class Auth(Protocol):
    """Headers that prove who calls, and whether better ones can be had."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown, also where an ERP says it back to us."""
        ...

    async def headers(self, session: aiohttp.ClientSession) -> Mapping[str, str]:
        """Raises TransientFailure where they cannot be had now."""
        ...

    def refuse(self, headers: Mapping[str, str]) -> bool:
        """The ERP did not take these headers. True: new ones can be had, try once more."""
        ...


class Fixed:
    """Headers that are always the same."""

    def __init__(self, headers: Mapping[str, str], secrets: tuple[str, ...]) -> None:
        self._headers = headers
        self.secrets = secrets

    async def headers(self, session: aiohttp.ClientSession) -> Mapping[str, str]:
        return self._headers

    def refuse(self, headers: Mapping[str, str]) -> bool:
        return False


class Renewed:
    """Bearer tokens that are fetched and renewed."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    @property
    def secrets(self) -> tuple[str, ...]:
        return self._tokens.known

    async def headers(self, session: aiohttp.ClientSession) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {await self._tokens.token(session)}"}

    def refuse(self, headers: Mapping[str, str]) -> bool:
        return self._tokens.drop(headers["Authorization"].removeprefix("Bearer "))


def open_auth(
    settings: BasicAuth | BearerAuth | ApiKeyAuth | OAuth2Auth | None, reveal: Reveal, clock: Callable[[], datetime]
) -> Auth:
    """Take the secrets from where they are kept. Raises SettingsError."""
    match settings:
        case None:
            return Fixed({}, ())
        case BasicAuth(user=user, password=password):
            secret = reveal(password, "auth.password")
            pair = b64encode(f"{user}:{secret}".encode()).decode()
            return Fixed({"Authorization": f"Basic {pair}"}, (pair, secret))
        case BearerAuth(token=token):
            secret = reveal(token, "auth.token")
            return Fixed({"Authorization": f"Bearer {secret}"}, (secret,))
        case ApiKeyAuth(header=header, key=key):
            secret = reveal(key, "auth.key")
            return Fixed({header: secret}, (secret,))
        case OAuth2Auth(client_secret=client_secret):
            return Renewed(Tokens(settings, reveal(client_secret, "auth.client_secret"), clock))
