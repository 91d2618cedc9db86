"""Which form a message is read as, and which form its answer takes."""

import json

import pytest

from order_receiver.contract import forms
from order_receiver.contract.form import Form
from order_receiver.contract.media import media_type
from order_receiver.contract.reading import Glance, Limits, Unreadable
from order_receiver.contract.reply import JSON_REPLY
from order_receiver.contract.xml_form.names import ORDER, SOAP11, SOAP12

MEMBERS = (
    "<DoHold>1</DoHold><ClientOrderRef>100001</ClientOrderRef><Items><OrderItem/><OrderItem/></Items>"
    "<Header><ApplicationKey>k</ApplicationKey></Header>"
)
TREE = {"DoHold": True, "ClientOrderRef": "100001", "Items": [{}, {}], "Header": {"ApplicationKey": "k"}}
JSON = json.dumps(TREE)
XML = f"<OrderRequest>{MEMBERS}</OrderRequest>"
SEEN = Glance("k", "100001", do_hold=True, rows=2)


def soap(namespace: str) -> str:
    start = f'<s:Envelope xmlns:s="{namespace}"><s:Body><CreateOrder xmlns="{ORDER}"><request>'
    return f"{start}{MEMBERS}</request></CreateOrder></s:Body></s:Envelope>"


MESSAGES = {Form.JSON: JSON, Form.XML: XML, Form.SOAP11: soap(SOAP11), Form.SOAP12: soap(SOAP12)}
TYPES = [
    *("application/json", "application/xml", "text/xml", "application/soap+xml", "application/vnd.norce+json"),
    *("text/plain", "application/octet-stream", "application/x-www-form-urlencoded", "image/png", "nonsense", "", None),
]


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("content_type", TYPES)
def test_a_message_is_read_and_answered_in_its_form_whatever_it_is_called(form: Form, content_type: str | None) -> None:
    body, media = MESSAGES[form].encode(), media_type(content_type)
    seen, reply = forms.glance(body, media)
    order = forms.read(body, media).order
    assert (seen, reply.form, reply.addressing, reply.message_id) == (SEEN, form, None, None)
    assert (order.ClientOrderRef, order.DoHold, len(order.Items or ())) == ("100001", True, 2)


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("before", ["\ufeff", " \r\n", "\ufeff\n", " " * 5000])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_what_stands_before_does_not_hide_the_form(form: Form, before: str, encoding: str) -> None:
    seen, reply = forms.glance((before + MESSAGES[form]).encode(encoding), media_type(None))
    assert (seen, reply.form) == (SEEN, form)


@pytest.mark.parametrize(
    ("body", "content_type", "is_xml"),
    [
        (b"<", "application/json", True),
        (b"{", "application/xml", False),
        (b"[", "text/xml", False),
        (b"\xff\xfe{\x00", "application/soap+xml", False),
        (b"x", "application/xml", True),
        (b"x", "application/json", False),
        (b"x", None, False),
        (b"", "application/xml", True),
        (b"", None, False),
        (b"\x00\x00\xfe\xff\x00\x00\x00<", "application/json", True),
    ],
)
def test_the_media_type_decides_where_the_first_byte_does_not(
    body: bytes, content_type: str | None, is_xml: bool
) -> None:
    assert forms.is_xml(body, media_type(content_type)) is is_xml


@pytest.mark.parametrize(
    ("members", "seen"),
    [
        ("", Glance(None, None, do_hold=False, rows=0)),
        ("<ClientOrderRef/><Header/><Items/>", Glance(None, "", do_hold=False, rows=0)),
        ("<ClientOrderRef> 1 </ClientOrderRef>", Glance(None, " 1 ", do_hold=False, rows=0)),
        ("<ClientOrderRef>a<!-- b -->c</ClientOrderRef>", Glance(None, "ac", do_hold=False, rows=0)),
        ("<ClientOrderRef><a/></ClientOrderRef>", Glance(None, None, do_hold=False, rows=0)),
        ("<DoHold>TRUE</DoHold>", Glance(None, None, do_hold=True, rows=0)),
        ("<DoHold>maybe</DoHold>", Glance(None, None, do_hold=False, rows=0)),
        ("<items><row/><row/></items>", Glance(None, None, do_hold=False, rows=2)),
        ("<Items>none</Items>", Glance(None, None, do_hold=False, rows=0)),
        ("<Header><Header/><applicationkey>k</applicationkey></Header>", Glance("k", None, do_hold=False, rows=0)),
        (
            "<Header><ApplicationKey>a</ApplicationKey><ApplicationKey>b</ApplicationKey></Header><Header/>",
            Glance("a", None, do_hold=False, rows=0),
        ),
        (
            "<clientorderref>1</clientorderref><CLIENTORDERREF>2</CLIENTORDERREF>",
            Glance(None, "2", do_hold=False, rows=0),
        ),
        (
            "<ClientOrderRef>1</ClientOrderRef><clientorderref>2</clientorderref>",
            Glance(None, "1", do_hold=False, rows=0),
        ),
        (
            "<ClientOrderRef xmlns:i='{}' i:nil='1'/><clientorderref>2</clientorderref>",
            Glance(None, None, do_hold=False, rows=0),
        ),
        (
            "<clientorderref>1</clientorderref><CLIENTORDERREF xmlns:i='{}' i:nil='1'/>",
            Glance(None, "1", do_hold=False, rows=0),
        ),
    ],
)
def test_glance_sees_what_reading_will_find(members: str, seen: Glance) -> None:
    members = members.format("http://www.w3.org/2001/XMLSchema-instance")
    body = f"<OrderRequest>{members}</OrderRequest>".encode()
    order = forms.read(body, media_type(None)).order
    assert forms.glance(body, media_type(None))[0] == seen
    key = None if order.Header is None else order.Header.ApplicationKey
    assert Glance(key, order.ClientOrderRef, order.DoHold, len(order.Items or ())) == seen


