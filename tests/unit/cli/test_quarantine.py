"""Messages in quarantine: listed, and shown as they came."""

import pytest

from order_receiver.cli.quarantine import quarantine_number


@pytest.mark.parametrize(("text", "number"), [("Q1", 1), ("q17", 17), ("100001", None), ("Q", None), ("Q1a", None)])
def test_quarantine_numbers(text: str, number: int | None) -> None:
    assert quarantine_number(text) == number
