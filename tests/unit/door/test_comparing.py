"""A known key with other bytes: a repeat in another spelling, or a conflict."""

import re
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from order_receiver.contract.form import Form
from order_receiver.contract.reading import Limits
from order_receiver.door.comparing import ODD, UNREADABLE, compare
from order_receiver.simulator.order_form import request_headers
from order_receiver.simulator.orders import change_order, encode_order, make_order
from order_receiver.store.values import Message

FIRST = '{"ClientOrderRef":"1","CurrencyCode":"SEK","SubmitDate":"2026-01-05T12:00:00","Items":[{"UnitPrice":25.0}]}'
ZONE = ZoneInfo("Europe/Stockholm")


def message(text: str, charset: str = "utf-8") -> Message:
    media_type = f"application/json; charset={charset}"
    return Message(text.encode(charset), media_type, datetime(2026, 1, 5, tzinfo=UTC), None, {})


@pytest.mark.parametrize(
    "second",
    [
        FIRST,
        FIRST.replace("25.0", "25"),
        FIRST.replace("25.0", '"25.000"'),
        FIRST.replace("CurrencyCode", "currencycode"),
        FIRST.replace("12:00:00", "11:00:00Z"),
        FIRST.replace("SEK", "\\u0053EK"),
    ],
)
def test_the_same_in_another_spelling(second: str) -> None:
    assert compare(message(FIRST), message(second), ZONE, Limits()) is None
    assert compare(message(FIRST), message(second, "utf-16"), ZONE, Limits()) is None


def test_differences_are_told_one_a_line() -> None:
    second = FIRST.replace("SEK", "NOK").replace("25.0", "26")
    assert compare(message(FIRST), message(second), ZONE, Limits()) == (
        "/CurrencyCode: SEK became NOK\n/Items/0/UnitPrice: 25 became 26"
    )


def test_something_that_came_or_went_is_told_as_nothing() -> None:
    second = FIRST.replace('"CurrencyCode":"SEK",', "")
    assert compare(message(FIRST), message(second), ZONE, Limits()) == "/CurrencyCode: SEK became nothing"
    assert compare(message(second), message(FIRST), ZONE, Limits()) == "/CurrencyCode: nothing became SEK"


def test_personal_data_is_not_told_in_full() -> None:
    first = FIRST[:-1] + ',"SellTo":{"Person":{"Ssn":"191212121212","LastName":"Andersson"}}}'
    told = compare(message(first), message(first.replace("1212", "1313")), ZONE, Limits())
    assert told is not None
    assert "/SellTo/Person/S" in told
    assert "1313" not in told


@pytest.mark.parametrize(("first", "second"), [(FIRST, FIRST[:-1]), (FIRST[:-1], FIRST), ("x", "y")])
def test_what_cannot_be_read_differs(first: str, second: str) -> None:
    assert compare(message(first), message(second), ZONE, Limits()) == UNREADABLE


def test_what_could_not_be_read_of_both_makes_a_difference() -> None:
    """Both are read as nothing, yet one said "three" and the other "four"; the same for a member nobody knows."""
    three, four = (FIRST[:-1].replace("25.0", value) + "}" for value in ('"three"', '"four"'))
    assert compare(message(three), message(four), ZONE, Limits()) == f"{ODD}: /Items/0/UnitPrice"
    unknown = FIRST[:-1] + ',"Unknown":1}'
    assert compare(message(FIRST), message(unknown), ZONE, Limits()) == f"{ODD}: /Unknown"
    assert compare(message(unknown), message(unknown), ZONE, Limits()) is None


NOW = datetime(2026, 1, 5, tzinfo=UTC)
KINDS = ["minimal", "seed", "lines30", "b2b", "payments", "nulls", "external", "utc"]
PAIRS = list(permutations(Form, 2))


def written(form: Form, *, seed: int = 1, changed: bool = False) -> Message:
    order = make_order(seed, application_key="123e4567-e89b-12d3-a456-426614174000", reference="1", lines=20)
    body = encode_order(change_order(order) if changed else order, form)
    return Message(body, request_headers(form)["Content-Type"], NOW, None, {})


