"""WSDL and schemas: the same as a WCF service host's, and understood by the tools that read them."""
# mypy: allow-untyped-calls

from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest
from lxml import etree
from lxml.etree import _Element
from zeep import Client
from zeep.transports import Transport

from order_receiver.contract.soap_form.description import MEDIA_TYPE, document
from order_receiver.contract.xml_form import names

DATA = Path(__file__).parents[2] / "data" / "wsdl"
ADDRESS = "http://receiver.example/orders"
XS = "{http://www.w3.org/2001/XMLSchema}"
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
SCHEMAS = ["order", "promotion", "entity", "ordertypes", "serialization"]
ENVELOPES = {
    "BasicHttpBinding_OrderNotificationService": names.SOAP11,
    "Soap12_OrderNotificationService": names.SOAP12,
}
REFERENCES = {"type", "base", "element", "message", "binding"}
ORDER = {
    "SellTo": {"Person": {"Address": {"City": "Lund"}}},
    "BillTo": {"Company": {"PricelistCodes": {"PricelistCode": ["10"]}}},
    "ClientOrderRef": "100001",
    "Items": {
        "OrderItem": [
            {
                "LineNo": 1,
                "AdditionalInfo": {"Value": [{"Code2": "warranty"}]},
                "PriceLists": {"Pricelist": [{"UnitPriceVat": Decimal("25.0")}]},
                "Promotions": {"Promotion": [{"Id": "5"}]},
                "UnitPriceOriginalVat": Decimal("1.50"),
            }
        ]
    },
    "Header": {"ApplicationKey": "123e4567-e89b-12d3-a456-426614174000"},
    "OrderType": "ExternalOrder",
}
ANSWER = (
    f'<CreateOrderResponse xmlns="{names.ORDER}" xmlns:i="{names.XSI}"><CreateOrderResult>'
    '<StatusCode>OK</StatusCode><Description i:nil="true"/><HasErpOrderNo>true</HasErpOrderNo>'
    "<ErpOrderNo>E1</ErpOrderNo></CreateOrderResult></CreateOrderResponse>"
)
WRAPPED = {"request", "CreateOrderResult"}
"""What a SOAP body wraps may be nil, as .NET's own WCF describes it; Mono, which made the documents here, does not."""
UNPLACED = {("OrderItem", "UnitPriceOriginalVat"), ("PriceListItem", "UnitPriceVat")}


class Node(NamedTuple):
    """A part of a description, whatever its prefixes and white space."""

    tag: str
    attributes: frozenset[tuple[str, str]]
    text: str
    children: "tuple[Node, ...]"


def node(element: _Element) -> Node:
    attributes = {str(name): resolved(element, str(name), str(value)) for name, value in element.attrib.items()}
    attributes.pop("schemaLocation", None)
    children = tuple(node(child) for child in element)
    return Node(str(element.tag), frozenset(attributes.items()), (element.text or "").strip(), children)


def resolved(element: _Element, name: str, value: str) -> str:
    """The value, in Clark's notation where it is a reference."""
    prefix, _, local = value.rpartition(":")
    return f"{{{element.nsmap[prefix]}}}{local}" if name in REFERENCES else value


def served(query: str, address: str = ADDRESS) -> _Element:
    body = document(query, address)
    assert body is not None
    return etree.fromstring(body)


def as_mono_describes_it(root: _Element) -> _Element:
    """The same less what we describe otherwise: wrapped parts may be nil, and two members stand last in their types.

    Those are the two that the public contract gives no place.
    """
    taken = set()
    for wrapped in [each for each in root.iter(f"{XS}element") if each.get("name") in WRAPPED]:
        assert wrapped.attrib.pop("nillable") == "true"
    for described in root.iter(f"{XS}complexType"):
        members = list(described.iter(f"{XS}element"))
        if members and (described.get("name"), members[-1].get("name")) in UNPLACED:
            taken.add((described.get("name"), members[-1].get("name")))
            assert members[-1].get("minOccurs") == "0"
            assert members[-1].get("nillable") == "true"
            assert members[-1].get("type") == "xs:decimal"
            sequence = members[-1].getparent()
            assert sequence is not None
            sequence.remove(members[-1])
    assert taken == (UNPLACED if root.findall(f".//{XS}complexType[@name='OrderItem']") else set())
    return root


