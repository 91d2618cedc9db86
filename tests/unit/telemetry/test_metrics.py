"""Metrics: all that operators were promised, in a form that their tools read."""

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from order_receiver.telemetry import Metrics
from order_receiver.telemetry.metrics import CONTENT_TYPE, Backlog, TargetBacklog

NOTHING = Backlog({}, {}, 0.0, 0.0)


def samples(metrics: Metrics, backlog: Backlog = NOTHING) -> dict[str, float]:
    """Samples by name and labels, as a parser of the format reads them."""
    text = metrics.render(backlog).decode()
    assert text.endswith("# EOF\n")
    return {
        sample.name + "".join(f" {name}={value}" for name, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_everything_promised_is_there_from_the_start() -> None:
    text = Metrics().render(NOTHING).decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert {name: family.type for name, family in families.items()} == {
        "order_receiver_messages_received": "counter",
        "order_receiver_answers": "counter",
        "order_receiver_commit_operations": "histogram",
        "order_receiver_outgoing_calls": "counter",
        "order_receiver_tasks": "gauge",
        "order_receiver_held_orders": "gauge",
        "order_receiver_oldest_waiting_seconds": "gauge",
        "order_receiver_oldest_unconfirmed_seconds": "gauge",
        "order_receiver_target_stopped": "gauge",
        "order_receiver_target_waiting_orders": "gauge",
        "order_receiver_target_oldest_seconds": "gauge",
    }
    assert all(family.documentation for family in families.values())


def test_messages_are_counted_with_their_answers() -> None:
    metrics = Metrics()
    count = metrics.answers.count
    for situation in ("stored", "repeated", "stored"):
        count(situation)
    found = samples(metrics)
    assert found["order_receiver_messages_received_total"] == 3
    assert found["order_receiver_answers_total situation=stored"] == 2
    assert found["order_receiver_answers_total situation=repeated"] == 1


def test_commits_are_counted_by_size() -> None:
    metrics = Metrics()
    for size in (1, 3, 300):
        metrics.commits.observe(size)
    found = samples(metrics)
    assert found["order_receiver_commit_operations_count"] == 3
    assert found["order_receiver_commit_operations_sum"] == 304
    assert found["order_receiver_commit_operations_bucket le=1.0"] == 1
    assert found["order_receiver_commit_operations_bucket le=4.0"] == 2
    assert found["order_receiver_commit_operations_bucket le=256.0"] == 2


def test_outgoing_calls_are_counted_by_system_and_outcome() -> None:
    metrics = Metrics()
    metrics.calls.count("norce", "done")
    metrics.calls.count("norce", "unknown")
    metrics.calls.count("norce", "unknown")
    found = samples(metrics)
    assert found["order_receiver_outgoing_calls_total outcome=done system=norce"] == 1
    assert found["order_receiver_outgoing_calls_total outcome=unknown system=norce"] == 2


def test_the_backlog_is_shown_as_it_stands() -> None:
    metrics = Metrics()
    found = samples(metrics, Backlog({"waiting": 7, "parked": 1}, {"mapping": 2}, 12.5, 99.0))
    assert found["order_receiver_tasks state=waiting"] == 7
    assert found["order_receiver_held_orders reason=mapping"] == 2
    assert found["order_receiver_oldest_waiting_seconds"] == 12.5
    assert found["order_receiver_oldest_unconfirmed_seconds"] == 99.0
    found = samples(metrics, Backlog({"waiting": 3}, {}, 0.0, 0.0))
    assert found["order_receiver_tasks state=waiting"] == 3
    assert "order_receiver_tasks state=parked" not in found
    assert "order_receiver_held_orders reason=mapping" not in found


def test_targets_are_shown_as_they_stand() -> None:
    targets = {
        "erp": TargetBacklog(is_stopped=True, waiting=7, oldest=12.5),
        "cards": TargetBacklog(is_stopped=False, waiting=0, oldest=0.0),
    }
    metrics = Metrics()
    found = samples(metrics, Backlog({}, {}, 0.0, 0.0, targets))
    assert found["order_receiver_target_stopped target=erp"] == 1
    assert found["order_receiver_target_stopped target=cards"] == 0
    assert found["order_receiver_target_waiting_orders target=erp"] == 7
    assert found["order_receiver_target_oldest_seconds target=erp"] == 12.5
    assert "order_receiver_target_stopped target=erp" not in samples(metrics)


@pytest.mark.parametrize("value", ['with "quotes"', "line\nbreak", "back\\slash", "å"])
def test_labels_are_escaped(value: str) -> None:
    metrics = Metrics()
    metrics.calls.count(value, "done")
    assert samples(metrics)[f"order_receiver_outgoing_calls_total outcome=done system={value}"] == 1


def test_two_processes_worth_of_metrics_do_not_mix() -> None:
    one, other = Metrics(), Metrics()
    one.answers.count("stored")
    assert "order_receiver_answers_total situation=stored" not in samples(other)


def test_the_content_type_names_the_form() -> None:
    assert CONTENT_TYPE.startswith("application/openmetrics-text")
