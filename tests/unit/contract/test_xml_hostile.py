"""Hostile XML: refused or read, within the limits, and in time that grows as the message does."""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from statistics import median

import pytest

from order_receiver.contract import forms
from order_receiver.contract.media import media_type
from order_receiver.contract.reading import Reading, Unreadable
from order_receiver.contract.request import OrderRequest
from order_receiver.contract.soap_form import EnvelopeRefused
from order_receiver.contract.soap_form.envelope import ADDRESSING_10
from order_receiver.contract.xml_form.names import ORDER, SOAP11

XML = media_type("application/xml")
MILLION = 1_000_000


def rules(body: bytes, content_type: str = "application/xml") -> tuple[str | None, str | None]:
    """By what rule the door's glance and the reading refuse a message; None where they do not."""
    media = media_type(content_type)
    found: list[str | None] = []
    for look in (forms.glance, forms.read):
        try:
            look(body, media)
            found.append(None)
        except Unreadable as error:
            found.append(error.finding.rule)
    return found[0], found[1]


def read(body: str) -> Reading:
    """A message that is read, and glanced at without an error."""
    forms.glance(body.encode(), XML)
    return forms.read(body.encode(), XML)


def order(content: str = "") -> str:
    return f"<OrderRequest>{content}<Source>end</Source></OrderRequest>"


BOMB = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))
DOCTYPES = {
    "plain": "<!DOCTYPE OrderRequest>",
    "internal subset": '<!DOCTYPE OrderRequest [<!ENTITY a "b">]>',
    "external id": '<!DOCTYPE OrderRequest SYSTEM "file:///etc/passwd">',
    "public id": '<!DOCTYPE OrderRequest PUBLIC "-//x//y" "http://127.0.0.1:9/a.dtd">',
    "billion laughs": f'<!DOCTYPE OrderRequest [<!ENTITY a0 "lol">{BOMB}]>',
    "quadratic blow-up": f'<!DOCTYPE OrderRequest [<!ENTITY a "{"x" * 50_000}">]>',
    "external entity": '<!DOCTYPE OrderRequest [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    "parameter entity": '<!DOCTYPE OrderRequest [<!ENTITY % a SYSTEM "http://127.0.0.1:9/a"> %a;]>',
    "default attribute": '<!DOCTYPE OrderRequest [<!ATTLIST OrderRequest a CDATA "b">]>',
    "lower case": "<!doctype OrderRequest>",
    "cut off": "<!DOCTYPE",
    "entity alone": '<!ENTITY a "b">',
    "element alone": "<!ELEMENT OrderRequest ANY>",
    "section alone": "<![CDATA[x]]>",
}
BEFORE = {
    "nothing": "",
    "declaration": '<?xml version="1.0" encoding="utf-8" standalone="no"?>',
    "blank": " \r\n\t",
    "comment": "<!-- <OrderRequest> -->",
    "empty comment": "<!---->",
    "instruction": "<?x <OrderRequest> ?>",
    "all": "<?xml version='1.0'?>\n<!-- > --><?a?><!-- - -><?b? ?> -->\n<?c -->?>",
    "many": "<!-- x -->\n<?y?>" * 10_000,
}


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("doctype", DOCTYPES)
def test_any_doctype_is_refused(doctype: str, before: str) -> None:
    entities = "<PartNo>&a;&a9;</PartNo>" * 100
    message = BEFORE[before] + DOCTYPES[doctype] + order(entities)
    assert rules(message.encode()) == ("doctype", "doctype")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("doctype", DOCTYPES)
def test_any_doctype_is_refused_in_any_encoding(doctype: str, encoding: str) -> None:
    message = "<?xml version='1.0' encoding='utf-16'?><!-- x -->" + DOCTYPES[doctype] + order("&a;")
    assert rules(message.encode(encoding)) == ("doctype", "doctype")


