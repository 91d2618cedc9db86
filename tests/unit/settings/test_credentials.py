"""Verification of pairs at the door."""

import asyncio
import base64
from collections.abc import Iterator
from threading import Event

import pytest
from argon2 import PasswordHasher

from order_receiver.settings import credentials as module
from order_receiver.settings.credentials import Busy, Credentials, hash_password, is_argon2
from order_receiver.settings.model import Credential

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def credential(user: str, password: str) -> Credential:
    return Credential(user=user, password_hash=CHEAP.hash(password))


def basic(text: str, encoding: str = "utf-8") -> bytes:
    return b"Basic " + base64.b64encode(text.encode(encoding))


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that were tried, in order; the real check is still made."""
    tried: list[str] = []
    real = module._matches

    def matches(password_hash: str, password: str) -> bool:
        tried.append(password_hash)
        return real(password_hash, password)

    monkeypatch.setattr(module, "_matches", matches)
    return tried


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Holds every check back until it is set."""
    opened = Event()
    real = module._matches

    def matches(password_hash: str, password: str) -> bool:
        opened.wait(10)
        return real(password_hash, password)

    monkeypatch.setattr(module, "_matches", matches)
    yield opened
    opened.set()


def test_a_hash_is_argon2_and_new_every_time() -> None:
    one, other = hash_password("secret"), hash_password("secret")
    assert one != other
    assert is_argon2(one)
    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert "secret" not in one


def test_an_empty_password_is_refused() -> None:
    with pytest.raises(ValueError, match="protects nothing"):
        hash_password("")


@pytest.mark.parametrize(
    "text", ["", "secret", "$2b$12$abc", "$argon2id$", "$argon2id$v=19$m=8,t=1,p=1$x", "$argon2x$v=19$m=8,t=1,p=1$a$b"]
)
def test_what_is_no_argon2_hash(text: str) -> None:
    assert not is_argon2(text)


async def test_the_hash_of_the_command_passes() -> None:
    held = Credentials([Credential(user="norce", password_hash=hash_password("s:ecret"))])
    assert await held.verify(basic("norce:s:ecret")) == "norce"
    assert await held.verify(basic("norce:s")) is None


async def test_several_pairs_live_at_once() -> None:
    held = Credentials([credential("norce", "old"), credential("norce", "new"), credential("other", "third")])
    assert [await held.verify(basic(pair)) for pair in ("norce:old", "norce:new", "other:third")] == [
        "norce",
        "norce",
        "other",
    ]
    assert [await held.verify(basic(pair)) for pair in ("norce:third", "other:old", "Norce:old", "norce:", ":")] == [
        None
    ] * 5


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("password", ["lösenord", "Ã¥", "ÿ", "£:§"])
async def test_passwords_beyond_ascii_in_both_encodings(encoding: str, password: str) -> None:
    held = Credentials([credential("nörce", password)])
    assert await held.verify(basic(f"nörce:{password}", encoding)) == "nörce"
    assert await held.verify(basic(f"nörce:{password}x", encoding)) is None


async def test_beyond_iso_8859_1_only_utf_8_can_be() -> None:
    held = Credentials([credential("norce", "пароль😀")])
    assert await held.verify(basic("norce:пароль😀")) == "norce"


async def test_a_verified_pair_is_remembered(counted: list[str]) -> None:
    held = Credentials([credential("norce", "secret")])
    header = basic("norce:secret")
    assert held.known(header) is None
    assert await held.verify(header) == "norce"
    assert held.known(header) == "norce"
    assert await held.verify(header) == "norce"
    assert len(counted) == 1
    assert held.known(None) is None
    assert held.known(basic("norce:wrong")) is None


async def test_a_wrong_pair_is_not_remembered(counted: list[str]) -> None:
    held = Credentials([credential("norce", "secret")])
    for _ in range(2):
        assert await held.verify(basic("norce:wrong")) is None
    assert len(counted) == 2


@pytest.mark.parametrize(
    ("pair", "encoding", "hashes"),
    [
        ("norce:wrong", "utf-8", 2),
        ("other:wrong", "utf-8", 2),
        ("nobody:wrong", "utf-8", 2),
        (":", "utf-8", 2),
        ("norce:wröng", "utf-8", 4),
        ("nobody:wröng", "utf-8", 4),
        ("norce:wröng", "latin-1", 2),
        ("nobody:wröng", "latin-1", 2),
    ],
)
async def test_a_wrong_pair_costs_the_same_for_every_user(
    counted: list[str], pair: str, encoding: str, hashes: int
) -> None:
    held = Credentials([credential("norce", "a"), credential("norce", "b"), credential("other", "c")])
    assert await held.verify(basic(pair, encoding)) is None
    assert len(counted) == hashes
    assert {each.split("$")[3] for each in counted} == {"m=8,t=1,p=1"}


@pytest.mark.parametrize("header", [None, b"", b"Bearer x", b"Basic !"])
async def test_what_is_no_pair_costs_nothing(counted: list[str], header: bytes | None) -> None:
    assert await Credentials([credential("norce", "secret")]).verify(header) is None
    assert counted == []


async def test_without_credentials_nobody_passes(counted: list[str]) -> None:
    assert await Credentials([]).verify(basic("norce:secret")) is None
    assert len(counted) == 1


@pytest.mark.parametrize("broken", ["secret", "$argon2id$v=19$m=0,t=0,p=0$AAAA$AAAA", "$argon2id$v=19$m=8,t=1,p=1$a$b"])
async def test_a_broken_hash_lets_nobody_in_and_hurts_nobody(broken: str) -> None:
    held = Credentials([Credential(user="a", password_hash=broken), credential("norce", "secret")])
    assert await held.verify(basic("a:secret")) is None
    assert await held.verify(basic("norce:secret")) == "norce"


async def test_a_user_name_from_a_broken_environment() -> None:
    held = Credentials([credential("n\udcff", "x"), credential("norce", "secret")])
    assert await held.verify(basic("norce:secret")) == "norce"


async def test_the_same_header_many_times_at_once_is_checked_once(counted: list[str]) -> None:
    held = Credentials([credential("norce", "secret")], waiting=1)
    users = await asyncio.gather(*(held.verify(basic("norce:secret")) for _ in range(64)))
    assert users == ["norce"] * 64
    assert len(counted) == 1


async def test_a_flood_is_turned_away_and_a_known_pair_still_passes(gate: Event) -> None:
    held = Credentials([credential("norce", "secret")], waiting=2)
    gate.set()
    await held.verify(basic("norce:secret"))
    gate.clear()
    waiting = [asyncio.create_task(held.verify(basic(f"norce:{each}"))) for each in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await held.verify(basic("norce:one too many"))
    assert await held.verify(basic("norce:secret")) == "norce"
    gate.set()
    assert await asyncio.gather(*waiting) == [None, None]
    assert await held.verify(basic("norce:one too many")) is None


async def test_a_sender_that_leaves_does_not_undo_the_check_for_others(gate: Event) -> None:
    held = Credentials([credential("norce", "secret")])
    one, other = (asyncio.create_task(held.verify(basic("norce:secret"))) for _ in range(2))
    await asyncio.sleep(0)
    one.cancel()
    gate.set()
    assert await other == "norce"


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REMEMBERED", 2)
    held = Credentials([credential("norce", "secret")])
    headers = [basic("norce:secret") + b" " * blanks for blanks in range(5)]
    for header in headers:
        assert await held.verify(header) == "norce"
    assert sum(held.known(header) is not None for header in headers) <= 2
