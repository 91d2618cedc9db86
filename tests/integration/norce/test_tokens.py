"""Tokens, against a real identity server."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from order_receiver.norce.tokens import Client, Tokens
from order_receiver.orders.outcomes import TransientFailure

SECRET = "s3cret+/=å"
Make = Callable[..., Tokens]


def says(status: int, text: str = "", **headers: str) -> Callable[[web.Request], web.Response]:
    return lambda _: web.Response(
        status=status, text=text, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


async def test_asks_with_credentials_in_the_form(tokens: Tokens, norce: Any) -> None:
    assert await tokens.token() == "token-1"
    assert norce.forms == [
        {"grant_type": "client_credentials", "client_id": "client-1", "client_secret": SECRET, "scope": "playground"}
    ]


async def test_fifty_at_once_ask_once(tokens: Tokens, norce: Any) -> None:
    norce.gate = asyncio.Event()
    asking = [asyncio.create_task(tokens.token()) for _ in range(50)]
    await asyncio.sleep(0)
    norce.gate.set()
    assert set(await asyncio.gather(*asking)) == {"token-1"}
    assert len(norce.forms) == 1


async def test_one_that_gives_up_while_asking_leaves_the_others_served(tokens: Tokens, norce: Any) -> None:
    norce.gate = asyncio.Event()
    first = asyncio.create_task(tokens.token())
    others = [asyncio.create_task(tokens.token()) for _ in range(3)]
    await norce.asked.wait()
    first.cancel()
    norce.gate.set()
    assert len(set(await asyncio.gather(*others))) == 1


@pytest.mark.parametrize(("seconds", "asked"), [(3539, 1), (3540, 2), (3600, 2)])
async def test_is_renewed_a_minute_before_its_end(
    tokens: Tokens, norce: Any, clock: Any, seconds: float, asked: int
) -> None:
    await tokens.token()
    clock.forward(seconds)
    await tokens.token()
    assert len(norce.forms) == asked


@pytest.mark.parametrize(("seconds", "asked"), [(4, 1), (5, 2)])
async def test_a_short_life_is_renewed_halfway(
    tokens: Tokens, norce: Any, clock: Any, seconds: float, asked: int
) -> None:
    norce.expires_in = 10
    await tokens.token()
    clock.forward(seconds)
    await tokens.token()
    assert len(norce.forms) == asked


async def test_a_life_beyond_a_day_is_not_believed(tokens: Tokens, norce: Any, clock: Any) -> None:
    norce.expires_in = 1e300
    await tokens.token()
    clock.forward(86_400)
    assert await tokens.token() == "token-2"


async def test_another_process_takes_it_from_the_shelf(make_tokens: Make, shelf: Any, norce: Any) -> None:
    assert await make_tokens(shelf).token() == await make_tokens(shelf).token() == "token-1"
    assert len(norce.forms) == 1


async def test_what_is_about_to_end_is_left_on_the_shelf(make_tokens: Make, shelf: Any, clock: Any) -> None:
    await make_tokens(shelf).token()
    clock.forward(3541)
    assert await make_tokens(shelf).token() == "token-2"


async def test_a_token_from_the_shelf_is_renewed_in_time(make_tokens: Make, shelf: Any, clock: Any) -> None:
    await make_tokens(shelf).token()
    other = make_tokens(shelf)
    assert await other.token() == "token-1"
    clock.forward(3541)
    assert await other.token() == "token-2"


async def test_a_dropped_token_is_not_taken_from_the_shelf_again(make_tokens: Make, shelf: Any) -> None:
    tokens = make_tokens(shelf)
    tokens.drop(await tokens.token())
    assert await tokens.token() == "token-2"


async def test_after_a_drop_a_newer_one_on_the_shelf_is_taken(make_tokens: Make, shelf: Any, norce: Any) -> None:
    one, other = make_tokens(shelf), make_tokens(shelf)
    old = await one.token()
    assert await other.token() == old
    other.drop(old)
    assert await other.token() == "token-2"
    one.drop(old)
    assert await one.token() == "token-2"
    assert len(norce.forms) == 2


async def test_dropping_an_old_token_leaves_the_new_one(tokens: Tokens) -> None:
    old = await tokens.token()
    tokens.drop(old)
    new = await tokens.token()
    tokens.drop(old)
    assert await tokens.token() == new


async def test_clients_do_not_share_a_place_on_the_shelf() -> None:
    client = Client("http://127.0.0.1:1", "stage", "c", "s")
    names = {replace(client, **{key: "other"}).name for key in ("base_url", "scope", "client_id")}
    assert len({*names, client.name}) == 4


async def test_too_many_requests_are_waited_for_and_never_repeated(tokens: Tokens, norce: Any, clock: Any) -> None:
    norce.token_replies.append(says(429, Retry_After="30"))
    with pytest.raises(TransientFailure, match="too many token requests") as failed:
        await tokens.token()
    assert failed.value.retry_after == 30
    clock.forward(10)
    with pytest.raises(TransientFailure, match="too many token requests") as failed:
        await tokens.token()
    assert failed.value.retry_after == 20
    assert len(norce.forms) == 1
    clock.forward(20)
    assert await tokens.token() == "token-2"


async def test_too_many_requests_without_a_wait_named(tokens: Tokens, norce: Any) -> None:
    norce.token_replies.append(says(429))
    with pytest.raises(TransientFailure) as failed:
        await tokens.token()
    assert failed.value.retry_after == 20


async def test_during_the_pause_the_shelf_still_helps(make_tokens: Make, shelf: Any, norce: Any) -> None:
    waiting = make_tokens(shelf)
    norce.token_replies.append(says(429))
    with pytest.raises(TransientFailure):
        await waiting.token()
    await make_tokens(shelf).token()
    assert await waiting.token() == "token-2"


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_refused_credentials_are_left_alone_for_a_while(tokens: Tokens, norce: Any, status: int) -> None:
    norce.token_replies.append(says(status, '{"error":"invalid_client"}'))
    for _ in range(5):
        with pytest.raises(TransientFailure, match=r"invalid_client.*Check the host, norce\.client_id") as failed:
            await tokens.token()
        assert failed.value.retry_after == 600
    assert len(norce.forms) == 1


@pytest.mark.parametrize("status", [302, 408, 500, 502, 503, 504])
async def test_a_fault_pauses_briefly_and_asks_for_no_wait(tokens: Tokens, norce: Any, clock: Any, status: int) -> None:
    norce.token_replies.append(says(status, "down", Location="http://127.0.0.1:1/x"))
    for _ in range(2):
        with pytest.raises(TransientFailure, match=f"HTTP {status}") as failed:
            await tokens.token()
        assert failed.value.retry_after is None
    assert len(norce.forms) == 1
    clock.forward(5)
    assert await tokens.token() == "token-2"


async def test_a_wait_named_with_503_is_handed_on(tokens: Tokens, norce: Any) -> None:
    norce.token_replies.append(says(503, Retry_After="7"))
    with pytest.raises(TransientFailure) as failed:
        await tokens.token()
    assert failed.value.retry_after == 7


async def test_an_unreachable_host(session: aiohttp.ClientSession, unused_tcp_port: int, clock: Any) -> None:
    tokens = Tokens(Client(f"http://127.0.0.1:{unused_tcp_port}", "x", "c", SECRET), session, None, clock)
    with pytest.raises(TransientFailure, match=r"^No token from Norce: 127\.0\.0\.1 took no connection\.$"):
        await tokens.token()


HOSTILE = {
    "not JSON": "<html>",
    "not UTF-8": b"\xff\xfe",
    "no token": "{}",
    "a number": '{"access_token": 5}',
    "empty": '{"access_token": ""}',
    "line end": '{"access_token": "a\\r\\nX-Evil: 1"}',
    "blank": '{"access_token": "a b"}',
    "not ASCII": '{"access_token": "å"}',
    "other type": '{"access_token": "a", "token_type": "mac"}',
    "no life": '{"access_token": "a", "expires_in": 0}',
    "life beyond numbers": '{"access_token": "a", "expires_in": 1e999}',
    "endless": '{"access_token": "' + "a" * 100_000 + '"}',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
async def test_an_answer_that_is_no_token(tokens: Tokens, norce: Any, body: str | bytes) -> None:
    content = body if isinstance(body, bytes) else body.encode()
    norce.token_replies.append(lambda _: web.Response(body=content))
    with pytest.raises(TransientFailure, match="Norce answered the token request with"):
        await tokens.token()


async def test_the_secret_and_tokens_are_shown_nowhere(tokens: Tokens, norce: Any) -> None:
    norce.token_replies.append(says(400, f"{SECRET} s3cret%2B%2F%3D%C3%A5"))
    with pytest.raises(TransientFailure) as failed:
        await tokens.token()
    shown = f"{failed.value} {failed.value!r} {tokens!r} {vars(tokens)!r}"
    assert "s3cret" not in shown
    assert "*** ***" in shown


async def test_a_held_token_is_not_in_its_repr(tokens: Tokens) -> None:
    value = await tokens.token()
    assert value not in repr(vars(tokens))
