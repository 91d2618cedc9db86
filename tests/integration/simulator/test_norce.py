"""Simulated Norce over HTTP: what it takes, what it refuses, and what it shows."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from starlette.requests import Request

from order_receiver.contract.codes import OrderStatus
from order_receiver.simulator.identity import IdentityOptions
from order_receiver.simulator.norce import IDENTITY_PATH, Norce, NorceOptions
from order_receiver.simulator.orders import encode_order, make_order
from order_receiver.simulator.server import RunningNorce, running_norce, simulate_norce
from order_receiver.simulator.state import NorceOrder, NorceState

SECRET = "a secret for tests"
OPTIONS = NorceOptions(IdentityOptions("tests", SECRET))
FORM = {"grant_type": "client_credentials", "client_id": "tests", "client_secret": SECRET, "scope": "playground"}
INVOICE = {
    "InvoiceNo": "F-1",
    "ClientOrderRef": 100001,
    "InvoiceDate": "2026-11-21T10:00:00+01:00",
    "CurrencyCode": "SEK",
    "Items": [{"PartNo": "TLT", "Quantity": 1, "UnitPrice": 1999.20}],
}
NOTE = {
    "OrderNo": "100001",
    "NoteNo": "N-1",
    "DeliveryDate": "2026-11-21T10:00:00",
    "DeliveryNotePackages": [{"ParcelNumber": "7350", "StatusId": 4}],
    "DeliverynoteItems": [{"RowNumber": 1, "ItemNo": "TLT", "Qty": 2.5}],
}


@dataclass
class Clock:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Caller:
    """Calls one simulated Norce as a program would."""

    running: RunningNorce
    session: aiohttp.ClientSession
    clock: Clock
    headers: dict[str, str] = field(default_factory=lambda: {"application-id": "1", "Content-Type": "application/json"})

    @property
    def state(self) -> NorceState:
        return self.running.state

    async def ask(self, method: str, path: str, **options: Any) -> Answer:
        async with self.session.request(method, self.running.url + path, **options) as response:
            return Answer(response.status, response.headers, await response.text())

    async def token(self, **changes: str) -> Answer:
        return await self.ask("POST", IDENTITY_PATH, data=FORM | changes)

    async def call(self, operation: str, body: object, **headers: str) -> tuple[int, str]:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        path = f"/commerce/connect/4.0/Order/{operation}"
        answer = await self.ask("POST", path, data=content, headers=self.headers | headers)
        return answer.status, answer.json()["Message"] if answer.text else ""

    async def get(self, path: str) -> Answer:
        return await self.ask("GET", path)

    async def fault(self, **fault: object) -> Answer:
        return await self.ask("POST", "/faults", json=fault)


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    clock = Clock()
    async with running_norce(OPTIONS, clock=clock) as running, aiohttp.ClientSession() as session:
        caller = Caller(running, session, clock)
        token = (await caller.token()).json()["access_token"]
        caller.headers["Authorization"] = f"Bearer {token}"
        yield caller


@pytest.fixture
def order(caller: Caller) -> NorceOrder:
    return caller.state.register(make_order(1, application_key="shop", reference="100001", lines=2))


async def test_a_token_needs_the_right_form(caller: Caller) -> None:
    answer = await caller.token(client_secret="wrong")
    assert answer.status == 400
    assert answer.json()["error"] == "invalid_client"
    assert (await caller.get("/orders.json")).status == 200


async def test_the_24th_token_request_of_an_address_is_429_and_later_ones_succeed(caller: Caller) -> None:
    assert [(await caller.token()).status for _ in range(22)] == [200] * 22
    refused = await caller.token()
    assert (refused.status, refused.headers["Retry-After"]) == (429, "20")
    caller.clock.seconds += 20
    assert (await caller.token()).status == 200
    assert caller.state.calls == {"token 200": 24, "token 429": 1}


async def test_confirmed_with_a_number_links_it(caller: Caller, order: NorceOrder) -> None:
    message = {"ClientOrderRef": 100001, "ErpOrderNo": "SO-1", "OrderStatus": "Confirmed"}
    assert await caller.call("SendOrderStatus", message) == (200, "")
    assert (order.status, order.erp_order_no) == (OrderStatus.Confirmed, "SO-1")
    assert await caller.call("SendOrderStatus", message) == (200, "")
    assert (await caller.call("SendOrderStatus", message | {"ErpOrderNo": "SO-2"}))[0] == 400
    assert order.erp_order_no == "SO-1"
    assert order.contradictions == ["ErpOrderNo 'SO-2' told after 'SO-1'"]
    assert order.story[0].what.endswith(": 200")
    assert order.story[2].what.endswith("has ErpOrderNo 'SO-1', not 'SO-2'.")


async def test_full_status_message_is_taken_by_erp_number_alone(caller: Caller, order: NorceOrder) -> None:
    caller.state.link(order, "SO-1")
    message = {
        "ErpOrderNo": "SO-1",
        "Infos": [{"Code": "track", "Value": "7350"}],
        "OrderStatus": "ReadyForPickup",
        "AccountId": 5,
        "ItemStatuses": [{"LineNo": "1", "ItemStatus": "Delivered"}, {"LineNo": "2"}],
    }
    assert await caller.call("SendOrderStatus", message) == (200, "")
    assert order.status is OrderStatus.ReadyForPickup


@pytest.mark.parametrize(
    ("headers", "status", "hint"),
    [
        ({"Authorization": ""}, 401, "token is needed"),
        ({"Authorization": "Bearer made-up"}, 401, "unknown"),
        ({"application-id": "shop"}, 400, "application-id must be an integer, not 'shop'"),
        ({"application-id": "1.5"}, 400, "application-id"),
        ({"Content-Type": "text/plain"}, 400, "must be application/json"),
    ],
)
async def test_headers_are_checked(
    caller: Caller, order: NorceOrder, headers: dict[str, str], status: int, hint: str
) -> None:
    message = {"ClientOrderRef": 100001, "ErpOrderNo": "SO-1", "OrderStatus": "Confirmed"}
    got, text = await caller.call("SendOrderStatus", message, **headers)
    assert (got, hint in text) == (status, True)
    assert order.status is OrderStatus.Created


async def test_an_application_id_is_needed_and_a_token_expires(caller: Caller, order: NorceOrder) -> None:
    del caller.headers["application-id"]
    assert (await caller.call("CancelOrder", {"ClientOrderRef": 100001}))[0] == 400
    caller.headers["application-id"] = "1"
    caller.clock.seconds += 3600
    status, text = await caller.call("CancelOrder", {"ClientOrderRef": 100001})
    assert (status, text) == (401, "This token has expired.")
    assert order.status is OrderStatus.Created


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ({"OrderStatus": "Confirmed", "clientOrderRef": 100001}, "unknown field `clientOrderRef`"),
        ({"OrderStatus": "Confirmed", "ClientOrderRef": "100001"}, "got `str` - at `$.ClientOrderRef`"),
        ({"OrderStatus": "Confirmed", "ClientOrderRef": 100001.0}, "at `$.ClientOrderRef`"),
        ({"OrderStatus": "Confirmed", "ClientOrderRef": True}, "at `$.ClientOrderRef`"),
        ({"OrderStatus": "Confirmed", "ClientOrderRef": 2**31}, "at `$.ClientOrderRef`"),
        ({"OrderStatus": "Confirmed", "ClientOrderRef": 100001, "ErpOrderNo": 5}, "at `$.ErpOrderNo`"),
        ({"OrderStatus": "Confirmed", "ClientOrderRef": 100001, "ErpOrderNo": "x" * 51}, "at `$.ErpOrderNo`"),
        ({"OrderStatus": 2, "ClientOrderRef": 100001}, "at `$.OrderStatus`"),
        ({"OrderStatus": "Allocated", "ClientOrderRef": 100001}, "'Allocated' is unknown; known are Created"),
        ({"ClientOrderRef": 100001}, "missing required field `OrderStatus`"),
        ({"OrderStatus": "Confirmed"}, "ClientOrderRef or ErpOrderNo must be given"),
        ({"OrderStatus": "Confirmed", "ClientOrderRef": 0, "ErpOrderNo": ""}, "must be given"),
        ({"OrderStatus": "Confirmed", "ClientOrderRef": 5}, "ClientOrderRef 5: Norce knows no such order"),
        ({"OrderStatus": "Confirmed", "ErpOrderNo": "SO-9"}, "ErpOrderNo 'SO-9': Norce knows no such order"),
        ({"OrderStatus": "Confirmed", "ClientOrderRef": 100001}, "Confirmed needs the ErpOrderNo"),
        (
            {"OrderStatus": "Delivered", "ClientOrderRef": 100001, "ItemStatuses": [{"ItemStatus": "Sent"}]},
            "ItemStatus 'Sent' is unknown",
        ),
        ({"OrderStatus": "Delivered", "ClientOrderRef": 100001, "Infos": [{"Value": "v"}]}, "at `$.Infos[0]`"),
        ([], "Expected `object`"),
        (b"", "SendOrderStatus: "),
        (b"{", "SendOrderStatus: "),
        (b"\xff", "SendOrderStatus: "),
        (b'{"ClientOrderRef":1,"ClientOrderRef":100001,"OrderStatus":"Delivered"}', "'ClientOrderRef' occurs twice"),
        (b'{"ClientOrderRef":NaN,"OrderStatus":"Delivered"}', "NaN is not a JSON number"),
        (b"[" * 100_000, "SendOrderStatus: "),
    ],
)
async def test_a_wrong_status_message_is_400_and_named(
    caller: Caller, order: NorceOrder, message: object, hint: str
) -> None:
    status, text = await caller.call("SendOrderStatus", message)
    assert (status, hint in text) == (400, True), text
    assert (order.status, order.erp_order_no) == (OrderStatus.Created, None)
    assert caller.state.calls["SendOrderStatus 400"] == 1


@pytest.mark.parametrize("back", ["Confirmed", "Allocation", "Created", "PartlyDelivered"])
async def test_a_status_never_goes_back(caller: Caller, order: NorceOrder, back: str) -> None:
    reference = {"ClientOrderRef": 100001, "ErpOrderNo": "SO-1"}
    assert (await caller.call("SendOrderStatus", reference | {"OrderStatus": "Delivered"}))[0] == 200
    status, text = await caller.call("SendOrderStatus", reference | {"OrderStatus": back})
    assert (status, "step back" in text) == (400, True)
    assert order.status is OrderStatus.Delivered


async def test_statuses_beside_the_way_may_come_at_any_time(caller: Caller, order: NorceOrder) -> None:
    assert (await caller.call("SendOrderStatus", {"ClientOrderRef": 100001, "OrderStatus": "OnHold"}))[0] == 200
    reference = {"ClientOrderRef": 100001, "ErpOrderNo": "SO-1"}
    for name in ("Confirmed", "CreditControl", "OnHold", "PartlyDelivered", "WaitingForCancel"):
        assert (await caller.call("SendOrderStatus", reference | {"OrderStatus": name}))[0] == 200
    assert (await caller.call("SendOrderStatus", reference | {"OrderStatus": "Confirmed"}))[0] == 400


async def test_a_number_belongs_to_one_order(caller: Caller, order: NorceOrder) -> None:
    caller.state.register(make_order(2, application_key="shop", reference="100002"))
    caller.state.link(order, "SO-1")
    status, text = await caller.call(
        "SendOrderStatus", {"ClientOrderRef": 100002, "ErpOrderNo": "SO-1", "OrderStatus": "Confirmed"}
    )
    assert (status, text) == (400, "ErpOrderNo 'SO-1' belongs to order 100001 already.")


async def test_cancel_is_repeatable_and_final(caller: Caller, order: NorceOrder) -> None:
    message = {"ClientOrderRef": 100001, "Payments": [{"PaymentRef": "psp-1", "Amount": 10.5, "PaymentCode": 7}]}
    assert await caller.call("CancelOrder", message) == (200, "")
    assert await caller.call("CancelOrder", {"ClientOrderRef": 100001}) == (200, "")
    assert order.status is OrderStatus.Cancelled
    reference = {"ClientOrderRef": 100001}
    for operation, body in (
        ("SendOrderStatus", reference | {"ErpOrderNo": "SO-1", "OrderStatus": "OnHold"}),
        ("CreateDeliveryNote", NOTE),
        ("CreateInvoice", INVOICE),
    ):
        status, text = await caller.call(operation, body)
        assert (status, "is cancelled" in text) == (400, True)


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ({"ClientOrderRef": 100001, "Payments": [{"PaymentCode": 7}]}, "Payments[0].PaymentRef is missing"),
        ({"Payments": []}, "must be given"),
        ({"ClientOrderRef": 100001, "Payments": [{"PaymentRef": "p", "Amount": "10.50"}]}, "`$.Payments[0].Amount`"),
        ({"ClientOrderRef": 100001, "Reason": "x"}, "unknown field `Reason`"),
        ({"ClientOrderRef": 7}, "knows no such order"),
    ],
)
async def test_a_wrong_cancellation_is_400(caller: Caller, order: NorceOrder, message: object, hint: str) -> None:
    status, text = await caller.call("CancelOrder", message)
    assert (status, hint in text) == (400, True), text
    assert order.status is OrderStatus.Created


async def test_notes_and_invoices_set_the_status_and_stop_a_cancellation(caller: Caller, order: NorceOrder) -> None:
    assert await caller.call("CreateDeliveryNote", NOTE) == (200, "")
    assert order.status.name == "Delivered"
    assert await caller.call("CreateInvoice", INVOICE | {"Payment": {"PaymentCode": 7, "Amount": 100}}) == (200, "")
    assert order.status.name == "Invoiced"
    assert await caller.call("CreateDeliveryNote", NOTE | {"NoteNo": "N-2"}) == (200, "")
    assert order.status.name == "Invoiced"
    assert await caller.call("CreditPayment", INVOICE | {"InvoiceNo": "K-1", "CreditedInvoiceNo": "F-1"}) == (200, "")
    status, text = await caller.call("CancelOrder", {"ClientOrderRef": 100001})
    assert (status, text) == (400, "Order 100001 is Invoiced and cannot be cancelled any more.")


@pytest.mark.parametrize(
    ("operation", "message", "hint"),
    [
        ("CreateDeliveryNote", NOTE | {"OrderNo": ""}, "OrderNo must not be empty"),
        ("CreateDeliveryNote", NOTE | {"NoteNo": ""}, "NoteNo must not be empty"),
        ("CreateDeliveryNote", NOTE | {"OrderNo": "7"}, "OrderNo '7': Norce knows no such order"),
        ("CreateDeliveryNote", NOTE | {"OrderNo": "100001"}, "known by its number 'SO-1'"),
        ("CreateDeliveryNote", NOTE | {"DeliveryNoteItems": []}, "are the same member"),
        ("CreateDeliveryNote", NOTE | {"DeliveryDate": "today"}, "at `$.DeliveryDate`"),
        ("CreateDeliveryNote", NOTE | {"ClientOrderRef": 100001}, "unknown field `ClientOrderRef`"),
        ("CreateInvoice", INVOICE | {"InvoiceNo": ""}, "InvoiceNo must not be empty"),
        ("CreateInvoice", INVOICE | {"ErpOrderNo": "SO-2"}, "has ErpOrderNo 'SO-1', not 'SO-2'"),
        ("CreateInvoice", INVOICE | {"InoviceNo": "F-1"}, "unknown field `InoviceNo`"),
        ("CreateInvoice", INVOICE | {"Items": [{"PartNo": "A", "Quantity": 1.5, "UnitPrice": 1}]}, "Quantity"),
        ("CreditPayment", INVOICE, "CreditedInvoiceNo must name the invoice"),
        ("CreditPayment", INVOICE | {"ClientOrderRef": None}, "must be given"),
    ],
)
async def test_wrong_notes_and_invoices_are_400(
    caller: Caller, order: NorceOrder, operation: str, message: object, hint: str
) -> None:
    caller.state.link(order, "SO-1")
    status, text = await caller.call(operation, message)
    assert (status, hint in text) == (400, True), text


async def test_other_operations_and_methods_do_not_exist(caller: Caller) -> None:
    assert (await caller.call("SendPosShipment", {}))[0] == 404
    assert (await caller.get("/commerce/connect/4.0/Order/CancelOrder")).status == 405


async def test_a_status_fault_answers_without_doing_the_work(caller: Caller, order: NorceOrder) -> None:
    await caller.fault(status=429, retry_after=7, calls=1)
    answer = await caller.ask("POST", "/commerce/connect/4.0/Order/CancelOrder", headers=caller.headers)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
    assert order.status is OrderStatus.Created
    await caller.fault(status=503, delay=0.01)
    assert (await caller.call("CancelOrder", {"ClientOrderRef": 100001}))[0] == 503
    assert (await caller.call("CancelOrder", {"ClientOrderRef": 100001}))[0] == 200


async def test_a_dropped_connection_leaves_the_work_done(caller: Caller, order: NorceOrder) -> None:
    await caller.fault(drop=True)
    with pytest.raises(aiohttp.ClientConnectionError):
        await caller.call("CancelOrder", {"ClientOrderRef": 100001})
    assert order.status is OrderStatus.Cancelled
    assert caller.state.calls["CancelOrder connection dropped"] == 1
    assert (await caller.call("CancelOrder", {"ClientOrderRef": 100001}))[0] == 200


async def test_faults_can_be_seen_and_cleared(caller: Caller) -> None:
    answer = (await caller.fault(status=500, calls=3, every=2, operation="CancelOrder")).json()
    assert [(fault["status"], fault["calls"]) for fault in answer] == [(500, 3)]
    assert (await caller.get("/faults")).json() == answer
    assert (await caller.ask("DELETE", "/faults")).json() == []
    wrong = await caller.fault(stauts=500)
    assert (wrong.status, "stauts" in wrong.json()["Message"]) == (400, True)


async def test_the_page_tells_each_orders_story_and_is_escaped(caller: Caller, order: NorceOrder) -> None:
    order.contradictions.append("<script>")
    await caller.call("CancelOrder", {"ClientOrderRef": 100001, "x<y": 1})
    await caller.call("CancelOrder", {"ClientOrderRef": 100001})
    answer = await caller.get("/")
    text = answer.text
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "100001" in text
    assert "Wrong: &lt;script&gt;" in text
    assert "Calls about no known order" in text
    assert "x&lt;y" in text
    assert "<script>" not in text


async def test_an_empty_page_says_so(caller: Caller) -> None:
    assert "No orders yet." in (await caller.get("/")).text


async def test_orders_can_be_registered_and_read(caller: Caller) -> None:
    first, second = (make_order(1, application_key="shop", reference=name, lines=3) for name in ("100001", "a/ö 1"))
    for order in (first, second):
        answer = await caller.ask("POST", "/orders", data=encode_order(order))
        assert (answer.status, answer.json()["rows"]) == (201, 3)
    assert (await caller.ask("POST", "/orders", data=encode_order(first))).status == 400
    assert (await caller.ask("POST", "/orders", data=b"{")).status == 400
    assert [one["reference"] for one in (await caller.get("/orders.json")).json()] == ["a/ö 1", "100001"]
    assert len((await caller.get("/orders.json?limit=1")).json()) == 1
    assert ((await caller.get("/orders/a/ö 1.json")).json())["status"] == "Created"
    assert (await caller.get("/orders/7.json")).status == 404
    summary = (await caller.get("/summary.json")).json()
    assert (summary["orders"]["sent"], summary["calls"], summary["good"]) == (2, {"token 200": 1}, True)


async def test_it_runs_until_stopped_on_a_real_port_with_a_given_state() -> None:
    state, stop, ready = NorceState(), asyncio.Event(), asyncio.Queue[RunningNorce]()
    running = asyncio.create_task(simulate_norce(OPTIONS, stop, ready.put_nowait, state))
    url = (await ready.get()).url
    async with aiohttp.ClientSession() as session, session.get(url + "/summary.json") as response:
        assert response.status == 200
    stop.set()
    assert await running is state


async def test_connections_can_be_dropped_only_by_the_server() -> None:
    with pytest.raises(RuntimeError, match="running_norce"):
        Norce(OPTIONS, NorceState()).drop_connection(Request({"type": "http"}))
