"""The answer policy, row by row and in every form, over a real socket: what Norce reads in each situation."""

import asyncio

import pytest
from tests.integration.door.conftest import (
    SENT_AS,
    SHOP,
    Answer,
    Doorway,
    Opener,
    basic,
    chunk,
    chunks,
    head,
    order_body,
)
from tests.integration.door.wire_forms import Fault, answered, fault

from order_receiver.contract.form import Form
from order_receiver.contract.request import Header, OrderItem, OrderRequest
from order_receiver.door.answers import POLICY, Situation
from order_receiver.simulator.order_form import encode_order
from order_receiver.store.sqlite import transactions

OTHER_SHOP = "9b2d7c1e-4f6a-4d83-8c55-2a1e6f0b7d34"
NUMBERED = {"number_on_write": True}
FAULTS = {Form.SOAP11: "Server", Form.SOAP12: "Receiver"}
"""What a Fault calls trouble of ours."""


def assert_order_response(form: Form, answer: Answer, code: str, description: str, number: str | None = None) -> None:
    """Exactly 200, in the form of the request, and exactly the members that .NET's readers want, in their order."""
    assert answered(form, answer) == {
        "StatusCode": code,
        "Description": description,
        "HasErpOrderNo": number is not None,
        "ErpOrderNo": number,
    }
    assert len(description) <= 255


def assert_problem(answer: Answer, situation: Situation, status: int, detail: str) -> None:
    """Problem details of RFC 9457, whatever form the request had; for Norce they mean: come again."""
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.members == {
        "type": f"urn:order-receiver:problem:{situation.value}",
        "title": situation.value.replace("-", " "),
        "status": status,
        "detail": detail,
    }
    assert ("retry-after" in answer.headers) is (status == 503)
    assert ("www-authenticate" in answer.headers) is (status == 401)
    assert ("allow" in answer.headers) is (status == 405)


def key_of(reference: str) -> str:
    return f"{SHOP}-{reference}"


def small_order(form: Form, *, reference: str | None = "100001", items: int = 0) -> bytes:
    """An order with little in it; `items` rows of quantity 3."""
    rows = [OrderItem(LineNo=line, PartNo="ART", Quantity=3) for line in range(1, items + 1)]
    order = OrderRequest(ClientOrderRef=reference, Header=Header(ApplicationKey=SHOP), Items=rows)
    return encode_order(order, form)


async def numbered(open_door: Opener) -> Doorway:
    """A door that already has order 100001, with its number."""
    door = await open_door(work=True, target=NUMBERED)
    await door.post(order_body())
    await door.until(lambda: door.number_of("100001"))
    return door


def test_every_situation_has_its_test_and_its_row() -> None:
    tests = {name for name in globals() if name.startswith("test_")}
    assert {f"test_{situation.value.replace('-', '_')}" for situation in Situation} <= tests
    assert [answer.situation for answer in POLICY.values()] == list(POLICY)
    assert set(POLICY) == set(Situation)


async def test_stored(door: Doorway, form: Form) -> None:
    answer = await door.post(order_body(form=form))
    assert_order_response(form, answer, "OK", "The order is stored; its ERP number follows.")
    assert door.rows(
        "SELECT application_key, client_order_ref, state, hold, body, media_type FROM messages JOIN orders"
    ) == [(SHOP, "100001", "received", None, order_body(form=form), SENT_AS[form])]


async def test_stored_and_numbered(open_door: Opener, form: Form) -> None:
    door = await open_door(work=True, target=NUMBERED, application={"wait_milliseconds": 4000})
    answer = await door.post(order_body(form=form))
    assert_order_response(form, answer, "OK", "The order is stored and in the ERP.", key_of("100001"))


async def test_repeated(door: Doorway, form: Form) -> None:
    await door.post(order_body(form=form))
    answer = await door.post(order_body(form=form))
    assert_order_response(form, answer, "OK", "The order was received before; its ERP number follows.")
    assert door.value("SELECT count(*) FROM orders") == 1


async def test_repeated_and_numbered(open_door: Opener, form: Form) -> None:
    door = await numbered(open_door)
    answer = await door.post(order_body(form=form))
    assert_order_response(form, answer, "OK", "The order was received before and is in the ERP.", key_of("100001"))


async def test_conflict(door: Doorway, form: Form) -> None:
    first, other = order_body(form=form), order_body(form=form, changed=True)
    await door.post(first)
    answer = await door.post(other)
    assert_order_response(form, answer, "OK", POLICY[Situation.CONFLICT].description)
    assert door.rows("SELECT role, body FROM messages ORDER BY id") == [("first", first), ("conflict", other)]


