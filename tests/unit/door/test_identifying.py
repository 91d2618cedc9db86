"""Which order a body is about."""

import pytest

from order_receiver.contract.form import Form
from order_receiver.contract.forms import likely_reply
from order_receiver.contract.media import MediaType, media_type
from order_receiver.contract.reading import Limits
from order_receiver.contract.reply import JSON_REPLY, XML_REPLY, Reply
from order_receiver.contract.soap_form import EnvelopeRefused, FaultCode
from order_receiver.door.answers import Situation
from order_receiver.door.identifying import Identified, Unidentified, identify_body
from order_receiver.orders.identity import OrderKey

SHOP = "123e4567-e89b-12d3-a456-426614174000"
OTHER = "9b2d7c1e-4f6a-4d83-8c55-2a1e6f0b7d34"
KEY = OrderKey(SHOP, "100001")
WHOLE = f'{{"Header":{{"ApplicationKey":"{SHOP}"}},"ClientOrderRef":"100001","Items":[{{}},{{}}]}}'


def found(body: bytes, charset: str | None = None, default: str | None = None) -> Identified | Unidentified:
    return identify_body(body, MediaType("application/json", charset), Limits(), default)


@pytest.mark.parametrize(
    "body",
    [
        WHOLE,
        WHOLE.replace('"100001"', "100001"),
        WHOLE.replace('"100001"', '"  100001 "'),
        WHOLE.replace(SHOP, SHOP.upper()),
        WHOLE.replace(SHOP, f"{{{SHOP}}}"),
        WHOLE.replace("Header", "header").replace("ClientOrderRef", "clientOrderRef").replace("Items", "ITEMS"),
        "\ufeff" + WHOLE,
        WHOLE[:-1] + ',"DoHold":"false","Whatever":{"more":[1]}}',
    ],
)
def test_every_spelling_names_the_same_order(body: str) -> None:
    assert found(body.encode()) == Identified(KEY, do_hold=False, rows=2, reply=JSON_REPLY)


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "iso-8859-1", "UTF-8"])
def test_any_charset_that_the_sender_names(charset: str) -> None:
    assert found(WHOLE.encode(charset), charset) == Identified(KEY, do_hold=False, rows=2, reply=JSON_REPLY)


@pytest.mark.parametrize("value", ["true", '"true"', '"True"', "1"])
def test_do_hold(value: str) -> None:
    assert found(f'{WHOLE[:-1]},"DoHold":{value}}}'.encode()) == Identified(KEY, do_hold=True, rows=2, reply=JSON_REPLY)


def test_a_default_application_only_stands_in_where_there_is_none() -> None:
    assert found(b'{"ClientOrderRef":"100001"}', default=SHOP.upper()) == Identified(
        KEY, do_hold=False, rows=0, reply=JSON_REPLY
    )
    assert found(WHOLE.encode(), default=OTHER) == Identified(KEY, do_hold=False, rows=2, reply=JSON_REPLY)


@pytest.mark.parametrize(
    ("body", "situation", "reason"),
    [
        ('{"Header":{"ApplicationKey":"x"}}', Situation.NOT_IDENTIFIABLE, "no ClientOrderRef"),
        ('{"ClientOrderRef":null}', Situation.NOT_IDENTIFIABLE, "no ClientOrderRef"),
        ('{"ClientOrderRef":"1"}', Situation.NOT_IDENTIFIABLE, "no Header.ApplicationKey"),
        ('{"ClientOrderRef":"1","Header":null}', Situation.NOT_IDENTIFIABLE, "no Header.ApplicationKey"),
        (WHOLE.replace("100001", "1" * 501), Situation.NOT_IDENTIFIABLE, "cannot be used"),
        (WHOLE.replace("100001", "1\\u0007"), Situation.NOT_IDENTIFIABLE, "cannot be used"),
        (WHOLE[:-1], Situation.NOT_PARSEABLE, "cannot be read"),
        ("", Situation.NOT_PARSEABLE, "cannot be read"),
        ("[]", Situation.NOT_PARSEABLE, "cannot be read"),
        ("null", Situation.NOT_PARSEABLE, "cannot be read"),
        ("StatusCode=1", Situation.NOT_PARSEABLE, "cannot be read"),
    ],
)
def test_what_names_no_order_says_why(body: str, situation: Situation, reason: str) -> None:
    unidentified = found(body.encode())
    assert isinstance(unidentified, Unidentified)
    known = None if situation is Situation.NOT_PARSEABLE else JSON_REPLY
    assert (unidentified.situation, unidentified.reply) == (situation, known)
    assert reason in unidentified.reason


