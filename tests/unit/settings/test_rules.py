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

HTTP = {
    "adapter": "http",
    "base_url": "https://erp.example/api",
    "calls": [{"name": "order", "method": "PUT", "path": "orders"}],
}
OAUTH2 = {"kind": "oauth2", "client_id": "c", "client_secret": {"env": "X"}}


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
        {"targets__erp": {"adapter": "sql", "url": "postgresql://r@db.example/erp?sslmode=disable", "table": "orders"}},
        (
            "targets.erp.url: would send orders and the password over the network with sslmode=disable, which verifies "
            "no certificate. See docs/how-to/connect-a-staging-table.md."
        ),
    ),
    (
        {"targets__erp": {**HTTP, "base_url": "http://erp.example/api"}},
        "targets.erp.base_url: would send orders and passwords over the network without TLS. Use https://.",
    ),
    (
        {"targets__erp": {**HTTP, "auth": {**OAUTH2, "token_url": "http://login.example"}}},
        "targets.erp.auth.token_url: would send orders and passwords over the network without TLS. Use https://.",
    ),
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
        {"targets": {"a": {"adapter": "folder", "outbox": "o", "inbox": "i"}}, "applications__0__target": "erp"},
        'applications[0].target: there is no target "erp". Known: `a`.',
    ),
    ({"targets": {}}, "targets: there are none, so orders have nowhere to go. Add a table such as [targets.erp]."),
    (
        {"applications__0__target": "epr"},
        'applications[0].target: there is no target "epr". Did you mean `erp`?',
    ),
    (
        {"targets__two": {"adapter": "folder", "outbox": "a", "inbox": "b"}},
        (
            "applications[0].target: must be set where there is more than one target. Known: `erp`, `two`. "
            "Or write [[routes]]."
        ),
    ),
    (
        {"targets__erp__inbox": "out/"},
        (
            "targets.erp.inbox: is the same place as targets.erp.outbox, where one of two orders would be taken for "
            "the other. Give each its own."
        ),
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


SECRET = {"env": "X"}
SFTP = {"adapter": "sftp", "host": "h", "user": "u", "password": SECRET, "host_key": "k", "outbox": "o", "inbox": "i"}
SQL = {"adapter": "sql", "url": "postgresql://a@db/erp", "password": SECRET, "table": "web.orders"}
AMQP = {"adapter": "amqp", "host": "mq", "user": "u", "password": SECRET, "routing_key": "orders", "answers": "a"}
TRYTON = {"adapter": "tryton", "url": "https://erp", "database": "d", "user": "u", "password": SECRET, "shop": "web"}
ODOO = {"adapter": "odoo", "url": "https://erp", "database": "d", "user": "u", "password": SECRET}
FOLDER = {"adapter": "folder", "outbox": "o", "inbox": "i"}


def call(**changes: Any) -> list[dict[str, Any]]:
    return [{"name": "order", "method": "PUT", "path": "orders", **changes}]


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        (FOLDER, {"outbox": "./o/", "inbox": "j"}, ["outbox"]),
        (FOLDER, {"outbox": "p", "inbox": "o"}, ["inbox"]),
        (FOLDER, {"outbox": "p", "inbox": "j"}, []),
        (SFTP, {"host": "H", "inbox": None}, ["outbox"]),
        (SFTP, {"port": 2222}, []),
        (SFTP, {"user": "v"}, []),
        (SQL, {"url": "postgresql+psycopg://b@DB/erp"}, ["table"]),
        (SQL, {"table": "web.lines"}, []),
        (SQL, {"url": "postgresql://a@db/wms"}, []),
        (SQL, {"url": "sqlite:///erp.db", "password": None}, []),
        (AMQP, {"user": "v", "port": 5671, "answers": "b"}, ["routing_key"]),
        (AMQP, {"routing_key": "other"}, ["answers"]),
        (AMQP, {"routing_key": "a", "answers": None}, ["routing_key"]),
        (AMQP, {"virtual_host": "v"}, []),
        (AMQP, {"exchange": "e", "answers": "b"}, []),
        (TRYTON, {"url": "https://erp/"}, ["shop"]),
        (TRYTON, {"shop": "b2b"}, []),
        (ODOO, {"user": "v"}, ["namespace"]),
        (ODOO, {"namespace": "norce2"}, []),
        (HTTP, {"base_url": "https://erp.example/api/"}, ["reference"]),
        (HTTP, {"reference": "B-{{ client_order_ref }}"}, []),
        (HTTP, {"calls": call(path="other")}, []),
        (HTTP, {"calls": call(query={"company": "2"})}, []),
        (HTTP, {"headers": {"Company": "2"}}, []),
        (HTTP, {"auth": {"kind": "bearer", "token": SECRET}}, []),
    ],
)
def test_two_targets_in_one_place(first: dict[str, Any], second: dict[str, Any], shared: list[str]) -> None:
    errors = [
        each
        for each in found(targets={"a": first, "b": {**first, **second}}, applications__0__target="a")
        if each.startswith("error")
    ]
    assert [each.partition(": is the same place as targets.a.")[0] for each in errors] == [
        f"error: targets.b.{key}" for key in shared
    ]


@pytest.mark.parametrize(
    ("target", "changes", "setting"),
    [
        (FOLDER, {"inbox": None}, "inbox"),
        (FOLDER, {"inbox": None, "number_on_write": True}, ""),
        (SFTP, {}, ""),
        (SFTP, {"inbox": None}, "inbox"),
        (SQL, {}, "columns.number"),
        (SQL, {"columns": {"number": "no", "changed": "at"}}, ""),
        (AMQP, {}, ""),
        (AMQP, {"answers": None}, "answers"),
        (HTTP, {}, "news"),
        (HTTP, {"calls": call(save={"number": "body.number"})}, ""),
        (HTTP, {"news": {"path": "n", "key": "record.k", "number": "record.n", "source": "record.id"}}, ""),
        (TRYTON, {}, ""),
        (ODOO, {}, ""),
    ],
)
def test_what_numbers_need_to_come_back(target: dict[str, Any], changes: dict[str, Any], setting: str) -> None:
    assert settings(targets__erp={**target, **changes}).targets["erp"].number_setting == setting


def test_a_target_that_norce_gets_no_number_of_needs_no_way_back() -> None:
    targets = {"erp": FOLDER, "wh": {"adapter": "folder", "outbox": "w"}}
    assert found(targets=targets, routes=[{"to": ["erp", "wh"]}]) == [
        (
            "warning: targets.wh.inbox: is not set, so its order numbers never come back; Norce gets those of other "
            "targets. Name the folder the ERP writes its answers into."
        )
    ]


def test_several_applications_share_or_name_targets() -> None:
    assert found(targets__two={"adapter": "folder", "outbox": "a", "inbox": "b"}, applications__0__target="two") == []
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
