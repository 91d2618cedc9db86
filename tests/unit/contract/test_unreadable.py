"""What is no order at all, and the encodings an order may come in."""

import json

import pytest

from order_receiver.contract.json_form import read
from order_receiver.contract.reading import Limits, Unreadable

TEXT = '{"ClientOrderRef":"Åsa","OrderType":"Order"}'


@pytest.mark.parametrize(
    ("body", "rule", "said"),
    [
        (b"", "empty", "the body is empty"),
        (b" \r\n", "empty", "the body is empty"),
        (b"\xef\xbb\xbf", "empty", "the body is empty"),
        (b"[]", "not-an-object", "not an object"),
        (b'"text"', "not-an-object", "not an object"),
        (b"null", "not-an-object", "not an object"),
        (b"<OrderRequest/>", "not-json", "invalid character at line 1, column 1 (byte 1)"),
        (b'{"a":1}}', "not-json", "trailing characters at line 1, column"),
        ('{"Å":\n "Å" x}'.encode(), "not-json", "at line 2, column 6 (byte 14)"),
        (b'{"a":', "not-json", "ends too early at line 1, column 6"),
        (b'{"Payments":[{"Amount":NaN}]}', "not-json", "invalid character"),
        (b'{"a":"\xff"}', "not-utf-8", "byte 7 is not valid UTF-8"),
        (b'{"ReferId":' + b"9" * 5000 + b"}", "not-json", "out of range"),
        (b"[" * 100_000, "too-deep", "nested"),
        (b'{"a":' * 70 + b"1" + b"}" * 70, "too-deep", "deeper than 64 levels"),
    ],
)
def test_unreadable_says_what_and_where(body: bytes, rule: str, said: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(body)
    assert (caught.value.finding.where, caught.value.finding.rule) == ("", rule)
    assert said in str(caught.value)
    assert str(caught.value).startswith("The message cannot be read: ")
    assert str(caught.value).endswith(".")


def test_depth_is_counted_to_the_limit() -> None:
    body = b'{"a":{"b":[]}}'
    assert read(body, limits=Limits(depth=3)).findings
    with pytest.raises(Unreadable):
        read(body, limits=Limits(depth=2))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("charset", [None, "utf-8", "nonsense"])
def test_unicode_is_found_by_its_bytes(encoding: str, charset: str | None) -> None:
    assert read(TEXT.encode(encoding), charset=charset).order.ClientOrderRef == "Åsa"


@pytest.mark.parametrize("charset", ["iso-8859-1", "ISO-8859-1", '"windows-1252"', "iso-8859-15"])
def test_a_named_charset_counts_for_what_is_no_unicode(charset: str) -> None:
    assert read(TEXT.encode("iso-8859-1"), charset=charset).order.ClientOrderRef == "Åsa"


@pytest.mark.parametrize("charset", [None, "punycode", "zlib", "rot13"])
def test_other_charsets_are_not_tried(charset: str | None) -> None:
    with pytest.raises(Unreadable, match="not valid UTF-8"):
        read(TEXT.encode("iso-8859-1"), charset=charset)


def test_escapes_and_halves_of_emoji() -> None:
    whole = json.dumps({"ClientOrderRef": "1 😀"}).encode()
    assert read(whole).order.ClientOrderRef == "1 😀"
    half = rb'{"ClientOrderRef":"\ud83d\ude00 \\ud83d \ud83d","Source":"\ude00"}'
    order = read(half).order
    assert order.ClientOrderRef == "😀 \\ud83d �"
    assert order.Source == "�"