@pytest.mark.parametrize("content_type", ["application/json", "text/xml; charset=iso-8859-1", ""])
def test_any_doctype_is_refused_under_any_media_type(content_type: str) -> None:
    body = (DOCTYPES["billion laughs"] + order("&a9;")).encode()
    assert rules(body, content_type) == ("doctype", "doctype")
    assert rules(b"<!-- \xe5 -->" + body, "text/xml; charset=iso-8859-1") == ("doctype", "doctype")


@pytest.mark.parametrize(
    "message",
    [
        order("<PartNo>&a;</PartNo>"),
        order('<PartNo a="&a;"/>'),
        order("<PartNo>&#xZ;</PartNo>"),
        order("<PartNo>&amp</PartNo>"),
        order("<PartNo>a & b</PartNo>"),
        order("<PartNo>a ]]> b</PartNo>"),
        order("<PartNo><![CDATA[a</PartNo>"),
        order("<PartNo>]]><![CDATA[</PartNo>"),
        order("<PartNo>a</partNo>"),
        order("<PartNo a=b/>"),
        order('<PartNo a="b" a="c"/>'),
        order("<PartNo a='<'/>"),
        order("<!DOCTYPE a>"),
        order("<!-- a -- b -->"),
        order("<?xml version='1.0'?>"),
        order("<1/>"),
        order("<a:b:c/>"),
        order() + "<!DOCTYPE a>",
        order() + order(),
        order() + "end",
        "<!--->" + DOCTYPES["plain"] + order(),
        "<?x" + DOCTYPES["plain"] + order(),
        "<OrderRequest>" * 2,
        "<OrderRequest",
        "<OrderRequest><Items><OrderItem>",
        "</OrderRequest>",
        *("<", "<>", "</", "<?", "<?xml", "<!--", "<a", "< a/>", "x", "&", "]]>"),
    ],
)
def test_what_is_not_well_formed_is_refused(message: str) -> None:
    assert rules(message.encode()) == ("not-xml", "not-xml")


@pytest.mark.parametrize("message", [b"", b" \r\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf\n"])
def test_nothing_is_refused(message: bytes) -> None:
    assert rules(message) == ("empty", "empty")


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (order().encode("cp037"), "not-utf-8"),
        (f"<?xml version='1.0' encoding='cp037'?>{order()}".encode("cp037"), "not-utf-8"),
        (b"<?xml version='1.0' encoding='utf-7'?>+ADw-OrderRequest/+AD4-", "not-xml"),
        (b"+ADw-OrderRequest/+AD4-", "not-xml"),
        (order("\xe5").encode("latin-1"), "not-utf-8"),
        (order("\xe5").encode("latin-1").replace(b"\xe5", b"\xc0\xbc"), "not-utf-8"),
        (order("\xe5").encode("latin-1").replace(b"\xe5", b"\xed\xa0\x80"), "not-utf-8"),
        (f"<?xml version='1.0' encoding='shift-jis'?>{order('å')}".encode("latin-1"), "not-utf-8"),
        (f"<?xml version='1.0' encoding='zlib'?>{order('å')}".encode("latin-1"), "not-utf-8"),
        (order().encode("utf-16")[:-1], "not-utf-8"),
        (order().encode("utf-16-le") + b"\x00\xd8", "not-utf-8"),
        (order().encode("utf-32")[:-1], "not-utf-8"),
    ],
)
def test_wrong_encodings_are_refused(body: bytes, rule: str) -> None:
    assert rules(body) == (rule, rule)


@pytest.mark.parametrize("named", ["cp037", "utf-7", "utf-16", "ucs-4", "zlib", "x" * 1000])
def test_a_declaration_of_an_encoding_is_not_believed(named: str) -> None:
    assert read(f"<?xml version='1.0' encoding='{named}'?>{order()}").order.Source == "end"


