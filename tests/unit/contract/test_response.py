"""OrderResponse: consistent whatever it is made from."""

import pytest

from order_receiver.contract.codes import StatusCode
from order_receiver.contract.response import OrderResponse, order_response


@pytest.mark.parametrize(
    ("number", "has", "sent"),
    [("E1", True, "E1"), ("9" * 50, True, "9" * 50), ("9" * 51, False, None), ("", False, None), (None, False, None)],
)
def test_number_is_whole_or_absent(number: str | None, has: bool, sent: str | None) -> None:
    assert order_response(StatusCode.OK, "Stored.", number) == OrderResponse(StatusCode.OK, "Stored.", has, sent)


def test_description_is_cut_at_255() -> None:
    assert order_response(StatusCode.FAILED, "x" * 300).Description == "x" * 255
    assert order_response(StatusCode.FAILED, None).Description is None
