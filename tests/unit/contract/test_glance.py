"""The door's glance: identity, DoHold and rows, or None for the tolerant reader."""

import pytest

from order_receiver.contract.json_form import glance
from order_receiver.contract.reading import Glance


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        (
            b'{"ClientOrderRef":"1","Header":{"ApplicationKey":"k"},"DoHold":true,"Items":[{"a":[1]},{}],"New":{}}',
            Glance("k", "1", do_hold=True, rows=2),
        ),
        (
            b'{"ClientOrderRef":100001,"Header":{"ApplicationKey":"k"},"Items":[]}',
            Glance("k", "100001", do_hold=False, rows=0),
        ),
        (
            b'{"ClientOrderRef":"1","Header":{"ApplicationKey":"k"},"Items":[],"DoHold":null}',
            Glance("k", "1", do_hold=False, rows=0),
        ),
        (
            b'{"ClientOrderRef":"1","Header":{"ApplicationKey":"k"},"DoHold":"true","Items":[]}',
            Glance("k", "1", do_hold=True, rows=0),
        ),
    ],
)
def test_glance(body: bytes, seen: Glance) -> None:
    assert glance(body) == seen


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<OrderRequest/>",
        b"[]",
        b'{"ClientOrderRef":"1"}',
        b'{"ClientOrderRef":"1","Header":null}',
        b'{"ClientOrderRef":"1","Header":{"ApplicationKey":""}}',
        b'{"ClientOrderRef":"","Header":{"ApplicationKey":"k"}}',
        b'{"ClientOrderRef":null,"Header":{"ApplicationKey":"k"}}',
        b'{"clientOrderRef":"1","header":{"applicationKey":"k"}}',
        b'{"ClientOrderRef":[],"Header":{"ApplicationKey":"k"}}',
        b'{"ClientOrderRef":"1","Header":{"ApplicationKey":"k"},"DoHold":"maybe"}',
        b'{"ClientOrderRef":"1","Header":{"ApplicationKey":"k"},"Items":{}}',
        b'{"ClientOrderRef":"1","Header":{"ApplicationKey":"k"},"Items":null}',
        b'{"ClientOrderRef":"1","Header":{"ApplicationKey":"k"},"items":[{}]}',
        b'\xef\xbb\xbf{"ClientOrderRef":"1","Header":{"ApplicationKey":"k"}}',
        '{"ClientOrderRef":"1","Header":{"ApplicationKey":"k"}}'.encode("utf-16"),
        b'{"a":' + b"[" * 100_000,
    ],
)
def test_none_asks_for_the_tolerant_reader(body: bytes) -> None:
    assert glance(body) is None
