"""Answers in every form, taken apart as the strictest .NET reader of that form does it, with names of our own."""

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree
from lxml.etree import _Element
from tests.integration.door.conftest import Answer

from order_receiver.contract.form import Form

ORDER = "Enferno.Services.StormConnect.Contracts.Order"
ACTION = f"{ORDER}/OrderNotificationService/CreateOrder"
ADDRESSING = "http://www.w3.org/2005/08/addressing"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"

ANSWERED_AS: Mapping[Form, str] = {
    Form.JSON: "application/json; charset=utf-8",
    Form.XML: "application/xml; charset=utf-8",
    Form.SOAP11: "text/xml; charset=utf-8",
    Form.SOAP12: "application/soap+xml; charset=utf-8",
}
ENVELOPES: Mapping[Form, str] = {
    Form.SOAP11: "http://schemas.xmlsoap.org/soap/envelope/",
    Form.SOAP12: "http://www.w3.org/2003/05/soap-envelope",
}
MEMBERS = ["StatusCode", "Description", "HasErpOrderNo", "ErpOrderNo"]
ROOTS = (b"<OrderResponse ", b"<s:Envelope ")


@dataclass(frozen=True)
class Fault:
    """A SOAP Fault: its code without prefix, and its reason."""

    code: str
    reason: str


def answered(form: Form, answer: Answer) -> dict[str, object]:
    """The members of an OrderResponse; nothing may be missing, added, out of order or in another namespace."""
    assert (answer.status, answer.headers["content-type"]) == (200, ANSWERED_AS[form])
    if form is Form.JSON:
        members = answer.members
        assert list(members) == MEMBERS
        return members
    element = parsed(answer)
    if form is not Form.XML:
        element = only(content(form, element), f"{{{ORDER}}}CreateOrderResponse")
        assert not element.attrib
        element = only(element, f"{{{ORDER}}}CreateOrderResult")
    assert element.tag == f"{{{ORDER}}}{'OrderResponse' if form is Form.XML else 'CreateOrderResult'}"
    assert not element.attrib
    assert [child.tag for child in element] == [f"{{{ORDER}}}{name}" for name in MEMBERS]
    status, description, numbered, number = (text(child) for child in element)
    assert status in ("OK", "Failed")
    assert numbered in ("true", "false")
    assert (numbered == "true") is (number is not None)
    return dict(zip(MEMBERS, (status, description, numbered == "true", number), strict=True))


def fault(form: Form, answer: Answer) -> Fault:
    """The Fault in an answer; only with HTTP 500 do clients look for one."""
    assert (answer.status, answer.headers["content-type"]) == (500, ANSWERED_AS[form])
    space = f"{{{ENVELOPES[form]}}}"
    found = only(content(form, parsed(answer)), f"{space}Fault")
    if form is Form.SOAP11:
        assert [child.tag for child in found] == ["faultcode", "faultstring"]
        code, reason = found
    else:
        assert [child.tag for child in found] == [f"{space}Code", f"{space}Reason"]
        code, reason = only(found[0], f"{space}Value"), only(found[1], f"{space}Text")
    assert reason.get(LANGUAGE) == "en"
    prefix, _, name = (code.text or "").partition(":")
    assert code.nsmap[prefix] == ENVELOPES[form]
    return Fault(name, reason.text or "")


def headers(form: Form, answer: Answer) -> dict[str, str | None]:
    """The header blocks of an envelope: their texts by their names."""
    envelope = parsed(answer)
    parts = [part for part in envelope if part.tag == f"{{{ENVELOPES[form]}}}Header"]
    return {str(block.tag): block.text for part in parts for block in part}


def parsed(answer: Answer) -> _Element:
    """XML as the strictest reader wants it: nothing before the root, no comments or instructions, nothing great."""
    assert answer.body.startswith(ROOTS)
    assert len(answer.body) < 65_536
    assert not any(sign in answer.body for sign in (b"<!", b"<?", b"\r", b"\x00"))
    root = etree.fromstring(answer.body)
    assert all(len(each) < 8_192 for each in root.itertext())
    return root


def content(form: Form, envelope: _Element) -> _Element:
    """The Body of an envelope of the version that was asked in."""
    space = f"{{{ENVELOPES[form]}}}"
    assert envelope.tag == f"{space}Envelope"
    assert [part.tag for part in envelope] in ([f"{space}Body"], [f"{space}Header", f"{space}Body"])
    return envelope[-1]


def only(element: _Element, name: str) -> _Element:
    """The one child, which must be called so."""
    assert [child.tag for child in element] == [name]
    assert (element.text, element[0].tail) == (None, None)
    return element[0]


def text(element: _Element) -> str | None:
    """The text of a member; None where it is nil, and then it is empty."""
    assert len(element) == 0
    assert list(element.attrib.items()) in ([], [(NIL, "true")])
    if element.attrib:
        assert not element.text
        return None
    return element.text or ""