MEMBERS = f"<ClientOrderRef>100001</ClientOrderRef><Header><ApplicationKey>{SHOP}</ApplicationKey></Header>"
BARE = f"<OrderRequest><Items><OrderItem/><OrderItem/></Items>{MEMBERS}</OrderRequest>"
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://www.w3.org/2005/08/addressing"


def envelope(namespace: str, content: str, header: str = "") -> str:
    return f'<s:Envelope xmlns:s="{namespace}" xmlns:a="{ADDRESSING}">{header}<s:Body>{content}</s:Body></s:Envelope>'


def called(content: str) -> str:
    return f"<CreateOrder><request>{content}</request></CreateOrder>"


ASKED = "<s:Header><a:MessageID>urn:uuid:1</a:MessageID></s:Header>"


@pytest.mark.parametrize(
    ("body", "reply"),
    [
        (BARE, XML_REPLY),
        (f"<o:OrderRequest xmlns:o='urn:x'>{MEMBERS}</o:OrderRequest>", XML_REPLY),
        (called(MEMBERS), XML_REPLY),
        (envelope(SOAP11, called(MEMBERS)), Reply(Form.SOAP11)),
        (envelope(SOAP12, called(MEMBERS)), Reply(Form.SOAP12)),
        (envelope(SOAP11, BARE), Reply(Form.SOAP11)),
        (envelope(SOAP12, called(MEMBERS), ASKED), Reply(Form.SOAP12, ADDRESSING, "urn:uuid:1")),
    ],
)
@pytest.mark.parametrize(
    "content_type", ["application/xml", "text/xml", "application/soap+xml", "application/json", "text/plain", None]
)
def test_the_root_element_says_how_to_answer_whatever_the_media_type(
    body: str, reply: Reply, content_type: str | None
) -> None:
    identified = identify_body(body.encode(), media_type(content_type), Limits(), None)
    assert isinstance(identified, Identified)
    assert (identified.key, identified.reply) == (KEY, reply)


@pytest.mark.parametrize(
    ("body", "content_type", "form"),
    [
        (BARE[:-1], "application/xml", Form.XML),
        (BARE[:-1], None, Form.XML),
        ("<html/>", "application/json", Form.XML),
        ("<!DOCTYPE x><x/>", "application/json", Form.XML),
        ("", "text/xml", Form.XML),
        ("", "application/soap+xml", Form.SOAP12),
        (envelope(SOAP11, called(MEMBERS))[:-1], "text/xml", Form.SOAP11),
        (envelope(SOAP11, called(MEMBERS))[:-1], None, Form.SOAP11),
        (envelope(SOAP12, called(MEMBERS))[:-1], "application/xml", Form.SOAP12),
        ("{", "application/xml", Form.JSON),
        ("x", "text/plain", Form.JSON),
    ],
)
def test_what_cannot_be_read_is_answered_in_the_form_that_it_seems_to_have(
    body: str, content_type: str | None, form: Form
) -> None:
    for charset in ("utf-8", "utf-16"):
        sent, media = body.encode(charset), media_type(content_type)
        unidentified = identify_body(sent, media, Limits(), None)
        assert isinstance(unidentified, Unidentified)
        assert (unidentified.situation, unidentified.reply) == (Situation.NOT_PARSEABLE, None)
        assert likely_reply(sent, media) == Reply(form)
        hinted = Reply(Form.SOAP11) if form is Form.XML else Reply(form)
        assert likely_reply(sent, media, soap_action=True) == hinted


@pytest.mark.parametrize("body", [envelope(SOAP11, ""), envelope("urn:x", called(MEMBERS))])
def test_an_envelope_can_rule_out_an_answer(body: str) -> None:
    with pytest.raises(EnvelopeRefused) as refused:
        identify_body(body.encode(), MediaType("text/xml"), Limits(), None)
    assert refused.value.reply.form is Form.SOAP11
    assert refused.value.code in (FaultCode.SENDER, FaultCode.VERSION)
