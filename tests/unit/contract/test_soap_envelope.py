"""SOAP envelopes: what is taken from them, and which are refused with which Fault."""

import re

import pytest

from order_receiver.contract import forms
from order_receiver.contract.form import Form
from order_receiver.contract.media import media_type
from order_receiver.contract.reading import Unreadable
from order_receiver.contract.reply import Reply
from order_receiver.contract.soap_form import EnvelopeRefused, FaultCode
from order_receiver.contract.soap_form.envelope import ADDRESSING_10, ADDRESSING_2004, MESSAGE_ID_LIMIT
from order_receiver.contract.xml_form.names import ACTION, ORDER, SOAP11, SOAP12

SOAP = media_type("application/soap+xml; charset=utf-8")
NAMESPACES = {Form.SOAP11: SOAP11, Form.SOAP12: SOAP12}
REFERENCE = "<ClientOrderRef>1</ClientOrderRef>"
CALL = f'<CreateOrder xmlns="{ORDER}"><request>{REFERENCE}</request></CreateOrder>'
SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
NEXT = {Form.SOAP11: "http://schemas.xmlsoap.org/soap/actor/next", Form.SOAP12: f"{SOAP12}/role/next"}
ROLE = {Form.SOAP11: "actor", Form.SOAP12: "role"}

both_versions = pytest.mark.parametrize("form", [Form.SOAP11, Form.SOAP12])


def envelope(form: Form, body: str = CALL, header: str = "") -> bytes:
    head = f"<s:Header>{header}</s:Header>" if header else ""
    return f'<s:Envelope xmlns:s="{NAMESPACES[form]}">{head}<s:Body>{body}</s:Body></s:Envelope>'.encode()


def accepted(message: bytes) -> Reply:
    """The reply to an envelope that holds the order with reference 1."""
    seen, reply = forms.glance(message, SOAP)
    reading = forms.read(message, SOAP)
    assert seen.client_order_ref == reading.order.ClientOrderRef == "1"
    assert reading.findings == ()
    return reply


def refused(message: bytes) -> EnvelopeRefused:
    """Why an envelope is refused; by then a message cannot be read any more either."""
    with pytest.raises(EnvelopeRefused) as caught:
        forms.glance(message, SOAP)
    with pytest.raises(Unreadable) as unreadable:
        forms.read(message, SOAP)
    assert unreadable.value.finding.rule == "not-an-order"
    assert str(caught.value).rstrip(".") in str(unreadable.value)
    return caught.value


@both_versions
@pytest.mark.parametrize(
    "body",
    [
        CALL,
        f"<CreateOrder><request>{REFERENCE}</request></CreateOrder>",
        re.sub("<(/?)", r"<\1o:", CALL).replace("xmlns=", "xmlns:o="),
        f"<CreateOrder><order>{REFERENCE}</order></CreateOrder>",
        f"<CreateOrder><order><Header/>{REFERENCE}</order></CreateOrder>",
        f"<CreateOrder><OrderRequest>{REFERENCE}</OrderRequest></CreateOrder>",
        f"<CreateOrder><context/><request>{REFERENCE}</request><other/></CreateOrder>",
        f'<OrderRequest xmlns="{ORDER}">{REFERENCE}</OrderRequest>',
        f"<!-- call --><?x?>\n{CALL}\n",
        f"{CALL}<Other/>",
    ],
)
def test_the_element_in_the_body_holds_the_order(form: Form, body: str) -> None:
    assert accepted(envelope(form, body)) == Reply(form)


@both_versions
def test_white_space_comments_and_prefixes_do_not_matter(form: Form) -> None:
    message = envelope(form, header="<x/>").replace(b"><", b">\r\n <!-- --><")
    assert accepted(b"<?xml version='1.0'?>\n" + message) == Reply(form)
    for start, end, declaration in (("<q:", "</q:", "xmlns:q="), ("<", "</", "xmlns=")):
        renamed = message.decode().replace("<s:", start).replace("</s:", end).replace("xmlns:s=", declaration)
        assert accepted(renamed.encode()) == Reply(form)


