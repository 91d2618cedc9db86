"""Taking over: one order a key, its message, its first task and its history in one transaction."""

import asyncio
from datetime import datetime, timedelta, timezone
from functools import partial

import pytest
from sqlalchemy import text
from tests.store.conftest import SHOP, Look, MakeArrival, Start

from order_receiver.orders.identity import OrderKey
from order_receiver.orders.states import HoldReason
from order_receiver.store import accepting, tables
from order_receiver.store.session import Operation
from order_receiver.store.store import Store
from order_receiver.store.values import Acceptance, Accepted, Arrival, Differing, Message, Repeated


async def accept(store: Store, arrival: Arrival) -> Acceptance:
    return await store.write(partial(accepting.accept, arrival=arrival))


async def test_a_new_order_comes_with_message_task_and_history(
    store: Store, make_arrival: MakeArrival, look: Look, at: datetime
) -> None:
    body = bytes(range(256))
    found = await accept(store, make_arrival(body=body))
    assert isinstance(found, Accepted)
    [order] = look(store, tables.orders)
    assert (order["id"], order["application_key"], order["client_order_ref"]) == (found.order_id, SHOP, "100001")
    assert (order["state"], order["hold"], order["erp_order_no"]) == ("received", None, None)
    [message] = look(store, tables.messages)
    assert (message["role"], message["body"], message["remote"]) == ("first", body, "192.0.2.7")
    assert (message["media_type"], message["headers"]) == ("application/json; charset=utf-8", '{"user-agent":"test"}')
    [task] = look(store, tables.tasks)
    assert (task["system"], task["kind"], task["state"], task["due"]) == ("receiver", "process", "waiting", at)
    assert (task["fence"], task["attempts"], task["order_id"]) == (0, 0, found.order_id)
    [line] = look(store, tables.history)
    assert (line["at"], line["actor"], line["event"], line["new"]) == (at, "door", "received", "received")


async def test_the_same_bytes_again_are_a_repeat_noted_in_the_history(
    store: Store, make_arrival: MakeArrival, look: Look, at: datetime
) -> None:
    first = await accept(store, make_arrival())
    assert isinstance(first, Accepted)
    again = await accept(store, make_arrival(at=at + timedelta(minutes=10)))
    assert again == Repeated(first.order_id, None)
    assert [(line["event"], line["at"]) for line in look(store, tables.history)] == [
        ("received", at),
        ("repeated", at + timedelta(minutes=10)),
    ]
    assert len(look(store, tables.messages)) == len(look(store, tables.tasks)) == 1


async def test_other_bytes_are_for_the_caller_to_compare(store: Store, make_arrival: MakeArrival, look: Look) -> None:
    first = make_arrival(body=b"first")
    taken = await accept(store, first)
    assert isinstance(taken, Accepted)
    found = await accept(store, make_arrival(body=b"second"))
    assert found == Differing(taken.order_id, None, first.message)
    assert [line["event"] for line in look(store, tables.history)] == ["received"]


async def test_a_conflict_is_kept_beside_the_first_message(store: Store, make_arrival: MakeArrival, look: Look) -> None:
    taken = await accept(store, make_arrival(body=b"first"))
    assert isinstance(taken, Accepted)
    other = make_arrival(body=b"second").message
    await store.write(partial(accepting.note_conflict, order_id=taken.order_id, message=other, differences="/Items"))
    found = await accept(store, make_arrival(body=b"second"))
    assert isinstance(found, Differing)
    assert found.first.body == b"first"
    assert [(row["role"], row["body"]) for row in look(store, tables.messages)] == [
        ("first", b"first"),
        ("conflict", b"second"),
    ]
    line = look(store, tables.history)[-1]
    assert (line["actor"], line["event"], line["why"]) == ("door", "conflict", "/Items")


async def test_a_conflict_that_came_twice_at_once_is_stored_once(
    store: Store, make_arrival: MakeArrival, look: Look
) -> None:
    """Both doors saw an order without conflicts before either of them wrote."""
    taken = await accept(store, make_arrival(body=b"first"))
    assert isinstance(taken, Accepted)
    note = partial(
        accepting.note_conflict,
        order_id=taken.order_id,
        message=make_arrival(body=b"second").message,
        differences="/Items",
    )
    await asyncio.gather(store.write(note), store.write(note))
    assert [row["role"] for row in look(store, tables.messages)] == ["first", "conflict"]
    assert [line["event"] for line in look(store, tables.history)] == ["received", "conflict"]