class Served(etree.Resolver):
    """Finds a schema at its served address."""

    def resolve(self, system_url: str, public_id: str, context: object = None) -> object:
        body = document(system_url.removeprefix(f"{ADDRESS}?"), ADDRESS)
        return self.resolve_string(body or b"", context, base_url=None)


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    """The schemas compiled as they are served, each from its own address."""
    parser = etree.XMLParser()
    parser.resolvers.add(Served())
    body = document("xsd=order", ADDRESS)
    assert body is not None
    return etree.XMLSchema(etree.fromstring(body, parser))


class ServedTransport(Transport):
    """Loads what a receiver would serve."""

    def load(self, url: str) -> bytes:
        address, _, query = url.partition("?")
        assert address == ADDRESS
        body = document(query, address)
        assert body is not None
        return body


@pytest.fixture(scope="module", params=["wsdl", "singleWsdl"])
def client(request: pytest.FixtureRequest) -> Client:
    return Client(f"{ADDRESS}?{request.param}", transport=ServedTransport())


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_is_that_of_a_service_host(name: str) -> None:
    expected = etree.fromstring((DATA / f"{name}.xsd").read_bytes())
    assert node(as_mono_describes_it(served(f"xsd={name}"))) == node(expected)


def test_single_wsdl_is_that_of_a_service_host() -> None:
    expected = etree.fromstring((DATA / "single.wsdl").read_bytes())
    ours = as_mono_describes_it(served("singleWsdl"))
    assert described_schemas(ours) == described_schemas(expected)
    assert node(rest(ours)) == node(rest(expected))


def test_wsdl_differs_from_the_single_one_only_in_its_schemas() -> None:
    assert node(rest(served("wsdl"))) == node(rest(served("singleWsdl")))


def described_schemas(root: _Element) -> set[Node]:
    return {node(one) for one in root.iter(f"{XS}schema")}


def rest(root: _Element) -> _Element:
    other = deepcopy(root)
    types = other.find(f"{WSDL}types")
    assert types is not None
    for one in list(types):
        types.remove(one)
    return other


def test_wsdl_says_where_each_schema_is() -> None:
    assert dict(imports(served("wsdl"))) == {
        served(f"xsd={name}").get("targetNamespace"): f"{ADDRESS}?xsd={name}" for name in SCHEMAS
    }


def test_schemas_say_where_the_others_are() -> None:
    for name in SCHEMAS:
        for namespace, location in imports(served(f"xsd={name}")):
            assert served(location.removeprefix(f"{ADDRESS}?")).get("targetNamespace") == namespace


def test_single_wsdl_refers_to_nothing_outside() -> None:
    assert not served("singleWsdl").xpath("//@schemaLocation")


def imports(root: _Element) -> Iterator[tuple[str | None, str]]:
    for one in root.iter(f"{XS}import"):
        yield str(one.attrib["namespace"]), str(one.attrib["schemaLocation"])


@pytest.mark.parametrize(
    ("query", "same"),
    [
        ("WSDL", "wsdl"),
        ("wsdl=", "wsdl"),
        ("singlewsdl", "singleWsdl"),
        ("SingleWSDL=", "singleWsdl"),
        ("XSD=Order", "xsd=order"),
        ("xsd=OrderTypes", "xsd=ordertypes"),
    ],
)
def test_query_is_known_in_any_case(query: str, same: str) -> None:
    assert document(query, ADDRESS) == document(same, ADDRESS) is not None


@pytest.mark.parametrize(
    "query",
    ["", "=", "wsdl=wsdl0", "wsdl&x=1", "singleWsdl=1", "xsd", "xsd=", "xsd=xsd0", "xsd=order=", "xsd=order.xsd", "q"],
)
def test_other_query_has_no_document(query: str) -> None:
    assert document(query, ADDRESS) is None


@pytest.mark.parametrize("query", ["wsdl", "singleWsdl", "xsd=order"])
def test_document_is_declared_utf8(query: str) -> None:
    body = document(query, ADDRESS)
    assert body is not None
    assert body.startswith(b"<?xml version='1.0' encoding='utf-8'?>")
    assert MEDIA_TYPE == "text/xml; charset=utf-8"


@pytest.mark.parametrize("address", ["https://åre.example/a&b;c/'d'\"e\"<f>", "http://[::1]:8080/orders/lund"])
def test_address_is_written_as_it_is(address: str) -> None:
    root = served("wsdl", address)
    assert root.xpath(f"//*[local-name()='address' and namespace-uri()!='{WSDL[1:-1]}']/@location") == [address] * 2
    assert [location for _, location in imports(root)] == [f"{address}?xsd={name}" for name in SCHEMAS]
    assert all(location.startswith(f"{address}?xsd=") for _, location in imports(served("xsd=order", address)))


