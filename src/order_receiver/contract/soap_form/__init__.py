"""Orders in SOAP envelopes, and what a SOAP service says of itself."""

from order_receiver.contract.soap_form.answers import MEDIA_TYPES, fault_envelope, response_envelope
from order_receiver.contract.soap_form.envelope import EnvelopeRefused, FaultCode, is_envelope, open_envelope

__all__ = [
    "MEDIA_TYPES",
    "EnvelopeRefused",
    "FaultCode",
    "fault_envelope",
    "is_envelope",
    "open_envelope",
    "response_envelope",
]
