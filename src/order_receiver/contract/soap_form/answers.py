"""Answers in SOAP envelopes: of the operation, or a Fault."""

from order_receiver.contract.form import Form
from order_receiver.contract.reply import Reply
from order_receiver.contract.response import OrderResponse
from order_receiver.contract.soap_form.envelope import ADDRESSING_10, ADDRESSING_2004, FaultCode
from order_receiver.contract.xml_form.names import ACTION, OPERATION, SOAP11, SOAP12
from order_receiver.contract.xml_form.response import NAMESPACES, members_xml, text_xml

MEDIA_TYPES = {Form.SOAP11: b"text/xml; charset=utf-8", Form.SOAP12: b"application/soap+xml; charset=utf-8"}

_FAULT_ACTIONS = {ADDRESSING_10: f"{ADDRESSING_10}/soap/fault", ADDRESSING_2004: f"{ADDRESSING_2004}/fault"}
_NAMESPACES = {Form.SOAP11: SOAP11, Form.SOAP12: SOAP12}


def response_envelope(reply: Reply, response: OrderResponse) -> bytes:
    """The answer of CreateOrder; a Failed order too is a normal answer. (norce: SOAP)"""
    result = f"<{OPERATION}Result>{members_xml(response)}</{OPERATION}Result>"
    return _envelope(reply, f"{ACTION}Response", f"<{OPERATION}Response {NAMESPACES}>{result}</{OPERATION}Response>")


def fault_envelope(reply: Reply, code: FaultCode, reason: str) -> bytes:
    """A Fault: the order was not taken over, and Norce sends it again."""
    in_11, in_12 = code.value
    if reply.form is Form.SOAP11:
        fault = f'<faultcode>s:{in_11}</faultcode><faultstring xml:lang="en">{text_xml(reason)}</faultstring>'
    else:
        told = f'<s:Reason><s:Text xml:lang="en">{text_xml(reason)}</s:Text></s:Reason>'
        fault = f"<s:Code><s:Value>s:{in_12}</s:Value></s:Code>{told}"
    return _envelope(reply, _FAULT_ACTIONS.get(reply.addressing or "", ""), f"<s:Fault>{fault}</s:Fault>")


def _envelope(reply: Reply, action: str, body: str) -> bytes:
    head = _addressing(reply, action) if reply.addressing is not None else ""
    return f'<s:Envelope xmlns:s="{_NAMESPACES[reply.form]}">{head}<s:Body>{body}</s:Body></s:Envelope>'.encode()


def _addressing(reply: Reply, action: str) -> str:
    """Headers only where the request had them: a client that did not ask may refuse what must be understood."""
    about = "" if reply.message_id is None else f"<a:RelatesTo>{text_xml(reply.message_id)}</a:RelatesTo>"
    return (
        f'<s:Header xmlns:a="{text_xml(reply.addressing or "")}">'
        f'<a:Action s:mustUnderstand="1">{text_xml(action)}</a:Action>{about}</s:Header>'
    )