def test_the_error_of_a_parser_quotes_no_content() -> None:
    """Its message goes to the sender and to the log; what it quotes may be personal."""
    for start in ("<![CDATA[", "<!--", "<!-- -- ", "<a b='"):
        with pytest.raises(Unreadable) as caught:
            forms.read(order(f"<PartNo>{start}Kalle Karlsson").encode(), XML)
        assert "Kalle" not in str(caught.value)
        assert "at line 1, column" in str(caught.value)


def test_xinclude_is_nothing_special() -> None:
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
    reading = read(order(f"{include}<PartNo>{include}</PartNo><ClientOrderRef>{include}</ClientOrderRef>"))
    assert [finding.rule for finding in reading.findings] == ["unknown-member", "unknown-member", "not-a-text"]
    assert reading.order == OrderRequest(Source="end")


def test_a_stylesheet_or_schema_is_not_fetched() -> None:
    schema = "xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:schemaLocation='urn:a http://127.0.0.1:9/a.xsd'"
    message = order().replace("<OrderRequest", f"<?xml-stylesheet href='http://127.0.0.1:9/'?><OrderRequest {schema}")
    assert read(message).findings == ()


@pytest.mark.parametrize(
    ("depth", "glanced", "was_read"),
    [(60, None, None), (65, None, "too-deep"), (200, None, "too-deep"), (300, "too-deep", "too-deep")],
)
def test_depth(depth: int, glanced: str | None, was_read: str | None) -> None:
    assert rules(order("<a>" * depth + "</a>" * depth).encode()) == (glanced, was_read)


@pytest.mark.parametrize("end", ["", "</a>" * 10_000])
def test_depth_of_ten_thousand(end: str) -> None:
    assert rules(order("<a>" * 10_000 + end).encode()) == ("too-deep", "too-deep")


def test_depth_of_known_members() -> None:
    assert rules(order("<SellTo>" * 65 + "</SellTo>" * 65).encode()) == (None, "too-deep")


def test_depth_of_an_envelope() -> None:
    inner = f"<s:Body><CreateOrder><request>{'<a>' * 60}{'</a>' * 60}</request></CreateOrder></s:Body>"
    assert rules(f'<s:Envelope xmlns:s="{SOAP11}">{inner}</s:Envelope>'.encode()) == (None, None)
    deep = f"<s:Header>{'<a>' * 10_000}</s:Header>"
    assert rules(f'<s:Envelope xmlns:s="{SOAP11}">{deep}{inner}</s:Envelope>'.encode()) == ("too-deep", "too-deep")


@cache
def blank() -> str:
    return " " * 50 * MILLION


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(lambda: blank() + order(), id="prolog"),
        pytest.param(lambda: order(blank()), id="between members"),
        pytest.param(lambda: order(f"<PartNo>{blank()}</PartNo>"), id="inside a text"),
        pytest.param(lambda: order(f"<PartNo{blank()}/>"), id="inside a tag"),
    ],
)
def test_fifty_megabytes_of_white_space(message: Callable[[], str]) -> None:
    assert rules(message().encode()) == ("not-xml", "not-xml")


@pytest.mark.parametrize("piece", [" ", "\r\n"])
def test_less_white_space_is_read(piece: str) -> None:
    between = piece * 4 * MILLION
    assert read(between + order(between)).order.Source == "end"


def test_white_space_in_small_pieces_is_read() -> None:
    assert read(order((" " * 500 + "\n<New/>") * 40_000)).order.Source == "end"


@pytest.mark.parametrize(
    ("piece", "count", "length"),
    [("a", 6, 6), ("å", 3, 3), ("😀", 2, 2), ("&lt;", 1, 1), ("a<!-- -->", 1, 1), ("<![CDATA[a]]>", 1, 1)],
)
def test_millions_of_characters_of_a_text_are_read(piece: str, count: int, length: int) -> None:
    reading = read(order(f"<CustomerOrderComment>{piece * count * MILLION}</CustomerOrderComment>"))
    assert len(reading.order.CustomerOrderComment or "") == length * MILLION
    assert reading.findings == ()


