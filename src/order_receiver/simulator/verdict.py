"""What Norce makes of an answer to an order: taken over, refused for good, or tried again. (norce: answering)"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from order_receiver.contract.form import Form
from order_receiver.contract.media import media_type
from order_receiver.simulator.answer import Answer, read_json_answer
from order_receiver.simulator.answer_xml import SoapFault, read_soap_answer, read_xml_answer
from order_receiver.simulator.order_form import ENVELOPES


class Outcome(StrEnum):
    """What Norce does after an answer."""

    TAKEN_OVER = "taken over"
    REFUSED = "refused"
    """`Failed`: final, never sent again."""
    RETRY = "retry"
    """Sent again every 10 minutes for up to 6 hours."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Norce's reading of one answer; `sentence` says what happens next and why."""

    outcome: Outcome
    sentence: str
    http_status: int | None = None
    erp_order_no: str | None = None
    description: str | None = None


class _Problem(msgspec.Struct, frozen=True):
    """What is read of problem details (RFC 9457)."""

    detail: str = ""


_MEDIA_TYPES: Mapping[Form, str] = {
    Form.JSON: "application/json",
    Form.XML: "application/xml",
    Form.SOAP11: "text/xml",
    Form.SOAP12: "application/soap+xml",
}
"""What an answer must be called; for XML only this is taken by every sender of REST (Legacy). (norce: answers)"""


def judge(form: Form, http_status: int, content_type: str | None, body: bytes) -> Verdict:
    """Norce's verdict on an answer to an order in this form.

    Only exactly 200 with an OrderResponse that the strictest known reader of the form takes hands the order over.
    """
    if http_status != 200:
        return retry(f"HTTP {http_status} is not 200{_detail(form, body)}", http_status)
    called = media_type(content_type)
    if called.name != _MEDIA_TYPES[form]:
        return retry(f"the answer is called {content_type!r}, not {_MEDIA_TYPES[form]}", http_status)
    try:
        return _decide(_read(form, body, called.charset))
    except SoapFault as fault:
        return retry(f"the answer is a Fault ({fault})", http_status)
    except (ValueError, RecursionError) as error:
        return retry(f"the answer is malformed ({error})", http_status)


def _read(form: Form, body: bytes, charset: str | None) -> Answer:
    match form:
        case Form.JSON:
            return read_json_answer(body)
        case Form.XML:
            return read_xml_answer(body, charset)
        case Form.SOAP11 | Form.SOAP12:
            return read_soap_answer(body, ENVELOPES[form], charset)


def _detail(form: Form, body: bytes) -> str:
    """What problem details or a Fault say, for people who try out their receiver; Norce itself does not look."""
    said = _problem(body) or (_fault(body, ENVELOPES[form]) if form in ENVELOPES else "")
    return f" ({said.rstrip('.')})" if said else ""


def _problem(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Problem).detail
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""


def _fault(body: bytes, envelope: str) -> str:
    try:
        read_soap_answer(body, envelope)
    except SoapFault as fault:
        return f"Fault: {fault}"
    except ValueError:
        return ""
    return ""


def retry(reason: str, http_status: int | None = None) -> Verdict:
    """Anything but a proper answer."""
    sentence = f"Norce sends the order again every 10 minutes for up to 6 hours: {reason}."
    return Verdict(Outcome.RETRY, sentence, http_status)


def _decide(answer: Answer) -> Verdict:
    if answer.HasErpOrderNo != bool(answer.ErpOrderNo):
        return retry("HasErpOrderNo and ErpOrderNo contradict one another", 200)
    match answer.StatusCode.lower():
        case "ok":
            number = answer.ErpOrderNo or None
            told = f"Confirmed with number {number}" if number else "Allocation; it waits to be told Confirmed"
            sentence = f"The order is taken over; its status in Norce is {told}."
            return Verdict(Outcome.TAKEN_OVER, sentence, 200, number, answer.Description)
        case "failed":
            sentence = f"The order is refused for good and never sent again: {answer.Description or 'no reason given'}"
            return Verdict(Outcome.REFUSED, sentence, 200, None, answer.Description)
        case _:
            return retry(f"StatusCode {answer.StatusCode!r} is neither OK nor Failed", 200)
