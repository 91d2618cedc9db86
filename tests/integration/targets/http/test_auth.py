"""Credentials of every kind: right, wrong, expired, renewed."""

import asyncio
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from tests.integration.targets.http.conftest import Steps
from tests.integration.targets.http.erp import Clock, Erp, says

from order_receiver.orders.outcomes import TransientFailure
from order_receiver.settings.problems import SettingsError
from order_receiver.targets.adapter import Submission
from order_receiver.targets.http.adapter import HttpAdapter

Open = Callable[..., HttpAdapter]
Make = Callable[..., Submission]


def oauth2(erp: Erp, more: str = "") -> str:
    return f"""
    [targets.erp.auth]
    kind = "oauth2"
    token_url = "{erp.url}/token"
    client_id = "client 1"
    client_secret = {{ env = "SECRET" }}
    {more}
    """


FIXED = [
    ('{ kind = "basic", user = "me", password = { env = "PASSWORD" } }', "Authorization", "Basic bWU6cGFzczp3w7ZyZA=="),
    ('{ kind = "bearer", token = { env = "TOKEN" } }', "Authorization", "Bearer fixed-token"),
    ('{ kind = "api_key", header = "X-Api-Key", key = { env = "TOKEN" } }', "X-Api-Key", "fixed-token"),
]


@pytest.mark.parametrize(("auth", "header", "value"), FIXED)
async def test_fixed(
    open_target: Open, erp: Erp, submission: Make, steps: Steps, auth: str, header: str, value: str
) -> None:
    await open_target(settings=f'auth = {auth}\nheaders = {{ X-Tenant = "7" }}').submit(submission(), steps)
    assert erp.seen[0].headers[header] == value
    assert erp.seen[0].headers["X-Tenant"] == "7"


@pytest.mark.parametrize("auth", [each[0] for each in FIXED])
async def test_wrong_password(open_target: Open, erp: Erp, submission: Make, steps: Steps, auth: str) -> None:
    erp.replies.append(says(401, "pass:wörd fixed-token"))
    with pytest.raises(TransientFailure) as failed:
        await open_target(settings=f"auth = {auth}").submit(submission(), steps)
    assert str(failed.value) == (
        "127.0.0.1 answered order with HTTP 401: it does not take our credentials. Check its `auth`."
    )
    assert failed.value.retry_after == 300
    assert len(erp.seen) == 1, "a fixed password is not tried twice"


def test_a_missing_secret_is_named(open_target: Open) -> None:
    with pytest.raises(SettingsError, match=r"targets\.erp\.auth\.token: the environment variable NO is not set"):
        open_target(settings='auth = { kind = "bearer", token = { env = "NO" } }')


async def test_a_token_is_fetched_once(open_target: Open, erp: Erp, submission: Make, steps: Steps) -> None:
    settings = oauth2(erp, 'scope = "orders.write"\nparameters = { resource = "r" }\nheaders = { TenantId = "9" }')
    adapter = open_target(settings=settings)
    await asyncio.gather(*(adapter.submit(submission(), Steps()) for _ in range(5)))
    assert len(erp.tokens) == 1
    told = erp.tokens[0]
    assert {name: told[name] for name in ("grant_type", "client_id", "client_secret", "scope", "resource")} == {
        "grant_type": "client_credentials",
        "client_id": "client 1",
        "client_secret": "s3cret+/=",
        "scope": "orders.write",
        "resource": "r",
    }
    assert told["header TenantId"] == "9"
    assert {seen.headers["Authorization"] for seen in erp.seen} == {"Bearer token-1"}


async def test_the_client_in_a_header(open_target: Open, erp: Erp, submission: Make, steps: Steps) -> None:
    await open_target(settings=oauth2(erp, 'client_in = "header"')).submit(submission(), steps)
    told = erp.tokens[0]
    assert b64decode(told["header Authorization"].removeprefix("Basic ")) == b"client+1:s3cret%2B%2F%3D"
    assert "client_secret" not in told
    assert "client_id" not in told


async def test_a_token_is_renewed_before_its_end(
    open_target: Open, erp: Erp, submission: Make, steps: Steps, clock: Clock
) -> None:
    adapter = open_target(settings=oauth2(erp))
    for seconds, tokens in ((0, 1), (3539, 1), (1, 2), (1, 2)):
        clock.forward(seconds)
        await adapter.submit(submission(), steps)
        assert len(erp.tokens) == tokens


