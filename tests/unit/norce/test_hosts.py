"""Host and scope from the settings."""

import msgspec
import pytest

from order_receiver.norce.hosts import base_url, scope
from order_receiver.settings.model import Norce


def norce(**parts: str) -> Norce:
    return msgspec.convert({"client_id": "c", "client_secret": {"env": "X"}, **parts}, Norce)


@pytest.mark.parametrize(
    ("environment", "host", "words"),
    [
        ("playground", "https://shop.api-se.playground.norce.tech", "playground"),
        ("stage", "https://shop.api-se.stage.norce.tech", "stage"),
        ("production", "https://shop.api-se.norce.tech", "prod"),
    ],
)
def test_the_environment_decides(environment: str, host: str, words: str) -> None:
    settings = norce(slug="shop", environment=environment)
    assert base_url(settings) == host
    assert scope(settings) == words


def test_a_scope_of_its_own_wins() -> None:
    assert scope(norce(slug="shop", scope="production")) == "production"


def test_another_region() -> None:
    assert base_url(norce(slug="shop", region="no")) == "https://shop.api-no.playground.norce.tech"


@pytest.mark.parametrize("parts", [{"slug": "evil.com/x"}, {"slug": ""}, {"slug": "a", "region": "se.evil.com#"}])
def test_parts_that_would_make_another_host(parts: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="cannot be part of a host name"):
        base_url(norce(**parts))


@pytest.mark.parametrize(
    "url",
    [
        "https://norce.example",
        "https://norce.example:8443/",
        "http://127.0.0.1:9000",
        "http://localhost:9/",
        "http://[::1]:9",
    ],
)
def test_a_base_url(url: str) -> None:
    assert base_url(norce(base_url=url)) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a",
        "norce.example",
        "https://",
        "https://u:p@a",
        "https://a?x=1",
        "https://a#x",
        "http://[",
        "https://a:0",
    ],
)
def test_what_is_no_base_url(url: str) -> None:
    with pytest.raises(ValueError, match=r"norce\.base_url"):
        base_url(norce(base_url=url))


def test_plain_http_to_another_machine_only_when_asked_for() -> None:
    settings = norce(base_url="http://simulator:9000")
    with pytest.raises(ValueError, match="must begin with https"):
        base_url(settings)
    assert base_url(settings, allow_plain=True) == "http://simulator:9000"