@pytest.mark.parametrize(
    ("content", "millions"),
    [
        ("<PartNo>{}</PartNo>", 11),
        ('<PartNo a="{}"/>', 11),
        ("<{}/>", 1),
        ("<PartNo {}='b'/>", 1),
        ("<PartNo xmlns:{}='b'/>", 1),
        ("<?{}?>", 1),
        ("<PartNo>&{};</PartNo>", 1),
    ],
)
def test_what_is_longer_than_the_parser_takes_is_refused(content: str, millions: int) -> None:
    assert rules(order(content.format("a" * millions * MILLION)).encode()) == ("not-xml", "not-xml")


def test_a_long_namespace_is_read() -> None:
    assert read(f'<OrderRequest xmlns="{"a" * MILLION}"><Source>end</Source></OrderRequest>').order.Source == "end"


@pytest.mark.parametrize("piece", ["<?a b?>", "<!--b-->"])
def test_a_million_comments_or_instructions_are_read(piece: str) -> None:
    assert read(piece * MILLION + order()).order.Source == "end"


@pytest.mark.parametrize("piece", ["<!-- <!DOCTYPE a> -->", "<?a <!DOCTYPE a> ?>"])
def test_a_doctype_in_a_comment_or_instruction_is_none(piece: str) -> None:
    assert read(piece * 100_000 + order(piece)).order.Source == "end"


@pytest.mark.parametrize("piece", ["<!--b--", "<?a b", "<!-- <?", "<!--", "<?a <!DOCTYPE a>"])
def test_comments_and_instructions_that_never_end_are_refused(piece: str) -> None:
    assert rules((piece * 100_000 + order()).encode()) == ("not-xml", "not-xml")


ROOT = f'<OrderRequest xmlns="{ORDER}">'
GROWING: dict[str, Callable[[int], str]] = {
    "attributes": lambda count: tag(numbered('a{}=""', count)),
    "namespaces on one element": lambda count: tag(numbered('xmlns:a{0}="urn:{0}"', count)),
    "a namespace on each element": lambda count: order(numbered('<a:b xmlns:a="urn:{}"/>', count)),
    "a prefix on each element": lambda count: order(numbered('<a{0}:b xmlns:a{0}="urn:a"/>', count)),
    "distinct names": lambda count: order(numbered("<a{}/>", count)),
    "names of one case": lambda count: order(numbered("<ITEMS{}/>", count) + "<items/>" * count),
    "one name": lambda count: order("<a/>" * count),
    "nested unknown elements": lambda count: order("<a><b><c/></b></a>" * count),
    "white space before": lambda count: " " * 100 * count + order(),
    "white space between members": lambda count: order((" " * 100 + "<a/>") * count),
    "white space in a text": lambda count: order(f"<PartNo>{' ' * 100 * count}</PartNo>"),
    "white space in a tag": lambda count: f"<OrderRequest{' ' * 100 * count}>" + order(),
    "comments": lambda count: "<!-- x -->" * count + order(),
    "instructions": lambda count: "<?x y?>" * count + order(),
    "comments that never end": lambda count: "<!-- x" * count + order(),
    "forbidden characters": lambda count: order("<PartNo>" + "\x01" * 10 * count + "</PartNo>"),
    "forbidden references": lambda count: order("<PartNo>" + "&#x1;&#xD83D;" * count + "</PartNo>"),
    "sections": lambda count: order("<PartNo>" + "<![CDATA[a]]>" * count + "</PartNo>"),
    "roots in a section": lambda count: order(f"<PartNo><![CDATA[{ROOT * count}]]></PartNo>"),
    "roots in comments": lambda count: f"<!-- {ROOT} -->" * count + order(),
    "headers": lambda count: envelope(numbered('<x{} s:mustUnderstand="1"/>', count)),
    "message ids": lambda count: envelope(f'<a:MessageID xmlns:a="{ADDRESSING_10}"/>' * count),
    "findings": lambda count: order(f"<Fees>{'<Fee><Amount>x</Amount></Fee>' * count}</Fees>"),
    "notes behind much else": lambda count: order("<a/>" * count + "<Fees>" + '<Fee a=""/>' * count + "</Fees>"),
}
"""Messages that a count makes longer."""