async def test_an_expired_token_is_renewed_once(open_target: Open, erp: Erp, submission: Make, steps: Steps) -> None:
    adapter = open_target(settings=oauth2(erp))
    erp.replies.append(says(401, ""))
    assert (await adapter.submit(submission(), steps)).erp_order_no == "SO-1"
    assert [seen.headers["Authorization"] for seen in erp.seen] == ["Bearer token-1", "Bearer token-2"]
    assert len(erp.orders) == 1


async def test_a_fresh_token_that_is_refused_burns_no_more(
    open_target: Open, erp: Erp, submission: Make, steps: Steps, clock: Clock
) -> None:
    adapter = open_target(settings=oauth2(erp))
    erp.replies.extend([says(401, "")] * 4)
    for _ in range(3):
        with pytest.raises(TransientFailure, match="does not take our credentials"):
            await adapter.submit(submission(), steps)
    assert len(erp.tokens) == 2
    clock.forward(300)
    erp.replies.append(says(401, ""))
    assert (await adapter.submit(submission(), steps)).erp_order_no == "SO-1"
    assert len(erp.tokens) == 3


REFUSED: list[tuple[int, Any, float, str]] = [
    (400, {"error": "invalid_client s3cret+/="}, 300, "invalid_client ***"),
    (401, "", 300, "Check auth.client_id, auth.client_secret and auth.scope."),
    (200, "<html>", 5, "something else than a token"),
    (200, {"access_token": ""}, 5, "a token that cannot be used"),
    (200, {"access_token": "a b"}, 5, "a token that cannot be used"),
    (200, {"access_token": "a", "token_type": "MAC"}, 5, "a token that cannot be used"),
    (200, {"access_token": "a", "expires_in": "soon"}, 5, "something else than a token"),
    (500, "", 5, "answered the token request with HTTP 500."),
    (302, "", 5, "answered the token request with HTTP 302."),
]


@pytest.mark.parametrize(("status", "answer", "pause", "words"), REFUSED)
async def test_no_token(
    open_target: Open,
    erp: Erp,
    submission: Make,
    steps: Steps,
    clock: Clock,
    status: int,
    answer: Any,
    pause: float,
    words: str,
) -> None:
    adapter = open_target(settings=oauth2(erp))
    erp.token_replies.append(says(status, answer, Location=f"{erp.url}/elsewhere"))
    for _ in range(2):
        with pytest.raises(TransientFailure) as failed:
            await adapter.submit(submission(), steps)
        assert words in str(failed.value)
        assert "s3cret" not in str(failed.value)
    assert len(erp.tokens) == 1, "nobody asks again during the pause"
    assert erp.seen == []
    clock.forward(pause)
    await adapter.submit(submission(), steps)
    assert len(erp.tokens) == 2


@pytest.mark.parametrize("client_in", ["header", "body"])
async def test_a_token_server_that_repeats_what_it_got(
    open_target: Open, erp: Erp, submission: Make, steps: Steps, client_in: str
) -> None:
    async def repeat(request: web.Request) -> web.Response:
        got = f"{request.headers.get('Authorization')} {await request.text()}"
        return web.Response(status=400, text=f"refused: {got}")

    erp.token_replies.append(repeat)
    with pytest.raises(TransientFailure) as failed:
        await open_target(settings=oauth2(erp, f'client_in = "{client_in}"')).submit(submission(), steps)
    said = str(failed.value)
    assert "***" in said
    assert not any(part in said for part in ("s3cret", b64encode(b"client+1:s3cret%2B%2F%3D").decode()))


async def test_tokens_of_servers_that_say_little(
    open_target: Open, erp: Erp, submission: Make, steps: Steps, clock: Clock
) -> None:
    adapter = open_target(settings=oauth2(erp))
    erp.token_replies.append(says(200, {"access_token": "a", "expires_in": "100", "token_type": "bearer"}))
    await adapter.submit(submission(), steps)
    clock.forward(50)
    await adapter.submit(submission(), steps)
    assert len(erp.tokens) == 2, "halfway through, as it lives for less than two minutes"


async def test_no_token_server(open_target: Open, erp: Erp, submission: Make, steps: Steps, unused_port: int) -> None:
    settings = oauth2(erp).replace(erp.url, f"http://127.0.0.1:{unused_port}")
    with pytest.raises(TransientFailure, match=r"^No token: 127\.0\.0\.1 took no connection\.$"):
        await open_target(settings=settings).submit(submission(), steps)


async def test_redirects_never_carry_a_token_away(open_target: Open, erp: Erp, submission: Make, steps: Steps) -> None:
    def away(request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(f"{erp.url}/elsewhere")

    erp.token_replies.append(away)
    with pytest.raises(TransientFailure):
        await open_target(settings=oauth2(erp)).check()
    assert erp.seen == []
