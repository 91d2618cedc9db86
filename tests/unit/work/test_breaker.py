"""The rules of circuits, without a database: any sequence of what may happen."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from order_receiver.orders.outcomes import NotYet, PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.store.circuits import Circuit, CircuitState, Seen
from order_receiver.store.values import Task
from order_receiver.work.breaker import Breaker, tell, tells_of_trouble

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CLOSED = Circuit("target:erp", AT)
RULES = Breaker(failures=3, seconds=10.0, cap=35.0)


def task(number: int = 1) -> Task:
    return Task(number, number, "target:erp", "submit", 1, 1, None)


def later(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def after_failures(count: int, rules: Breaker = RULES) -> Circuit:
    circuit = CLOSED
    for number in range(count):
        circuit = rules.after_failure(circuit, task(number), later(number))
    return circuit


def test_failures_in_a_row_of_any_orders_open_it() -> None:
    assert [after_failures(count).state(later(count)) for count in range(4)] == [
        CircuitState.CLOSED,
        CircuitState.CLOSED,
        CircuitState.CLOSED,
        CircuitState.OPEN,
    ]
    opened = after_failures(3)
    assert (opened.failures, opened.openings, opened.since, opened.until) == (3, 1, later(2), later(12))


def test_a_success_between_begins_the_count_anew() -> None:
    circuit = RULES.after_success(after_failures(2), task(), AT)
    assert circuit.failures == 0
    circuit = RULES.after_failure(RULES.after_failure(circuit, task(), AT), task(), AT)
    assert circuit.state(AT) is CircuitState.CLOSED


def test_with_zero_it_never_opens() -> None:
    assert after_failures(100, Breaker(failures=0)).flows


def test_each_failure_of_a_probe_doubles_the_wait_up_to_the_cap() -> None:
    circuit, waits = after_failures(3), []
    for _ in range(4):
        assert circuit.until is not None
        at = circuit.until
        circuit = RULES.after_failure(RULES.after_start(circuit, task(7), at), task(7), at)
        assert circuit.until is not None
        waits.append((circuit.until - at).total_seconds())
    assert waits == [20.0, 35.0, 35.0, 35.0]
    assert circuit.since == later(2)


def test_a_wait_that_the_target_asks_for_is_kept_beyond_the_cap_but_not_for_ever() -> None:
    circuit = after_failures(2)
    assert RULES.after_failure(circuit, task(), AT, asked=3600).until == later(3600)
    assert RULES.after_failure(circuit, task(), AT, asked=1e12).until == AT + timedelta(days=7)


def test_only_the_probe_says_something_while_it_is_open() -> None:
    circuit = RULES.after_start(after_failures(3), task(7), later(20))
    assert circuit.state(later(20)) is CircuitState.HALF_OPEN
    assert RULES.after_success(circuit, task(8), later(21)) == circuit
    assert RULES.after_failure(circuit, task(8), later(21)) == circuit
    closed = RULES.after_success(circuit, task(7), later(21))
    assert closed == Circuit("target:erp", later(21))


@pytest.mark.parametrize(
    ("error", "counts"),
    [
        (TransientFailure("away"), True),
        (UnknownOutcome("no answer"), True),
        (ValueError("not thought of"), True),
        (PermanentFailure("no such customer"), False),
        (NotYet("still working on it"), False),
    ],
)
def test_what_counts(error: Exception, counts: bool) -> None:
    assert tells_of_trouble(error) == counts


@pytest.mark.parametrize(
    ("seen", "wait"),
    [
        (Seen(CLOSED, AT, None, None), None),
        (Seen(CLOSED, AT, None, later(-5)), -5.0),
        (Seen(CLOSED, AT, None, later(5)), 5.0),
        (Seen(Circuit("erp", AT, until=later(9)), AT, None, later(-5)), 9.0),
        (Seen(Circuit("erp", AT, until=later(-1)), AT, None, later(-5)), -1.0),
        (Seen(Circuit("erp", AT, until=later(-1), probe=7), AT, later(30), later(-5)), 30.0),
        (Seen(Circuit("erp", AT, paused_at=AT), AT, None, later(-5)), None),
        (Seen(Circuit("erp", AT, next_start=later(2)), AT, None, later(-5)), -5.0),
    ],
)
def test_when_something_may_be_claimed(seen: Seen, wait: float | None) -> None:
    assert RULES.wait(seen) == wait


def test_a_rate_spaces_submissions() -> None:
    rules = Breaker(interval=0.5)
    circuit = rules.after_start(CLOSED, task(), AT)
    assert rules.wait(Seen(circuit, AT, None, later(-5))) == 0.5
    assert rules.wait(Seen(circuit, later(0.5), None, later(-5))) == 0.0
    assert circuit.probe is None


@given(st.lists(st.sampled_from(["start", "success", "failure", "stray success", "stray failure"]), max_size=40))
def test_it_is_never_open_for_longer_than_the_cap_and_only_closes_by_its_probe(events: list[str]) -> None:
    circuit, at, probe, stray = CLOSED, AT, task(1), task(2)
    for event in events:
        at += timedelta(seconds=1)
        before = circuit
        if event == "start":
            circuit = RULES.after_start(circuit, probe, at)
        elif event.endswith("success"):
            circuit = RULES.after_success(circuit, stray if event.startswith("stray") else probe, at)
        else:
            circuit = RULES.after_failure(circuit, stray if event.startswith("stray") else probe, at)
        if before.until is not None and circuit.until is None:
            assert (event, before.probe) == ("success", probe.id)
        if circuit.until is not None:
            assert circuit.openings >= 1
            assert circuit.until <= at + timedelta(seconds=RULES.cap)
        else:
            assert circuit.failures < RULES.failures
            assert circuit.openings == 0


def test_the_log_tells_each_change_once() -> None:
    paused = Circuit("target:erp", AT, paused_at=AT, paused_by="operator eva", paused_why="Stocktaking, ask Eva")
    opened = after_failures(3)
    steps = [
        None,
        CLOSED,
        CLOSED,
        opened,
        opened,
        RULES.after_start(opened, task(), AT),
        CLOSED,
        paused,
        paused,
        CLOSED,
    ]
    with capture_logs() as lines:
        for before, after in pairwise(steps):
            assert after is not None
            tell(before, after)
    assert [line["event"] for line in lines] == ["target.opened", "target.closed", "target.paused", "target.resumed"]
    assert {line["target"] for line in lines} == {"erp"}
    assert "eva" not in str(lines).lower()