@pytest.mark.parametrize("reason", [HoldReason.DO_HOLD, HoldReason.UNKNOWN_APPLICATION])
async def test_an_order_can_be_held_from_the_start(
    store: Store, make_arrival: MakeArrival, look: Look, reason: HoldReason
) -> None:
    assert isinstance(await accept(store, make_arrival(hold=reason)), Accepted)
    [order] = look(store, tables.orders)
    assert (order["state"], order["hold"], order["hold_text"]) == ("received", reason.value, f"held for {reason}")
    [task] = look(store, tables.tasks)
    assert (task["state"], task["due"], task["reason"]) == ("parked", None, f"held for {reason}")
    assert [(line["event"], line["new"], line["why"]) for line in look(store, tables.history)] == [
        ("received", "received", None),
        ("held", reason.value, f"held for {reason}"),
    ]


async def test_both_halves_of_the_key_make_the_order(store: Store, make_arrival: MakeArrival, look: Look) -> None:
    arrivals = [make_arrival("1"), make_arrival("2"), make_arrival("1", application="other"), make_arrival("A")]
    found = [await accept(store, arrival) for arrival in [*arrivals, make_arrival("a")]]
    assert all(isinstance(each, Accepted) for each in found)
    assert len(look(store, tables.orders)) == 5


async def test_a_repeat_knows_the_number_that_came_meanwhile(store: Store, make_arrival: MakeArrival) -> None:
    taken = await accept(store, make_arrival())
    assert isinstance(taken, Accepted)
    with store.engine.begin() as connection:
        connection.execute(tables.orders.update().values(erp_order_no="SO-1"))
    assert await accept(store, make_arrival()) == Repeated(taken.order_id, "SO-1")
    other = await accept(store, make_arrival(body=b"other"))
    assert isinstance(other, Differing)
    assert other.erp_order_no == "SO-1"


async def test_fifty_at_once_are_one_order_and_forty_nine_repeats(
    store: Store, make_arrival: MakeArrival, look: Look
) -> None:
    found = await asyncio.gather(*(accept(store, make_arrival()) for _ in range(50)))
    assert [type(each) for each in found] == [Accepted, *[Repeated] * 49]
    assert {each.order_id for each in found} == {1}
    assert len(look(store, tables.orders)) == len(look(store, tables.messages)) == len(look(store, tables.tasks)) == 1
    assert len(look(store, tables.history)) == 50


def alone(arrival: Arrival) -> Operation[Acceptance]:
    """Taking over in a way that nothing can be added to."""
    return lambda session: accepting.accept(session, arrival)


async def test_orders_that_come_together_are_taken_over_like_each_alone(
    store: Store, make_arrival: MakeArrival, look: Look
) -> None:
    """A database may have a quicker way for many; nobody must see which way an order went."""
    bodies = (b"{}", bytes(range(256)), "€".encode("utf-16"))
    kinds = [(body, hold) for body in bodies for hold in (None, HoldReason.DO_HOLD)]

    def arrivals(prefix: str) -> list[Arrival]:
        return [make_arrival(f"{prefix}{number}", body, hold) for number, (body, hold) in enumerate(kinds)]

    for arrival in arrivals("1"):
        assert isinstance(await store.write(alone(arrival)), Accepted)
    found = await asyncio.gather(*(accept(store, arrival) for arrival in arrivals("2")))
    numbers = {row["client_order_ref"]: row["id"] for row in look(store, tables.orders)}
    assert found == [Accepted(numbers[f"2{number}"]) for number in range(len(kinds))]
    for table in (tables.orders, tables.messages, tables.tasks, tables.history):
        ways: dict[str, list[dict[str, object]]] = {"1": [], "2": []}
        references = {number: reference for reference, number in numbers.items()}
        for row in look(store, table):
            reference = references[row.pop("id") if table is tables.orders else row.pop("order_id")]
            same = {**row, "id": None, "client_order_ref": None}
            ways[reference[0]].append({"reference": reference[1:], **same})
        assert ways["1"] == ways["2"], table.name
        assert len(ways["1"]) >= len(kinds)


async def test_repeats_and_conflicts_among_new_orders_are_told_apart(
    store: Store, make_arrival: MakeArrival, look: Look
) -> None:
    old = await accept(store, make_arrival("old", b"{}"))
    assert isinstance(old, Accepted)
    come = [("1", b"{}"), ("old", b"{}"), ("2", b"first"), ("old", b"other"), ("2", b"second"), ("1", b"{}")]
    found = await asyncio.gather(*(accept(store, make_arrival(*each)) for each in come))
    numbers = {row["client_order_ref"]: row["id"] for row in look(store, tables.orders)}
    assert found == [
        Accepted(numbers["1"]),
        Repeated(old.order_id, None),
        Accepted(numbers["2"]),
        Differing(old.order_id, None, make_arrival("old", b"{}").message),
        Differing(numbers["2"], None, make_arrival("2", b"first").message),
        Repeated(numbers["1"], None),
    ]


