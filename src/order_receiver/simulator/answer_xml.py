"""OrderResponse in XML and SOAP, read as DataContractSerializer and WCF do: what they refuse or lose is no answer.

(norce: how answers are read, SOAP answers)
"""

import msgspec
from lxml import etree

from order_receiver.contract.xml_form import names
from order_receiver.simulator.answer import Answer
from order_receiver.simulator.order_xml import ADDRESSING
from order_receiver.simulator.strict_xml import BLANKS, children, local_name, parse_strictly

_ADDRESSINGS = frozenset({ADDRESSING, "http://schemas.xmlsoap.org/ws/2004/08/addressing"})
_XSD = "http://www.w3.org/2001/XMLSchema"
_TYPE = f"{{{names.XSI}}}type"
_NIL = f"{{{names.XSI}}}nil"
_RESPONSE = f"{{{names.ORDER}}}OrderResponse"
_WRAPPER = f"{{{names.ORDER}}}{names.OPERATION}Response"
_RESULT = f"{{{names.ORDER}}}{names.OPERATION}Result"
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class SoapFault(ValueError):
    """The answer is a Fault; the message is its reason."""


def read_xml_answer(body: bytes, charset: str | None = None) -> Answer:
    """The bare OrderResponse. Raises `ValueError`, also where StatusCode would be lost."""
    root = parse_strictly(body, charset)
    _need(root, _RESPONSE)
    return _read_response(root)


def read_soap_answer(body: bytes, envelope: str, charset: str | None = None) -> Answer:
    """The result of CreateOrder in an envelope of this namespace. Raises `SoapFault` and other `ValueError`."""
    content = _content(parse_strictly(body, charset), envelope)
    if content.tag == f"{{{envelope}}}Fault":
        raise SoapFault(_reason(content))
    _need(content, _WRAPPER)
    result = next(iter(children(content)), None)
    if result is None:
        raise ValueError(f"{local_name(content)} is empty")
    _need(result, _RESULT)
    return _read_response(result)


def _content(root: etree._Element, envelope: str) -> etree._Element:
    """What stands in the Body."""
    _need(root, f"{{{envelope}}}Envelope")
    parts = children(root)
    if parts and parts[0].tag == f"{{{envelope}}}Header":
        _check_headers(parts.pop(0), envelope)
    if [part.tag for part in parts] != [f"{{{envelope}}}Body"]:
        raise ValueError("the envelope does not end with its one Body")
    contents = children(parts[0])
    if len(contents) != 1:
        raise ValueError("Body does not hold exactly one element")
    return contents[0]


def _check_headers(header: etree._Element, envelope: str) -> None:
    """WS-Addressing may ask to be understood: it is not known here whether the order came with it."""
    for one in children(header):
        needed = _BOOLEANS.get((one.get(f"{{{envelope}}}mustUnderstand") or "").strip(BLANKS))
        if needed and etree.QName(one).namespace not in _ADDRESSINGS:
            raise ValueError(f"the header {local_name(one)} asks to be understood")


def _reason(fault: etree._Element) -> str:
    reason = fault.findtext("faultstring") or fault.findtext(f"{{{names.SOAP12}}}Reason/{{{names.SOAP12}}}Text")
    return (reason or "without a reason").strip(BLANKS)


def _need(element: etree._Element, tag: str) -> None:
    if element.tag != tag:
        wanted = etree.QName(tag)
        raise ValueError(f"there is {element.tag} where {wanted.localname} in {wanted.namespace} should be")


def _read_response(element: etree._Element) -> Answer:
    """Members that come out of order or in another namespace are passed over, as the serializer does."""
    _check_type(element, names.ORDER, "OrderResponse")
    if _is_nil(element):
        raise ValueError("there is no OrderResponse: nil")
    members: dict[str, str | bool | None] = {"HasErpOrderNo": False}
    to_come = list(Answer.__struct_fields__)
    for child in children(element):
        name = local_name(child)
        if name in to_come and child.tag == f"{{{names.ORDER}}}{name}":
            del to_come[: to_come.index(name) + 1]
            members[name] = _read_boolean(child) if name == "HasErpOrderNo" else _read_text(child)
    if members.get("StatusCode") is None:
        raise ValueError("StatusCode is lost: it is missing, nil, out of order or in another namespace")
    return msgspec.convert(members, Answer)


def _read_text(element: etree._Element) -> str | None:
    _check_type(element, _XSD, "string")
    return None if _is_nil(element) else _text(element)


def _read_boolean(element: etree._Element) -> bool:
    _check_type(element, _XSD, "boolean")
    value = None if _is_nil(element) else _BOOLEANS.get(_text(element).strip(BLANKS))
    if value is None:
        raise ValueError(f"{local_name(element)} is neither true nor false")
    return value


def _text(element: etree._Element) -> str:
    if len(element):
        raise ValueError(f"there are elements in {local_name(element)}")
    return element.text or ""


def _is_nil(element: etree._Element) -> bool:
    value = _BOOLEANS.get((element.get(_NIL) or "false").strip(BLANKS))
    if value is None:
        raise ValueError(f"i:nil of {local_name(element)} is neither true nor false")
    return value


def _check_type(element: etree._Element, namespace: str, name: str) -> None:
    """A type that is named must be the one that is expected."""
    called = element.get(_TYPE)
    if called is not None:
        prefix, _, local = called.strip(BLANKS).rpartition(":")
        if (element.nsmap.get(prefix or None), local) != (namespace, name):
            raise ValueError(f"{local_name(element)} is called a {called}")
