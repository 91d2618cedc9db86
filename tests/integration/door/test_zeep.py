"""An independent SOAP client, which knows nothing but the served description, against a door that runs."""
# mypy: allow-untyped-calls

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from lxml.etree import _Element
from tests.integration.door.conftest import SHOP, Doorway, Opener
from zeep import Client
from zeep.exceptions import Fault, TransportError
from zeep.plugins import HistoryPlugin
from zeep.transports import Transport

from order_receiver.contract.forms import read
from order_receiver.contract.media import media_type
from order_receiver.contract.plan import Kind, Member, members
from order_receiver.contract.request import Header, Message, OrderItem, OrderRequest
from order_receiver.door.answers import POLICY, Situation
from order_receiver.orders.fingerprint import fingerprint
from order_receiver.simulator.orders import change_order, make_order

SERVICE = "OrderNotificationService"
PORTS = {
    "BasicHttpBinding_OrderNotificationService": "text/xml",
    "Soap12_OrderNotificationService": "application/soap+xml",
}
ADDRESSING = "{http://www.w3.org/2005/08/addressing}"
TOLD = [Situation.DO_HOLD, Situation.REPEATED, Situation.CONFLICT]
SUBMITTED = datetime(2026, 3, 29, 1, 59, 59, tzinfo=timezone(timedelta(hours=1)))
TEXT = "Åsa & <Söner> \U0001f600"
VALUES: dict[Kind, object] = {
    Kind.INTEGER: -17,
    Kind.AMOUNT: Decimal("1234567.050"),
    Kind.BOOLEAN: True,
    Kind.DATE: SUBMITTED,
    Kind.TEXTS: ["10", "", " 2 "],
    Kind.IGNORED: None,
}


def whole(struct: type[Message]) -> Message:
    """A message with a value in every member, two in every list."""
    return struct(**{member.name: value(member) for member in members(struct)})


def value(member: Member) -> object:
    if member.name == "ApplicationKey":
        return SHOP
    if member.codes is not None:
        return list(member.codes)[-1]
    if member.kind is Kind.TEXT:
        return TEXT[: member.max_length]
    if member.struct is None:
        return VALUES[member.kind]
    return [whole(member.struct), whole(member.struct)] if member.kind is Kind.LIST else whole(member.struct)


def whole_order() -> OrderRequest:
    order = whole(OrderRequest)
    assert isinstance(order, OrderRequest)
    return order


ORDERS: dict[str, Callable[[], OrderRequest]] = {
    "every member": whole_order,
    "nothing but its key": lambda: OrderRequest(ClientOrderRef="1", Header=Header(ApplicationKey=SHOP)),
    "a consumer's": lambda: make_order(1, application_key=SHOP, reference="100001", lines=3),
    "a company's": lambda: make_order(7, application_key=SHOP, reference="100002", lines=30, market="NO"),
    "great": lambda: make_order(3, application_key=SHOP, reference="100003", lines=400),
}


def in_words_of(described: Any, told: object) -> object:
    """A value as the client's own types, made from the description, want it; a list has its entries one below."""
    if isinstance(told, dict):
        inner = dict(described.elements)
        given = {name: each for name, each in told.items() if each is not None}
        assert given.keys() <= inner.keys()
        return {name: in_words_of(inner[name].type, each) for name, each in given.items()}
    if isinstance(told, list):
        ((name, entry),) = described.elements
        return {name: [in_words_of(entry.type, each) for each in told]}
    return told


class Caller:
    """A client that was set up from one document of a door; its plugin keeps what was sent and received."""

    def __init__(self, url: str, transport: Transport, port: str) -> None:
        self._history = HistoryPlugin()
        self.client = Client(url, transport=transport, plugins=[self._history])
        self._service = self.client.bind(SERVICE, port)

    @property
    def envelopes(self) -> tuple[_Element, _Element]:
        """What was sent last, and what came back."""
        sent, received = self._history.last_sent, self._history.last_received
        assert sent is not None
        assert received is not None
        return sent["envelope"], received["envelope"]

    def send(self, order: OrderRequest) -> Any:
        """Call CreateOrder; gives its result as the client reads it. Raises what the client raises."""
        tree = msgspec.to_builtins(order, builtin_types=(Decimal, datetime))
        tree["OrderType"] = order.OrderType.name
        request = self.client.get_type("{Enferno.Services.StormConnect.Contracts.Order}OrderRequest")
        return self._service.CreateOrder(request=in_words_of(request, tree))


@contextmanager
def caller(
    door: Doorway, *, document: str = "wsdl", port: str = next(iter(PORTS)), password: str = "secret"
) -> Iterator[Caller]:
    """The description is fetched from the door by the client itself."""
    transport = Transport()
    transport.session.auth = ("norce", password)
    try:
        yield Caller(f"http://127.0.0.1:{door.port}/orders?{document}", transport, port)
    finally:
        transport.session.close()


