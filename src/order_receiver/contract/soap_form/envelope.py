"""SOAP envelopes: the order inside, and what the answer has to take from them."""

from collections.abc import Iterator
from enum import Enum

from order_receiver.contract.form import Form
from order_receiver.contract.personal import shorten
from order_receiver.contract.reply import Reply
from order_receiver.contract.xml_form import Element
from order_receiver.contract.xml_form.careful_tree import local_name
from order_receiver.contract.xml_form.names import OPERATION, REQUEST, SOAP11, SOAP12

ENVELOPES = {SOAP11: Form.SOAP11, SOAP12: Form.SOAP12}
ADDRESSING_10 = "http://www.w3.org/2005/08/addressing"
ADDRESSING_2004 = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
ADDRESSING = (ADDRESSING_10, ADDRESSING_2004)
MESSAGE_ID_LIMIT = 2_000
"""Characters of a message id that an answer repeats; a longer one is nobody's."""

_NEXT = {
    Form.SOAP11: ("", "http://schemas.xmlsoap.org/soap/actor/next"),
    Form.SOAP12: ("", f"{SOAP12}/role/next", f"{SOAP12}/role/ultimateReceiver"),
}
"""Whom a header is for, where that is us."""


class FaultCode(Enum):
    """Why a SOAP message is not answered; each by its name in SOAP 1.1 and in SOAP 1.2."""

    VERSION = ("VersionMismatch", "VersionMismatch")
    NOT_UNDERSTOOD = ("MustUnderstand", "MustUnderstand")
    SENDER = ("Client", "Sender")
    RECEIVER = ("Server", "Receiver")


class EnvelopeRefused(Exception):
    """The envelope, not the order in it, rules out an answer; `reply` says how to write the Fault."""

    def __init__(self, reply: Reply, code: FaultCode, reason: str) -> None:
        super().__init__(reason)
        self.reply = reply
        self.code = code


def is_envelope(root: Element) -> bool:
    """Whether a root element is a SOAP envelope, of whatever version."""
    return local_name(root) == "Envelope"


def open_envelope(root: Element) -> tuple[Element, Reply]:
    """The element that holds the order's members, and how to answer.

    The element in the Body decides what is asked for, never SOAPAction. Headers are passed over, unless one asks to be
    understood and is not. Raises EnvelopeRefused. (norce: SOAP)
    """
    form = ENVELOPES.get(_namespace(root))
    if form is None:
        reason = f"The envelope is of no SOAP version known here: {shorten(_namespace(root)) or 'no namespace'}."
        raise EnvelopeRefused(Reply(Form.SOAP11), FaultCode.VERSION, reason)
    headers = [block for part in _parts(root, "Header") for block in part]
    reply = _reply(form, headers)
    _check_headers(form, headers, reply)
    asked = next((child for part in _parts(root, "Body") for child in part), None)
    order = None if asked is None else _order(asked)
    if order is None:
        seen = "an empty Body" if asked is None else f"the Body holds {shorten(local_name(asked))}"
        raise EnvelopeRefused(reply, FaultCode.SENDER, f"{OPERATION} is the only operation here; {seen}.")
    return order, reply


def _order(asked: Element) -> Element | None:
    if local_name(asked) == "OrderRequest":
        return asked
    if local_name(asked) != OPERATION:
        return None
    children = list(asked)
    named = next((child for child in children if local_name(child) in (REQUEST, "OrderRequest")), None)
    if named is not None or len(children) != 1:
        return named
    known = {local_name(member) for member in children[0]} & {"ClientOrderRef", "Header", "Items"}
    return children[0] if known else None


def _reply(form: Form, headers: list[Element]) -> Reply:
    """An answer has WS-Addressing headers where the request has them, of the same version."""
    for block in headers:
        if local_name(block) in ("MessageID", "Action") and _namespace(block) in ADDRESSING:
            message = next((each for each in headers if each.tag == f"{{{_namespace(block)}}}MessageID"), None)
            text = "" if message is None else (message.text or "").strip()
            return Reply(form, _namespace(block), text if 0 < len(text) <= MESSAGE_ID_LIMIT else None)
    return Reply(form)


def _check_headers(form: Form, headers: list[Element], reply: Reply) -> None:
    unknown = list(_not_understood(form, headers))
    if unknown:
        names = ", ".join(shorten(f"{_namespace(block)}:{local_name(block)}") for block in unknown[:5])
        raise EnvelopeRefused(reply, FaultCode.NOT_UNDERSTOOD, f"A header that must be understood is not: {names}.")


def _not_understood(form: Form, headers: list[Element]) -> Iterator[Element]:
    namespace = SOAP11 if form is Form.SOAP11 else SOAP12
    role = "actor" if form is Form.SOAP11 else "role"
    for block in headers:
        must = (block.get(f"{{{namespace}}}mustUnderstand") or "").strip() in {"1", "true"}
        ours = (block.get(f"{{{namespace}}}{role}") or "").strip() in _NEXT[form]
        if must and ours and _namespace(block) not in ADDRESSING:
            yield block


def _parts(root: Element, name: str) -> list[Element]:
    return [child for child in root if local_name(child) == name]


def _namespace(element: Element) -> str:
    return element.tag.rpartition("}")[0].removeprefix("{")
