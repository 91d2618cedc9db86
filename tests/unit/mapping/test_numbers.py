import json
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_receiver.mapping.numbers import NotPlain, encode_json, plain, rounded
from order_receiver.orders.totals import tidy

decimals = st.decimals(allow_nan=False, allow_infinity=False).filter(
    lambda value: value.adjusted() < 60 and abs(int(value.as_tuple().exponent)) <= 60
)


class Row(msgspec.Struct):
    text: str
    price: Decimal


@pytest.mark.parametrize(
    ("value", "text"),
    [("1E+5", "100000"), ("1E-7", "0.0000001"), ("0E-10", "0.0000000000"), ("600.00", "600.00"), ("-0.5", "-0.5")],
)
def test_plain_notation(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text
    assert encode_json(Decimal(value)) == text.encode()


@pytest.mark.parametrize(
    ("value", "reason"),
    [("NaN", "NaN is not a number"), ("-Infinity", "is not a number"), ("1E+999999", "more than 60"), ("1E-61", "60")],
)
def test_what_is_no_amount(value: str, reason: str) -> None:
    with pytest.raises(NotPlain, match=rf"^rows\[1\]\.price: .*{reason}"):
        encode_json({"rows": [Row("", Decimal(1)), Row("", Decimal(value))]})
    with pytest.raises(NotPlain, match=f"^the value: .*{reason}"):
        encode_json(Decimal(value))


@given(decimals)
def test_every_decimal_stays_exact_and_plain(value: Decimal) -> None:
    text = encode_json([Row("SE-E+1 NaN", value)]).decode()
    [read] = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    assert read == {"text": "SE-E+1 NaN", "price": value}
    assert "e" not in text.partition('"price":')[2].lower()


@pytest.mark.parametrize(
    ("value", "text"), [("600.00000", "600.00"), ("600", "600.00"), ("1E+2", "100.00"), ("0.12500", "0.125")]
)
def test_tidy(value: str, text: str) -> None:
    assert str(tidy(Decimal(value))) == text


@given(decimals)
def test_tidy_changes_no_value(value: Decimal) -> None:
    assert tidy(value) == value


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        ("0.125", "SEK", "0.13"),
        ("-0.125", "SEK", "-0.13"),
        ("-0.004", "SEK", "0.00"),
        ("0.5", "ISK", "1"),
        ("0.0005", "KWD", "0.001"),
        ("1.00005", "CLF", "1.0001"),
        ("7", "ABC", "7.00"),
        ("9" * 60, "SEK", "9" * 60 + ".00"),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(value: str, currency: str, shown: str) -> None:
    assert str(rounded(Decimal(value), currency)) == shown
