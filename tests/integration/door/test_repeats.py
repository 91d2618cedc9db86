"""One key, one order: repeats in any spelling, conflicts, overlapping posts, the wait for the number, what is kept."""

import asyncio
import json
import re
from itertools import permutations

import pytest
from tests.integration.door.conftest import SHOP, Doorway, Opener, head, order_body
from tests.integration.door.wire_forms import answered

from order_receiver.contract.form import Form
from order_receiver.store import queries
from order_receiver.store.queries import Story

SPELLED = (
    '{"ClientOrderRef":"100001","Header":{"ApplicationKey":"' + SHOP + '"},"CurrencyCode":"SEK","OrderType":1,'
    '"SubmitDate":"2026-11-21T12:00:00+01:00","Items":[{"LineNo":1,"Type":"ErpStandard","PartNo":"ART-1",'
    '"Quantity":2,"UnitPrice":25.0,"UnitVat":6.25,"VatRate":25}],'
    '"Payments":[{"PaymentMethodCode":"card","Amount":62.5,"CurrencyCode":"SEK"}]}'
)
REPEATED = "The order was received before; its ERP number follows."
CONFLICT = "The order was received before with other content; the first stands, this one is kept beside it."


def story(door: Doorway, reference: str = "100001") -> Story:
    engine = door.receiver.store.engine
    return queries.story(engine, queries.find_orders(engine, reference)[0])


def camel(text: str) -> str:
    return re.sub(r'"([A-Z])(\w*)":', lambda match: f'"{match[1].lower()}{match[2]}":', text)


OTHER_SPELLINGS = {
    "camelCase": camel(SPELLED),
    "lower case": re.sub(r'"(\w+)":', lambda match: f'"{match[1].lower()}":', SPELLED),
    "more digits": SPELLED.replace("25.0,", "25.00,").replace("62.5,", "62.50,"),
    "numbers as text": SPELLED.replace('"Quantity":2', '"Quantity":"2"').replace(":25.0", ':"25.0"'),
    "white space": json.dumps(json.loads(SPELLED), indent=4),
    "a braced key": SPELLED.replace(SHOP, "{" + SHOP.upper() + "}"),
    "type by name": SPELLED.replace('"OrderType":1', '"OrderType":"Order"'),
    "empty for absent": SPELLED[:-1] + ',"Fees":[],"Discounts":null}',
    "a byte order mark": "\ufeff" + SPELLED,
    "another zone": SPELLED.replace("12:00:00+01:00", "11:00:00Z"),
}


@pytest.mark.parametrize("spelling", OTHER_SPELLINGS.values(), ids=OTHER_SPELLINGS)
async def test_another_spelling_is_a_repeat(door: Doorway, spelling: str) -> None:
    await door.post(SPELLED.encode())
    assert (await door.post(spelling.encode())).members["Description"] == REPEATED
    assert [line.event for line in story(door).history] == ["received", "repeated"]
    assert door.value("SELECT count(*) FROM messages") == 1


async def test_another_charset_is_a_repeat(door: Doorway) -> None:
    body = SPELLED.replace("ART-1", "ÅRT-1")
    await door.post(body.encode())
    answer = await door.post(body.encode("utf-16"), media_type="application/json; charset=utf-16")
    assert answer.members["Description"] == REPEATED


PAIRS = list(permutations(Form, 2))


@pytest.mark.parametrize(("one", "other"), PAIRS)
async def test_the_same_order_in_another_form_is_a_repeat_and_other_content_a_conflict(
    door: Doorway, one: Form, other: Form
) -> None:
    """Each answer in the form of its request; the key may be written in another way too."""
    first, second = order_body(form=one, lines=20), order_body(form=other, lines=20)
    changed = order_body(form=other, lines=20, changed=True)
    assert answered(one, await door.post(first))["StatusCode"] == "OK"
    for body in (second, second.replace(SHOP.encode(), b"{" + SHOP.upper().encode() + b"}")):
        assert answered(other, await door.post(body))["Description"] == REPEATED
    assert answered(other, await door.post(changed))["Description"] == CONFLICT
    assert answered(one, await door.post(first))["Description"] == REPEATED
    found = story(door)
    assert [line.event for line in found.history] == ["received", "repeated", "repeated", "conflict", "repeated"]
    assert "/Items/0/Quantity: " in str(found.history[3].why)
    assert [(line.role, line.body) for line in found.messages] == [("first", first), ("conflict", changed)]


async def test_overlapping_posts_of_one_order_in_all_forms_are_one_order(door: Doorway) -> None:
    wires = [await door.connect() for _ in Form]
    bodies = [order_body(form=form) for form in Form]
    answers = await asyncio.gather(*(wire.post(body) for wire, body in zip(wires, bodies, strict=True)))
    assert [answered(form, answer)["StatusCode"] for form, answer in zip(Form, answers, strict=True)] == ["OK"] * 4
    assert [line.event for line in story(door).history] == ["received", *["repeated"] * 3]
    assert door.value("SELECT count(*) FROM messages") == 1


