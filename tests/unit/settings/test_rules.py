"""Rules over the whole, each with its message."""

from typing import Any

import msgspec
import pytest

from order_receiver.settings.credentials import hash_password
from order_receiver.settings.model import Settings
from order_receiver.settings.problems import Severity
from order_receiver.settings.rules import troubles

KEY = "11111111-2222-3333-4444-555555555555"
HASH = hash_password("secret")


def settings(**changes: Any) -> Settings:
    tree: dict[str, Any] = {
        "door": {"behind_proxy": True, "credentials": [{"user": "norce", "password_hash": HASH}]},
        "applications": [{"key": KEY, "name": "Shop", "id": 1042}],
        "targets": {"erp": {"adapter": "folder", "outbox": "out", "inbox": "in"}},
        "norce": {"slug": "shop", "client_id": "c", "client_secret": {"env": "X"}},
    }
    for path, value in changes.items():
        table: Any = tree
        *parents, last = path.split("__")
        for parent in parents:
            table = table[int(parent)] if parent.isdigit() else table.setdefault(parent, {})
        table[last] = value
    return msgspec.convert(tree, Settings)


def found(**changes: Any) -> list[str]:
    return [str(each) for each in troubles(settings(**changes))]


@pytest.mark.parametrize("mode", ["production", "development"])
def test_a_good_configuration(mode: str) -> None:
    assert found(mode=mode) == []


def test_tls_of_its_own_is_safe_on_any_address() -> None:
    assert found(door__behind_proxy=False, door__host="0.0.0.0", door__tls_certificate="c", door__tls_key="k") == []


UNSAFE: list[tuple[dict[str, Any], str]] = [
    (
        {"door__behind_proxy": False, "door__host": "0.0.0.0"},
        (
            "door: orders and passwords would travel without TLS. Set behind_proxy = true where a proxy ends TLS, or "
            "tls_certificate and tls_key."
        ),
    ),
    (
        {"door__credentials": []},
        (
            "door.credentials: there are none, so every message is answered 401. Make one with "
            "`order-receiver credentials hash`."
        ),
    ),
    (
        {"door__credentials": [{"user": "norce", "password_hash": "hunter2"}]},
        (
            "door.credentials[0].password_hash: is no argon2 hash (not shown: it may be the password), so nobody can "
            "pass with it. Make one with `order-receiver credentials hash`."
        ),
    ),
    (
        {"applications": []},
        (
            "applications: there are none, so no order can be told where it belongs. Add [[applications]] with `key` "
            "and `name`."
        ),
    ),
    (
        {"targets__erp__number_on_write": True},
        "targets.erp.number_on_write: is for try-outs: numbers are made up. Set an inbox instead.",
    ),
    (
        {"norce__slug": None, "norce__base_url": "http://simulator:9000"},
        "norce.base_url: would send the client secret over the network without TLS. Use https://.",
    ),
]


@pytest.mark.parametrize(("changes", "message"), UNSAFE)
def test_what_is_unsafe_is_refused_in_production_only(changes: dict[str, Any], message: str) -> None:
    assert found(**changes) == [f"error: {message}"]
    assert found(mode="development", **changes) == [f"warning: {message}"]


def test_without_tls_on_this_machine_alone() -> None:
    assert found(mode="development", door__behind_proxy=False) == []
    assert [each.split(": ")[:2] for each in found(door__behind_proxy=False)] == [["error", "door"]]