@pytest.mark.parametrize(
    ("tree", "seen"),
    [
        ({}, Glance(None, None, do_hold=False, rows=0)),
        ({"clientorderref": 1, "header": None, "DoHold": "1"}, Glance(None, "1", do_hold=True, rows=0)),
        ({"header": {"applicationkey": "k"}, "items": [{}]}, Glance("k", None, do_hold=False, rows=1)),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_glance_sees_what_odd_json_holds(tree: object, seen: Glance, encoding: str) -> None:
    body = json.dumps(tree).encode(encoding)
    assert forms.glance(body, media_type(f"application/json; charset={encoding}")) == (seen, JSON_REPLY)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<Order/>", "root element is Order"),
        ("<orderRequest/>", "root element is orderRequest"),
        ("<html><OrderRequest/></html>", "root element is html"),
        ("<CreateOrder/>", "root element is CreateOrder"),
        ("<CreateOrder><Other/></CreateOrder>", "root element is CreateOrder"),
        (f"<{'x' * 100}/>", "root element is " + "x" * 59 + "…"),
        (f'<Envelope xmlns="{SOAP11}"/>', "CreateOrder is the only operation here; an empty Body"),
        ("<Envelope/>", "no SOAP version known here: no namespace"),
    ],
)
def test_what_is_no_order_says_what_it_is(body: str, said: str) -> None:
    with pytest.raises(Unreadable) as caught:
        forms.read(body.encode(), media_type("application/xml"))
    assert caught.value.finding.rule == "not-an-order"
    assert said in str(caught.value)
    assert ".." not in str(caught.value)


def test_limits_hold_in_every_form() -> None:
    for message in MESSAGES.values():
        with pytest.raises(Unreadable, match="2 rows"):
            forms.read(message.encode(), media_type(None), limits=Limits(items=1))


@pytest.mark.parametrize(
    ("body", "content_type", "form"),
    [
        (b"", None, Form.JSON),
        (b"{", "application/xml", Form.JSON),
        (b"x", "application/json", Form.JSON),
        (b"", "application/xml", Form.XML),
        (b"<", None, Form.XML),
        (b"<", "application/json", Form.XML),
        (b"x", "text/xml", Form.XML),
        (f"<Envelope xmlns='{SOAP11}'>".encode(), "text/xml", Form.SOAP11),
        (f"<Envelope xmlns='{SOAP12}'>".encode(), "text/xml", Form.SOAP12),
        (f"<Envelope xmlns='{SOAP11}'>".encode("utf-16"), None, Form.SOAP11),
        (f"<Envelope xmlns='{SOAP12}'>".encode("utf-16-be"), None, Form.SOAP12),
        (b"<Envelope>", "application/soap+xml", Form.SOAP12),
    ],
)
def test_an_unreadable_message_is_answered_in_the_form_it_seems_to_have(
    body: bytes, content_type: str | None, form: Form
) -> None:
    media = media_type(content_type)
    with pytest.raises(Unreadable):
        forms.glance(body, media)
    assert forms.likely_reply(body, media).form is form


@pytest.mark.parametrize(
    ("body", "content_type", "form"),
    [
        (b"<", "text/xml", Form.SOAP11),
        (b"", "application/xml", Form.SOAP11),
        (b"<", "application/soap+xml", Form.SOAP12),
        (f"<Envelope xmlns='{SOAP12}'>".encode(), "text/xml", Form.SOAP12),
        (b"{", "text/xml", Form.JSON),
        (b"", None, Form.JSON),
    ],
)
def test_a_soap_action_makes_xml_seem_soap(body: bytes, content_type: str | None, form: Form) -> None:
    assert forms.likely_reply(body, media_type(content_type), soap_action=True).form is form
