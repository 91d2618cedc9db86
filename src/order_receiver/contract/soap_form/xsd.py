"""Parts of an XML schema as .NET writes them."""

from collections.abc import Mapping

from lxml import etree
from lxml.etree import _Element

from order_receiver.contract.xml_form import names

XS = "http://www.w3.org/2001/XMLSchema"
SERIALIZATION = "http://schemas.microsoft.com/2003/10/Serialization/"
"""Namespace of what .NET adds to the types of XML Schema."""

SCHEMAS: Mapping[str, str] = {
    "order": names.ORDER,
    "promotion": names.PROMOTION,
    "entity": names.ENTITY,
    "ordertypes": names.ORDER_TYPES,
    "serialization": SERIALIZATION,
}
"""The namespaces that have a schema, by our word for it: its prefix in documents, its name in `?xsd=`."""
WORDS: Mapping[str, str] = {namespace: word for word, namespace in SCHEMAS.items()}


def schema(namespace: str, **attributes: str) -> _Element:
    """An empty schema that describes the namespace."""
    known = {"elementFormDefault": "qualified", "targetNamespace": namespace}
    return etree.Element(f"{{{XS}}}schema", {**attributes, **known}, nsmap={"xs": XS, **SCHEMAS})


def add(parent: _Element, tag: str, **attributes: str) -> _Element:
    """Put a part of XML Schema into another one."""
    return etree.SubElement(parent, f"{{{XS}}}{tag}", attributes)


def add_element(
    parent: _Element, name: str, type_name: str, *, nillable: bool = True, optional: bool = True, many: bool = False
) -> None:
    """Declare an element of a named type; `type_name` bears its prefix."""
    occurs = {"minOccurs": "0"} if optional else {}
    if many:
        occurs["maxOccurs"] = "unbounded"
    null = {"nillable": "true"} if nillable else {}
    add(parent, "element", **occurs, name=name, **null, type=type_name)


def add_root(schema: _Element, name: str, type_name: str) -> None:
    """Declare an element that may be a document's root; .NET does so for each type."""
    add_element(schema, name, type_name, optional=False)


def prefixed(namespace: str, name: str) -> str:
    """The name of a type in one of our namespaces, as an attribute's value."""
    return f"{WORDS[namespace]}:{name}"
