"""Metrics in OpenMetrics form, and what each one means."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest

CONTENT_TYPE = CONTENT_TYPE_LATEST


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in the store at this moment; ages in seconds."""

    tasks: Mapping[str, int]
    holds: Mapping[str, int]
    oldest_waiting: float
    oldest_unconfirmed: float


class Metrics:
    """The counters of one process. Values read from the store are looked up when somebody asks."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.received = Counter(
            "order_receiver_messages_received", "Messages that came to the door", registry=self.registry
        )
        self.answers = Counter(
            "order_receiver_answers", "Answers of the door by situation", ["situation"], registry=self.registry
        )
        self.commits = Histogram(
            "order_receiver_commit_operations",
            "Operations in one commit",
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
            registry=self.registry,
        )
        self.calls = Counter(
            "order_receiver_outgoing_calls",
            "Calls to other systems by system and outcome",
            ["system", "outcome"],
            registry=self.registry,
        )
        self._tasks = Gauge("order_receiver_tasks", "Tasks in the store by state", ["state"], registry=self.registry)
        self._holds = Gauge("order_receiver_held_orders", "Held orders by reason", ["reason"], registry=self.registry)
        self._oldest = Gauge(
            "order_receiver_oldest_waiting_seconds",
            "Age of the oldest order that no ERP has yet",
            registry=self.registry,
        )
        self._unconfirmed = Gauge(
            "order_receiver_oldest_unconfirmed_seconds",
            "Age of the oldest order that Norce was not told about yet",
            registry=self.registry,
        )

    def count_call(self, system: str, outcome: str) -> None:
        """Count a call to another system."""
        self.calls.labels(system, outcome).inc()

    def render(self, backlog: Backlog) -> bytes:
        """All metrics as text, with the store's backlog as it stands."""
        _set_all(self._tasks, backlog.tasks)
        _set_all(self._holds, backlog.holds)
        self._oldest.set(backlog.oldest_waiting)
        self._unconfirmed.set(backlog.oldest_unconfirmed)
        text: bytes = generate_latest(self.registry)
        return text

    def answer_counter(self) -> Callable[[str], None]:
        """A quick way to count a message and its answer: the labelled counters are looked up once."""
        known: dict[str, Counter] = {}

        def count(situation: str) -> None:
            self.received.inc()
            counter = known.get(situation)
            if counter is None:
                counter = known[situation] = self.answers.labels(situation)
            counter.inc()

        return count


def _set_all(gauge: Gauge, values: Mapping[str, int]) -> None:
    gauge.clear()
    for label, value in values.items():
        gauge.labels(label).set(value)