@both_versions
@pytest.mark.parametrize("name", ["text/xml", "application/soap+xml", "application/xml", "application/json", None])
@pytest.mark.parametrize("action", ["", '; action="urn:other"', f'; action="{ACTION}"'])
def test_the_body_decides_not_the_media_type_nor_its_action(form: Form, name: str | None, action: str) -> None:
    media = media_type(None if name is None else name + action)
    seen, reply = forms.glance(envelope(form), media)
    assert (seen.client_order_ref, reply) == ("1", Reply(form))


@both_versions
@pytest.mark.parametrize("addressing", [ADDRESSING_10, ADDRESSING_2004])
def test_a_call_with_addressing_is_answered_with_it(form: Form, addressing: str) -> None:
    header = (
        f'<a:Action xmlns:a="{addressing}" s:mustUnderstand="1">{ACTION}</a:Action>'
        f'<a:MessageID xmlns:a="{addressing}"> urn:uuid:1 </a:MessageID>'
        f'<a:To xmlns:a="{addressing}" s:mustUnderstand="1">http://receiver.example/</a:To>'
    )
    assert accepted(envelope(form, header=header)) == Reply(form, addressing, "urn:uuid:1")


@pytest.mark.parametrize(
    ("header", "reply"),
    [
        ("<a:Action>x</a:Action>", Reply(Form.SOAP12, ADDRESSING_10)),
        ("<a:Action>x</a:Action><a:MessageID/>", Reply(Form.SOAP12, ADDRESSING_10)),
        ("<a:MessageID>1</a:MessageID>", Reply(Form.SOAP12, ADDRESSING_10, "1")),
        ("<a:MessageID>1</a:MessageID><a:MessageID>2</a:MessageID>", Reply(Form.SOAP12, ADDRESSING_10, "1")),
        ("<a:MessageID>&lt;å&gt;</a:MessageID>", Reply(Form.SOAP12, ADDRESSING_10, "<å>")),
        (
            f"<a:MessageID>{'1' * MESSAGE_ID_LIMIT}</a:MessageID>",
            Reply(Form.SOAP12, ADDRESSING_10, "1" * MESSAGE_ID_LIMIT),
        ),
        (f"<a:MessageID>{'1' * (MESSAGE_ID_LIMIT + 1)}</a:MessageID>", Reply(Form.SOAP12, ADDRESSING_10)),
        ("<a:MessageID>1<b/></a:MessageID>", Reply(Form.SOAP12, ADDRESSING_10, "1")),
        ("<b:MessageID>2</b:MessageID><a:Action/>", Reply(Form.SOAP12, ADDRESSING_2004, "2")),
        ("<a:Action/><b:MessageID>2</b:MessageID>", Reply(Form.SOAP12, ADDRESSING_10)),
        ("<MessageID>1</MessageID><Action>x</Action>", Reply(Form.SOAP12)),
        ("<a:To>x</a:To>", Reply(Form.SOAP12)),
    ],
)
def test_what_is_answered_to_is_named(header: str, reply: Reply) -> None:
    start = f'<h xmlns:a="{ADDRESSING_10}" xmlns:b="{ADDRESSING_2004}"/>'
    head = f'<s:Header xmlns:a="{ADDRESSING_10}" xmlns:b="{ADDRESSING_2004}">{start}{header}</s:Header>'
    message = f'<s:Envelope xmlns:s="{SOAP12}">{head}<s:Body>{CALL}</s:Body></s:Envelope>'
    assert accepted(message.encode()) == reply


@both_versions
@pytest.mark.parametrize("must", ["", 's:mustUnderstand="0"', 's:mustUnderstand="false"', 'mustUnderstand="1"'])
def test_unknown_headers_are_passed_over(form: Form, must: str) -> None:
    assert accepted(envelope(form, header=f"<x:Security xmlns:x='{SECURITY}' {must}><a/></x:Security>")) == Reply(form)


@both_versions
@pytest.mark.parametrize("must", ["1", "true", " 1 "])
@pytest.mark.parametrize("role", [None, "", "next"])
def test_a_header_that_must_be_understood_is_refused(form: Form, must: str, role: str | None) -> None:
    for_us = "" if role is None else f's:{ROLE[form]}="{NEXT[form] if role else ""}"'
    header = f'<x:Security xmlns:x="{SECURITY}" s:mustUnderstand="{must}" {for_us}/>'
    error = refused(envelope(form, header=header))
    assert (error.code, error.reply) == (FaultCode.NOT_UNDERSTOOD, Reply(form))
    assert "must be understood is not: http://docs.oasis-open.org/" in str(error)