@pytest.mark.parametrize("kind", KINDS)
def test_every_sender_says_the_same_order_of_a_kind(samples: Path, kind: str) -> None:
    messages = [Message(path.read_bytes(), None, NOW, None, {}) for path in sorted(samples.glob(f"*-{kind}.[jx]*[nl]"))]
    assert len(messages) == 9
    for first, second in permutations(messages, 2):
        assert compare(first, second, ZONE, Limits()) is None


@pytest.mark.parametrize("seed", range(20))
def test_the_same_order_in_another_form_is_the_same(seed: int) -> None:
    for first, second in PAIRS:
        assert compare(written(first, seed=seed), written(second, seed=seed), ZONE, Limits()) is None


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_other_content_in_another_form_is_told_by_its_members(first: Form, second: Form) -> None:
    """Places are JSON pointers here: two forms have no places in common."""
    told = compare(written(first), written(second, changed=True), ZONE, Limits())
    assert told is not None
    places = [line.partition(": ")[0] for line in told.splitlines()]
    assert sorted(places) == ["/CustomerOrderComment", "/Items/0/Quantity", "/Items/0/Quantity2"]


@pytest.mark.parametrize(("first", "second"), PAIRS)
@pytest.mark.parametrize("member", ["Quantity", "UnitPrice", "IsComplete", "SubmitDate", "OrderType", "ApplicationKey"])
def test_what_cannot_be_read_is_the_same_in_another_form(first: Form, second: Form, member: str) -> None:
    """Both say "three" of the same member."""
    assert compare(spoilt(written(first), member), spoilt(written(second), member), ZONE, Limits()) is None


def spoilt(message: Message, member: str) -> Message:
    """The first value of the member becomes a text that it cannot have."""
    pattern = rb'("%b":)("[^"]*"|[^",}]+)' if message.body.startswith(b"{") else rb"(<%b>)([^<]*)"
    value = rb'\1"three"' if message.body.startswith(b"{") else rb"\1three"
    body, count = re.subn(pattern % member.encode(), value, message.body, count=1)
    assert count == 1
    return Message(body, message.media_type, NOW, None, {})


@pytest.mark.parametrize(
    ("in_json", "in_xml"),
    [
        ('"Unknown":{"A":1}', "<Unknown><A>1</A></Unknown>"),
        (
            '"Items":[{"Quantity":99999999999}]',
            "<Items><OrderItem><Quantity>99999999999</Quantity></OrderItem></Items>",
        ),
        ('"Items":[{"UnitPrice":1e2}]', "<Items><OrderItem><UnitPrice>100.0</UnitPrice></OrderItem></Items>"),
        ('"Items":[null]', '<Items><OrderItem i:nil="true"/></Items>'),
        ('"Items":[],"Fees":null', "<Items/>"),
        ('"DoHold":"TRUE"', "<DoHold>1</DoHold>"),
        ('"OrderType":5', "<OrderType>externalorder</OrderType>"),
        ('"SubmitDate":"\\/Date(1734519600000+0100)\\/"', "<SubmitDate>2024-12-18T12:00:00.0000000+01:00</SubmitDate>"),
        ('"CustomerOrderComment":"a\\r\\nb"', "<CustomerOrderComment>a&#xD;\nb</CustomerOrderComment>"),
        ('"CustomerOrderComment":"a\\r\\nb"', "<CustomerOrderComment>a\nb</CustomerOrderComment>"),
        ('"CustomerOrderComment":"\\ud83d\\ude00"', "<CustomerOrderComment>&#xD83D;&#xDE00;</CustomerOrderComment>"),
        ('"CustomerOrderComment":""', "<CustomerOrderComment/>"),
        ('"ReferId":"5"', "<ReferId> 5 </ReferId>"),
    ],
)
def test_odd_spellings_mean_the_same_in_both(in_json: str, in_xml: str) -> None:
    nil = "http://www.w3.org/2001/XMLSchema-instance"
    first = message(f'{{"ClientOrderRef":"1",{in_json}}}')
    body = f'<OrderRequest xmlns:i="{nil}"><ClientOrderRef>1</ClientOrderRef>{in_xml}</OrderRequest>'
    second = Message(body.encode(), "text/xml", NOW, None, {})
    assert compare(first, second, ZONE, Limits()) is None
    assert compare(second, first, ZONE, Limits()) is None