def test_address_of_one_request_does_not_stay_for_the_next() -> None:
    first = document("xsd=order", ADDRESS)
    document("xsd=order", "http://other.example/")
    document("singleWsdl", "http://other.example/")
    assert document("xsd=order", ADDRESS) == first


def test_address_that_xml_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="XML compatible"):
        document("wsdl", "http://receiver.example/\x01")


@pytest.mark.parametrize("message", ["order.xml", "envelope.xml"])
def test_message_is_valid(schema: etree.XMLSchema, message: str) -> None:
    root = etree.fromstring((DATA / message).read_bytes())
    body = root.find("{*}Body/*")
    schema.assertValid(root if body is None else body)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("<DoHold>1</DoHold>", "<DoHold>yes</DoHold>"),
        ("<DoHold>1</DoHold>", "<DoHold i:nil='true'/>"),
        ("<OrderType>RecurringOrder<", "<OrderType>3<"),
        ("-e89b-", "-"),
        ("<Pricelist><", "<Pricelist><Other/><"),
        ("<p:Id>5</p:Id>", "<Id>5</Id>"),
        ("<LineNo>1</LineNo>", "<PartNo>1</PartNo><LineNo>1</LineNo>"),
    ],
)
def test_other_message_is_not_valid(schema: etree.XMLSchema, right: str, wrong: str) -> None:
    text = (DATA / "order.xml").read_text(encoding="utf-8")
    assert right in text
    assert not schema.validate(etree.fromstring(text.replace(right, wrong).encode()))


def test_answer_is_valid(schema: etree.XMLSchema) -> None:
    schema.assertValid(etree.fromstring(ANSWER))


def test_zeep_finds_both_ports(client: Client) -> None:
    ports = client.wsdl.services[names.SERVICE].ports
    assert list(ports) == list(ENVELOPES)
    order = next(prefix for prefix, namespace in client.namespaces.items() if namespace == names.ORDER)
    for port in ports.values():
        operation = port.binding.get(names.OPERATION)
        assert port.binding_options["address"] == ADDRESS
        assert operation.soapaction == names.ACTION
        assert operation.input.signature() == f"request: {order}:OrderRequest"
        assert operation.output.signature() == f"CreateOrderResult: {order}:OrderResponse"


@pytest.mark.parametrize(("port", "envelope"), [*ENVELOPES.items()])
def test_zeep_writes_a_valid_order(client: Client, schema: etree.XMLSchema, port: str, envelope: str) -> None:
    message = client.create_message(client.bind(names.SERVICE, port), names.OPERATION, request=ORDER)
    body = message.find(f"{{{envelope}}}Body/*")
    schema.assertValid(body)
    written = {etree.QName(one).localname: one.text for one in body.iter() if len(one) == 0}
    assert written == {
        "City": "Lund",
        "PricelistCode": "10",
        "ClientOrderRef": "100001",
        "LineNo": "1",
        "Code2": "warranty",
        "UnitPriceVat": "25.0",
        "Id": "5",
        "UnitPriceOriginalVat": "1.50",
        "ApplicationKey": "123e4567-e89b-12d3-a456-426614174000",
        "OrderType": "ExternalOrder",
    }


@pytest.mark.parametrize("part", [{"Other": 1}, {"Items": {"Item": []}}, {"Header": {"Key": "1"}}])
def test_zeep_knows_what_an_order_may_hold(client: Client, part: dict[str, object]) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        client.create_message(client.service, names.OPERATION, request=part)


@pytest.mark.parametrize(("port", "envelope"), [*ENVELOPES.items()])
def test_zeep_reads_an_answer(client: Client, port: str, envelope: str) -> None:
    answer = etree.fromstring(f'<s:Envelope xmlns:s="{envelope}"><s:Body>{ANSWER}</s:Body></s:Envelope>')
    binding = client.wsdl.services[names.SERVICE].ports[port].binding
    read = binding.get(names.OPERATION).process_reply(answer)
    assert {name: read[name] for name in read} == {
        "StatusCode": "OK",
        "Description": None,
        "HasErpOrderNo": True,
        "ErpOrderNo": "E1",
    }
