"""The forms of an order on the wire: for each the body, the headers, and how to tell it from its bytes."""

import json
import re
from collections.abc import Mapping

from order_receiver.contract.form import Form
from order_receiver.contract.request import OrderRequest
from order_receiver.contract.xml_form import names
from order_receiver.simulator.order_json import read_json, write_json
from order_receiver.simulator.order_xml import write_soap, write_xml

ENVELOPES: Mapping[Form, str] = {Form.SOAP11: names.SOAP11, Form.SOAP12: names.SOAP12}
"""Namespace of the envelope of each version of SOAP."""

_HEADERS: Mapping[Form, Mapping[str, str]] = {
    Form.JSON: {"Content-Type": "application/json; charset=utf-8", "Accept": "application/json"},
    Form.XML: {"Content-Type": "application/xml; charset=utf-8", "Accept": "application/xml"},
    Form.SOAP11: {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{names.ACTION}"'},
    Form.SOAP12: {"Content-Type": f'application/soap+xml; charset=utf-8; action="{names.ACTION}"'},
}


_ENVELOPE = re.compile(r"(?:<[?!][^>]*>\s*)*<(?:[^\s<>/]+:)?Envelope\s([^<>]*)>")
"""The start of an envelope with its declarations, perhaps after a declaration and comments."""


def encode_order(order: OrderRequest, form: Form = Form.JSON, *, address: str | None = None) -> bytes:
    """The order as .NET writes it in this form; with `address`, SOAP has WS-Addressing headers that name it."""
    match form:
        case Form.JSON:
            return write_json(order)
        case Form.XML:
            return write_xml(order)
        case Form.SOAP11 | Form.SOAP12:
            return write_soap(order, ENVELOPES[form], address)


def decode_order(body: bytes) -> OrderRequest:
    """Read back what `encode_order` wrote as JSON. Raises `msgspec.ValidationError` for anything else."""
    return read_json(body)


def request_headers(form: Form) -> Mapping[str, str]:
    """What a .NET sender says about a body of this form, and what it accepts. (norce: what senders do)"""
    return _HEADERS[form]


def guess_form(body: bytes) -> Form:
    """The form that a body seems to have: by its first character, and by the envelope around it. Never an error."""
    text = body.decode(json.detect_encoding(body), "replace").lstrip("\ufeff \t\r\n")
    if not text.startswith("<"):
        return Form.JSON
    envelope = _ENVELOPE.match(text)
    return next((form for form, space in ENVELOPES.items() if envelope and space in envelope[1]), Form.XML)
