"""Settings of the adapter `http`: what is wrong is told with line and key when the configuration is read."""

import tomllib
from decimal import Decimal

import pytest
from msgspec import inspect

from order_receiver.settings.places import lines_of
from order_receiver.settings.reading import Reading
from order_receiver.settings.targets import HttpTarget
from order_receiver.settings.targets.http_rules import statuses
from order_receiver.settings.words import sections_of

GOOD = """\
[targets.erp]
base_url = "https://erp.example/api"

[[targets.erp.calls]]
name = "order"
path = "orders"
body = "document"
save = { id = "body.id" }

[targets.erp.calls.find]
path = "orders"
query = { ref = "{{ reference }}" }
items = "body.value"
save = { id = "record.id" }

[[targets.erp.calls]]
name = "lines"
method = "PUT"
path = "orders/{{ saved.id }}/lines/{{ index }}"
each = "document.lines"
body = "{{ item }}"
save = { last = "body.no", number = "status" }

[[targets.erp.calls]]
name = "read"
method = "GET"
url = "saved.id"
until = "body.number"

[targets.erp.news]
path = "news"
query = { since = "{{ cursor }}" }
key = "record.key"
number = "record.no"
source = "record.id"
"""


def problems(text: str) -> list[str]:
    reading = Reading("receiver.toml", lines_of(text))
    tree = tomllib.loads(text, parse_float=Decimal)["targets"]["erp"]
    reading.section(sections_of(inspect.type_info(HttpTarget)), tree, ("targets", "erp"))
    return [str(problem) for problem in reading.problems]


def test_a_good_target() -> None:
    assert problems(GOOD) == []