NO_URL = "must begin with https:// (or http:// on this machine) and a host name"
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"door__tls_key": "k"}, "door: tls_certificate and tls_key belong together. Name both, or neither."),
    ({"door__path": "orders"}, 'door.path: "orders" must begin with a slash. Write "/orders".'),
    *(
        (
            {"door__public_url": url},
            f"door.public_url: {fault}. Write it like https://orders.example.com/orders.",
        )
        for url, fault in (
            ("orders.example.com/orders", NO_URL),
            ("ftp://orders.example.com/orders", NO_URL),
            ("https:///orders", NO_URL),
            ("", NO_URL),
            ('https://a"b.example/', NO_URL),
            ("https://[::1/orders", "is not a URL"),
            (" https://orders.example.com/", "must hold no blanks or control characters"),
            ("https://orders.example.com/my orders", "must hold no blanks or control characters"),
            ("https://orders.example.com/orders\n", "must hold no blanks or control characters"),
            ("https://orders.example.com/\x01", "must hold no blanks or control characters"),
            ("https://orders.example.com:0/", "names port 0"),
            ("https://norce:secret@orders.example.com/", "must hold no user, query or fragment"),
            ("https://orders.example.com/orders?wsdl", "must hold no user, query or fragment"),
            ("https://orders.example.com/orders#top", "must hold no user, query or fragment"),
        )
    ),
    (
        {"door__default_application": "other"},
        'door.default_application: there is no application "other". Use the key of one of the applications.',
    ),
    (
        {"door__credentials": [{"user": "a:b", "password_hash": HASH}]},
        "door.credentials[0].user: must have at least one character, and no colon: HTTP Basic ends it there.",
    ),
    (
        {"applications": [{"key": KEY, "name": "a", "id": 1}, {"key": KEY.upper(), "name": "b", "id": 2}]},
        f"applications: the key {KEY} stands there 2 times. Keep one of them.",
    ),
    (
        {"applications__0__key": "shop"},
        (
            'applications[0].key: "shop" is not a GUID. It looks like 11111111-2222-3333-4444-555555555555; Norce '
            "Admin shows it."
        ),
    ),
    ({"applications__0__rounding_allowance": "-1"}, "applications[0].rounding_allowance: -1 is below 0."),
    (
        {"applications__0__time_zone": "europe/stockholm"},
        'applications[0].time_zone: there is no time zone "europe/stockholm". Write Europe/Stockholm.',
    ),
    ({"time_zone": "../etc/passwd"}, 'time_zone: there is no time zone "../etc/passwd".'),
    ({"time_zone": "Europe/Stokholm"}, 'time_zone: there is no time zone "Europe/Stokholm". Write Europe/Stockholm.'),
    (
        {"targets": {"a": {"outbox": "o", "inbox": "i"}}, "applications__0__target": "erp"},
        'applications[0].target: there is no target "erp". Known: `a`.',
    ),
    ({"targets": {}}, "targets: there are none, so orders have nowhere to go. Add a table such as [targets.erp]."),
    (
        {"applications__0__target": "epr"},
        'applications[0].target: there is no target "epr". Did you mean `erp`?',
    ),
    (
        {"targets__two": {"outbox": "a", "inbox": "b"}},
        "applications[0].target: must be set where there is more than one target. Known: `erp`, `two`.",
    ),
    (
        {"targets__erp__inbox": "out/"},
        'targets.erp.inbox: the folder "out/" is also targets.erp.outbox. Give each its own.',
    ),
    (
        {"norce__slug": "a.b"},
        (
            'norce.slug: "a.b" cannot be part of a host name. Only letters, digits and hyphens: the word before .api- '
            "is the slug, the one after it the region."
        ),
    ),
    (
        {"norce__slug": None, "norce__base_url": "norce"},
        (
            "norce.base_url: must begin with https:// (or http:// on this machine) and a host name. Write it like "
            "https://shop.api-se.norce.tech."
        ),
    ),
]


@pytest.mark.parametrize("mode", ["production", "development"])
@pytest.mark.parametrize(("changes", "message"), WRONG)
def test_what_cannot_work_is_an_error_in_both_modes(mode: str, changes: dict[str, Any], message: str) -> None:
    assert found(mode=mode, **changes) == [f"error: {message}"]


DOUBTFUL: list[tuple[dict[str, Any], str]] = [
    ({"norce": None}, "norce: is not set: numbers wait and are not reported. Add [norce] when you have a client id."),
    (
        {"door__host": "0.0.0.0"},
        (
            "door.host: a proxy ends TLS, yet 0.0.0.0 can be reached without it. Listen on 127.0.0.1, or let a "
            "firewall see to it that only the proxy gets through."
        ),
    ),
    (
        {"applications__0__id": None},
        (
            "applications[0].id: is not set, so calls to Norce go without an application-id header. Set it to the "
            "integer id of the application that Norce Admin shows."
        ),
    ),
    (
        {"targets__erp__inbox": None},
        (
            "targets.erp.inbox: is not set, so order numbers never come back and nothing is confirmed. Name the folder "
            "the ERP writes its answers into."
        ),
    ),
]


@pytest.mark.parametrize(("changes", "message"), DOUBTFUL)
def test_what_is_doubtful_is_a_warning(changes: dict[str, Any], message: str) -> None:
    assert found(**changes) == [f"warning: {message}"]


def test_several_applications_share_or_name_targets() -> None:
    assert found(targets__two={"outbox": "a", "inbox": "b"}, applications__0__target="two") == []
    assert found(door__default_application=KEY.upper()) == []


@pytest.mark.parametrize("url", ["https://orders.example.com/in/orders", "http://127.0.0.1:8080/", "https://[::1]/x"])
def test_a_public_url(url: str) -> None:
    assert found(door__public_url=url) == []


def test_a_base_url_over_tls() -> None:
    assert found(norce__slug=None, norce__base_url="https://norce.example") == []


def test_a_target_where_there_is_none() -> None:
    assert 'error: applications[0].target: there is no target "erp".' in found(
        targets={}, applications__0__target="erp"
    )


def test_errors_come_first() -> None:
    severities = [each.severity for each in troubles(settings(norce=None, targets={}, door__path="x"))]
    assert severities == [Severity.ERROR, Severity.ERROR, Severity.WARNING]
