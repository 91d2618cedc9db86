"""Reading an order in whatever form it came.

The media type decides between JSON and XML; where it says nothing, or what the body cannot be, the first byte does.
Bare XML or SOAP, and its version, is told by the root element. (norce: contradictions, content type)
"""

from datetime import UTC, tzinfo

from order_receiver.contract import json_form, xml_form
from order_receiver.contract.conversion import DEFAULT_LIMITS, DEFAULT_ZONE
from order_receiver.contract.form import Form
from order_receiver.contract.media import MediaType
from order_receiver.contract.personal import shorten
from order_receiver.contract.reading import Glance, Limits, Reading, unreadable
from order_receiver.contract.reply import JSON_REPLY, XML_REPLY, Reply
from order_receiver.contract.soap_form import EnvelopeRefused, is_envelope, open_envelope
from order_receiver.contract.xml_form.careful_tree import local_name
from order_receiver.contract.xml_form.names import OPERATION, REQUEST, SOAP11, SOAP12

_BEFORE_THE_FIRST = b"\xef\xbb\xbf\xfe\xff\x00 \t\r\n"
"""What may stand before the first character that counts: byte order marks, zeros of UTF-16, white space."""

_LOOKED_AT = 4096


def glance(body: bytes, media: MediaType, limits: Limits = DEFAULT_LIMITS) -> tuple[Glance, Reply]:
    """Who a message is about, and how to answer it. It runs before every answer, so it is quick.

    Raises Unreadable, and EnvelopeRefused where a SOAP envelope rules out an answer.
    """
    if not media.is_xml and (media.charset or "utf-8").lower() == "utf-8":
        seen = json_form.glance(body)
        if seen is not None:
            return seen, JSON_REPLY
    if not is_xml(body, media):
        return _glance_of_all(body, media, limits), JSON_REPLY
    order, reply = open_message(body, media)
    return xml_form.glance_element(order), reply


def read(body: bytes, media: MediaType, *, zone: tzinfo = DEFAULT_ZONE, limits: Limits = DEFAULT_LIMITS) -> Reading:
    """The typed order and what was odd about it.

    `zone` counts for a SubmitDate that names none. Raises Unreadable when the message is no order in any form, or goes
    beyond `limits`; everything else is a finding.
    """
    if not is_xml(body, media):
        return json_form.read(body, charset=media.charset, zone=zone, limits=limits)
    try:
        order, _ = open_message(body, media)
    except EnvelopeRefused as refused:
        raise unreadable("not-an-order", str(refused).rstrip("."), "Send the order again.") from None
    return xml_form.read_element(order, zone=zone, limits=limits)


def is_xml(body: bytes, media: MediaType) -> bool:
    """Whether a message is to be read as XML."""
    first = _first(body)
    if media.is_xml:
        return first not in (b"{", b"[")
    return first == b"<"


def likely_reply(body: bytes, media: MediaType, *, soap_action: bool = False) -> Reply:
    """How to answer a message that cannot be read: in the form that it seems to have.

    `soap_action` is whether its head has a SOAPAction, as that of SOAP 1.1 has.
    """
    if not is_xml(body, media):
        return JSON_REPLY
    start = body[:_LOOKED_AT].replace(b"\x00", b"")
    if SOAP12.encode() in start or media.name == "application/soap+xml":
        return Reply(Form.SOAP12)
    return Reply(Form.SOAP11) if soap_action or SOAP11.encode() in start else XML_REPLY


def _first(body: bytes) -> bytes:
    start = body[:_LOOKED_AT].lstrip(_BEFORE_THE_FIRST) or body.lstrip(_BEFORE_THE_FIRST)
    return start[:1]


def open_message(body: bytes, media: MediaType) -> tuple[xml_form.Element, Reply]:
    """The element that holds an XML message's order, and how to answer. Raises Unreadable and EnvelopeRefused."""
    root = xml_form.parse(body, media.charset)
    if is_envelope(root):
        return open_envelope(root)
    if local_name(root) == OPERATION:
        inner = next((child for child in root if local_name(child) in (REQUEST, "OrderRequest")), None)
        root = root if inner is None else inner
    if local_name(root) not in ("OrderRequest", REQUEST):
        seen = f"its root element is {shorten(local_name(root))}"
        raise unreadable("not-an-order", seen, "Send an OrderRequest, bare or in a SOAP envelope.")
    return root, XML_REPLY


def _glance_of_all(body: bytes, media: MediaType, limits: Limits) -> Glance:
    order = json_form.read(body, charset=media.charset, zone=UTC, limits=limits).order
    application_key = None if order.Header is None else order.Header.ApplicationKey
    return Glance(application_key, order.ClientOrderRef, order.DoHold, len(order.Items or ()))
