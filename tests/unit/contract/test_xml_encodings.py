"""The bytes and characters that XML may come in."""

import pytest
from tests.unit.contract.xml_messages import order_xml, read, read_clean

from order_receiver.contract import forms
from order_receiver.contract.media import media_type

TEXT = order_xml("<ClientOrderRef>Åsa 1</ClientOrderRef><Source>€</Source>")
LATIN = order_xml("<ClientOrderRef>Åsa 1</ClientOrderRef>")


def declared(encoding: str, text: str = TEXT) -> str:
    return f'<?xml version="1.0" encoding="{encoding}"?>{text}'


def reference(body: bytes, content_type: str | None = "application/xml") -> str | None:
    reading = read(body, content_type)
    seen, _ = forms.glance(body, media_type(content_type))
    assert reading.findings == ()
    assert seen.client_order_ref == reading.order.ClientOrderRef
    return reading.order.ClientOrderRef


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("text", [TEXT, declared("utf-8"), declared("utf-16"), declared("iso-8859-1"), declared("no")])
@pytest.mark.parametrize("content_type", ["application/xml", "text/xml; charset=utf-16", None])
def test_unicode_is_found_by_its_bytes(encoding: str, text: str, content_type: str | None) -> None:
    """Whatever is declared: a declaration that lies does no harm."""
    assert reference(text.encode(encoding), content_type) == "Åsa 1"


@pytest.mark.parametrize("order", ["le", "be"])
def test_utf16_with_its_mark(order: str) -> None:
    assert reference(("\ufeff" + declared("utf-16")).encode(f"utf-16-{order}")) == "Åsa 1"


@pytest.mark.parametrize("named", ["iso-8859-1", "ISO-8859-1", "windows-1252"])
def test_other_bytes_need_a_name(named: str) -> None:
    body = LATIN.encode(named)
    assert reference(declared(named, LATIN).encode(named)) == "Åsa 1"
    assert reference(body, f"text/xml; charset={named}") == "Åsa 1"
    assert reference(body, f'application/xml; charset="{named}"') == "Åsa 1"


def test_a_declaration_in_single_quotes_counts_too() -> None:
    assert (
        reference(b"\n<?xml version='1.0' encoding = 'latin1' standalone='yes'?>" + LATIN.encode("latin1")) == "Åsa 1"
    )


def test_the_charset_of_the_header_wins_over_the_declaration() -> None:
    body = declared("iso-8859-1", order_xml("<ClientOrderRef>€</ClientOrderRef>")).encode("iso-8859-15")
    assert reference(body, "text/xml; charset=iso-8859-15") == "€"


@pytest.mark.parametrize("before", ["\n", "\r\n\r\n", " \t\n", "\n<?xml version='1.0'?>\n", "<?xml version='1.0'?> "])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_blank_lines_may_stand_before_and_after(before: str, encoding: str) -> None:
    assert reference((before + TEXT + "\r\n \n").encode(encoding)) == "Åsa 1"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("a&#x1;b", "a\ufffdb"),
        ("a&#1;b", "a\ufffdb"),
        ("a&#x0;b", "a\ufffdb"),
        ("a\x01b", "a\ufffdb"),
        ("a\x00b", "a\ufffdb"),
        ("a\x0bb", "a\ufffdb"),
        ("a\ufffeb", "a\ufffdb"),
        ("a&#xFFFF;b", "a\ufffdb"),
        ("&#xD83D;&#xDE00;", "😀"),
        ("&#xd83d;&#xde00;", "😀"),
        ("&#xD83D;", "\ufffd"),
        ("&#xDE00;&#xD83D;", "\ufffd\ufffd"),
        ("&#x110000;", "\ufffd"),
        ("&#1;&#9;&#xA;&#x20;&#xD7FF;&#xE000;&#xFFFD;", "\ufffd\t\n \ud7ff\ue000\ufffd"),
        ("&#1;&#x10000;&#x10FFFF;&#x1F;&#xFFFE;", "\ufffd\U00010000\U0010ffff\ufffd\ufffd"),
        ("&#x1;&#x1F600;&#128512;&#xE5;&#229;&lt;&amp;", "\ufffd😀😀åå<&"),
    ],
)
def test_characters_that_xml_forbids_become_one_that_it_allows(written: str, kept: str) -> None:
    assert read_clean(f"<Source>{written}</Source>").Source == kept
    assert reference(order_xml(f"<ClientOrderRef>{written}</ClientOrderRef>").encode()) == kept


@pytest.mark.parametrize(
    "text", ["\x7f", "\x85", "\u2028", "\ue000", "\ufffd", "😀", "\U0010fffd", "é", "e\u0301", "\t"]
)
def test_other_characters_are_kept_as_they_are(text: str) -> None:
    assert read_clean(f"<Source>{text}</Source>").Source == text
    assert read_clean(f"<Source>&#x{ord(text[-1]):X};</Source>").Source == text[-1]


def test_forbidden_characters_are_mended_in_utf16_too() -> None:
    body = order_xml("<ClientOrderRef>a\x01&#x2;</ClientOrderRef>").encode("utf-16")
    assert reference(body) == "a\ufffd\ufffd"
