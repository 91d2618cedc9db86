"""References as Norce takes them back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_receiver.norce.references import client_order_ref_number, confirmed


@pytest.mark.parametrize(("ref", "number"), [("1", 1), ("100001", 100001), ("2147483647", 2147483647)])
def test_a_number(ref: str, number: int) -> None:
    assert client_order_ref_number(ref) == number


@pytest.mark.parametrize(
    "ref",
    ["", "0", "-1", "+1", "007", "1.0", "1e3", " 1", "1\n", "1_000", "2147483648", "SE-1", "\uff11", "٣"],
)
def test_not_a_number(ref: str) -> None:
    assert client_order_ref_number(ref) is None


@given(st.text() | st.integers().map(str))
def test_a_number_gives_back_the_same_text(ref: str) -> None:
    number = client_order_ref_number(ref)
    assert number is None or (str(number) == ref and 0 < number < 2**31)


def test_confirmed() -> None:
    report = confirmed("17", "E-1", 5)
    assert (report.ClientOrderRef, report.ErpOrderNo, report.OrderStatus, report.AccountId) == (
        17,
        "E-1",
        "Confirmed",
        5,
    )