CHANGES = {
    '"Quantity":2': ('"Quantity":3', "/Items/0/Quantity: 2 became 3"),
    '"UnitPrice":25.0': ('"UnitPrice":25.01', "/Items/0/UnitPrice: 25 became 25.01"),
    '"CurrencyCode":"SEK","OrderType"': ('"CurrencyCode":"NOK","OrderType"', "/CurrencyCode: SEK became NOK"),
}


@pytest.mark.parametrize("old", CHANGES)
async def test_other_content_is_a_conflict_told_field_by_field(door: Doorway, old: str) -> None:
    new, told = CHANGES[old]
    await door.post(SPELLED.encode())
    changed = SPELLED.replace(old, new).encode()
    assert (await door.post(changed)).members["Description"] == CONFLICT
    found = story(door)
    assert [line.event for line in found.history] == ["received", "conflict"]
    assert told in str(found.history[1].why)
    assert [(line.role, line.body) for line in found.messages] == [
        ("first", SPELLED.encode()),
        ("conflict", changed),
    ]


async def test_the_same_conflict_again_is_kept_once(door: Doorway) -> None:
    changed = SPELLED.replace('"Quantity":2', '"Quantity":3').encode()
    for body in (SPELLED.encode(), changed, changed, SPELLED.encode()):
        assert (await door.post(body)).status == 200
    assert [line.event for line in story(door).history] == ["received", "conflict", "repeated"]


async def test_a_second_message_that_cannot_be_read_in_full_is_a_conflict(door: Doorway) -> None:
    await door.post(SPELLED.encode())
    assert (await door.post(SPELLED.encode()[:-1] + b',"Fees":[}')).members["StatusCode"] == "Failed"
    assert (await door.post(SPELLED.encode()[:-1] + b',"Fees":{}}')).members["Description"] == CONFLICT


async def test_the_same_reference_in_two_shops_is_two_orders(door: Doorway) -> None:
    await door.post(order_body())
    other = "9b2d7c1e-4f6a-4d83-8c55-2a1e6f0b7d34"
    await door.post(order_body(application_key=other))
    assert door.rows("SELECT application_key FROM orders ORDER BY id") == [(SHOP,), (other,)]


async def test_overlapping_identical_posts_are_one_order_and_two_ok(door: Doorway) -> None:
    body = order_body()
    wires = [await door.connect() for _ in range(8)]
    with door.locked():
        before = asyncio.create_task(door.post(order_body("100000")))
        await door.until(lambda: door.receiver.store.writer._turns)
        posts = [asyncio.create_task(wire.post(body)) for wire in wires]
        await door.until(lambda: door.receiver.store.writer.waiting == len(wires))
    answers = [await post for post in (before, *posts)][1:]
    assert [answer.members["StatusCode"] for answer in answers] == ["OK"] * 8
    assert door.rows("SELECT client_order_ref FROM orders") == [("100000",), ("100001",)]
    assert door.value("SELECT count(*) FROM tasks") == 2
    assert [line.event for line in story(door).history] == ["received", *["repeated"] * 7]


async def test_overlapping_posts_of_different_content_keep_both(door: Doorway) -> None:
    wires = [await door.connect() for _ in range(2)]
    bodies = [order_body(), order_body(changed=True)]
    answers = await asyncio.gather(*(wire.post(body) for wire, body in zip(wires, bodies, strict=True)))
    assert [answer.members["StatusCode"] for answer in answers] == ["OK", "OK"]
    assert sorted(str(role) for (role,) in door.rows("SELECT role FROM messages")) == ["conflict", "first"]


WAIT = {"wait_milliseconds": 4000}


async def test_the_door_waits_for_the_number_and_answers_it(open_door: Opener) -> None:
    door = await open_door(work=True, application=WAIT, target={"number_on_write": True})
    answer = await door.post(order_body())
    assert (answer.members["HasErpOrderNo"], answer.members["ErpOrderNo"]) == (True, f"{SHOP}-100001")
    assert door.value("SELECT state FROM orders") == "placed"


async def test_the_number_of_an_answer_file_ends_the_wait(open_door: Opener) -> None:
    door = await open_door(work=True, application=WAIT)
    posting = asyncio.create_task(door.post(order_body()))
    await door.until(lambda: any((door.base / "outbox").glob("*.json")))
    (door.base / "inbox" / "a.json").write_text(f'{{"key":"{SHOP}-100001","erp_order_no":"SO-7"}}')
    assert (await posting).members["ErpOrderNo"] == "SO-7"


