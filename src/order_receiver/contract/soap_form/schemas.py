"""The schemas of the order service, made from the messages as DataContractSerializer describes them.

Senders' tools make classes of them, so they keep to what .NET can take in: sequences, a base by extension, lists as
types of their own. (norce: XML wire format)
"""

from collections.abc import Iterable, Mapping
from functools import cache

from lxml import etree
from lxml.etree import _Element

from order_receiver.contract.codes import OrderType
from order_receiver.contract.plan import Kind, Member, members
from order_receiver.contract.request import Message, OrderRequest
from order_receiver.contract.response import OrderResponse
from order_receiver.contract.soap_form import xsd
from order_receiver.contract.soap_form.serialization import serialization
from order_receiver.contract.xml_form import names

_IMPORTS: Mapping[str, tuple[str, ...]] = {
    names.ORDER: (names.ORDER_TYPES, names.ENTITY, names.PROMOTION, xsd.SERIALIZATION),
    names.ORDER_TYPES: (xsd.SERIALIZATION,),
}
_ENTITY = "Entity"
_ORDER_TYPES = "OrderTypes"

_PLAIN: Mapping[Kind, str] = {
    Kind.TEXT: "xs:string",
    Kind.TEXTS: "xs:string",
    Kind.ENUM: "xs:string",
    Kind.INTEGER: "xs:int",
    Kind.AMOUNT: "xs:decimal",
    Kind.BOOLEAN: "xs:boolean",
    Kind.DATE: "xs:dateTime",
}


@cache
def schemas() -> Mapping[str, _Element]:
    """The schemas by namespace; each names the namespaces that it imports, not where they are.

    They are made once and shared: copy before changing.
    """
    contracts = _Contracts()
    contracts.add(names.ENTITY, _ENTITY, ())
    contracts.add_message(OrderRequest)
    contracts.add_wrapper(names.OPERATION, names.REQUEST, OrderRequest.__name__)
    contracts.add(names.ORDER, OrderResponse.__name__, members(OrderResponse))
    contracts.add_wrapper(f"{names.OPERATION}Response", f"{names.OPERATION}Result", OrderResponse.__name__)
    return {**contracts.schemas, names.ORDER_TYPES: _order_types(), xsd.SERIALIZATION: serialization()}


class _Contracts:
    """The data contracts that messages reach, each described once, in the order in which they are met."""

    def __init__(self) -> None:
        self.schemas = {one: _schema(one) for one in (names.ORDER, names.PROMOTION, names.ENTITY)}
        self._described: set[str] = set()

    def add_message(self, struct: type[Message]) -> None:
        """Describe a message, then what its members are made of."""
        name = names.contract_name(struct)
        if name in self._described:
            return
        self._described.add(name)
        elements = _elements(struct)
        self.add(names.namespace(struct), name, elements, base=names.has_base(struct))
        for member in elements:
            if _is_collection(member):
                self._add_collection(member)
            if member.struct is not None:
                self.add_message(member.struct)

    def add(self, namespace: str, name: str, elements: Iterable[Member], *, base: bool = False) -> None:
        """Describe one contract by its members."""
        sequence = self._add_type(namespace, name, base=base)
        for member in elements:
            xsd.add_element(sequence, member.name, _type(member), nillable=_is_nillable(member))

    def add_wrapper(self, name: str, part: str, type_name: str) -> None:
        """Describe what stands in the SOAP body: one part."""
        wrapper = xsd.add(self.schemas[names.ORDER], "element", name=name)
        sequence = xsd.add(xsd.add(wrapper, "complexType"), "sequence")
        xsd.add_element(sequence, part, xsd.prefixed(names.ORDER, type_name), nillable=True)

    def _add_collection(self, member: Member) -> None:
        name = names.collection_name(member)
        if name not in self._described:
            self._described.add(name)
            sequence = self._add_type(names.ORDER, name)
            xsd.add_element(sequence, names.entry_name(member), _entry_type(member), many=True)

    def _add_type(self, namespace: str, name: str, *, base: bool = False) -> _Element:
        """Put a type and the element of its name into a schema; gives the sequence that its members belong in."""
        described = xsd.add(self.schemas[namespace], "complexType", name=name)
        xsd.add_root(self.schemas[namespace], name, xsd.prefixed(namespace, name))
        if base:
            content = xsd.add(described, "complexContent", mixed="false")
            described = xsd.add(content, "extension", base=xsd.prefixed(names.ENTITY, _ENTITY))
        return xsd.add(described, "sequence")


def _schema(namespace: str) -> _Element:
    schema = xsd.schema(namespace)
    for imported in _IMPORTS.get(namespace, ()):
        xsd.add(schema, "import", namespace=imported)
    return schema


def _elements(struct: type[Message]) -> list[Member]:
    written = [member for member in members(struct) if names.is_element(member)]
    return sorted(written, key=lambda member: not names.is_placed(struct, member))


def _type(member: Member) -> str:
    if _is_collection(member):
        return xsd.prefixed(names.ORDER, names.collection_name(member))
    return _entry_type(member)


def _entry_type(member: Member) -> str:
    """The type of a list's entries, or of a member that is no list."""
    if member.struct is not None:
        return xsd.prefixed(names.namespace(member.struct), names.contract_name(member.struct))
    if member.codes is OrderType:
        return xsd.prefixed(names.ORDER_TYPES, _ORDER_TYPES)
    if member.format == "guid":
        return xsd.prefixed(xsd.SERIALIZATION, "guid")
    return _PLAIN[member.kind]


def _is_collection(member: Member) -> bool:
    return member.kind in (Kind.LIST, Kind.TEXTS)


def _is_nillable(member: Member) -> bool:
    """Whether .NET can hold a null: in any string, object and list, in a plain value only where the contract says so.

    A date is never null there; that ours may be is because a message can lack it.
    """
    if member.kind in (Kind.INTEGER, Kind.AMOUNT, Kind.BOOLEAN):
        return member.nullable
    return member.kind is not Kind.DATE and member.codes is not OrderType


def _order_types() -> _Element:
    """The enum: its words, each with the number that .NET keeps and JSON carries."""
    schema = _schema(names.ORDER_TYPES)
    restriction = xsd.add(xsd.add(schema, "simpleType", name=_ORDER_TYPES), "restriction", base="xs:string")
    for code in OrderType:
        enumeration = xsd.add(restriction, "enumeration", value=code.name)
        note = xsd.add(xsd.add(enumeration, "annotation"), "appinfo")
        etree.SubElement(note, f"{{{xsd.SERIALIZATION}}}EnumerationValue").text = str(code.value)
    xsd.add_root(schema, _ORDER_TYPES, xsd.prefixed(names.ORDER_TYPES, _ORDER_TYPES))
    return schema