WRONG = [
    (
        '"body.value"',
        '"body.value"\nmethod = "POST"\nbody = "document"',
        "15: targets.erp.calls[0].find.body: must be a template",
    ),
    ('"orders"', '"orders/{{ saved.no"', "6: targets.erp.calls[0].path: cannot be read: unexpected end of template"),
    ('"orders"', '"orders?x=1"', "6: targets.erp.calls[0].path: must hold no `?` and no `#`"),
    ('"body.id"', '"body."', "8: targets.erp.calls[0].save.id: cannot be read"),
    ('"body.id"', '"boddy.id"', "8: targets.erp.calls[0].save.id: there is no `boddy` here. Did you mean `body`?"),
    ('"body.id"', '"record.id"', "8: targets.erp.calls[0].save.id: there is no `record` here. Known:"),
    ("{ id = ", '{ "a b" = ', "8: targets.erp.calls[0].save.a b: must be a word of letters"),
    ("{{ reference }}", "{{ document.no }}", "12: targets.erp.calls[0].find.query.ref: there is no `document` here"),
    ('"record.id" }\n\n[[', '"item.id" }\n\n[[', "14: targets.erp.calls[0].find.save.id: there is no `item` here"),
    ('"body.value"', '"body.value"\nonly = "record.a ="', "14: targets.erp.calls[0].find.only: cannot be read"),
    ('"body.value"', '"body.value"\nmissing = "99"', "14: targets.erp.calls[0].find.missing: `99` is no HTTP status"),
    ('"body.value"', '"body.value"\nbody = "x"', "14: targets.erp.calls[0].find.body: belongs to a look-up by POST"),
    ('save = { id = "record.id" }', "", "10: targets.erp.calls[0].find.save: must save `id` too, as the call does"),
    (
        "{{ saved.id }}",
        "{{ saved.ido }}",
        "19: targets.erp.calls[1].path: no earlier call saves `ido`. Did you mean `id`",
    ),
    ("{{ saved.id }}", "{{ saved['no'] }}", "19: targets.erp.calls[1].path: no earlier call saves `no`. Known: `id`."),
    ('each = "document.lines"\n', "", "19: targets.erp.calls[1].path: there is no `index` here"),
    ('each = "document.lines"', 'each = "body"', "20: targets.erp.calls[1].each: there is no `body` here"),
    ('"lines"', '"order"', "17: targets.erp.calls[1].name: `order` is the name of an earlier call"),
    ('"lines"', '"my lines"', "17: targets.erp.calls[1].name: must be a word of letters"),
    ('"PUT"', '"PATCH"', "16: targets.erp.calls[1].find: is missing: after a time-out nobody knows whether the PATCH"),
    ('"PUT"', '"COPY"', "18: targets.erp.calls[1].method: must be `DELETE`, `GET`, `PATCH`, `POST` or `PUT`"),
    ('"PUT"', '"GET"', "21: targets.erp.calls[1].body: belongs to a call with another method than GET"),
    ('"PUT"', '"PUT"\nuntil = "body"', "19: targets.erp.calls[1].until: belongs to a call with GET"),
    ('"PUT"', '"PUT"\nheaders = { "a b" = "" }', "19: targets.erp.calls[1].headers.a b: is no name of a header"),
    ('"PUT"', '"PUT"\nheaders = { Host = "" }', "19: targets.erp.calls[1].headers.Host: is a header that HTTP itself"),
    ('"PUT"', '"PUT"\nurl = "saved.id"', "19: targets.erp.calls[1].url: belongs to a request without `path`"),
    ('url = "saved.id"', "", "24: targets.erp.calls[2].path: is missing: the path of the call below base_url"),
    ('url = "saved.id"', 'url = "saved.id.("', "27: targets.erp.calls[2].url: cannot be read"),
    ("{{ cursor }}", "{{ saved.x }}", "32: targets.erp.news.query.since: there is no `saved` here"),
    ('key = "record.key"\n', "", "30: targets.erp.news.key: says exactly one thing: either `key` or"),
    ('path = "news"\n', "", "30: targets.erp.news.path: is missing"),
    ('"record.no"', '"cursor"', "34: targets.erp.news.number: there is no `cursor` here"),
    ("https://erp.example/api", "erp.example", "2: targets.erp.base_url: must begin with https://"),
    (
        "https://erp.example/api",
        "https://e.example?a=1",
        "2: targets.erp.base_url: must hold no user, query or fragment",
    ),
    ('/api"', '/api"\nreference = "{{ document.no }}"', "3: targets.erp.reference: there is no `document` here"),
    ('/api"', '/api"\nheaders = { A = "a\\n" }', "3: targets.erp.headers.A: must be one line"),
    ('/api"', '/api"\ncheck = { path = "{{ key }}" }', "3: targets.erp.check.path: there is no `key` here"),
    (
        '/api"',
        '/api"\nanswers = [{ status = "500-400", means = "done" }]',
        "3: targets.erp.answers[0].status: `500-400`",
    ),
    ('/api"', '/api"\nanswers = [{ when = "a b", means = "done" }]', "3: targets.erp.answers[0].when: cannot be read"),
    (
        '/api"',
        '/api"\nanswers = [{ when = "bodi", means = "done" }]',
        "3: targets.erp.answers[0].when: there is no `bodi`",
    ),
    (
        '/api"',
        '/api"\nanswers = [{ means = "finished" }]',
        "3: targets.erp.answers[0].means: must be `done`, `permanent`",
    ),
    ('/api"', '/api"\nauth = { kind = "digest" }', '3: targets.erp.auth.kind: there is no kind "digest".'),
    (
        '/api"',
        '/api"\nauth = { kind = "bearer", token = "x" }',
        "3: targets.erp.auth.token: must not be the secret itself",
    ),
    (
        '/api"',
        '/api"\nauth = { kind = "basic", user = "a:b", password = { env = "X" } }',
        "3: targets.erp.auth.user: must have at least one character, and no colon",
    ),
    (
        '/api"',
        '/api"\nauth = { kind = "oauth2", token_url = "x", client_id = "a", client_secret = { env = "X" } }',
        "3: targets.erp.auth.token_url: must begin with https://",
    ),
    (
        '/api"',
        '/api"\nauth = { kind = "api_key", header = "Host", key = { env = "X" } }',
        "3: targets.erp.auth.header: is a header that HTTP itself sets",
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), WRONG)
def test_what_is_wrong_is_told_with_its_place(old: str, new: str, expected: str) -> None:
    assert old in GOOD
    found = problems(GOOD.replace(old, new, 1))
    assert len(found) == 1
    assert found[0].startswith(f"receiver.toml:{expected}")


def test_without_calls() -> None:
    assert problems('[targets.erp]\nbase_url = "https://erp.example"\ncalls = []') == [
        "receiver.toml:3: targets.erp.calls: must have at least one call."
    ]


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [("404", (404,), (403, 405)), ("400-409, 503", (400, 409, 503), (399, 410, 502)), ("", (), (200,))],
)
def test_statuses(text: str, inside: tuple[int, ...], outside: tuple[int, ...]) -> None:
    read = statuses(text)
    assert all(any(status in part for part in read) for status in inside)
    assert not any(status in part for part in read for status in outside)
