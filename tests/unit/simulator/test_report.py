import json

import pytest

from order_receiver.contract.codes import OrderStatus
from order_receiver.simulator.connect_rules import advance
from order_receiver.simulator.deliveries import record_answer, record_give_up
from order_receiver.simulator.orders import make_order
from order_receiver.simulator.report import alarms, build_report, counts, render_json, render_text
from order_receiver.simulator.state import NorceOrder, NorceState
from order_receiver.simulator.verdict import Outcome, Verdict, retry


@pytest.fixture
def state() -> NorceState:
    return NorceState()


def new(state: NorceState, reference: str, *, do_hold: bool = False) -> NorceOrder:
    order = state.register(make_order(1, application_key="shop", reference=reference, lines=2, do_hold=do_hold))
    order.attempts = order.sent_whole = 1
    return order


def take_over(state: NorceState, order: NorceOrder, number: str | None = None) -> None:
    record_answer(state, order, Verdict(Outcome.TAKEN_OVER, "taken over", 200, number))


def refuse(state: NorceState, order: NorceOrder) -> None:
    record_answer(state, order, Verdict(Outcome.REFUSED, "refused", 200))


def test_nothing_sent_is_good_and_settled(state: NorceState) -> None:
    report = build_report(state)
    assert set(counts(report).values()) == {0}
    assert report.good
    assert report.settled


def test_each_kind_is_counted_once(state: NorceState) -> None:
    take_over(state, new(state, "1"), "SO-1")
    take_over(state, new(state, "2"))
    take_over(state, new(state, "3", do_hold=True))
    take_over(state, new(state, "4"))
    refuse(state, new(state, "5"))
    record_give_up(state, new(state, "6"))
    record_answer(state, new(state, "7"), retry("HTTP 503"))
    cancelled = new(state, "8")
    take_over(state, cancelled, "SO-8")
    advance(cancelled, OrderStatus.Cancelled)

    report = build_report(state, {"4": "no such customer"})

    assert counts(report) == {
        "sent": 8,
        "received": 5,
        "repeated": 0,
        "conflicting": 0,
        "refused": 1,
        "given up": 1,
        "on the way": 1,
        "held": 2,
        "confirmed": 1,
        "cancelled": 1,
        "wrong": 0,
        "missing": 1,
    }
    assert report.received == report.confirmed + report.cancelled + report.held + len(report.missing)
    assert report.missing == ("2",)
    assert not report.good
    assert not report.settled


def test_repeats_and_conflicts_count_beside(state: NorceState) -> None:
    repeated, conflicting = new(state, "1"), new(state, "2")
    repeated.sent_whole = conflicting.sent_whole = 2
    conflicting.changed = True
    report = build_report(state)
    assert (report.repeated, report.conflicting) == (1, 1)


def test_a_conflict_may_be_refused_although_the_first_was_confirmed(state: NorceState) -> None:
    order = new(state, "1")
    order.changed = True
    state.link(order, "SO-1")
    take_over(state, order)
    refuse(state, order)
    assert build_report(state).good


def test_confirmed_but_refused_is_wrong(state: NorceState) -> None:
    order = new(state, "1")
    state.link(order, "SO-1")
    refuse(state, order)
    assert [wrong.what for wrong in build_report(state).wrong] == ["refused, but confirmed with number 'SO-1'"]


def test_confirmed_but_never_sent_is_wrong(state: NorceState) -> None:
    order = new(state, "1")
    order.attempts = 0
    state.link(order, "SO-1")
    assert [wrong.what for wrong in build_report(state).wrong] == ["never sent, but confirmed with number 'SO-1'"]


def test_answers_that_contradict_one_another_are_wrong(state: NorceState) -> None:
    two_numbers, stolen, refused, revived = (new(state, reference) for reference in "1234")
    take_over(state, two_numbers, "SO-1")
    take_over(state, two_numbers, "SO-1")
    take_over(state, two_numbers, "SO-2")
    take_over(state, stolen, "SO-1")
    take_over(state, refused)
    refuse(state, refused)
    refuse(state, revived)
    take_over(state, revived)
    assert {wrong.reference: wrong.what for wrong in build_report(state).wrong} == {
        "1": "answered ErpOrderNo 'SO-2' after 'SO-1'",
        "2": "answered ErpOrderNo 'SO-1' of order 1",
        "3": "refused after it had been taken over",
        "4": "taken over after it had been refused",
    }


def test_a_late_answer_never_takes_a_status_back(state: NorceState) -> None:
    order = new(state, "1")
    state.link(order, "SO-1")
    advance(order, OrderStatus.Delivered)
    take_over(state, order, "SO-1")
    assert order.status is OrderStatus.Delivered


def test_text_explains_the_counts_and_names_what_is_wrong_or_missing(state: NorceState) -> None:
    take_over(state, new(state, "100001"))
    order = new(state, "100002")
    order.contradictions.append("told twice [bold]")
    text = render_text(build_report(state))
    assert "taken over, but nobody knows what became of them" in text
    assert "missing: order 100001" in text
    assert "wrong: order 100002: told twice [bold]" in text


def test_long_lists_are_shortened(state: NorceState) -> None:
    for number in range(23):
        take_over(state, new(state, str(number)))
    lines = alarms(build_report(state))
    assert (len(lines), lines[-1]) == (21, "missing: 3 more")


def test_json_has_every_member(state: NorceState) -> None:
    take_over(state, new(state, "1"))
    report = json.loads(render_json(build_report(state)))
    assert (report["received"], report["missing"], report["good"]) == (1, ["1"], False)


def test_a_reference_is_registered_once_and_needed(state: NorceState) -> None:
    new(state, "1")
    with pytest.raises(ValueError, match="has an order '1' already"):
        new(state, "1")
    with pytest.raises(ValueError, match="no reference"):
        new(state, "")