async def test_conflict_and_numbered(open_door: Opener, form: Form) -> None:
    door = await numbered(open_door)
    answer = await door.post(order_body(form=form, changed=True))
    assert_order_response(form, answer, "OK", POLICY[Situation.CONFLICT_NUMBERED].description, key_of("100001"))


async def test_stored_with_findings(door: Doorway, form: Form) -> None:
    answer = await door.post(small_order(form))
    assert_order_response(form, answer, "OK", "The order is stored and held: The order has no rows.")
    assert door.value("SELECT hold FROM orders") == "findings"


FIRST_QUANTITY = {
    Form.JSON: "/Items/0/Quantity",
    Form.XML: "/OrderRequest/Items/OrderItem[1]/Quantity (line 1)",
    Form.SOAP11: "/Envelope/Body/CreateOrder/request/Items/OrderItem[1]/Quantity (line 1)",
    Form.SOAP12: "/Envelope/Body/CreateOrder/request/Items/OrderItem[1]/Quantity (line 1)",
}


async def test_failed_with_findings(open_door: Opener, form: Form) -> None:
    door = await open_door(application={"on_findings": "fail"})
    three = (
        (b'"Quantity":3,', b'"Quantity":"three",') if form is Form.JSON else (b">3</Quantity>", b">three</Quantity>")
    )
    body = small_order(form, items=11).replace(*three)
    answer = await door.post(body)
    description = str(answered(form, answer)["Description"])
    assert_order_response(form, answer, "Failed", description)
    assert description.startswith(f"Not taken over (quarantine Q1): {FIRST_QUANTITY[form]}: ")
    assert len(description) == 255
    assert door.value("SELECT count(*) FROM orders") == 0
    assert door.rows("SELECT id, body FROM quarantine") == [(1, body)]


async def test_do_hold(door: Doorway, form: Form) -> None:
    answer = await door.post(order_body(form=form, do_hold=True))
    description = "The order is stored and held, as DoHold asks, until a person releases it."
    assert_order_response(form, answer, "OK", description)
    assert door.value("SELECT hold FROM orders") == "do-hold"


async def test_unknown_application(door: Doorway, form: Form) -> None:
    answer = await door.post(order_body(form=form, application_key=OTHER_SHOP))
    description = "The order is stored and held: its application is not configured here yet."
    assert_order_response(form, answer, "OK", description)
    assert door.rows("SELECT hold, hold_text FROM orders") == [
        ("unknown-application", f"No application with key {OTHER_SHOP} is configured.")
    ]


async def test_not_identifiable(door: Doorway, form: Form) -> None:
    body = small_order(form, reference=None)
    answer = await door.post(body)
    reason = "The message has no ClientOrderRef, so there is no telling which order it is."
    assert_order_response(form, answer, "Failed", f"Not taken over (quarantine Q1): {reason}")
    assert door.rows("SELECT body, reason, media_type FROM quarantine") == [(body, reason, SENT_AS[form])]


async def test_not_parseable(door: Doorway, form: Form) -> None:
    """Answered in the form that the message seems to have."""
    body = order_body(form=form)[:-1]
    answer = await door.post(body)
    description = str(answered(form, answer)["Description"])
    assert_order_response(form, answer, "Failed", description)
    assert description.startswith("Not taken over (quarantine Q1): The message cannot be read: ")
    assert door.rows("SELECT body FROM quarantine") == [(body,)]


