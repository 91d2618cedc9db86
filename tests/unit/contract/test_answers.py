"""Answers in every form, as the strictest known readers take them. (norce: the answer that every reader takes)"""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.contract import strict_reader
from tests.unit.contract.strict_reader import Node, children, only_child

from order_receiver.contract import answer
from order_receiver.contract.codes import StatusCode
from order_receiver.contract.form import Form
from order_receiver.contract.reply import JSON_REPLY, XML_REPLY, Reply
from order_receiver.contract.response import OrderResponse, order_response
from order_receiver.contract.soap_form import FaultCode
from order_receiver.contract.soap_form.envelope import ADDRESSING_10, ADDRESSING_2004, MESSAGE_ID_LIMIT
from order_receiver.contract.xml_form.names import ACTION, ORDER, SOAP11, SOAP12, XSI

ENVELOPES = {Form.SOAP11: SOAP11, Form.SOAP12: SOAP12}
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
RESPONSE = OrderResponse(StatusCode.OK, "Å & <b> ]]> \"'", HasErpOrderNo=True, ErpOrderNo="E1")
REPLIES = [
    XML_REPLY,
    Reply(Form.SOAP11),
    Reply(Form.SOAP12),
    *(Reply(form, addressing) for form in ENVELOPES for addressing in (ADDRESSING_10, ADDRESSING_2004)),
    *(Reply(form, addressing, "urn:uuid:<1>") for form in ENVELOPES for addressing in (ADDRESSING_10, ADDRESSING_2004)),
]
any_text = st.text(max_size=300) | st.text(alphabet="&<>\"'\r\n\x00\x1f]\ufffe\ud7ff\ue000😀", max_size=300)
responses = st.builds(
    order_response, st.sampled_from(StatusCode), st.none() | any_text, st.none() | st.text(max_size=60)
)


def body_of(envelope: Node, reply: Reply, action: str) -> Node:
    """The Body of an envelope in the version of the request, with addressing exactly where the request had it."""
    namespace = ENVELOPES[reply.form]
    assert envelope.name == (namespace, "Envelope")
    assert envelope.attributes == {}
    if reply.addressing is None:
        return only_child(envelope, (namespace, "Body"))
    header, body = children(envelope, [(namespace, "Header"), (namespace, "Body")])
    names = [(reply.addressing, "Action")] + [(reply.addressing, "RelatesTo")] * (reply.message_id is not None)
    told, *about = children(header, names)
    assert (told.attributes, told.text) == ({(namespace, "mustUnderstand"): "1"}, action)
    assert [node.text for node in about] == [reply.message_id] * len(about)
    return body


def read(reply: Reply, body: bytes) -> tuple[str | None, str | None, bool, str | None]:
    root = strict_reader.parse(body)
    if reply.form is Form.XML:
        assert root.name == (ORDER, "OrderResponse")
        return strict_reader.order_response(root)
    wrapper = only_child(body_of(root, reply, f"{ACTION}Response"), (ORDER, "CreateOrderResponse"))
    return strict_reader.order_response(only_child(wrapper, (ORDER, "CreateOrderResult")))


@pytest.mark.parametrize("reply", REPLIES)
def test_answer_is_read_whole(reply: Reply) -> None:
    _, body = answer.write(reply, RESPONSE)
    assert read(reply, body) == ("OK", "Å & <b> ]]> \"'", True, "E1")


@pytest.mark.parametrize("reply", REPLIES)
def test_nulls_say_so(reply: Reply) -> None:
    _, body = answer.write(reply, order_response(StatusCode.FAILED, None))
    assert read(reply, body) == ("Failed", None, False, None)
    assert b'i:nil="true"' in body
    assert f'xmlns:i="{XSI}"'.encode() in body


@pytest.mark.parametrize(
    ("form", "media"),
    [
        (Form.JSON, b"application/json; charset=utf-8"),
        (Form.XML, b"application/xml; charset=utf-8"),
        (Form.SOAP11, b"text/xml; charset=utf-8"),
        (Form.SOAP12, b"application/soap+xml; charset=utf-8"),
    ],
)
def test_media_type_is_the_one_that_readers_ask_for(form: Form, media: bytes) -> None:
    assert answer.write(Reply(form), RESPONSE)[0] == media
    if form.is_soap:
        assert answer.write_fault(Reply(form), FaultCode.RECEIVER, "x")[0] == media


def test_xml_answer_to_the_letter() -> None:
    _, body = answer.write(XML_REPLY, order_response(StatusCode.OK, "Stored.", "E1"))
    assert body.decode() == (
        f'<OrderResponse xmlns="{ORDER}" xmlns:i="{XSI}"><StatusCode>OK</StatusCode><Description>Stored.</Description>'
        "<HasErpOrderNo>true</HasErpOrderNo><ErpOrderNo>E1</ErpOrderNo></OrderResponse>"
    )


def test_json_answer_to_the_letter() -> None:
    _, body = answer.write(JSON_REPLY, order_response(StatusCode.FAILED, "Å"))
    assert body.decode() == '{"StatusCode":"Failed","Description":"Å","HasErpOrderNo":false,"ErpOrderNo":null}'