async def send(door: Doorway, order: OrderRequest, **how: str) -> Any:
    """The client's answer, or what it raises; it waits for answers, so it has a thread of its own."""

    def work() -> Any:
        with caller(door, **how) as client:
            return client.send(order)

    return await asyncio.to_thread(work)


def stored(door: Doorway) -> OrderRequest:
    ((body, named),) = door.rows("SELECT body, media_type FROM messages WHERE role = 'first'")
    assert isinstance(body, bytes)
    reading = read(body, media_type(str(named)))
    assert reading.findings == ()
    return reading.order


def small(reference: str | None = "100001") -> OrderRequest:
    rows = [OrderItem(LineNo=1, PartNo="A", Quantity=1)]
    return OrderRequest(ClientOrderRef=reference, Header=Header(ApplicationKey=SHOP), Items=rows)


@pytest.mark.parametrize("document", ["wsdl", "singleWsdl"])
@pytest.mark.parametrize("port", list(PORTS))
async def test_orders_arrive_as_they_were_sent(door: Doorway, document: str, port: str) -> None:
    """Every value of every member, to the last digit; then again, and changed."""
    sent = whole_order()

    def work() -> list[Any]:
        with caller(door, document=document, port=port) as client:
            return [client.send(order) for order in (sent, sent, change_order(sent))]

    answers = await asyncio.to_thread(work)
    assert [answer.StatusCode for answer in answers] == ["OK", "OK", "OK"]
    assert [(answer.HasErpOrderNo, answer.ErpOrderNo) for answer in answers] == [(False, None)] * 3
    assert [POLICY[each].description for each in TOLD] == [answer.Description for answer in answers]
    assert stored(door) == sent
    assert str(door.value("SELECT media_type FROM messages WHERE id = 1")).startswith(PORTS[port])
    assert [role for (role,) in door.rows("SELECT role FROM messages ORDER BY id")] == ["first", "conflict"]


@pytest.mark.parametrize("port", list(PORTS))
@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
async def test_orders_of_all_sizes(door: Doorway, order: Callable[[], OrderRequest], port: str) -> None:
    answer = await send(door, order(), port=port)
    assert answer.StatusCode == "OK"
    assert fingerprint(stored(door)) == fingerprint(order())
    assert stored(door) == order()


@pytest.mark.parametrize("port", list(PORTS))
async def test_a_number_is_read(open_door: Opener, port: str) -> None:
    door = await open_door(work=True, target={"number_on_write": True}, application={"wait_milliseconds": 4000})
    answer = await send(door, make_order(1, application_key=SHOP, reference="100001", lines=3), port=port)
    assert (answer.StatusCode, answer.HasErpOrderNo, answer.ErpOrderNo) == ("OK", True, f"{SHOP}-100001")
    assert answer.Description == POLICY[Situation.STORED_NUMBERED].description


@pytest.mark.parametrize("port", list(PORTS))
async def test_failed_is_an_answer_as_any_other(door: Doorway, port: str) -> None:
    answer = await send(door, small(reference=None), port=port)
    assert (answer.StatusCode, answer.HasErpOrderNo, answer.ErpOrderNo) == ("Failed", False, None)
    reason = "The message has no ClientOrderRef, so there is no telling which order it is."
    assert answer.Description == f"Not taken over (quarantine Q1): {reason}"


@pytest.mark.parametrize("port", list(PORTS))
async def test_trouble_of_ours_is_a_fault(door: Doorway, port: str) -> None:
    door.change("CREATE TRIGGER broken BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'broken'); END")
    with pytest.raises(Fault) as raised:
        await send(door, small(), port=port)
    assert raised.value.message == POLICY[Situation.UNEXPECTED].description
    assert raised.value.code in ("s:Server", "s:Receiver")


@pytest.mark.parametrize("port", list(PORTS))
async def test_what_is_to_come_again_is_an_error_with_its_status(door: Doorway, port: str) -> None:
    with pytest.raises(TransportError) as refused:
        await send(door, small(), port=port, password="wrong")
    assert refused.value.status_code == 401
    door.receiver.door.draining = True
    with pytest.raises(TransportError) as closing:
        await send(door, small(), port=port)
    assert closing.value.status_code == 503
    assert door.value("SELECT count(*) FROM orders") == 0


@pytest.mark.parametrize("port", list(PORTS))
async def test_the_answer_says_what_it_answers(door: Doorway, port: str) -> None:
    """The description names actions, so the client sends WS-Addressing headers of its own accord."""

    def work() -> tuple[_Element, _Element]:
        with caller(door, port=port) as client:
            client.send(small())
            return client.envelopes

    sent, received = await asyncio.to_thread(work)
    (asked,) = (each.text for each in sent.iter(f"{ADDRESSING}MessageID"))
    assert [each.text for each in received.iter(f"{ADDRESSING}RelatesTo")] == [asked]
    (action,) = (each.text for each in received.iter(f"{ADDRESSING}Action"))
    assert action == "Enferno.Services.StormConnect.Contracts.Order/OrderNotificationService/CreateOrderResponse"