async def test_body_cut_off(door: Doorway, form: Form) -> None:
    wire = await door.connect()
    body = order_body(form=form)
    await wire.send(head(media_type=SENT_AS[form], length=len(body)), body[: len(body) // 2])
    wire.half_close()
    answer = await wire.answer()
    detail = "The body ended before the announced length. Nothing was taken over."
    assert_problem(answer, Situation.BODY_CUT_OFF, 400, detail)
    assert await wire.ended()
    assert door.value("SELECT count(*) FROM orders") == 0
    assert door.value("SELECT count(*) FROM quarantine") == 0


async def test_body_too_slow(open_door: Opener) -> None:
    door = await open_door(read_timeout=0.05)
    wire = await door.connect()
    await wire.send(head(length=1000), b'{"Client')
    answer = await wire.answer()
    detail = "The body took longer than read_timeout. Nothing was taken over."
    assert_problem(answer, Situation.BODY_TOO_SLOW, 408, detail)
    assert answer.headers["connection"] == "close"
    assert await wire.ended()


TOO_LARGE = "The body is larger than body_limit, 2000 bytes. Nothing was taken over."


async def test_body_too_large(open_door: Opener) -> None:
    """Announced: refused before a byte of the body is read."""
    door = await open_door(body_limit=2000)
    for media_type in SENT_AS.values():
        wire = await door.connect()
        await wire.send(head(media_type=media_type, length=2001))
        answer = await wire.answer()
        assert_problem(answer, Situation.BODY_TOO_LARGE, 413, TOO_LARGE)
        assert await wire.ended()


async def test_a_body_too_large_that_announces_nothing_is_counted(open_door: Opener) -> None:
    door = await open_door(body_limit=2000)
    wire = await door.connect()
    await wire.send(head(chunked=True), chunks(b" " * 2001, 500))
    assert_problem(await wire.answer(), Situation.BODY_TOO_LARGE, 413, TOO_LARGE)
    assert await wire.ended()


async def test_an_endless_body_is_answered_before_it_ends(open_door: Opener) -> None:
    door = await open_door(body_limit=2000)
    wire = await door.connect()
    await wire.send(head(chunked=True))
    for _ in range(9):
        await wire.send(chunk(b" " * 500))
    assert_problem(await wire.answer(), Situation.BODY_TOO_LARGE, 413, TOO_LARGE)


async def test_a_body_of_exactly_the_limit_is_taken(open_door: Opener, form: Form) -> None:
    body = order_body(form=form)
    door = await open_door(body_limit=len(body))
    assert (await door.post(body)).status == 200
    wire = await door.connect()
    await wire.send(head(media_type=SENT_AS[form], chunked=True), chunks(body, 700))
    assert (await wire.answer()).status == 200


async def test_too_many_rows(open_door: Opener) -> None:
    door = await open_door(item_limit=3)
    for form in Form:
        answer = await door.post(order_body(form=form, lines=4))
        detail = "The order has more rows than item_limit, 3. Nothing was taken over."
        assert_problem(answer, Situation.TOO_MANY_ROWS, 413, detail)
        assert (await door.post(order_body(form=form, lines=3))).status == 200


@pytest.mark.parametrize("version", list(FAULTS))
async def test_envelope_refused(door: Doorway, version: Form) -> None:
    """The envelope, not the order in it, cannot be accepted: nothing is taken over, nothing is kept."""
    body = order_body(form=version).replace(b"CreateOrder", b"DeleteOrder")
    told = "CreateOrder is the only operation here; the Body holds DeleteOrder. Nothing was taken over."
    sender = {Form.SOAP11: "Client", Form.SOAP12: "Sender"}
    assert fault(version, await door.post(body)) == Fault(sender[version], told)
    assert door.value("SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM quarantine)") == 0


async def test_unsupported_media_type(door: Doorway) -> None:
    detail = (
        "Send the order as application/json, application/xml, text/xml or application/soap+xml. Nothing was taken over."
    )
    for media_type in (
        "image/png",
        "multipart/form-data",
        "text/html",
        'multipart/related; type="application/xop+xml"',
    ):
        for form in Form:
            answer = await door.post(order_body(form=form), media_type=media_type)
            assert_problem(answer, Situation.UNSUPPORTED_MEDIA_TYPE, 415, detail)
    assert door.value("SELECT count(*) FROM quarantine") == 0


async def test_unsupported_encoding(door: Doorway) -> None:
    detail = "Send the body without Content-Encoding. Nothing was taken over."
    codings = ("gzip", "deflate, gzip", "br", "identity, gzip")
    for coding, media_type in zip(codings, SENT_AS.values(), strict=True):
        wire = await door.connect()
        more = {"Content-Encoding": coding}
        await wire.send(head(media_type=media_type, length=3, more=more), b"\x1f\x8b\x08")
        assert_problem(await wire.answer(), Situation.UNSUPPORTED_ENCODING, 415, detail)
    wire = await door.connect()
    await wire.send(head(length=len(order_body()), more={"Content-Encoding": "identity"}), order_body())
    assert (await wire.answer()).status == 200


CHALLENGE = 'Basic realm="order receiver", charset="UTF-8"'


async def test_no_credentials(door: Doorway) -> None:
    for form in Form:
        answer = await door.post(order_body(form=form), authorization=None)
        assert_problem(answer, Situation.NO_CREDENTIALS, 401, "Send the user name and password with HTTP Basic.")
        assert answer.headers["www-authenticate"] == CHALLENGE


async def test_wrong_credentials(door: Doorway) -> None:
    for form in Form:
        answer = await door.post(order_body(form=form), authorization=basic("norce", "wrong"))
        assert_problem(answer, Situation.WRONG_CREDENTIALS, 401, "User name or password is wrong.")
        assert answer.headers["www-authenticate"] == CHALLENGE
    assert door.value("SELECT count(*) FROM orders") == 0


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
async def test_method_not_allowed(door: Doorway, method: str) -> None:
    wire = await door.connect()
    await wire.send(head(method=method))
    answer = await wire.answer()
    assert_problem(answer, Situation.METHOD_NOT_ALLOWED, 405, "Orders are sent with POST.")
    assert answer.headers["allow"] == "POST"


async def test_store_unavailable(open_door: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "LOCK_PATIENCE", 0.05)
    door = await open_door(retry_after=77)
    for form in Form:
        body = order_body(f"10000-{form}", form=form)
        with door.locked():
            answer = await door.post(body)
        detail = "The store cannot be written now. Send the order again."
        assert_problem(answer, Situation.STORE_UNAVAILABLE, 503, detail)
        assert answer.headers["retry-after"] == "77"
        assert answered(form, await door.post(body))["Description"] == POLICY[Situation.STORED].description


async def test_overloaded(open_door: Opener) -> None:
    """One commit waits for the disk, one order for the next commit; the third is turned away, and may come again."""
    door = await open_door(queue_limit=1)
    await door.post(order_body("100000"))
    turns = door.receiver.store.writer
    with door.locked():
        first = asyncio.create_task(door.post(order_body("100001")))
        await door.until(lambda: turns.waiting == 0 and turns._turns)
        second = asyncio.create_task(door.post(order_body("100002")))
        await door.until(lambda: turns.waiting == 1)
        refused = [await door.post(order_body("100003", form=form)) for form in Form]
    for answer in refused:
        assert_problem(answer, Situation.OVERLOADED, 503, "Too many requests wait already. Nothing was taken over.")
        assert answer.headers["retry-after"] == "60"
    assert [(await first).status, (await second).status] == [200, 200]
    assert (await door.post(order_body("100003"))).status == 200


async def test_draining(door: Doorway) -> None:
    wire = await door.connect()
    assert (await wire.post(order_body())).status == 200
    door.receiver.door.draining = True
    for form in Form:
        answer = await wire.post(order_body("100002", form=form))
        detail = "The door is closing for a restart. Nothing was taken over."
        assert_problem(answer, Situation.DRAINING, 503, detail)
    assert (await door.post(order_body(), authorization=None)).status == 401


async def test_unexpected_error(door: Doorway, form: Form) -> None:
    """A sender that speaks SOAP reads a Fault, every other one the problem details."""
    door.change("CREATE TRIGGER broken BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'broken'); END")
    answer = await door.post(order_body(form=form))
    detail = "An unexpected error; it is in the log. Send the order again."
    if form in FAULTS:
        assert fault(form, answer) == Fault(FAULTS[form], detail)
    else:
        assert_problem(answer, Situation.UNEXPECTED, 500, detail)
    assert door.value("SELECT count(*) FROM orders") == 0
    door.change("DROP TRIGGER broken")
    assert (await door.post(order_body(form=form))).status == 200


async def test_a_number_of_fifty_characters_is_never_cut(open_door: Opener) -> None:
    door = await open_door(work=True)
    await door.post(order_body())
    await door.until(lambda: list((door.base / "outbox").glob("*.json")))
    number = "SO-" + "9" * 47
    (door.base / "inbox" / "answer.json").write_text(f'{{"client_order_ref":"100001","erp_order_no":"{number}"}}')
    await door.until(lambda: door.number_of("100001"))
    for form in Form:
        answer = await door.post(order_body(form=form))
        assert_order_response(form, answer, "OK", "The order was received before and is in the ERP.", number)


async def test_each_answer_is_counted_by_its_situation(door: Doorway) -> None:
    await door.post(order_body())
    await door.post(order_body())
    await door.post(order_body(), authorization=None)
    wire = await door.connect()
    metrics = (await wire.get("/metrics")).body.decode()
    assert "order_receiver_messages_received_total 2.0" in metrics
    for situation in (Situation.STORED, Situation.REPEATED, Situation.NO_CREDENTIALS):
        assert f'order_receiver_answers_total{{situation="{situation.value}"}} 1.0' in metrics
