"""Writing an answer in the form of the request."""

import msgspec

from order_receiver.contract.form import Form
from order_receiver.contract.reply import Reply
from order_receiver.contract.response import OrderResponse
from order_receiver.contract.soap_form import MEDIA_TYPES, FaultCode, fault_envelope, response_envelope
from order_receiver.contract.xml_form import response

JSON = b"application/json; charset=utf-8"

_encoder = msgspec.json.Encoder()


def write(reply: Reply, answer: OrderResponse) -> tuple[bytes, bytes]:
    """An OrderResponse as media type and body, in the shape that all known .NET readers take whole."""
    if reply.form is Form.JSON:
        return JSON, _encoder.encode(answer)
    if reply.form is Form.XML:
        return response.MEDIA_TYPE, response.response_xml(answer)
    return MEDIA_TYPES[reply.form], response_envelope(reply, answer)


def write_fault(reply: Reply, code: FaultCode, reason: str) -> tuple[bytes, bytes]:
    """A Fault as media type and body, for a sender that speaks SOAP."""
    return MEDIA_TYPES[reply.form], fault_envelope(reply, code, reason)