@pytest.mark.parametrize("reply", REPLIES)
@given(response=responses)
def test_any_answer_in_xml_is_read_whole(reply: Reply, response: OrderResponse) -> None:
    """Characters that XML cannot hold are left out of a description; a number is told whole or not at all."""
    _, body = answer.write(reply, response)
    status, description, has, number = read(reply, body)
    assert status == response.StatusCode.value
    assert description == (None if response.Description is None else FORBIDDEN.sub("", response.Description))
    assert number == (None if FORBIDDEN.search(response.ErpOrderNo or "") else response.ErpOrderNo)
    assert has is bool(number)


@given(response=responses)
def test_any_answer_in_json_is_read_whole(response: OrderResponse) -> None:
    _, body = answer.write(JSON_REPLY, response)
    pairs = json.loads(body.decode("utf-8", errors="strict"), object_pairs_hook=list)
    assert pairs == [
        ("StatusCode", response.StatusCode.value),
        ("Description", response.Description),
        ("HasErpOrderNo", response.ErpOrderNo is not None),
        ("ErpOrderNo", response.ErpOrderNo),
    ]
    assert response.HasErpOrderNo is (response.ErpOrderNo is not None)


@pytest.mark.parametrize("number", ["E\x001", "\x01", "E\ufffe", "E\ud800"])
@pytest.mark.parametrize("reply", REPLIES)
def test_a_number_that_xml_cannot_hold_is_not_told(reply: Reply, number: str) -> None:
    """Half a number would be another order's."""
    _, body = answer.write(reply, order_response(StatusCode.OK, "\ud800x", number))
    assert read(reply, body) == ("OK", "x", False, None)


@pytest.mark.parametrize("reply", REPLIES)
@pytest.mark.parametrize("number", [" 007 ", "a\tb", "a\r\nb", "&amp;", "å😀", "9" * 50])
def test_a_number_is_told_to_the_letter(reply: Reply, number: str) -> None:
    _, body = answer.write(reply, order_response(StatusCode.OK, None, number))
    assert read(reply, body) == ("OK", None, True, number)


@given(
    message_id=st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1)
)
def test_any_message_id_is_repeated_whole(message_id: str) -> None:
    reply = Reply(Form.SOAP12, ADDRESSING_10, message_id)
    read(reply, answer.write(reply, RESPONSE)[1])


def test_the_longest_answer_fits_the_readers() -> None:
    """Their limits of one text and of the message are asserted by the strict reader."""
    worst = order_response(StatusCode.FAILED, "\r" * 300, "\r" * 50)
    reply = Reply(Form.SOAP12, ADDRESSING_2004, "\r" * MESSAGE_ID_LIMIT)
    assert read(reply, answer.write(reply, worst)[1]) == ("Failed", "\r" * 255, True, "\r" * 50)


@pytest.mark.parametrize("code", FaultCode)
@pytest.mark.parametrize("reply", [reply for reply in REPLIES if reply.form is Form.SOAP11])
def test_fault_of_version_11(reply: Reply, code: FaultCode) -> None:
    _, body = answer.write_fault(reply, code, "Å <b>\x00")
    fault = only_child(body_of(strict_reader.parse(body), reply, fault_action(reply)), (SOAP11, "Fault"))
    named, told = children(fault, [("", "faultcode"), ("", "faultstring")])
    assert (named.text, told.text) == (f"s:{code.value[0]}", "Å <b>")
    assert body.startswith(f'<s:Envelope xmlns:s="{SOAP11}">'.encode())


@pytest.mark.parametrize("code", FaultCode)
@pytest.mark.parametrize("reply", [reply for reply in REPLIES if reply.form is Form.SOAP12])
def test_fault_of_version_12(reply: Reply, code: FaultCode) -> None:
    _, body = answer.write_fault(reply, code, "Å <b>\x00")
    fault = only_child(body_of(strict_reader.parse(body), reply, fault_action(reply)), (SOAP12, "Fault"))
    named, told = children(fault, [(SOAP12, "Code"), (SOAP12, "Reason")])
    reason = only_child(told, (SOAP12, "Text"))
    assert only_child(named, (SOAP12, "Value")).text == f"s:{code.value[1]}"
    assert reason.text == "Å <b>"
    assert reason.attributes == {("http://www.w3.org/XML/1998/namespace", "lang"): "en"}
    assert body.startswith(f'<s:Envelope xmlns:s="{SOAP12}">'.encode())


def fault_action(reply: Reply) -> str:
    """The action of a Fault in each version of WS-Addressing."""
    faults = {ADDRESSING_10: f"{ADDRESSING_10}/soap/fault", ADDRESSING_2004: f"{ADDRESSING_2004}/fault"}
    return faults.get(reply.addressing or "", "")


def test_fault_codes_are_those_of_each_version() -> None:
    assert {code: code.value for code in FaultCode} == {
        FaultCode.VERSION: ("VersionMismatch", "VersionMismatch"),
        FaultCode.NOT_UNDERSTOOD: ("MustUnderstand", "MustUnderstand"),
        FaultCode.SENDER: ("Client", "Sender"),
        FaultCode.RECEIVER: ("Server", "Receiver"),
    }
