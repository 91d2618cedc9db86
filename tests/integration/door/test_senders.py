"""What .NET senders do on the wire, in every form: challenges, Expect, chunks, encodings of passwords, pipelines."""

import asyncio
from dataclasses import dataclass

import pytest
from tests.integration.door.conftest import (
    JSON,
    RIGHT,
    SENT_AS,
    SHOP,
    Doorway,
    Opener,
    Wire,
    basic,
    chunk,
    chunks,
    head,
    order_body,
)
from tests.integration.door.sent_samples import KINDS, SENDERS, Sample, sample
from tests.integration.door.wire_forms import answered

from order_receiver.contract.form import Form
from order_receiver.settings.credentials import hash_password

EXPECT = {"Expect": "100-continue"}
REPEATED = "The order was received before; its ERP number follows."


def expecting(body: bytes, form: Form = Form.JSON, authorization: str | None = RIGHT) -> bytes:
    return head(media_type=SENT_AS[form], length=len(body), authorization=authorization, more=EXPECT)


async def send_sample(wire: Wire, sent: Sample, authorization: str | None = "") -> list[int]:
    """Send it as its sender does, waiting for 100 Continue where it asks for it; gives what came before the body."""
    body = chunks(sent.body, 4089) if sent.chunked else sent.body
    if not sent.expects:
        await wire.send(sent.head(authorization), body)
        return []
    await wire.send(sent.head(authorization))
    status = (await wire.answer()).status
    if status == 100:
        await wire.send(body)
    return [status]


@pytest.mark.parametrize("sender", list(SENDERS))
async def test_every_sample_is_taken_as_its_sender_sends_it(door: Doorway, sender: str) -> None:
    """All on one connection; those of one reference are conflicts, which are kept too."""
    wire = await door.connect()
    for kind in KINDS:
        sent = sample(sender, kind)
        assert await send_sample(wire, sent) == ([100] if sent.expects else [])
        answer = await wire.answer()
        assert answered(SENDERS[sender], answer)["StatusCode"] == "OK"
        assert (b"RelatesTo>" in answer.body) is (sender == "mono-soap12-addressing")
    bodies = [sample(sender, kind).body for kind in KINDS]
    assert door.rows("SELECT body FROM messages ORDER BY id") == [(body,) for body in bodies]
    assert door.rows("SELECT application_key, client_order_ref FROM orders") == [
        (SHOP, "100001"),
        (SHOP, "CDON-100001/A"),
    ]


@pytest.mark.parametrize("kind", KINDS)
async def test_every_sender_says_the_same_order(door: Doorway, kind: str) -> None:
    """The first is stored, all others are repeats of it; each is answered in its own form."""
    told = []
    for sender, form in SENDERS.items():
        wire = await door.connect()
        await send_sample(wire, sample(sender, kind))
        told.append(answered(form, await wire.answer())["Description"])
    assert REPEATED not in told[:1]
    assert told[1:] == [REPEATED] * (len(SENDERS) - 1)
    assert door.value("SELECT count(*) FROM messages") == 1


@dataclass(frozen=True)
class Habits:
    """What a kind of sender does once it is asked for credentials, as seen, or as documented."""

    encoding: str
    remembers: bool
    """Sends them unasked from then on."""
    comes_anew: bool = False
    """A 401 before the body was sent makes it open a new connection."""
    sends_on: bool = False
    """It sends the body even so."""


HTTP_CLIENT = Habits("utf-8", remembers=True)
CORE = Habits("utf-8", remembers=True, comes_anew=True)
FRAMEWORK = Habits("windows-1252", remembers=True, sends_on=True)
MONO = Habits("iso-8859-1", remembers=False, comes_anew=True, sends_on=True)
FLOWS = [
    *(("newtonsoft", HTTP_CLIENT), ("system-text", HTTP_CLIENT), ("data-contract-xml", HTTP_CLIENT)),
    *(("framework-soap11", CORE), ("framework-soap11", FRAMEWORK)),
    *(("mono-legacy", MONO), ("mono-soap11", MONO), ("mono-soap12", MONO), ("mono-soap12-addressing", MONO)),
]


async def place(door: Doorway, wire: Wire, sent: Sample, habits: Habits, given: str | None) -> tuple[Wire, list[int]]:
    """One order as a sender with these habits places it; `given` are the credentials, None where it waits to be asked.

    Gives the connection that it goes on with, and all statuses.
    """
    statuses = await send_sample(wire, sent, given)
    if 401 not in statuses:
        return wire, [*statuses, (await wire.answer()).status]
    if habits.sends_on:
        await wire.send(sent.body)
    if habits.comes_anew:
        await wire.close()
        wire = await door.connect()
    return wire, statuses


