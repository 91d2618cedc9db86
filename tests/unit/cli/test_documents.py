"""Documents of targets as people read them: in their own characters, and line by line."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from order_receiver.cli.documents import readable, shown
from order_receiver.mapping import MappingContext, open_mapping
from order_receiver.orders.document import Document
from order_receiver.settings.formats import EdifactFormat, Formats
from order_receiver.simulator.orders import make_order

FORMATS = Formats(edifact=EdifactFormat(sender="1", recipient="2"))
SHOP = "123e4567-e89b-12d3-a456-426614174000"
FOUND = {"customer_no": "K-4711", "segment": "gold"}
BUILT_IN = ["canonical", "csv", "ubl", "edifact"]


def document(spec: str, *, extra: dict[str, str] | None = None) -> Document:
    order = make_order(7, application_key=SHOP, reference="100001", lines=2)
    order.CustomerOrderComment = "Ring på; säg 'hej'"
    received = datetime(2026, 11, 21, tzinfo=UTC)
    context = MappingContext(
        key="key", application="shop.se", application_id=1, received_at=received, extra=extra or {}
    )
    return open_mapping(spec, Path(), formats=FORMATS).map(order, context)


@pytest.mark.parametrize("spec", BUILT_IN)
def test_each_value_stands_on_a_line_of_its_own(spec: str) -> None:
    made = document(spec)
    lines = readable(made.content, made.media_type)
    assert max(map(len, lines)) < 600
    assert len(lines) > 40
    [line, *_] = [line for line in lines if "Ring på" in line]
    assert "100001" not in line


@pytest.mark.parametrize("spec", BUILT_IN)
def test_what_enrichments_found_can_be_left_out(spec: str) -> None:
    plain, enriched = document(spec), document(spec, extra=FOUND)
    assert plain.content != enriched.content
    assert readable(plain.content, plain.media_type) != readable(enriched.content, enriched.media_type)
    assert "K-4711" in "".join(readable(enriched.content, enriched.media_type))
    left = [readable(each.content, each.media_type, extra=False) for each in (plain, enriched)]
    assert left[0] == left[1]


def test_segments_end_where_nothing_releases_their_sign() -> None:
    lines = readable(b"UNB+UNOC:3'FTX+AAI+++It?'s ??'UNZ+1'", "application/EDIFACT")
    assert lines == ["UNB+UNOC:3'", "FTX+AAI+++It?'s ??'", "UNZ+1'"]
    assert readable(b"UNA:+.! ~UNB+UNOC~BGM+A!~B~", "") == ["UNA:+.! ~", "UNB+UNOC~", "BGM+A!~B~"]


def test_a_document_is_decoded_as_it_was_encoded() -> None:
    made = document("edifact")
    assert b"p\xe5" in made.content
    assert "på" in shown(made.content, made.media_type)
    assert "på" in shown(made.content)
    assert shown("på".encode("cp1252"), "text/plain; charset=windows-1252") == "på"
    assert shown('<?xml version="1.0" encoding="ISO-8859-1"?><a>på</a>'.encode("latin-1")).endswith("<a>på</a>")
    assert shown("på".encode(), "text/plain; charset=no-such") == "på"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"{half", "application/json"),
        (b"<half", "application/xml"),
        (b'a;b\n1;"2', "text/csv"),
        (b"a\n1;2", "text/csv"),
    ],
)
def test_what_is_not_in_its_form_is_shown_as_it_is(content: bytes, media_type: str) -> None:
    assert readable(content, media_type) == content.decode().splitlines()


def test_numbers_stay_as_they_were_written() -> None:
    assert readable(b'{"a":1.50,"b":100000000000000000001}', "application/json") == [
        "{",
        ' "a": 1.50,',
        ' "b": 100000000000000000001',
        "}",
    ]


def test_only_a_canonical_order_has_an_extra_that_is_left_out() -> None:
    assert readable(b'{"extra":1}', "application/json", extra=False) == ["{", ' "extra": 1', "}"]


def test_personal_numbers_are_masked() -> None:
    assert readable(b'{"ssn": "800101-1234"}', "application/json") == ["{", ' "ssn": "***"', "}"]
