"""What the SOAP service says of itself: WSDL and schemas, for the tools that set up a sender."""

from copy import deepcopy

from lxml import etree
from lxml.etree import _Element

from order_receiver.contract.soap_form import xsd
from order_receiver.contract.soap_form.schemas import schemas
from order_receiver.contract.xml_form import names

MEDIA_TYPE = "text/xml; charset=utf-8"

_WSDL = "http://schemas.xmlsoap.org/wsdl/"
_SOAP11 = "http://schemas.xmlsoap.org/wsdl/soap/"
_SOAP12 = "http://schemas.xmlsoap.org/wsdl/soap12/"
_ADDRESSING = "http://www.w3.org/2006/05/addressing/wsdl"
_PREFIXES = {
    "wsdl": _WSDL,
    "soap": _SOAP11,
    "soap12": _SOAP12,
    "wsaw": _ADDRESSING,
    xsd.WORDS[names.ORDER]: names.ORDER,
}
_HTTP = "http://schemas.xmlsoap.org/soap/http"

_WAYS = {"input": "", "output": "Response"}
"""There and back, with what the names of the answer end in."""
_PORTS = {f"BasicHttpBinding_{names.SERVICE}": _SOAP11, f"Soap12_{names.SERVICE}": _SOAP12}


def document(query: str, address: str) -> bytes | None:
    """The document that a request's query asks for: `wsdl`, `singleWsdl` or `xsd=NAME`, in any case of letters.

    `address` is where senders reach the service, without a query; the documents refer to it, and to one another there.
    None for any other query. Raises ValueError for an address with characters that XML cannot hold. (norce: SOAP)
    """
    name, _, value = query.lower().partition("=")
    match name:
        case "wsdl" if not value:
            root = _wsdl([_imports(address)], address)
        case "singlewsdl" if not value:
            root = _wsdl(deepcopy([*schemas().values()]), address)
        case "xsd" if value in xsd.SCHEMAS:
            root = _schema(xsd.SCHEMAS[value], address)
        case _:
            return None
    return etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True)


def _schema(namespace: str, address: str) -> _Element:
    schema = deepcopy(schemas()[namespace])
    for one in schema.iterfind(f"{{{xsd.XS}}}import"):
        one.set("schemaLocation", _location(str(one.attrib["namespace"]), address))
    return schema


def _imports(address: str) -> _Element:
    """A schema that describes nothing: only from within one can WSDL point at others."""
    schema = etree.Element(f"{{{xsd.XS}}}schema", {"targetNamespace": f"{names.ORDER}/Imports"}, nsmap={"xs": xsd.XS})
    for namespace in xsd.WORDS:
        xsd.add(schema, "import", schemaLocation=_location(namespace, address), namespace=namespace)
    return schema


def _location(namespace: str, address: str) -> str:
    return f"{address}?xsd={xsd.WORDS[namespace]}"


def _wsdl(described: list[_Element], address: str) -> _Element:
    attributes = {"name": names.SERVICE, "targetNamespace": names.ORDER}
    root = etree.Element(f"{{{_WSDL}}}definitions", attributes, nsmap=_PREFIXES)
    _add(root, "types").extend(described)
    for way, ending in _WAYS.items():
        message = _add(root, "message", name=_message(way))
        _add(message, "part", name="parameters", element=_ours(names.OPERATION + ending))
    _add_port_type(root)
    for name, soap in _PORTS.items():
        _add_binding(root, name, soap)
    service = _add(root, "service", name=names.SERVICE)
    for name, soap in _PORTS.items():
        port = _add(service, "port", name=name, binding=_ours(name))
        etree.SubElement(port, f"{{{soap}}}address", {"location": address})
    return root


def _add_port_type(root: _Element) -> None:
    operation = _add(_add(root, "portType", name=names.SERVICE), "operation", name=names.OPERATION)
    for way, ending in _WAYS.items():
        _add(operation, way, message=_ours(_message(way))).set(f"{{{_ADDRESSING}}}Action", names.ACTION + ending)


def _add_binding(root: _Element, name: str, soap: str) -> None:
    binding = _add(root, "binding", name=name, type=_ours(names.SERVICE))
    etree.SubElement(binding, f"{{{soap}}}binding", {"transport": _HTTP})
    operation = _add(binding, "operation", name=names.OPERATION)
    etree.SubElement(operation, f"{{{soap}}}operation", {"soapAction": names.ACTION, "style": "document"})
    for way in _WAYS:
        etree.SubElement(_add(operation, way), f"{{{soap}}}body", {"use": "literal"})


def _message(way: str) -> str:
    return f"{names.SERVICE}_{names.OPERATION}_{way.capitalize()}Message"


def _ours(name: str) -> str:
    return xsd.prefixed(names.ORDER, name)


def _add(parent: _Element, tag: str, **attributes: str) -> _Element:
    return etree.SubElement(parent, f"{{{_WSDL}}}{tag}", attributes)