async def test_a_text_may_have_any_character(store: Store, make_arrival: MakeArrival, look: Look) -> None:
    """NUL is the one that a database may have to replace, and an order is known again all the same."""
    arrivals = [make_arrival("nul \x00"), make_arrival("\U0001f6d2"), make_arrival("surrounded", application="a\x00b")]
    taken = await asyncio.gather(*(accept(store, arrival) for arrival in arrivals))
    assert {type(each) for each in taken} == {Accepted}
    again = [await accept(store, arrival) for arrival in arrivals]
    assert again == [Repeated(each.order_id, None) for each in taken]
    kept = {row["client_order_ref"].replace("\ufffd", "\x00") for row in look(store, tables.orders)}
    assert kept == {arrival.key.client_order_ref for arrival in arrivals}


async def test_two_writers_on_one_database_agree(open_store: Start, make_arrival: MakeArrival, look: Look) -> None:
    one, other = open_store(), open_store()
    stores = [one, other] * 25
    found = await asyncio.gather(*(accept(store, make_arrival()) for store in stores))
    assert sorted(type(each).__name__ for each in found) == ["Accepted", *["Repeated"] * 49]
    assert len(look(one, tables.orders)) == len(look(other, tables.tasks)) == 1
    assert len(look(one, tables.history)) == 50


async def test_two_writers_with_orders_of_their_own_lose_none(
    open_store: Start, make_arrival: MakeArrival, look: Look
) -> None:
    one, other = open_store(), open_store()

    async def shop(store: Store, first: int) -> None:
        for number in range(first, first + 20):
            assert isinstance(await accept(store, make_arrival(str(number))), Accepted)

    await asyncio.gather(shop(one, 1000), shop(one, 2000), shop(other, 3000), shop(other, 4000))
    wanted = {str(first + number) for first in (1000, 2000, 3000, 4000) for number in range(20)}
    assert {row["client_order_ref"] for row in look(one, tables.orders)} == wanted


async def test_what_is_acknowledged_is_there_for_another_connection(
    store: Store, make_arrival: MakeArrival, look: Look
) -> None:
    for number in range(5):
        await accept(store, make_arrival(str(number)))
        assert len(look(store, tables.orders)) == number + 1


async def test_times_are_kept_in_utc_with_their_zone(store: Store, make_arrival: MakeArrival, look: Look) -> None:
    summer = datetime(2026, 7, 1, 0, 30, 0, 5, tzinfo=timezone(timedelta(hours=2)))
    await accept(store, make_arrival(at=summer))
    with store.engine.connect() as connection:
        written = connection.execute(text("SELECT CAST(received_at AS TEXT) FROM orders")).scalar()
    assert written in ("2026-06-30T22:30:00.000005+00:00", "2026-06-30 22:30:00.000005+00")
    [order] = look(store, tables.orders)
    assert order["received_at"] == summer
    assert order["received_at"].utcoffset() == timedelta(0)


async def test_quarantine_keeps_bytes_and_headers_as_they_came(store: Store, look: Look, at: datetime) -> None:
    message = Message(b"\xff\xfe no order \x00", "text/odd; charset=x", at, None, {"x-sender": "shop å"})
    numbers = [
        await store.write(partial(accepting.put_in_quarantine, message=message, reason=reason))
        for reason in ("it is no JSON", "it names no order")
    ]
    assert numbers == [1, 2]
    first, _ = look(store, tables.quarantine)
    assert (first["body"], first["media_type"], first["received_at"]) == (message.body, message.media_type, at)
    assert (first["headers"], first["remote"], first["reason"]) == ('{"x-sender":"shop å"}', None, "it is no JSON")


async def test_the_first_message_comes_back_as_it_was(store: Store, make_arrival: MakeArrival) -> None:
    first, second = make_arrival(body=b"1").message, make_arrival(body=b"2").message
    taken = await accept(store, make_arrival(body=b"1"))
    assert isinstance(taken, Accepted)
    await store.write(
        partial(accepting.note_conflict, order_id=taken.order_id, message=second, differences="all of it")
    )
    assert await store.read(partial(accepting.first_message, order_id=taken.order_id)) == first


async def test_an_order_that_vanished_is_no_repeat(store: Store, make_arrival: MakeArrival) -> None:
    """The key was taken and is free again: only a change by hand does that, and it must not pass for a repeat."""
    arrival = make_arrival()
    stray = Arrival(OrderKey("x" * 10, "1"), arrival.message)
    with pytest.raises(LookupError, match="not there"):
        await store.write(lambda session: accepting._known(session, stray))
