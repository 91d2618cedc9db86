"""Metrics in OpenMetrics form, and what each one means."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

CONTENT_TYPE = CONTENT_TYPE_LATEST


@dataclass(frozen=True, slots=True)
class TargetBacklog:
    """What waits for one target; its age in seconds, and whether the target is given orders."""

    is_stopped: bool
    waiting: int
    oldest: float


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in the store at this moment; ages in seconds; targets by name."""

    tasks: Mapping[str, int]
    holds: Mapping[str, int]
    oldest_waiting: float
    oldest_unconfirmed: float
    targets: Mapping[str, TargetBacklog] = field(default_factory=dict)


class Answers(Collector):
    """Answers of the door by situation, counted in a plain dictionary: it happens for every message.

    `not_messages` are the situations in which nothing was taken in at all, such as a challenge for credentials.
    """

    def __init__(self, not_messages: Collection[str] = ()) -> None:
        self._not_messages = not_messages
        self._counts: dict[str, int] = {}

    def count(self, situation: str) -> None:
        """One message was answered."""
        self._counts[situation] = self._counts.get(situation, 0) + 1

    def collect(self) -> Iterable[Metric]:
        """The counters as they stand, when somebody asks."""
        received = CounterMetricFamily(
            "order_receiver_messages_received", "Messages that came to the door with good credentials"
        )
        received.add_metric([], sum(number for said, number in self._counts.items() if said not in self._not_messages))
        answers = CounterMetricFamily(
            "order_receiver_answers", "Answers of the door by situation", labels=["situation"]
        )
        for situation, number in self._counts.items():
            answers.add_metric([situation], number)
        return (received, answers)


class Calls(Collector):
    """Calls to other systems by outcome, counted in the same way."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}

    def count(self, system: str, outcome: str) -> None:
        """One call has ended."""
        self._counts[system, outcome] = self._counts.get((system, outcome), 0) + 1

    def collect(self) -> Iterable[Metric]:
        """The counters as they stand, when somebody asks."""
        calls = CounterMetricFamily(
            "order_receiver_outgoing_calls",
            "Calls to other systems by system and outcome",
            labels=["system", "outcome"],
        )
        for labels, number in self._counts.items():
            calls.add_metric(labels, number)
        return (calls,)


class Metrics:
    """The counters of one process. Values read from the store are looked up when somebody asks."""

    def __init__(self, not_messages: Collection[str] = ()) -> None:
        self.registry = CollectorRegistry()
        self.answers = Answers(not_messages)
        self.registry.register(self.answers)
        self.commits = Histogram(
            "order_receiver_commit_operations",
            "Operations in one commit",
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
            registry=self.registry,
        )
        self.calls = Calls()
        self.registry.register(self.calls)
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
        self._stopped = Gauge(
            "order_receiver_target_stopped",
            "1 where a target is given no orders: its circuit is open, or it is paused",
            ["target"],
            registry=self.registry,
        )
        self._target_waiting = Gauge(
            "order_receiver_target_waiting_orders",
            "Orders that wait for a target, held ones left out",
            ["target"],
            registry=self.registry,
        )
        self._target_oldest = Gauge(
            "order_receiver_target_oldest_seconds",
            "How long the oldest of them has waited",
            ["target"],
            registry=self.registry,
        )

    def render(self, backlog: Backlog) -> bytes:
        """All metrics as text, with the store's backlog as it stands."""
        targets = backlog.targets
        _set_all(self._stopped, {name: int(target.is_stopped) for name, target in targets.items()})
        _set_all(self._target_waiting, {name: target.waiting for name, target in targets.items()})
        _set_all(self._target_oldest, {name: target.oldest for name, target in targets.items()})
        _set_all(self._tasks, backlog.tasks)
        _set_all(self._holds, backlog.holds)
        self._oldest.set(backlog.oldest_waiting)
        self._unconfirmed.set(backlog.oldest_unconfirmed)
        text: bytes = generate_latest(self.registry)
        return text


def _set_all(gauge: Gauge, values: Mapping[str, float]) -> None:
    gauge.clear()
    for label, value in values.items():
        gauge.labels(label).set(value)