@pytest.mark.parametrize(("sender", "habits"), FLOWS)
async def test_two_calls_of_a_sender_that_is_challenged(open_door: Opener, sender: str, habits: Habits) -> None:
    """The password is Swedish."""
    door = await open_door(credentials=[("norce", hash_password("hemligtÅÄÖ"))])
    wire = await door.connect()
    sent = sample(sender, "lines30")
    known = basic("norce", "hemligtÅÄÖ", habits.encoding)
    told = []
    for unasked in (None, known if habits.remembers else None):
        wire, statuses = await place(door, wire, sent, habits, unasked)
        told.append(statuses)
        if statuses[-1] == 401:
            wire, statuses = await place(door, wire, sent, habits, known)
            told.append(statuses)
    taken = [100, 200] if sent.expects else [200]
    assert told == ([[401], taken, taken] if habits.remembers else [[401], taken, [401], taken])
    assert door.rows("SELECT body FROM messages") == [(sent.body,)]
    assert door.value("SELECT count(*) FROM quarantine") == 0


@pytest.mark.parametrize(("sender", "habits"), FLOWS)
async def test_a_sender_with_a_wrong_password_gives_up_after_two_calls(
    door: Doorway, sender: str, habits: Habits
) -> None:
    wire = await door.connect()
    sent = sample(sender, "minimal")
    wire, first = await place(door, wire, sent, habits, None)
    wire, second = await place(door, wire, sent, habits, basic("norce", "wrong"))
    assert (first, second) == ([401], [401])
    assert door.value("SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM quarantine)") == 0


async def test_a_challenged_sender_stays_on_one_connection(door: Doorway, form: Form) -> None:
    """.NET's first order of a connection: 401 for the whole body, then the whole body again."""
    wire = await door.connect()
    body = order_body(form=form)
    first = await wire.post(body, authorization=None)
    second = await wire.post(body)
    third = await wire.post(order_body("100002", form=form))
    assert [first.status, second.status, third.status] == [401, 200, 200]
    assert "connection" not in first.headers
    assert door.value("SELECT count(*) FROM orders") == 2


async def test_a_401_for_a_great_body_keeps_the_connection(door: Doorway, form: Form) -> None:
    wire = await door.connect()
    body = order_body(form=form) + b" " * 500_000
    await wire.send(head(media_type=SENT_AS[form], length=len(body), authorization=None), body[:1000])
    refused = await wire.answer()
    await wire.send(body[1000:])
    taken = await wire.post(body)
    assert [refused.status, taken.status] == [401, 200]


async def test_two_chunked_calls(door: Doorway, form: Form) -> None:
    """Challenged once, then unasked; the chunks end in the middle of letters."""
    wire = await door.connect()
    body = order_body(form=form, lines=30)
    answers = []
    for authorization in (None, RIGHT, RIGHT):
        await wire.send(head(media_type=SENT_AS[form], authorization=authorization, chunked=True), chunks(body, 401))
        answers.append(await wire.answer())
    assert [answer.status for answer in answers] == [401, 200, 200]
    assert [answered(form, answer)["StatusCode"] for answer in answers[1:]] == ["OK", "OK"]
    assert door.rows("SELECT body FROM messages") == [(body,)]


async def test_100_continue_comes_at_once_for_good_credentials_on_each_request(door: Doorway, form: Form) -> None:
    wire = await door.connect()
    body = order_body(form=form)
    told = []
    for _ in range(3):
        await wire.send(expecting(body, form))
        assert (await wire.answer()).status == 100
        await wire.send(body)
        told.append(answered(form, await wire.answer())["Description"])
    assert told[1:] == [REPEATED, REPEATED]


@pytest.mark.parametrize("authorization", [None, basic("norce", "wrong"), "Bearer x", "Basic !!!", "Basic"])
async def test_never_100_continue_before_the_credentials_are_checked(door: Doorway, authorization: str | None) -> None:
    wire = await door.connect()
    await wire.send(expecting(order_body(), authorization=authorization))
    assert (await wire.answer()).status == 401


async def test_an_early_401_to_a_sender_that_sends_on(door: Doorway, form: Form) -> None:
    """What follows the body on the connection is a request of its own."""
    wire = await door.connect()
    body = order_body(form=form)
    await wire.send(expecting(body, form, None))
    assert (await wire.answer()).status == 401
    await wire.send(body)
    await wire.send(expecting(body, form))
    assert (await wire.answer()).status == 100
    await wire.send(body)
    assert (await wire.answer()).status == 200
    assert door.value("SELECT count(*) FROM quarantine") == 0


async def test_a_sender_that_waits_for_no_100_is_served_too(door: Doorway, form: Form) -> None:
    wire = await door.connect()
    body = order_body(form=form)
    await wire.send(expecting(body, form), body)
    statuses = [(await wire.answer()).status]
    if statuses == [100]:
        statuses.append((await wire.answer()).status)
    assert statuses[-1] == 200


@pytest.mark.parametrize("refused", [{"length": 2001}, {"length": 10, "media_type": "image/png"}])
async def test_no_100_continue_for_what_the_head_already_rules_out(
    open_door: Opener, refused: dict[str, object]
) -> None:
    door = await open_door(body_limit=2000)
    wire = await door.connect()
    length, media_type = refused["length"], refused.get("media_type", JSON)
    assert isinstance(length, int)
    await wire.send(head(length=length, media_type=str(media_type), more=EXPECT))
    assert (await wire.answer()).status in {413, 415}


