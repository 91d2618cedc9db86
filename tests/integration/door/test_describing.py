"""The description of the SOAP service, as tools that set up a sender fetch it."""

import re

import pytest
from lxml import etree
from tests.integration.door.conftest import Answer, Doorway, Opener, Wire, head, order_body
from tests.integration.door.sent_samples import KINDS, sample

XML = "text/xml; charset=utf-8"
HOST = "127.0.0.1:8080"
PATHS = ["/orders", "/orders/", "/orders/json", "/orders/CreateOrder", "/orders/webhooks"]
ORDER = "Enferno.Services.StormConnect.Contracts.Order"


def address(answer: Answer) -> str:
    """Where the ports take orders, and the imported documents are: the same address for all."""
    assert (answer.status, answer.headers["content-type"]) == (200, XML)
    found = re.findall(r'<soap(?:12)?:address location="([^"]*)"', answer.body.decode())
    imported = re.findall(r'schemaLocation="([^"?]*)\?xsd=\w+"', answer.body.decode())
    assert len(found) == 2
    assert {*found, *imported} == {found[0]}
    return str(found[0])


async def get(wire: Wire, path: str, method: str = "GET", **more: str) -> Answer:
    """Without credentials; `more` are headers, with underscores for hyphens."""
    told = {name.replace("_", "-"): value for name, value in more.items()}
    await wire.send(head(method=method, path=path, authorization=None, media_type=None, more=told))
    return await wire.answer()


@pytest.mark.parametrize("path", PATHS)
async def test_wsdl_is_served_on_every_order_path_with_the_address_of_the_request(door: Doorway, path: str) -> None:
    wire = await door.connect()
    for query in ("wsdl", "WSDL", "singleWsdl", "singlewsdl"):
        assert address(await get(wire, f"{path}?{query}")) == f"http://{HOST}{path}"


async def test_a_single_wsdl_imports_nothing_and_says_the_same(door: Doorway) -> None:
    wire = await door.connect()
    single = etree.fromstring((await get(wire, "/orders?singleWsdl")).body)
    assert not single.findall(".//*[@schemaLocation]")
    imported = list(etree.fromstring((await get(wire, "/orders?wsdl")).body).iter("{*}import"))
    fetched = [await get(wire, "/orders?" + str(each.attrib["schemaLocation"]).partition("?")[2]) for each in imported]
    assert [etree.fromstring(each.body).get("targetNamespace") for each in fetched] == [
        each.get("namespace") for each in imported
    ]
    assert len(single.findall(".//{http://www.w3.org/2001/XMLSchema}schema")) == len(imported)


async def test_every_sample_validates_against_the_schemas_as_they_are_served(door: Doorway) -> None:
    """A validator of its own fetches them one by one, from the addresses in them."""
    wire = await door.connect()
    queue, files = ["/orders?xsd=order"], dict[str, bytes]()
    while queue:
        path = queue.pop()
        answer = await get(wire, path)
        assert (answer.status, answer.headers["content-type"]) == (200, XML)
        files[f"http://{HOST}{path}"] = answer.body
        found = [each.partition(HOST)[2] for each in re.findall(r'schemaLocation="([^"]*)"', answer.body.decode())]
        queue += [each for each in found if f"http://{HOST}{each}" not in files and each not in queue]
    assert len(files) == 5
    parser = etree.XMLParser()
    parser.resolvers.add(Files(files))
    schema = etree.XMLSchema(etree.fromstring(files[f"http://{HOST}/orders?xsd=order"], parser))
    for kind in KINDS:
        schema.assertValid(etree.fromstring(sample("data-contract-xml", kind).body))
        for sender in ("mono-soap11", "framework-soap11", "mono-soap12", "mono-soap12-addressing"):
            schema.assertValid(etree.fromstring(sample(sender, kind).body)[-1][0])


class Files(etree.Resolver):
    """Gives what was fetched before."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__()
        self._files = files

    def resolve(self, system_url: str, public_id: str, context: object = None) -> object:
        return self.resolve_string(self._files[system_url], context, base_url=None)


async def test_head_is_answered_with_the_length_alone(door: Doorway) -> None:
    wire = await door.connect()
    length = (await get(wire, "/orders?wsdl")).headers["content-length"]
    for _ in range(2):
        await wire.send(head(method="HEAD", path="/orders?wsdl", authorization=None, media_type=None))
        told = await wire.reader.readuntil(b"\r\n\r\n")
        assert told.startswith(b"HTTP/1.1 200")
        assert f"content-length: {length}\r\n".encode() in told
    assert (await wire.post(order_body())).status == 200


@pytest.mark.parametrize("path", ["/orders", "/orders?", "/orders?wsdl=1", "/orders?xsd=other", "/orders?x&wsdl"])
async def test_any_other_get_is_still_refused(door: Doorway, path: str) -> None:
    wire = await door.connect()
    answer = await get(wire, path)
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert answer.members["detail"] == "Orders are sent with POST."


@pytest.mark.parametrize("path", ["/?wsdl", "/order?wsdl", "/orders/x?wsdl"])
async def test_other_paths_describe_nothing(door: Doorway, path: str) -> None:
    assert (await get(await door.connect(), path)).status == 404


async def test_other_methods_with_the_query_are_what_they_are(door: Doorway) -> None:
    wire = await door.connect()
    for method in ("PUT", "DELETE", "OPTIONS"):
        assert (await get(wire, "/orders?wsdl", method)).status == 405
    assert (await wire.post(order_body(), path="/orders?wsdl", authorization=None)).status == 401
    assert (await wire.post(order_body(), path="/orders?wsdl")).status == 200
    assert door.value("SELECT count(*) FROM orders") == 1


async def test_the_host_that_was_asked_for_is_told(door: Doorway) -> None:
    wire = await door.connect()
    for host in ("orders.example.com", "orders.example.com:444", "[::1]:8080"):
        answer = await get(wire, "/orders?wsdl", Host=host)
        assert address(answer) == f"http://{host}/orders"


@pytest.mark.parametrize(
    "host", ["evil.example/x", 'x"/><evil', "a@b", "evil.example#", "x" * 300, "a b", "&#x41;", "\u00e5.example"]
)
async def test_a_hostile_host_is_not_repeated(open_door: Opener, host: str) -> None:
    door = await open_door(path="/in/norce")
    answer = await get(await door.connect(), "/in/norce?wsdl", Host=host)
    if answer.status == 200:
        assert address(answer) == "http://127.0.0.1:0/in/norce"
        assert etree.fromstring(answer.body).get("targetNamespace") == ORDER
    assert host.encode() not in answer.body


async def test_forwarding_headers_count_behind_a_proxy_alone(open_door: Opener) -> None:
    told = {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "evil.example, orders.example.com"}
    for behind_proxy, expected in ((False, f"http://{HOST}/orders"), (True, "https://orders.example.com/orders")):
        door = await open_door(behind_proxy=behind_proxy)
        assert address(await get(await door.connect(), "/orders?wsdl", **told)) == expected
        door.stop.set()


async def test_a_public_url_is_told_whatever_was_asked_for(open_door: Opener) -> None:
    door = await open_door(public_url="https://shop.example/norce", behind_proxy=True)
    wire = await door.connect()
    for path in PATHS:
        answer = await get(wire, f"{path}?wsdl", Host="10.0.0.7", X_Forwarded_Host="other.example")
        assert address(answer) == "https://shop.example/norce"
