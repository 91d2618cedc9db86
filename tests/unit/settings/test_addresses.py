"""Which addresses stay on this machine."""

import pytest

from order_receiver.settings.addresses import is_label, is_loopback, is_plain, url_fault


@pytest.mark.parametrize("host", ["localhost", "LocalHost.", "127.0.0.1", "127.9.9.9", "::1", "[::1]"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "localhost.example", "", "norce.tech"])
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("url", "plain"), [("http://a", True), ("https://a", False), ("http://127.0.0.1:1", False), ("http://[::1]", False)]
)
def test_plain(url: str, plain: bool) -> None:
    assert is_plain(url) is plain


@pytest.mark.parametrize(
    "url",
    [
        "http://a b",
        "http://-a",
        "http://%65",
        "x",
        "",
        "http://a:x",
        "http://a:99999",
        "http://a:0",
        "https://u:p@a",
        "https://a?x=1",
    ],
)
def test_no_url(url: str) -> None:
    assert url_fault(url)


@pytest.mark.parametrize(
    ("text", "good"), [("shop", True), ("Shop-2", True), ("-a", False), ("a.b", False), ("", False), ("a" * 64, False)]
)
def test_labels(text: str, good: bool) -> None:
    assert is_label(text) is good
