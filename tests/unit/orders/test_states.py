"""States, moves and hold reasons."""

import pytest

from order_receiver.orders.states import EXPLANATIONS, HoldReason, OrderState, can_move, is_final

S = OrderState
MOVES = {
    (S.RECEIVED, S.SUBMITTED),
    (S.RECEIVED, S.PLACED),
    (S.RECEIVED, S.CANCELLED),
    (S.SUBMITTED, S.PLACED),
    (S.SUBMITTED, S.CANCELLED),
    (S.PLACED, S.CONFIRMED),
    (S.PLACED, S.CANCELLED),
    (S.CONFIRMED, S.CANCELLED),
}


@pytest.mark.parametrize("before", S)
@pytest.mark.parametrize("after", S)
def test_moves(before: OrderState, after: OrderState) -> None:
    assert can_move(before, after) is ((before, after) in MOVES)


def test_final_states() -> None:
    assert {state for state in S if is_final(state)} == {S.CANCELLED}


@pytest.mark.parametrize("reason", HoldReason)
def test_every_hold_reason_is_explained(reason: HoldReason) -> None:
    explanation = EXPLANATIONS[reason]
    assert explanation.meaning.endswith(".")
    assert explanation.advice.endswith(".")
    assert reason == reason.value.lower()