async def test_a_number_that_does_not_come_in_time_is_not_waited_for(open_door: Opener) -> None:
    door = await open_door(work=True, application={"wait_milliseconds": 50})
    answer = await door.post(order_body())
    assert (answer.members["HasErpOrderNo"], answer.members["ErpOrderNo"]) == (False, None)
    await door.until(lambda: door.value("SELECT state FROM orders") == "submitted")
    (door.base / "inbox" / "a.json").write_text('{"client_order_ref":100001,"erp_order_no":"SO-7"}')
    await door.until(lambda: door.number_of("100001"))
    assert (await door.post(order_body())).members["ErpOrderNo"] == "SO-7"


async def test_held_orders_are_not_waited_for(open_door: Opener) -> None:
    door = await open_door(work=True, application=WAIT, target={"number_on_write": True})
    answer = await door.post(order_body(do_hold=True))
    assert answer.members["Description"] == "The order is stored and held, as DoHold asks, until a person releases it."
    assert door.rows("SELECT state, hold, erp_order_no FROM orders") == [("received", "do-hold", None)]


async def test_the_message_is_kept_byte_for_byte_without_credentials(door: Doorway) -> None:
    body = b"\r\n" + SPELLED.replace("ART-1", "ÅRT\\u002d1").encode() + b"\n\n"
    media_type = 'application/json;  charset="UTF-8"'
    wire = await door.connect()
    more = {"Cookie": "a=b", "Proxy-Authorization": "Basic eDp5", "X-Request-Id": "17", "X-Name": "Åsa"}
    await wire.send(head(length=len(body), media_type=media_type, more=more), body)
    assert (await wire.answer()).status == 200
    ((stored, named, remote, headers),) = door.rows("SELECT body, media_type, remote, headers FROM messages")
    assert (stored, named, remote) == (body, media_type, "127.0.0.1")
    kept = json.loads(str(headers))
    assert kept == {
        "host": "127.0.0.1:8080",
        "content-type": media_type,
        "content-length": str(len(body)),
        "x-request-id": "17",
        "x-name": "Åsa",
    }


async def test_behind_a_proxy_the_sender_is_who_the_proxy_says(open_door: Opener) -> None:
    door = await open_door(behind_proxy=True)
    wire = await door.connect()
    body = order_body()
    await wire.send(head(length=len(body), more={"X-Forwarded-For": "10.9.9.9, 192.0.2.7"}), body)
    assert (await wire.answer()).status == 200
    assert door.value("SELECT remote FROM messages") == "192.0.2.7"


async def test_nobody_names_another_address_without_a_proxy(door: Doorway) -> None:
    wire = await door.connect()
    body = order_body()
    await wire.send(head(length=len(body), more={"X-Forwarded-For": "192.0.2.7"}), body)
    assert (await wire.answer()).status == 200
    assert door.value("SELECT remote FROM messages") == "127.0.0.1"


async def test_a_default_application_stands_in(open_door: Opener) -> None:
    door = await open_door(default_application=SHOP)
    body = b'{"ClientOrderRef":"100001","Items":[{"LineNo":1,"PartNo":"A","Quantity":1}]}'
    assert (await door.post(body)).members["StatusCode"] == "OK"
    assert door.rows("SELECT application_key, hold FROM orders") == [(SHOP, None)]


UNUSABLE = {
    "no header": ('{"ClientOrderRef":"1"}', "The message has no Header.ApplicationKey"),
    "blank reference": (f'{{"ClientOrderRef":"  ","Header":{{"ApplicationKey":"{SHOP}"}}}}', "no ClientOrderRef"),
    "long reference": (
        f'{{"ClientOrderRef":"{"x" * 501}","Header":{{"ApplicationKey":"{SHOP}"}}}}',
        "ClientOrderRef or Header.ApplicationKey cannot be used",
    ),
    "control character": (
        f'{{"ClientOrderRef":"1\\u0000","Header":{{"ApplicationKey":"{SHOP}"}}}}',
        "ClientOrderRef or Header.ApplicationKey cannot be used",
    ),
    "a list": ("[1,2]", "cannot be read"),
    "nothing": ("", "cannot be read"),
    "too deep": ('{"Items":' + "[" * 80 + "]" * 80 + "}", "cannot be read"),
}


@pytest.mark.parametrize("body", UNUSABLE.values(), ids=UNUSABLE)
async def test_what_names_no_order_is_kept_in_quarantine(door: Doorway, body: tuple[str, str]) -> None:
    text, reason = body
    answer = await door.post(text.encode())
    assert answer.members["StatusCode"] == "Failed"
    assert reason in str(answer.members["Description"])
    assert door.rows("SELECT body FROM quarantine") == [(text.encode(),)]
