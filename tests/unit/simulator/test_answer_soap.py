"""Answers in SOAP as WCF takes them, variant by variant."""

import re

import pytest

from order_receiver.contract.form import Form
from order_receiver.contract.xml_form import names
from order_receiver.simulator.order_xml import ADDRESSING
from order_receiver.simulator.verdict import Outcome, judge

MEDIA = {Form.SOAP11: "text/xml; charset=utf-8", Form.SOAP12: "application/soap+xml; charset=utf-8"}
SPACES = {Form.SOAP11: names.SOAP11, Form.SOAP12: names.SOAP12}
SOAP = pytest.mark.parametrize("form", MEDIA)

MEMBERS = (
    "<StatusCode>OK</StatusCode><Description>text</Description><HasErpOrderNo>true</HasErpOrderNo>"
    "<ErpOrderNo>E1</ErpOrderNo>"
)
RESULT = f'<CreateOrderResult xmlns:i="{names.XSI}">{MEMBERS}</CreateOrderResult>'
WRAPPED = f'<CreateOrderResponse xmlns="{names.ORDER}">{RESULT}</CreateOrderResponse>'
BARE = f'<OrderResponse xmlns="{names.ORDER}">{MEMBERS}</OrderResponse>'
FAULTS = {
    Form.SOAP11: "<s:Fault><faultcode>s:Server</faultcode><faultstring>The store is full.</faultstring></s:Fault>",
    Form.SOAP12: (
        "<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code>"
        '<s:Reason><s:Text xml:lang="en">The store is full.</s:Text></s:Reason></s:Fault>'
    ),
}


def envelope(form: Form, body: str = WRAPPED, header: str = "") -> str:
    return f'<s:Envelope xmlns:s="{SPACES[form]}">{header}<s:Body>{body}</s:Body></s:Envelope>'


def outcome(form: Form, answer: str, content_type: str | None = None) -> Outcome:
    return judge(form, 200, content_type or MEDIA[form], answer.encode()).outcome


READ = {
    "as it should be": ("<s:", "<s:"),
    "declaration": ("<s:Envelope", '<?xml version="1.0" encoding="utf-8"?><s:Envelope'),
    "byte order mark": ("<s:Envelope", "\ufeff<s:Envelope"),
    "indented": ("><", ">\n  <"),
    "comment in Body": ("<s:Body>", "<s:Body><!-- here -->"),
    "empty header": ("<s:Body>", "<s:Header /><s:Body>"),
    "unknown header": ("<s:Body>", '<s:Header><a xmlns="b" s:mustUnderstand="0">c</a></s:Header><s:Body>'),
    "type of the result": (
        "<CreateOrderResult",
        f'<CreateOrderResult xmlns:n="{names.ORDER}" i:type="n:OrderResponse"',
    ),
}


@SOAP
@pytest.mark.parametrize(("old", "new"), READ.values(), ids=READ)
def test_what_is_read(form: Form, old: str, new: str) -> None:
    answer = envelope(form).replace(old, new)
    assert new in answer
    verdict = judge(form, 200, MEDIA[form], answer.encode())
    assert (verdict.outcome, verdict.erp_order_no, verdict.description) == (Outcome.TAKEN_OVER, "E1", "text")


@SOAP
def test_prefixes_are_free(form: Form) -> None:
    prefixed = re.sub(r"<(/?)(\w+)", r"<\1n:\2", WRAPPED).replace("xmlns=", "xmlns:n=")
    answer = envelope(form, prefixed).replace("s:Body", "soap:Body").replace("s:Envelope", "soap:Envelope")
    assert outcome(form, answer.replace("xmlns:s=", "xmlns:soap=")) is Outcome.TAKEN_OVER


@SOAP
@pytest.mark.parametrize("space", [ADDRESSING, "http://schemas.xmlsoap.org/ws/2004/08/addressing"])
def test_addressing_may_ask_to_be_understood(form: Form, space: str) -> None:
    header = f'<s:Header><a:Action xmlns:a="{space}" s:mustUnderstand="1">b</a:Action></s:Header>'
    assert outcome(form, envelope(form, header=header)) is Outcome.TAKEN_OVER


REFUSED = {
    "members out of order": WRAPPED.replace("<StatusCode>OK</StatusCode>", "").replace(
        "<ErpOrderNo>", "<StatusCode>OK</StatusCode><ErpOrderNo>"
    ),
    "members without namespace": WRAPPED.replace("<StatusCode>", '<StatusCode xmlns="">'),
    "result without namespace": WRAPPED.replace("<CreateOrderResult", '<CreateOrderResult xmlns=""'),
    "wrapper without namespace": WRAPPED.replace(f' xmlns="{names.ORDER}"', ""),
    "no result": WRAPPED.replace(RESULT, MEMBERS),
    "empty wrapper": WRAPPED.replace(RESULT, ""),
    "result of another name": WRAPPED.replace("CreateOrderResult", "OrderResponse"),
    "bare": BARE,
    "result nil": WRAPPED.replace("<CreateOrderResult", '<CreateOrderResult i:nil="true"'),
    "empty body": "",
    "two answers": WRAPPED * 2,
    "text in Body": "x" + WRAPPED,
    "text in the wrapper": WRAPPED.replace(RESULT, "x" + RESULT),
    "processing instruction": "<?a b?>" + WRAPPED,
}


