"""HTTP Basic headers as they come."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_receiver.settings.basic import HEADER_LIMIT, Pair, pairs_of

LATIN = st.text(st.characters(max_codepoint=255))
USERS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=":"), max_size=40)
PASSWORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def header(octets: bytes, scheme: bytes = b"Basic ") -> bytes:
    return scheme + base64.b64encode(octets)


@given(USERS, PASSWORDS)
def test_any_pair_sent_as_utf_8_is_read_first(user: str, password: str) -> None:
    assert pairs_of(header(f"{user}:{password}".encode()))[0] == Pair(user, password)


@given(
    st.text(st.characters(max_codepoint=255, exclude_characters=":"), max_size=40), LATIN.filter(lambda t: len(t) < 99)
)
def test_any_pair_sent_as_iso_8859_1_is_read_last(user: str, password: str) -> None:
    pairs = pairs_of(header(f"{user}:{password}".encode("latin-1")))
    assert pairs[-1] == Pair(user, password)
    assert len(pairs) <= 2


@given(st.binary(max_size=200) | st.binary(max_size=200).map(header))
def test_no_header_breaks_it(octets: bytes) -> None:
    assert all(":" not in pair.user for pair in pairs_of(octets))


@given(st.binary(max_size=60))
def test_pairs_come_from_a_colon(octets: bytes) -> None:
    assert bool(pairs_of(header(octets))) is (b":" in octets)


@pytest.mark.parametrize("scheme", [b"Basic ", b"basic ", b"BASIC ", b"bAsIc   "])
def test_the_scheme_in_any_case(scheme: bytes) -> None:
    assert pairs_of(header(b"norce:secret", scheme)) == (Pair("norce", "secret"),)


def test_blanks_after_it_are_no_part_of_it() -> None:
    assert pairs_of(header(b"norce:secret") + b"  ") == (Pair("norce", "secret"),)


def test_the_password_begins_after_the_first_colon() -> None:
    assert pairs_of(header(b"norce:a:b::c")) == (Pair("norce", "a:b::c"),)


def test_two_readings_where_both_are_possible() -> None:
    assert pairs_of(header("å:ö".encode())) == (Pair("å", "ö"), Pair("Ã¥", "Ã¶"))
    assert pairs_of(header("å:ö".encode("latin-1"))) == (Pair("å", "ö"),)


@pytest.mark.parametrize(
    "octets",
    [
        None,
        b"",
        b"Basic",
        b"Basic ",
        b"Bearer bm9yY2U6c2VjcmV0",
        b"Basicbm9yY2U6c2VjcmV0",
        b"Basic\tbm9yY2U6c2VjcmV0",
        b"Basic bm9yY2U6c2VjcmV0=",
        b"Basic bm9yY2U6c2VjcmV",
        b"Basic bm9y Y2U6c2VjcmV0",
        b"Basic bm9yY2U6c2VjcmV0\n",
        b"Basic bm9yY2U6c2VjcmV0, Bearer x",
        b"Basic bm9yY2U6_-==",
        b"Basic bm9yY2U=",
        header(b"a:" + b"b" * HEADER_LIMIT),
    ],
)
def test_what_is_no_pair(octets: bytes | None) -> None:
    assert pairs_of(octets) == ()


def test_a_password_is_not_in_a_repr() -> None:
    assert "secret" not in repr(pairs_of(header(b"norce:secret")))
