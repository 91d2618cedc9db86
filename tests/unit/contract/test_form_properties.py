"""Every form over random orders: the same order in each, whichever way it is read and however it is written."""

import re
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject, SearchStrategy
from tests.unit.contract.xml_messages import order_xml, read_carefully, read_quickly

from order_receiver.contract import forms
from order_receiver.contract.form import Form
from order_receiver.contract.media import media_type
from order_receiver.contract.notes import notes
from order_receiver.contract.plan import Kind, Member, members
from order_receiver.contract.reading import Reading, Unreadable
from order_receiver.contract.request import Message, OrderRequest
from order_receiver.contract.soap_form import EnvelopeRefused
from order_receiver.contract.xml_form.names import PROMOTION, SOAP11, SOAP12, entry_name, namespace
from order_receiver.orders.fingerprint import fingerprint
from order_receiver.orders.identity import identify
from order_receiver.simulator.order_json import write_json
from order_receiver.simulator.order_xml import write_soap, write_xml

ToJson = Callable[[object], bytes]
Orders = SearchStrategy[OrderRequest]
Writer = Callable[[OrderRequest], bytes]

few = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

WRITERS: dict[str, Writer] = {
    "json": write_json,
    "xml": write_xml,
    "soap11": lambda order: write_soap(order, SOAP11),
    "soap12": lambda order: write_soap(order, SOAP12),
    "soap12 with addressing": lambda order: write_soap(order, SOAP12, "http://receiver.example/orders"),
}


def read(body: bytes) -> Reading:
    return forms.read(body, media_type(None))


@settings(few, max_examples=100)
@given(data=st.data())
def test_through_every_form_and_back_is_the_identity(data: DataObject, xml_orders: Orders, to_json: ToJson) -> None:
    """Compared as JSON too, which shows the scale of amounts and the offset of dates."""
    order = data.draw(xml_orders)
    passed = order
    for write in WRITERS.values():
        reading = read(write(passed))
        assert reading.findings == ()
        assert reading.order == order
        assert to_json(reading.order) == to_json(order)
        assert fingerprint(reading.order) == fingerprint(order)
        assert notes(reading.order, lengths_fit=reading.lengths_fit) == notes(order)
        passed = reading.order


@settings(few, max_examples=50)
@given(data=st.data())
def test_the_quick_and_the_careful_way_agree(data: DataObject, xml_orders: Orders, to_json: ToJson) -> None:
    order = data.draw(xml_orders)
    for write in (write_xml, WRITERS["soap11"]):
        quick, careful = read_quickly(write(order)), read_carefully(write(order))
        assert (careful.order, careful.findings) == (order, ())
        assert quick is None or to_json(quick.order) == to_json(careful.order)


@few
@given(data=st.data())
@pytest.mark.parametrize("form", ["json", "xml", "soap11", "soap12"])
def test_glance_and_reading_name_the_same_order(data: DataObject, xml_orders: Orders, form: str) -> None:
    order = data.draw(xml_orders)
    body = WRITERS[form](order)
    seen, reply = forms.glance(body, media_type(None))
    key = order.Header.ApplicationKey if order.Header is not None else None
    assert identify(seen.application_key, seen.client_order_ref) == identify(key, order.ClientOrderRef)
    assert (seen.do_hold, seen.rows) == (order.DoHold, len(order.Items or ()))
    assert reply.form is Form(form)


SAID = st.sampled_from(
    [
        *("", " ", "true", "True", "0", "1", "-1", "7.0", "7.5", "1e3", "null", "NaN", "-INF", "1_0", "\u0663"),
        *("2147483648", "1" * 28, "1" * 29, "0." + "1" * 28, "ExternalOrder", "order", "3", "Shipping", "x", "a&amp;b"),
        *("2024-12-18", "2024-12-18T12:00:00", "2024-12-18T12:00:00.1234567Z", "2024-12-18 12:00", "2024-02-30"),
        *("0001-01-01T00:00:00", "/Date(1734519600000)/", "1734519600", "<a/>", "x<a>y</a>", "<!-- -->"),
    ]
)
NIL = [f" i:nil='{said}'" for said in ("true", "1", "false", " 1 ")]
SAYS = st.sampled_from([""] * 8 + [*NIL, ' a="1"', ' i:type="x"'])
BETWEEN = st.sampled_from([""] * 30 + [" ", "\n", "x", "<!-- -->", "<New/>"])


