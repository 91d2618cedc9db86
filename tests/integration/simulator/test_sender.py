"""The sender against a small receiver that misbehaves as told."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import msgspec
import pytest
from aiohttp import web

from order_receiver.contract.codes import OrderStatus
from order_receiver.contract.form import Form
from order_receiver.contract.request import OrderRequest
from order_receiver.contract.xml_form import names
from order_receiver.simulator.order_form import decode_order, encode_order, guess_form, request_headers
from order_receiver.simulator.post import Receiver, send_one
from order_receiver.simulator.report import build_report
from order_receiver.simulator.send_options import SendOptions, SentEvent, Trouble, Troubles, What
from order_receiver.simulator.sender import ATTEMPTS, send_many
from order_receiver.simulator.state import Delivery, NorceOrder, NorceState
from order_receiver.simulator.verdict import Outcome

OK = b'{"StatusCode":"OK","Description":"Stored.","HasErpOrderNo":false,"ErpOrderNo":null}'
NUMBER = b'{"StatusCode":"OK","Description":null,"HasErpOrderNo":true,"ErpOrderNo":"SO-1"}'
FAILED = b'{"StatusCode":"Failed","Description":"Nobody knows this shop.","HasErpOrderNo":false,"ErpOrderNo":null}'
MEMBERS = (
    f'<StatusCode xmlns="{names.ORDER}">OK</StatusCode><HasErpOrderNo xmlns="{names.ORDER}">false</HasErpOrderNo>'
).encode()
SOAP = b'<CreateOrderResponse xmlns="%s"><CreateOrderResult>%s</CreateOrderResult></CreateOrderResponse>'
RIGHT = "Basic " + base64.b64encode("norce:pässword".encode()).decode()


def answer(body: bytes = OK, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json")


def good_answer(content_type: str) -> web.Response:
    """An answer in the form of the request."""
    order = names.ORDER.encode()
    match content_type:
        case "application/json":
            return answer()
        case "application/xml":
            body = b'<OrderResponse xmlns="%s">%s</OrderResponse>' % (order, MEMBERS)
        case _:
            space = names.SOAP11 if content_type == "text/xml" else names.SOAP12
            body = b'<Envelope xmlns="%s"><Body>%s</Body></Envelope>' % (space.encode(), SOAP % (order, MEMBERS))
    return web.Response(body=body, content_type=content_type)


@dataclass
class Door:
    """A receiver in a few lines: takes answers off a list, then says OK."""

    url: str = ""
    answers: list[Callable[[], web.Response]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    passwords: list[str | None] = field(default_factory=list)
    cut: int = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.passwords.append(request.headers.get("Authorization"))
        self.headers.append(dict(request.headers))
        if request.headers.get("Authorization") != RIGHT:
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="orders"'})
        try:
            self.bodies.append(await request.read())
        except (ConnectionError, web.RequestPayloadError):
            self.cut += 1
            raise
        return self.answers.pop(0)() if self.answers else good_answer(request.content_type)

    @property
    def forms(self) -> list[Form]:
        """The form of each request, from all that its headers say of it."""
        telling = ("Content-Type", "Accept", "SOAPAction")
        told = {tuple(request_headers(form).get(name) for name in telling): form for form in Form}
        return [told[tuple(headers.get(name) for name in telling)] for headers in self.headers]

    @property
    def references(self) -> list[str | None]:
        return [msgspec.json.decode(body, type=OrderRequest).ClientOrderRef for body in self.bodies]


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    door = Door()
    app = web.Application()
    app.router.add_post("/orders", door.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    door.url = f"http://127.0.0.1:{runner.addresses[0][1]}/orders"
    yield door
    await runner.cleanup()


@pytest.fixture
def options(door: Door) -> SendOptions:
    receiver = Receiver(door.url, "norce", "pässword", timeout=10)
    return SendOptions(receiver, ("shop",), count=1, lines=3, time_factor=1_000_000)


async def run(options: SendOptions) -> tuple[NorceState, list[SentEvent]]:
    state, events = NorceState(), list[SentEvent]()
    await send_many(options, state, events.append)
    return state, events


def only(state: NorceState) -> NorceOrder:
    (order,) = state
    return order


async def test_orders_are_sent_once_each_and_await_confirmation(door: Door, options: SendOptions) -> None:
    state, events = await run(replace(options, count=20, application_keys=("a", "b")))
    assert sorted(reference or "" for reference in door.references) == [str(100_001 + n) for n in range(20)]
    assert {(event.attempt, event.what) for event in events} == {(1, What.TAKEN_OVER)}
    assert {order.status for order in state} == {OrderStatus.Allocation}
    assert {order.application_key for order in state} == {"a", "b"}
    assert build_report(state).received == 20


async def test_a_number_in_the_answer_confirms(door: Door, options: SendOptions) -> None:
    door.answers = [lambda: answer(NUMBER)]
    state, (event,) = await run(options)
    assert (event.erp_order_no, only(state).status) == ("SO-1", OrderStatus.Confirmed)


async def test_failed_is_final(door: Door, options: SendOptions) -> None:
    door.answers = [lambda: answer(FAILED)]
    state, events = await run(options)
    assert [event.what for event in events] == [What.REFUSED]
    assert only(state).delivery is Delivery.REFUSED
    assert len(door.bodies) == 1


def closing() -> web.Response:
    raise ConnectionResetError


@pytest.mark.parametrize(
    "misbehaviour",
    [
        lambda: answer(status=202),
        lambda: answer(status=500),
        lambda: answer(status=503),
        lambda: answer(b"thanks"),
        lambda: answer(b""),
        lambda: answer(b"{" + b" " * 70_000 + b"}"),
        lambda: web.Response(body=OK, content_type="text/html"),
        lambda: web.Response(status=307, headers={"Location": "/orders"}),
        closing,
    ],
    ids=["202", "500", "503", "text", "empty", "long", "html", "redirect", "error"],
)
async def test_anything_else_is_sent_again_unchanged(
    door: Door, options: SendOptions, misbehaviour: Callable[[], web.Response]
) -> None:
    door.answers = [misbehaviour, misbehaviour]
    state, events = await run(options)
    assert [event.what for event in events] == [What.RETRY, What.RETRY, What.TAKEN_OVER]
    assert len(set(door.bodies)) == 1
    assert (len(door.bodies), only(state).attempts) == (3, 3)


async def test_after_36_attempts_support_is_alerted(door: Door, options: SendOptions) -> None:
    door.answers = [lambda: answer(status=503)] * 40
    state, events = await run(options)
    assert len(door.bodies) == ATTEMPTS == 36
    assert (events[-1].what, events[-1].attempt) == (What.GIVEN_UP, 36)
    assert "support is alerted" in events[-1].detail
    assert only(state).delivery is Delivery.GIVEN_UP


async def test_the_time_factor_shortens_ten_minutes(
    door: Door, options: SendOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = list[float]()
    sleep = asyncio.sleep

    async def note(seconds: float) -> None:
        waits.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", note)
    door.answers = [lambda: answer(status=503)] * 2
    await run(replace(options, time_factor=600))
    assert waits == [1.0, 1.0]
    waits.clear()
    door.answers = [lambda: answer(status=503)]
    await run(replace(options, time_factor=1))
    assert waits == [600.0]


async def test_a_rate_paces_the_orders(door: Door, options: SendOptions) -> None:
    state, _ = await run(replace(options, count=3, rate=1000))
    assert len(state) == 3


async def test_no_receiver_at_all_is_tried_again(options: SendOptions, unused_tcp_port: int) -> None:
    receiver = replace(options.receiver, url=f"http://127.0.0.1:{unused_tcp_port}/orders")
    for troubles in (Troubles(), Troubles(cut_body=1)):
        state, events = await run(replace(options, receiver=receiver, troubles=troubles))
        assert only(state).delivery is Delivery.GIVEN_UP
        assert "the connection failed" in events[0].detail


async def test_no_answer_in_time_is_tried_again(options: SendOptions) -> None:
    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await closed.wait()
        writer.close()

    closed = asyncio.Event()
    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    verdict = await send_one(b"{}", replace(options.receiver, url=url, timeout=0.05))
    assert (verdict.outcome, "no answer within 0.05 seconds" in verdict.sentence) == (Outcome.RETRY, True)
    closed.set()
    server.close()
    await server.wait_closed()


async def test_a_challenged_sender_asks_first_without_credentials(door: Door, options: SendOptions) -> None:
    await run(replace(options, receiver=replace(options.receiver, challenge=True)))
    assert door.passwords == [None, RIGHT]
    assert len(door.bodies) == 1


async def test_a_challenged_sender_takes_the_first_answer_of_an_open_door() -> None:
    app = web.Application()

    async def accept(_: web.Request) -> web.Response:
        return answer()

    app.router.add_post("/", accept)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    verdict = await send_one(b"{}", Receiver(url, "norce", "x", challenge=True))
    assert verdict.outcome is Outcome.TAKEN_OVER
    await runner.cleanup()


async def test_wrong_credentials_on_the_first_attempt(door: Door, options: SendOptions) -> None:
    state, events = await run(replace(options, troubles=Troubles(wrong_password=1)))
    assert [(event.what, event.trouble) for event in events] == [
        (What.RETRY, Trouble.BAD_CREDENTIALS),
        (What.TAKEN_OVER, Trouble.NONE),
    ]
    assert "HTTP 401" in events[0].detail
    assert build_report(state).repeated == 0


async def test_a_cut_body_comes_again_whole(door: Door, options: SendOptions) -> None:
    state, events = await run(replace(options, count=2, troubles=Troubles(cut_body=1)))
    assert [event.what for event in events].count(What.RETRY) == 2
    assert len(door.bodies) == 2
    assert build_report(state).received == 2


async def test_a_dropped_answer_brings_the_order_again(door: Door, options: SendOptions) -> None:
    state, events = await run(replace(options, first_reference=2, troubles=Troubles(drop_answer=1)))
    assert [event.what for event in events] == [What.RETRY, What.TAKEN_OVER]
    assert door.references == ["2", "2"]
    assert build_report(state).repeated == 1


async def test_a_connection_closed_at_once_is_no_answer_either(door: Door, options: SendOptions) -> None:
    state, events = await run(replace(options, first_reference=1, troubles=Troubles(drop_answer=1)))
    assert [event.what for event in events] == [What.RETRY, What.TAKEN_OVER]
    assert build_report(state).repeated == 1


async def test_twice_at_once_is_one_order(door: Door, options: SendOptions) -> None:
    door.answers = [lambda: answer(status=503)]
    state, (event,) = await run(replace(options, troubles=Troubles(twice_at_once=1)))
    assert (event.what, event.trouble) == (What.TAKEN_OVER, Trouble.TWICE_AT_ONCE)
    assert door.bodies[0] == door.bodies[1]
    report = build_report(state)
    assert (report.received, report.repeated, report.attempts) == (1, 1, 1)


async def test_a_changed_order_follows_a_lost_answer(door: Door, options: SendOptions) -> None:
    door.answers = [lambda: answer(status=503)]
    state, events = await run(replace(options, troubles=Troubles(changed=1)))
    assert [event.what for event in events] == [What.RETRY, What.RETRY, What.TAKEN_OVER]
    assert door.bodies[0] == door.bodies[1] != door.bodies[2]
    assert set(door.references) == {"100001"}
    report = build_report(state)
    assert (report.conflicting, report.repeated) == (1, 0)


async def test_same_seed_same_bodies_and_troubles(door: Door, options: SendOptions) -> None:
    many = replace(options, count=10, concurrency=1, lines=None, troubles=Troubles(wrong_password=0.5))
    _, first = await run(many)
    bodies = list(door.bodies)
    door.bodies.clear()
    _, second = await run(many)
    assert sorted(bodies) == sorted(door.bodies)
    assert {(event.reference, event.trouble) for event in first} == {
        (event.reference, event.trouble) for event in second
    }
    assert {event.trouble for event in first} == {Trouble.NONE, Trouble.BAD_CREDENTIALS}


async def test_orders_carry_the_time_asked_for(door: Door, options: SendOptions) -> None:
    moment = datetime(2026, 11, 21, 12, tzinfo=UTC)
    await run(replace(options, now=lambda: moment))
    assert msgspec.json.decode(door.bodies[0], type=OrderRequest).SubmitDate == moment


async def test_an_endless_sender_stops_when_cancelled(door: Door, options: SendOptions) -> None:
    state, seen = NorceState(), asyncio.Event()
    sending = asyncio.create_task(send_many(replace(options, count=None), state, lambda _: seen.set()))
    await seen.wait()
    sending.cancel()
    with suppress(asyncio.CancelledError):
        await sending
    assert build_report(state).received >= 1


async def test_send_one_says_what_norce_does_next(door: Door, options: SendOptions) -> None:
    verdict = await send_one(b"{}", options.receiver)
    assert (
        verdict.sentence == "The order is taken over; its status in Norce is Allocation; it waits to be told Confirmed."
    )
    wrong = await send_one(b"{}", replace(options.receiver, password="wrong"))
    assert wrong.sentence == "Norce sends the order again every 10 minutes for up to 6 hours: HTTP 401 is not 200."


async def test_forms_take_turns_and_say_the_same_orders(door: Door, options: SendOptions) -> None:
    eight = replace(options, count=8, concurrency=1)
    await run(eight)
    orders = [decode_order(body) for body in door.bodies]
    for seen in (door.bodies, door.headers):
        seen.clear()
    state, events = await run(replace(eight, forms=tuple(Form)))
    assert door.forms == [*Form, *Form]
    assert door.bodies == [encode_order(order, form) for order, form in zip(orders, door.forms, strict=True)]
    assert {event.what for event in events} == {What.TAKEN_OVER}
    assert build_report(state).received == 8


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize(
    "troubles",
    [
        Troubles(drop_answer=1),
        Troubles(cut_body=1),
        Troubles(twice_at_once=1),
        Troubles(changed=1),
        Troubles(wrong_password=1),
    ],
)
async def test_an_order_keeps_its_form_in_every_trouble(
    door: Door, options: SendOptions, form: Form, troubles: Troubles
) -> None:
    state, events = await run(replace(options, forms=(form,), first_reference=2, troubles=troubles))
    assert events[-1].what is What.TAKEN_OVER
    assert set(door.forms) == {form} == {guess_form(body) for body in door.bodies}
    assert len(set(door.bodies)) == (2 if troubles.changed else 1)
    assert build_report(state).received == 1


@pytest.mark.parametrize("form", Form)
async def test_an_answer_in_another_form_brings_the_order_again(door: Door, options: SendOptions, form: Form) -> None:
    other = "application/json" if form is not Form.JSON else "text/xml"
    door.answers = [lambda: good_answer(other)]
    _, events = await run(replace(options, forms=(form,)))
    assert [event.what for event in events] == [What.RETRY, What.TAKEN_OVER]
    assert f"the answer is called '{other}" in events[0].detail


@pytest.mark.parametrize("form", Form)
async def test_send_one_guesses_the_form(door: Door, options: SendOptions, form: Form) -> None:
    body = encode_order(OrderRequest(ClientOrderRef="1"), form)
    verdict = await send_one(body, replace(options.receiver, challenge=True))
    assert verdict.outcome is Outcome.TAKEN_OVER
    assert door.forms == [form, form]


async def test_send_one_can_be_told_the_form(door: Door, options: SendOptions) -> None:
    verdict = await send_one(b"no order at all", options.receiver, Form.SOAP11)
    assert verdict.outcome is Outcome.TAKEN_OVER
    assert door.forms == [Form.SOAP11]
