"""When a failed task is tried again."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_receiver.orders.outcomes import PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.work.retry import LONGEST_ASKED, RetryPolicy, outcome_name

REPEATED = [TransientFailure("away"), UnknownOutcome("no answer"), ValueError("not thought of")]
SECONDS = st.floats(0.001, 100_000)


@given(
    attempts=st.integers(1, 10_000), base=SECONDS, cap=SECONDS, seed=st.integers(), failure=st.sampled_from(REPEATED)
)
def test_a_wait_lies_between_nothing_and_the_doubled_base_or_the_cap(
    attempts: int, base: float, cap: float, seed: int, failure: Exception
) -> None:
    draw = random.Random(seed).uniform
    wait = RetryPolicy(base, cap, attempts_limit=10_001, draw=draw).wait(failure, attempts)
    assert wait is not None
    assert 0 <= wait <= min(cap, base * 2 ** min(attempts - 1, 100))


@given(attempts=st.integers(1, 100))
def test_the_whole_range_is_drawn_from(attempts: int) -> None:
    asked: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        asked.append((low, high))
        return high

    wait = RetryPolicy(2.0, 3600.0, 101, draw).wait(TransientFailure("away"), attempts)
    assert asked == [(0.0, wait)]
    assert wait == min(3600.0, 2.0**attempts)


@given(asked=st.floats(0, LONGEST_ASKED), drawn=st.floats(0, 60))
def test_a_wait_that_was_asked_for_is_never_cut_short(asked: float, drawn: float) -> None:
    wait = RetryPolicy(cap=60.0, draw=lambda low, high: drawn).wait(TransientFailure("busy", asked), 3)
    assert wait == max(asked, drawn)


def test_nobody_is_left_alone_for_more_than_a_week() -> None:
    wait = RetryPolicy(draw=lambda low, high: 0.0).wait(TransientFailure("busy", 1e12), 1)
    assert wait == LONGEST_ASKED == 7 * 86_400


def test_chance_is_real_by_default() -> None:
    waits = {RetryPolicy().wait(TransientFailure("away"), 10) for _ in range(20)}
    assert len(waits) == 20


def test_a_refusal_is_not_repeated() -> None:
    assert RetryPolicy().wait(PermanentFailure("no"), 1) is None


@pytest.mark.parametrize("failure", REPEATED)
def test_attempts_have_a_limit(failure: Exception) -> None:
    policy = RetryPolicy(attempts_limit=3)
    assert [policy.wait(failure, attempts) is None for attempts in (1, 2, 3, 4)] == [False, False, True, True]


@pytest.mark.parametrize(
    ("failure", "name"),
    [
        (PermanentFailure("no"), "permanent"),
        (TransientFailure("away"), "transient"),
        (UnknownOutcome("no answer"), "unknown"),
        (ValueError("not thought of"), "error"),
    ],
)
def test_each_class_of_failure_has_its_word(failure: Exception, name: str) -> None:
    assert outcome_name(failure) == name
