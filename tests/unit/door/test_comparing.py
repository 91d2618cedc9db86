"""A known key with other bytes: a repeat in another spelling, or a conflict."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from order_receiver.contract.reading import Limits
from order_receiver.door.comparing import ODD, UNREADABLE, compare
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
