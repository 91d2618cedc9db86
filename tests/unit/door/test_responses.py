"""An outcome on the wire."""

import json
import re

import pytest
from lxml import etree
from starlette.types import Message

from order_receiver.contract.codes import StatusCode
from order_receiver.contract.form import Form
from order_receiver.contract.reply import JSON_REPLY, Reply
from order_receiver.contract.soap_form import FaultCode
from order_receiver.door.answers import POLICY, AtNorce, Situation
from order_receiver.door.describing import Document
from order_receiver.door.responses import Outcome, send_document, send_outcome

PROBLEM = b"application/problem+json"
MEDIA_TYPES = {
    Form.JSON: b"application/json; charset=utf-8",
    Form.XML: b"application/xml; charset=utf-8",
    Form.SOAP11: b"text/xml; charset=utf-8",
    Form.SOAP12: b"application/soap+xml; charset=utf-8",
}
NAMES = ["StatusCode", "Description", "HasErpOrderNo", "ErpOrderNo"]


class Wire:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def answer(self) -> tuple[int, dict[bytes, bytes], bytes]:
        start, body = self.messages
        return start["status"], dict(start["headers"]), body["body"]


async def sent(outcome: Outcome, reply: Reply = JSON_REPLY) -> tuple[int, dict[bytes, bytes], bytes]:
    wire = Wire()
    await send_outcome(wire, outcome, reply, 60)
    return wire.answer


def members(form: Form, body: bytes) -> dict[str, str | None]:
    """The members of an OrderResponse by name; a JSON boolean as XML writes it."""
    if form is Form.JSON:
        found: dict[str, object] = json.loads(body)
        return {name: value if isinstance(value, str | None) else str(value).lower() for name, value in found.items()}
    root = etree.fromstring(body)
    response = root[-1][0][0] if form.is_soap else root
    return {etree.QName(child).localname: None if child.attrib else child.text or "" for child in response}


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("situation", list(Situation))
async def test_every_row_keeps_the_promises_of_its_kind(situation: Situation, form: Form) -> None:
    answer = POLICY[situation]
    status, headers, body = await sent(Outcome(situation, detail="d" * 300, quarantine="Q1"), Reply(form))
    assert status == answer.http
    assert headers[b"content-length"] == str(len(body)).encode()
    assert (answer.http == 200) is (answer.code is not None) is (answer.at_norce is not AtNorce.REPEATS)
    assert answer.retry_after is (answer.http == 503) is (headers.get(b"retry-after") == b"60")
    if answer.code is None:
        is_fault = form.is_soap and answer.http == 500
        assert headers[b"content-type"] == (MEDIA_TYPES[form] if is_fault else PROBLEM)
        assert is_fault is (b":Fault>" in body)
        assert is_fault or list(json.loads(body)) == ["type", "title", "status", "detail"]
    else:
        assert headers[b"content-type"] == MEDIA_TYPES[form]
        found = members(form, body)
        assert list(found) == NAMES
        description = found["Description"] or ""
        assert len(description) <= 255
        assert "{" not in description
        assert (answer.at_norce is AtNorce.FINAL) is (answer.code is StatusCode.FAILED)
        assert found["StatusCode"] == answer.code


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize(
    ("number", "answered"),
    [("S" * 50, "S" * 50), ("S" * 51, None), ("", None), (None, None), (" 007 ", " 007 "), ("<&å>", "<&å>")],
)
async def test_a_number_is_answered_whole_or_not_at_all(number: str | None, answered: str | None, form: Form) -> None:
    _, _, body = await sent(Outcome(Situation.STORED_NUMBERED, number), Reply(form))
    found = members(form, body)
    assert (found["HasErpOrderNo"], found["ErpOrderNo"]) == (str(answered is not None).lower(), answered)


@pytest.mark.parametrize("form", [Form.XML, Form.SOAP11, Form.SOAP12])
async def test_what_xml_cannot_hold_is_left_out_of_a_text_and_no_number_is_cut(form: Form) -> None:
    _, _, body = await sent(Outcome(Situation.NOT_PARSEABLE, "1\x012", "a\x00b\ud800c\uffff\U0001f600"), Reply(form))
    found = members(form, body)
    assert str(found["Description"]).endswith(": abc\U0001f600")
    assert (found["HasErpOrderNo"], found["ErpOrderNo"]) == ("false", None)


@pytest.mark.parametrize("form", list(Form))
async def test_what_the_sender_wrote_is_harmless(form: Form) -> None:
    told = "{0} {x} å <b>&amp;]]> \" '"
    _, _, body = await sent(Outcome(Situation.NOT_PARSEABLE, detail=told, quarantine="Q7"), Reply(form))
    assert members(form, body)["Description"] == f"Not taken over (quarantine Q7): {told}"


@pytest.mark.parametrize(
    ("code", "in_11", "in_12"),
    [
        (FaultCode.VERSION, b"VersionMismatch", b"VersionMismatch"),
        (FaultCode.NOT_UNDERSTOOD, b"MustUnderstand", b"MustUnderstand"),
        (FaultCode.SENDER, b"Client", b"Sender"),
        (FaultCode.RECEIVER, b"Server", b"Receiver"),
    ],
)
async def test_a_fault_has_its_code_in_the_words_of_its_version(code: FaultCode, in_11: bytes, in_12: bytes) -> None:
    outcome = Outcome(Situation.ENVELOPE_REFUSED, detail="<told>", fault=code)
    for form, expected in ((Form.SOAP11, in_11), (Form.SOAP12, in_12)):
        status, _, body = await sent(outcome, Reply(form))
        assert status == 500
        assert re.findall(rb"<(?:faultcode|s:Value)>s:(\w+)</", body) == [expected]
        assert b"&lt;told&gt; Nothing was taken over." in body


async def test_a_document_is_answered_to_head_by_its_head_alone() -> None:
    document = Document(b"<x/>")
    for method, body in (("GET", b"<x/>"), ("HEAD", b"")):
        wire = Wire()
        await send_document(wire, document, method)
        headers = {b"content-type": b"text/xml; charset=utf-8", b"content-length": b"4"}
        assert wire.answer == (200, headers, body)