@st.composite
def anything(draw: st.DrawFn, struct: type[Message]) -> str:
    """Members of a message, some of them odd, some of them twice."""
    chosen = draw(st.lists(st.sampled_from(members(struct)), max_size=3))
    prefix = "p:" if namespace(struct) == PROMOTION else ""
    return "".join(written(draw, prefix + member.name, content(draw, member)) for member in chosen)


def content(draw: st.DrawFn, member: Member) -> str:
    if draw(st.integers(0, 9)) == 0:
        return draw(SAID)
    if member.kind is Kind.OBJECT and member.struct is not None:
        return draw(anything(member.struct))
    if member.kind is Kind.LIST and member.struct is not None:
        entries = draw(st.lists(anything(member.struct), max_size=2))
        return "".join(written(draw, entry_name(member), entry) for entry in entries)
    if member.kind is Kind.TEXTS:
        return "".join(written(draw, entry_name(member), text) for text in draw(st.lists(SAID, max_size=2)))
    return draw(SAID)


def written(draw: st.DrawFn, name: str, inner: str) -> str:
    return f"<{name}{draw(SAYS)}>{inner}</{name}>{draw(BETWEEN)}"


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(content=anything(OrderRequest))
def test_what_the_quick_way_takes_the_careful_way_reads_the_same(content: str) -> None:
    """Whatever stands anywhere: it is read, and nothing that would be noted goes the quick way."""
    body = order_xml(content).encode()
    quick, careful = read_quickly(body), read_carefully(body)
    if quick is not None:
        assert repr(quick.order) == repr(careful.order)
        assert careful.findings == ()
    reading = read(body)
    for finding in reading.located((*reading.findings, *notes(reading.order))):
        assert re.fullmatch(r"/OrderRequest(/[\w*]+(\[\d+])?)* \(line \d+\)", finding.where)
        assert finding.advice.endswith(".")


MARKUP = [
    *("<", ">", "/", "</", "/>", "<?", "?>", "<!--", "-->", "<![CDATA[", "]]>", "<!DOCTYPE", "&", ";", "&#x1;", "='"),
    *(
        "OrderRequest",
        "<OrderRequest>",
        "</OrderRequest>",
        "<Items>",
        "</Items>",
        "<Header/>",
        "xmlns=",
        " ",
        "\n",
        "å",
    ),
    *(
        f"<s:Envelope xmlns:s='{SOAP11}'>",
        "<s:Body>",
        "</s:Body>",
        "</s:Envelope>",
        "\ufeff",
        "\x00",
        "\ud7ff",
        "\u2082",
    ),
    *("<?xml version='1.0' encoding='", "utf-16", "utf-7", "'?>", "'"),
]
BODIES = st.binary() | st.lists(st.sampled_from(MARKUP), max_size=30).map(lambda parts: "".join(parts).encode())
ENCODINGS = ["latin-1", "utf-16", "utf-16-be", "utf-32"]
TYPES = ["application/xml", "text/xml; charset=iso-8859-1", "application/soap+xml", "application/json", None]


@settings(max_examples=1_000)
@given(start=BODIES, end=BODIES, encoding=st.sampled_from(ENCODINGS), named=st.sampled_from(TYPES))
def test_any_bytes_are_read_or_unreadable(start: bytes, end: bytes, encoding: str, named: str | None) -> None:
    body, media = (start + end).decode("latin-1").encode(encoding), media_type(named)
    assert forms.likely_reply(body, media).form in Form
    with suppress(Unreadable, EnvelopeRefused):
        forms.glance(body, media)
    with suppress(Unreadable):
        reading = forms.read(body, media)
        assert len(reading.located(reading.findings)) == len(reading.findings)
