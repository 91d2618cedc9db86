"""What of the service's description a request gets, and under which address."""

import re
from collections.abc import Mapping

import pytest

from order_receiver.door.describing import described
from order_receiver.door.request import head_of
from order_receiver.settings.model import Door

HOST = {"host": "a.example"}


def asked(
    query: str = "wsdl",
    *,
    method: str = "GET",
    path: str = "/orders",
    scheme: str = "http",
    settings: Door | None = None,
    headers: Mapping[str, str] = HOST,
) -> bytes | None:
    """The document for a request."""
    told = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {
        "type": "http",
        "method": method,
        "scheme": scheme,
        "path": path,
        "query_string": query.encode("latin-1"),
        "headers": told,
    }
    settings = settings or Door()
    document = described(scope, head_of(scope, behind_proxy=settings.behind_proxy), settings)
    return None if document is None else document.body


def address(
    headers: Mapping[str, str], *, path: str = "/orders", scheme: str = "http", settings: Door | None = None
) -> str:
    """The one address at which all ports of the WSDL take orders."""
    body = asked(path=path, scheme=scheme, settings=settings, headers=headers)
    assert body is not None
    found: set[str] = {each.decode() for each in re.findall(rb'<soap(?:12)?:address location="([^"]*)"', body)}
    (only,) = found
    imported = {each.decode().partition("?")[0] for each in re.findall(rb'schemaLocation="([^"]*)"', body)}
    assert imported == found
    return only


@pytest.mark.parametrize(
    "query", ["wsdl", "WSDL", "wsdl=", "singleWsdl", "singlewsdl", "xsd=order", "XSD=Promotion", "xsd=serialization"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_documents(query: str, method: str) -> None:
    body = asked(query, method=method)
    assert body is not None
    assert body.startswith(b"<?xml version='1.0' encoding='utf-8'?>")


@pytest.mark.parametrize("query", ["", "wsd", "wsdl=1", "wsdl&x", "xsd", "xsd=", "xsd=xsd0", "xsd=../order", "a=wsdl"])
def test_other_queries_ask_for_nothing(query: str) -> None:
    assert asked(query) is None


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS", "DELETE"])
def test_other_methods_ask_for_nothing(method: str) -> None:
    assert asked(method=method) is None


@pytest.mark.parametrize(
    ("host", "path", "expected"),
    [
        ("orders.example.com", "/orders", "http://orders.example.com/orders"),
        ("orders.example.com:8080", "/orders/", "http://orders.example.com:8080/orders/"),
        ("192.0.2.7:80", "/orders/CreateOrder", "http://192.0.2.7:80/orders/CreateOrder"),
        ("[2001:db8::1]:8080", "/", "http://[2001:db8::1]:8080/"),
    ],
)
def test_the_address_is_that_of_the_request(host: str, path: str, expected: str) -> None:
    assert address({"host": host}, path=path) == expected
    assert address({"host": host}, path=path, scheme="https") == expected.replace("http:", "https:")


@pytest.mark.parametrize(
    "host",
    [
        *("", " ", "a b", 'x"/><evil', "evil.example/path", "user@evil.example", "evil.example?", "evil.example#"),
        *("evil.example:port", "evil.example:123456", "x" * 300, "[::1", "a\x00b", "å.example", "a.example, b"),
    ],
)
def test_what_is_no_host_is_not_repeated(host: str) -> None:
    assert address({"host": host}) == "http://127.0.0.1:8080/orders"
    assert address({}) == "http://127.0.0.1:8080/orders"


def test_an_odd_path_is_not_repeated() -> None:
    assert address(HOST, path='/orders/"><x>') == "http://a.example/orders"


PROXIED = {"x-forwarded-proto": "https", "x-forwarded-host": "orders.example.com", "host": "10.0.0.7:8080"}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "https://orders.example.com/orders"),
        ({"x-forwarded-proto": "HTTPS"}, "https://orders.example.com/orders"),
        ({"x-forwarded-proto": "http, https"}, "https://orders.example.com/orders"),
        ({"x-forwarded-proto": "https, http"}, "http://orders.example.com/orders"),
        ({"x-forwarded-proto": "javascript"}, "http://orders.example.com/orders"),
        ({"x-forwarded-proto": ""}, "http://orders.example.com/orders"),
        ({"x-forwarded-host": "evil.example, orders.example.com:444"}, "https://orders.example.com:444/orders"),
        ({"x-forwarded-host": ""}, "https://10.0.0.7:8080/orders"),
        ({"x-forwarded-host": "a b"}, "https://127.0.0.1:8080/orders"),
    ],
)
def test_behind_a_proxy_it_is_what_the_proxy_says(changed: dict[str, str], expected: str) -> None:
    assert address({**PROXIED, **changed}, settings=Door(behind_proxy=True)) == expected


def test_without_a_proxy_nobody_can_say_otherwise() -> None:
    assert address(PROXIED) == "http://10.0.0.7:8080/orders"


def test_a_public_url_wins_over_all() -> None:
    url = "https://orders.example.com/norce/orders"
    for behind_proxy in (True, False):
        assert address(PROXIED, settings=Door(public_url=url, behind_proxy=behind_proxy)) == url
