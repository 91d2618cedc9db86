"""Answers: the wait asked for, the text cleaned, the class of failure."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_receiver.norce.answers import Answer, failure
from order_receiver.orders.answers import TEXT_LENGTH, clean, wait_of
from order_receiver.orders.outcomes import CallFailed, PermanentFailure, UnknownOutcome

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        (None, None),
        ("", None),
        ("0", 0),
        (" 120 ", 120),
        ("86401", 86400),
        ("9" * 400, 86400),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("Sat, 21 Nov 2026 12:02:00 GMT", 120),
        ("Sat, 21 Nov 2026 14:02:00 +0200", 120),
        ("Sat, 21 Nov 2026 12:02:00 -0000", 120),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0),
        ("Sun, 21 Nov 2027 12:00:00 GMT", 86400),
        ("Sat, 99 Nov 2026", None),
    ],
)
def test_the_wait_asked_for(header: str | None, wait: float | None) -> None:
    assert wait_of(header, NOW) == wait


@given(st.text() | st.from_regex(r"Mon, \d\d Jan \d{4} \d\d:\d\d:\d\d [+-]\d{4}", fullmatch=True))
def test_any_header_gives_a_wait_or_none(header: str) -> None:
    wait = wait_of(header, NOW)
    assert wait is None or 0 <= wait <= 86400


@given(st.binary())
def test_a_cleaned_text_is_one_short_printable_line(body: bytes) -> None:
    text = clean(body)
    assert len(text) <= TEXT_LENGTH
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in text)
    assert len(text.splitlines()) <= 1


def test_secrets_are_blotted_out() -> None:
    assert clean(b"a key and a key", ("key", "")) == "a *** and a ***"


@given(st.integers(300, 999))
def test_every_other_status_is_a_failure(status: int) -> None:
    failed = failure(Answer(status, b"why"), "X")
    assert isinstance(failed, CallFailed)
    assert str(status) in str(failed)


def test_a_status_below_200_says_nothing_about_the_outcome() -> None:
    assert isinstance(failure(Answer(100), "X"), UnknownOutcome)


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("https://elsewhere.example/a?b=c", "elsewhere.example"),
        ("/other", "the same host"),
        (None, "the same host"),
        ("http://[", "the same host"),
    ],
)
def test_a_redirect_tells_the_host_alone(location: str | None, told: str) -> None:
    failed = failure(Answer(302, location=location), "X")
    assert isinstance(failed, PermanentFailure)
    assert str(failed) == f"Norce answered X with HTTP 302, a redirect to {told}; redirects are never followed."