def tag(attributes: str) -> str:
    return order(f"<PartNo {attributes}/>")


def numbered(piece: str, count: int) -> str:
    return " ".join(piece.format(number) for number in range(count))


def envelope(header: str) -> str:
    body = f"<s:Body>{order()}</s:Body>"
    return f'<s:Envelope xmlns:s="{SOAP11}"><s:Header>{header}</s:Header>{body}</s:Envelope>'


def seconds(body: bytes) -> float:
    """Time of this process for a whole reading, whatever comes of it; the median of three."""
    taken = []
    for _ in range(3):
        start = time.process_time()
        with suppress(Unreadable, EnvelopeRefused):
            forms.glance(body, XML)
        with suppress(Unreadable):
            reading = forms.read(body, XML)
            reading.located(reading.findings)
        taken.append(time.process_time() - start)
    return median(taken)


@pytest.mark.parametrize("kind", GROWING)
def test_time_grows_as_the_message_does(kind: str) -> None:
    """Eight times the message may take three times eight; were it quadratic, it would take eight times eight."""
    small, great = (seconds(GROWING[kind](count).encode()) for count in (1_500, 12_000))
    assert great < 24 * max(small, 0.002)


@pytest.mark.parametrize("kind", ["attributes", "namespaces on one element", "a namespace on each element"])
def test_a_hundred_thousand_are_read(kind: str) -> None:
    assert read(GROWING[kind](100_000)).order == OrderRequest(Source="end")


@pytest.mark.parametrize("kind", ["distinct names", "one name"])
def test_two_hundred_thousand_are_read(kind: str) -> None:
    reading = read(GROWING[kind](200_000))
    assert reading.order == OrderRequest(Source="end")
    assert len(reading.findings) <= 40


@pytest.mark.parametrize(
    ("members", "value"),
    [
        ("<Source>a\0b</Source>", "a\ufffdb"),
        ("<Source>\0</Source>", "\ufffd"),
        ("<Source><![CDATA[a\0]]></Source>", "a\ufffd"),
        ("<Source><![CDATA[]]]]><![CDATA[>]]></Source>", "]]>"),
        ("<Source><![CDATA[<![CDATA[]]></Source>", "<![CDATA["),
        ("<Source><![CDATA[<!DOCTYPE a><?x?><!--]]></Source>", "<!DOCTYPE a><?x?><!--"),
        ("<Source><![CDATA[&#x41;&lt;]]></Source>", "&#x41;&lt;"),
    ],
)
def test_sections_and_zeros_in_a_text(members: str, value: str) -> None:
    assert read(f"<OrderRequest>{members}</OrderRequest>").order.Source == value


@pytest.mark.parametrize("body", [b"\0", b"<\0", b"<\0\0\0", b"\0<", b"\0\0\0<", b"<OrderRequest/>\0", b"<?\0"])
def test_zeros_elsewhere_are_refused(body: bytes) -> None:
    assert rules(body)[0] in ("not-xml", "empty")
    assert rules(body)[0] == rules(body)[1]


@pytest.mark.parametrize(
    ("body", "content_type", "rule"),
    [
        (b'{"Source":"end"}', "application/xml", None),
        (b'{"Source":', "text/xml", "not-json"),
        (b"[1]", "application/soap+xml", "not-an-object"),
        (b"<OrderRequest/>", "application/json", None),
        (b"<OrderRequest>", "application/json", "not-xml"),
        (b"OrderRequest", "application/xml", "not-xml"),
        (b"OrderRequest", "application/json", "not-json"),
    ],
)
def test_a_wrong_media_type_does_not_matter(body: bytes, content_type: str, rule: str | None) -> None:
    assert rules(body, content_type) == (rule, rule)