@SOAP
@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_bodies_that_are_refused(form: Form, body: str) -> None:
    verdict = judge(form, 200, MEDIA[form], envelope(form, body).encode())
    assert (verdict.outcome, "the answer is malformed (" in verdict.sentence) == (Outcome.RETRY, True)


NO_ENVELOPES = {
    "bare": BARE,
    "empty": "",
    "page": "<html><body>Welcome</body></html>",
    "DOCTYPE": "<!DOCTYPE a>" + envelope(Form.SOAP11),
    "no Body": f'<s:Envelope xmlns:s="{names.SOAP11}"><s:Header/></s:Envelope>',
    "header behind": envelope(Form.SOAP11).replace("</s:Envelope>", "<s:Header/></s:Envelope>"),
    "text": envelope(Form.SOAP11).replace("<s:Body>", "x<s:Body>"),
    "1.2": envelope(Form.SOAP12),
    "header to be understood": envelope(Form.SOAP11, header='<s:Header><a s:mustUnderstand="1"/></s:Header>'),
}


@pytest.mark.parametrize("answer", NO_ENVELOPES.values(), ids=NO_ENVELOPES)
def test_envelopes_that_are_refused(answer: str) -> None:
    assert outcome(Form.SOAP11, answer) is Outcome.RETRY


def test_the_answer_must_have_the_version_of_the_request() -> None:
    assert outcome(Form.SOAP12, envelope(Form.SOAP11)) is Outcome.RETRY


@pytest.mark.parametrize(
    ("form", "content_type"),
    [
        (Form.SOAP11, "text/xml"),
        (Form.SOAP11, 'text/xml; charset="utf-8"'),
        (Form.SOAP11, "TEXT/XML;charset=UTF-8"),
        (Form.SOAP12, "application/soap+xml"),
        (Form.SOAP12, f'application/soap+xml; charset=utf-8; action="{names.ACTION}Response"'),
    ],
)
def test_parameters_of_the_media_type_are_free(form: Form, content_type: str) -> None:
    assert outcome(form, envelope(form), content_type) is Outcome.TAKEN_OVER


@pytest.mark.parametrize(
    ("form", "content_type"),
    [
        (Form.SOAP11, "application/xml"),
        (Form.SOAP11, "application/soap+xml"),
        (Form.SOAP11, "application/json"),
        (Form.SOAP12, "text/xml"),
        (Form.SOAP12, "application/xml"),
    ],
)
def test_the_media_type_is_that_of_the_version(form: Form, content_type: str) -> None:
    assert outcome(form, envelope(form), content_type) is Outcome.RETRY


@SOAP
def test_failed_is_a_normal_answer(form: Form) -> None:
    answer = envelope(form).replace("OK", "Failed").replace("true", "false").replace("E1", "")
    assert outcome(form, answer) is Outcome.REFUSED


@SOAP
@pytest.mark.parametrize("status", [200, 500, 503])
def test_a_fault_brings_the_order_again_and_says_why(form: Form, status: int) -> None:
    verdict = judge(form, status, MEDIA[form], envelope(form, FAULTS[form]).encode())
    assert (verdict.outcome, verdict.http_status) == (Outcome.RETRY, status)
    assert "Fault" in verdict.sentence
    assert "The store is full" in verdict.sentence


@SOAP
def test_a_fault_may_have_no_reason(form: Form) -> None:
    verdict = judge(form, 200, MEDIA[form], envelope(form, "<s:Fault/>").encode())
    assert "the answer is a Fault (without a reason)" in verdict.sentence


@SOAP
@pytest.mark.parametrize(("status", "body"), [(500, WRAPPED), (202, WRAPPED), (503, "<"), (400, "")])
def test_every_other_status_is_tried_again(form: Form, status: int, body: str) -> None:
    verdict = judge(form, status, MEDIA[form], envelope(form, body).encode())
    assert verdict.sentence.endswith(f"HTTP {status} is not 200.")


@SOAP
def test_problem_details_are_shown_here_too(form: Form) -> None:
    verdict = judge(form, 503, "application/problem+json", b'{"detail": "Closed for the night."}')
    assert verdict.sentence.endswith("HTTP 503 is not 200 (Closed for the night).")
