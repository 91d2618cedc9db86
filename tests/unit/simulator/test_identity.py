from urllib.parse import urlencode

import pytest

from order_receiver.simulator.identity import Identity, IdentityOptions
from order_receiver.simulator.refusal import Refusal

FORM = "application/x-www-form-urlencoded"
GOOD = {"grant_type": "client_credentials", "client_id": "me", "client_secret": "så hemligt", "scope": "stage"}


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def identity(clock: Clock) -> Identity:
    return Identity(IdentityOptions("me", "så hemligt", scope="stage", lifetime=3600), clock)


def form(**changes: str) -> bytes:
    return urlencode(GOOD | changes).encode()


def test_good_credentials_get_a_token_for_an_hour(identity: Identity, clock: Clock) -> None:
    answer = identity.issue("a", form(scope="playground stage"), f"{FORM}; charset=utf-8")
    assert (answer["token_type"], answer["expires_in"], answer["scope"]) == ("Bearer", 3600, "stage")
    token = str(answer["access_token"])
    assert len(token.split(".")) == 3
    identity.check(f"Bearer {token}")
    clock.seconds += 3599
    identity.check(f"bearer {token}")
    clock.seconds += 1
    with pytest.raises(Refusal, match="expired") as refusal:
        identity.check(f"Bearer {token}")
    assert refusal.value.status == 401


def test_old_tokens_are_forgotten(identity: Identity, clock: Clock) -> None:
    token = identity.issue("a", form(), FORM)["access_token"]
    clock.seconds += 3600
    identity.issue("a", form(), FORM)
    with pytest.raises(Refusal, match="unknown"):
        identity.check(f"Bearer {token}")


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic bWU6c2U=", "Bearer made.up.token"])
def test_everything_else_is_401_with_a_challenge(identity: Identity, header: str | None) -> None:
    with pytest.raises(Refusal) as refusal:
        identity.check(header)
    assert refusal.value.status == 401
    assert refusal.value.headers == {"WWW-Authenticate": "Bearer"}


@pytest.mark.parametrize(
    ("body", "content_type", "error"),
    [
        (form(grant_type="password"), FORM, "unsupported_grant_type"),
        (form(client_id="you"), FORM, "invalid_client"),
        (form(client_secret="guess"), FORM, "invalid_client"),
        (form(scope="prod"), FORM, "invalid_scope"),
        (form(scope=""), FORM, "invalid_scope"),
        (form(), "application/json", "invalid_request"),
        (b"\xff", FORM, "unsupported_grant_type"),
    ],
)
def test_a_wrong_form_is_400_and_says_why(identity: Identity, body: bytes, content_type: str, error: str) -> None:
    with pytest.raises(Refusal, match=f"^{error}: ") as refusal:
        identity.issue("a", body, content_type)
    assert refusal.value.status == 400


def test_three_a_minute_and_twenty_more_then_429_until_the_bucket_refills(identity: Identity, clock: Clock) -> None:
    for _ in range(23):
        identity.issue("a", form(), FORM)
    clock.seconds += 5
    with pytest.raises(Refusal) as refusal:
        identity.issue("a", form(), FORM)
    assert (refusal.value.status, refusal.value.headers) == (429, {"Retry-After": "15"})
    identity.issue("b", form(), FORM)
    clock.seconds += 15
    identity.issue("a", form(), FORM)
    with pytest.raises(Refusal):
        identity.issue("a", form(), FORM)
    clock.seconds += 3600
    for _ in range(23):
        identity.issue("a", form(), FORM)
    with pytest.raises(Refusal):
        identity.issue("a", form(), FORM)