def test_a_header_for_the_last_receiver_is_for_us() -> None:
    header = f'<x s:mustUnderstand="1" s:role="{SOAP12}/role/ultimateReceiver"/>'
    assert refused(envelope(Form.SOAP12, header=header)).code is FaultCode.NOT_UNDERSTOOD


@both_versions
@pytest.mark.parametrize("role", ["urn:another", f"{SOAP12}/role/none"])
def test_a_header_for_another_receiver_is_not_for_us(form: Form, role: str) -> None:
    header = f'<x s:mustUnderstand="1" s:{ROLE[form]}="{role}"/>'
    assert accepted(envelope(form, header=header)) == Reply(form)


def test_each_version_has_its_own_words() -> None:
    """What must be understood in the words of the other version need not."""
    other = f'<x xmlns:o="{SOAP12}" o:mustUnderstand="1"/>'
    assert accepted(envelope(Form.SOAP11, header=other)) == Reply(Form.SOAP11)
    role = '<x s:mustUnderstand="1" s:role="urn:another"/>'
    assert refused(envelope(Form.SOAP11, header=role)).code is FaultCode.NOT_UNDERSTOOD


def test_a_refusal_keeps_the_addressing() -> None:
    header = f'<a:MessageID xmlns:a="{ADDRESSING_10}">1</a:MessageID><x s:mustUnderstand="1"/>'
    error = refused(envelope(Form.SOAP12, header=header))
    assert error.reply == Reply(Form.SOAP12, ADDRESSING_10, "1")
    assert refused(envelope(Form.SOAP12, "<Ping/>", header.partition("<x")[0])).reply == error.reply


def test_a_refusal_names_a_few_headers_only() -> None:
    header = "".join(f'<x{number}{"y" * 100} s:mustUnderstand="1"/>' for number in range(100))
    assert len(str(refused(envelope(Form.SOAP11, header=header)))) < 400


@both_versions
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "an empty Body"),
        ("  <!-- -->", "an empty Body"),
        ("text", "an empty Body"),
        ("<CancelOrder/>", "the Body holds CancelOrder"),
        (CALL.replace("CreateOrder", "CancelOrder"), "the Body holds CancelOrder"),
        ("<createOrder/>", "the Body holds createOrder"),
        ("<Ping/>" + CALL, "the Body holds Ping"),
        ("<CreateOrder/>", "the Body holds CreateOrder"),
        ("<CreateOrder><a/><b/></CreateOrder>", "the Body holds CreateOrder"),
        ("<CreateOrder><a><b/></a></CreateOrder>", "the Body holds CreateOrder"),
        (f"<CreateOrder><a>{REFERENCE}</a><b/></CreateOrder>", "the Body holds CreateOrder"),
        (f"<{'x' * 100}/>", f"the Body holds {'x' * 59}…"),
    ],
)
def test_only_one_operation_is_known(form: Form, body: str, said: str) -> None:
    error = refused(envelope(form, body))
    assert (error.code, error.reply) == (FaultCode.SENDER, Reply(form))
    assert str(error) == f"CreateOrder is the only operation here; {said}."


@both_versions
def test_an_envelope_without_body_is_an_empty_one(form: Form) -> None:
    error = refused(envelope(form).replace(b"s:Body", b"s:Corpus"))
    assert error.code is FaultCode.SENDER
    assert "an empty Body" in str(error)


@pytest.mark.parametrize(
    ("namespace", "said"),
    [
        ("", "no namespace"),
        ("http://www.w3.org/2001/12/soap-envelope", "http://www.w3.org/2001/12/soap-envelope"),
        (SOAP11.removesuffix("/"), SOAP11.removesuffix("/")),
        (ORDER, ORDER),
        ("urn:" + "x" * 100, "urn:" + "x" * 55 + "…"),
    ],
)
def test_other_versions_are_refused(namespace: str, said: str) -> None:
    error = refused(f'<Envelope xmlns="{namespace}"><Body>{CALL}</Body></Envelope>'.encode())
    assert (error.code, error.reply) == (FaultCode.VERSION, Reply(Form.SOAP11))
    assert str(error) == f"The envelope is of no SOAP version known here: {said}."
