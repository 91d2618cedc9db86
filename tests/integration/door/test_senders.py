"""What .NET senders do on the wire: challenges, Expect, chunks, passwords in two encodings, pipelines."""

import asyncio
from pathlib import Path

import pytest
from tests.integration.door.conftest import (
    JSON,
    RIGHT,
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

from order_receiver.settings.credentials import hash_password

EXPECT = {"Expect": "100-continue"}
SAMPLES = Path(__file__).parents[2] / "data" / "samples"


def expecting(body: bytes, authorization: str | None = RIGHT) -> bytes:
    return head(length=len(body), authorization=authorization, more=EXPECT)


async def test_a_challenged_sender_stays_on_one_connection(door: Doorway) -> None:
    """.NET's first order of a connection: 401 for the whole body, then the whole body again."""
    wire = await door.connect()
    body = order_body()
    first = await wire.post(body, authorization=None)
    second = await wire.post(body)
    third = await wire.post(order_body("100002"))
    assert [first.status, second.status, third.status] == [401, 200, 200]
    assert "connection" not in first.headers
    assert door.value("SELECT count(*) FROM orders") == 2


async def test_a_401_for_a_great_body_keeps_the_connection(door: Doorway) -> None:
    wire = await door.connect()
    body = order_body() + b" " * 500_000
    await wire.send(head(length=len(body), authorization=None), body[:1000])
    refused = await wire.answer()
    await wire.send(body[1000:])
    taken = await wire.post(body)
    assert [refused.status, taken.status] == [401, 200]


async def test_chunked_json_two_calls(door: Doorway) -> None:
    """As HttpClient's PostAsJsonAsync sends it: chunked, challenged once, then unasked."""
    wire = await door.connect()
    body = (SAMPLES / "system-text-lines30.json").read_bytes()
    statuses = []
    for authorization in (None, RIGHT, RIGHT):
        await wire.send(head(authorization=authorization, chunked=True), chunks(body, 4089))
        statuses.append(await wire.answer())
    assert [answer.status for answer in statuses] == [401, 200, 200]
    assert [answer.members["StatusCode"] for answer in statuses[1:]] == ["OK", "OK"]
    assert door.rows("SELECT body FROM messages") == [(body,)]


@pytest.mark.parametrize("sample", sorted(path.stem for path in SAMPLES.glob("*.json")))
async def test_every_sample_is_taken_as_its_sender_sends_it(door: Doorway, sample: str) -> None:
    """The head is the sender's own, byte for byte."""
    body = (SAMPLES / f"{sample}.json").read_bytes()
    lines = (SAMPLES / f"{sample}.headers").read_text("ascii").split("\n")
    own = "\r\n".join(line.strip() for line in lines if line.strip()).encode() + b"\r\n\r\n"
    wire = await door.connect()
    await wire.send(own, chunks(body, 4089) if b"chunked" in own else body)
    answer = await wire.answer()
    assert (answer.status, answer.members["StatusCode"]) == (200, "OK")
    assert door.rows("SELECT application_key, body FROM orders JOIN messages ON order_id = orders.id") == [(SHOP, body)]


async def test_100_continue_comes_at_once_for_good_credentials(door: Doorway) -> None:
    wire = await door.connect()
    body = order_body()
    await wire.send(expecting(body))
    assert (await wire.answer()).status == 100
    await wire.send(body)
    assert (await wire.answer()).status == 200
    await wire.send(expecting(body))
    assert (await wire.answer()).status == 100
    await wire.send(body)
    assert (await wire.answer()).members["Description"] == "The order was received before; its ERP number follows."


@pytest.mark.parametrize("authorization", [None, basic("norce", "wrong"), "Bearer x", "Basic !!!", "Basic"])
async def test_never_100_continue_before_the_credentials_are_checked(door: Doorway, authorization: str | None) -> None:
    wire = await door.connect()
    await wire.send(expecting(order_body(), authorization))
    assert (await wire.answer()).status == 401


async def test_an_early_401_to_a_sender_that_closes(door: Doorway) -> None:
    """.NET Core: closes without sending the body, and comes again on a new connection."""
    wire = await door.connect()
    body = order_body()
    await wire.send(expecting(body, None))
    assert (await wire.answer()).status == 401
    await wire.close()
    again = await door.connect()
    await again.send(expecting(body))
    assert (await again.answer()).status == 100
    await again.send(body)
    assert (await again.answer()).status == 200


async def test_an_early_401_to_a_sender_that_sends_on(door: Doorway) -> None:
    """Mono: sends the body anyway; what follows on the connection is a request of its own."""
    wire = await door.connect()
    body = order_body()
    await wire.send(expecting(body, None))
    assert (await wire.answer()).status == 401
    await wire.send(body)
    await wire.send(expecting(body))
    assert (await wire.answer()).status == 100
    await wire.send(body)
    assert (await wire.answer()).status == 200
    assert door.value("SELECT count(*) FROM quarantine") == 0


async def test_a_sender_that_waits_for_no_100_is_served_too(door: Doorway) -> None:
    wire = await door.connect()
    body = order_body()
    await wire.send(expecting(body), body)
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


async def test_pipelined_requests_are_answered_in_order(door: Doorway) -> None:
    wire = await door.connect()
    bodies = [order_body(str(reference)) for reference in range(100_001, 100_006)]
    requests = [head(length=len(body)) + body for body in bodies]
    await wire.send(requests[0], head(length=len(bodies[0]), authorization=None), bodies[0], *requests[1:])
    answers = [await wire.answer() for _ in range(6)]
    assert [answer.status for answer in answers] == [200, 401, 200, 200, 200, 200]
    assert door.value("SELECT count(*) FROM orders") == 5


async def test_a_body_that_comes_in_pieces_is_one_body(door: Doorway) -> None:
    wire = await door.connect()
    body = order_body()
    await wire.send(head(length=len(body))[:30])
    await wire.send(head(length=len(body))[30:])
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
        await door.until(lambda: door.receiver.store.writer._turn is not None)
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


async def test_a_swedish_password_is_challenged_and_then_taken(open_door: Opener) -> None:
    """Mono WCF: every order costs a 401, and the password comes in ISO-8859-1."""
    door = await open_door(credentials=[("norce", hash_password("hemligtÅÄÖ"))])
    wire = await door.connect()
    authorization = basic("norce", "hemligtÅÄÖ", "iso-8859-1")
    for reference in ("100001", "100002"):
        body = order_body(reference)
        await wire.send(expecting(body, None))
        assert (await wire.answer()).status == 401
        await wire.send(body)
        await wire.send(expecting(body, authorization))
        assert (await wire.answer()).status == 100
        await wire.send(body)
        assert (await wire.answer()).status == 200


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