async def test_pipelined_requests_are_answered_in_order_each_in_its_form(door: Doorway) -> None:
    wire = await door.connect()
    forms = [*Form, *Form]
    bodies = [order_body(str(100_001 + place), form=form) for place, form in enumerate(forms)]
    requests = [
        head(media_type=SENT_AS[form], length=len(body)) + body for form, body in zip(forms, bodies, strict=True)
    ]
    await wire.send(requests[0], head(length=len(bodies[0]), authorization=None), bodies[0], *requests[1:])
    answers = [await wire.answer() for _ in range(9)]
    assert answers.pop(1).status == 401
    for form, answer in zip(forms, answers, strict=True):
        assert answered(form, answer)["StatusCode"] == "OK"
    assert door.value("SELECT count(*) FROM orders") == 8


async def test_a_body_that_comes_in_pieces_is_one_body(door: Doorway, form: Form) -> None:
    wire = await door.connect()
    body = order_body(form=form)
    start = head(media_type=SENT_AS[form], length=len(body))
    await wire.send(start[:30])
    await wire.send(start[30:])
    for at in range(0, len(body), 500):
        await wire.send(body[at : at + 500])
    assert (await wire.answer()).status == 200
    assert door.rows("SELECT body FROM messages") == [(body,)]


async def test_a_sender_that_only_closes_its_half_after_the_body_gets_its_answer(door: Doorway) -> None:
    wire = await door.connect()
    body = order_body()
    await wire.send(head(length=len(body)), body)
    wire.half_close()
    assert (await wire.answer()).status == 200
    assert await wire.ended()


async def test_a_chunked_body_cut_off_between_chunks_is_no_order(door: Doorway) -> None:
    """What came is a whole message by chance; without the last chunk nobody can know."""
    wire = await door.connect()
    await wire.send(head(chunked=True), chunk(order_body()))
    wire.half_close()
    assert (await wire.answer()).status == 400
    assert door.value("SELECT count(*) FROM orders") == 0


@pytest.mark.parametrize("sent", [b"", b"POST /orders HTTP/1.1\r\nHost: x\r\n"], ids=["nothing", "half a head"])
async def test_a_connection_that_ends_before_a_request_is_just_closed(door: Doorway, sent: bytes) -> None:
    wire = await door.connect()
    await wire.send(sent)
    wire.half_close()
    assert await wire.ended()
    assert (await door.post(order_body())).status == 200


async def test_a_sender_that_is_gone_before_the_answer_has_handed_its_order_over(door: Doorway) -> None:
    wire = await door.connect()
    body = order_body()
    with door.locked():
        await wire.send(head(length=len(body)), body)
        await door.until(lambda: door.receiver.store.writer._turns)
        wire.writer.transport.abort()
    await door.until(lambda: door.value("SELECT count(*) FROM orders") == 1)
    assert (await door.post(body)).members["Description"] == "The order was received before; its ERP number follows."


async def test_two_pairs_live_at_once(open_door: Opener) -> None:
    """A password is changed without a gap: the old pair and the new one both count."""
    pairs = [("norce", hash_password("old")), ("norce", hash_password("new")), ("shop", hash_password("third"))]
    door = await open_door(credentials=pairs)
    found = [
        (await door.post(order_body(), authorization=basic(user, password))).status
        for user, password in (
            *(("norce", "old"), ("norce", "new"), ("shop", "third")),
            *(("norce", "third"), ("shop", "old"), ("nobody", "old"), ("norce", "")),
        )
    ]
    assert found == [200, 200, 200, 401, 401, 401, 401]


@pytest.mark.parametrize("password", ["with:colon:s", ":", "hemligtÅÄÖ", "blank at the end "])
async def test_passwords_as_people_choose_them(open_door: Opener, password: str) -> None:
    door = await open_door(credentials=[("norce", hash_password(password))])
    for encoding in ("utf-8", "iso-8859-1"):
        answer = await door.post(order_body(), authorization=basic("norce", password, encoding))
        assert answer.status == 200
    assert (await door.post(order_body(), authorization=basic("norce", password + "x"))).status == 401


async def test_a_flood_of_wrong_passwords_is_turned_away_and_leaves_the_known_pair_alone(door: Doorway) -> None:
    assert (await door.post(order_body())).status == 200
    wires = [await door.connect() for _ in range(20)]

    async def guess(number: int, wire: Wire) -> int:
        return (await wire.post(order_body(), authorization=basic("norce", f"guess {number}"))).status

    guesses = [asyncio.create_task(guess(number, wire)) for number, wire in enumerate(wires)]
    good = await door.post(order_body())
    statuses = [await each for each in guesses]
    assert good.status == 200
    assert set(statuses) == {401, 503}
