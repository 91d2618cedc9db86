"""The rules of circuits: when a target is given its next order, when it is left alone, and when it is tried again.

Closed: failures in a row are counted, and `failures` of them open the circuit. Open: nothing is claimed until `until`.
Half-open, after that: one order, the probe, goes first; its success closes the circuit, its failure opens it again for
twice as long. What other tasks that were still under way come to says nothing then. (ADR 0034)
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from msgspec.structs import replace

from order_receiver.contract.value import Value
from order_receiver.orders.outcomes import NotYet, PermanentFailure, TransientFailure
from order_receiver.store import circuits, lanes
from order_receiver.store.circuits import Circuit, CircuitState, Seen
from order_receiver.store.errors import NotPossible
from order_receiver.store.session import Session
from order_receiver.store.values import Task, name_of
from order_receiver.work.retry import LONGEST_ASKED

log = structlog.get_logger(__name__)


class Breaker(Value, frozen=True):
    """What one target is to be spared."""

    failures: int = 5
    """In a row, from which on it is left alone; 0 for never."""
    seconds: float = 15.0
    """For how long at first."""
    cap: float = 600.0
    """For how long at most."""
    interval: float = 0.0
    """Seconds from one submission to the next, over all workers; 0 where there is no rate to keep to."""

    def wait(self, seen: Seen) -> float | None:
        """Seconds until something may be claimed; None where nothing waits, or the target is paused."""
        circuit = seen.circuit
        if seen.first_due is None or circuit.paused_at is not None:
            return None
        moments = [seen.first_due]
        if circuit.until is not None:
            moments += [circuit.until, seen.probe_ends or circuit.until]
        if self.interval and circuit.next_start is not None:
            moments.append(circuit.next_start)
        return (max(moments) - seen.at).total_seconds()

    def after_start(self, circuit: Circuit, task: Task, at: datetime) -> Circuit:
        """A task was let through by itself: as the probe, or at the rate that the target can take."""
        probe = circuit.probe if circuit.until is None else task.id
        start = at + timedelta(seconds=self.interval) if self.interval else circuit.next_start
        return replace(circuit, probe=probe, next_start=start)

    def after_failure(self, circuit: Circuit, task: Task, at: datetime, asked: float = 0.0) -> Circuit:
        """A task failed in a way that may pass; `asked` is the wait in seconds that the target asked for."""
        if circuit.until is None:
            failures = circuit.failures + 1
            if not self.failures or failures < self.failures:
                return replace(circuit, failures=failures)
            return self._opened(replace(circuit, failures=failures, since=at), at, asked)
        return self._opened(circuit, at, asked) if circuit.probe == task.id else circuit

    def after_success(self, circuit: Circuit, task: Task, at: datetime) -> Circuit:
        """A task was done."""
        if circuit.until is None:
            return replace(circuit, failures=0)
        if circuit.probe == task.id:
            return replace(circuit, failures=0, openings=0, until=None, probe=None, since=at)
        return circuit

    def _opened(self, circuit: Circuit, at: datetime, asked: float) -> Circuit:
        pause = min(self.cap, self.seconds * 2.0 ** min(circuit.openings, 60))
        until = at + timedelta(seconds=max(pause, min(asked, LONGEST_ASKED)))
        return replace(circuit, openings=circuit.openings + 1, until=until, probe=None)


def tells_of_trouble(error: Exception) -> bool:
    """Whether a failure counts: all do that may pass, and those that nobody thought of; refusals and NotYet do not."""
    return not isinstance(error, PermanentFailure | NotYet)


def tell(before: Circuit | None, circuit: Circuit) -> None:
    """Say in the log what has become of a circuit, whoever made it so; every process does."""
    target = name_of(circuit.system)
    openings, was_paused = (0, False) if before is None else (before.openings, before.paused_at is not None)
    if circuit.paused_at is not None and not was_paused:
        log.warning("target.paused", target=target)
    elif circuit.paused_at is None and was_paused:
        log.info("target.resumed", target=target)
    if circuit.until is not None and circuit.openings > openings:
        until = circuit.until.isoformat(timespec="seconds")
        log.warning("target.opened", target=target, until=until, openings=circuit.openings)
    elif circuit.until is None and before is not None and before.until is not None:
        log.info("target.closed", target=target)


def claim(session: Session, system: str, breaker: Breaker, room: int, lease: float) -> tuple[Sequence[Task], Circuit]:
    """Claim while a circuit is open, or a rate is to be kept to: one task if any, and nobody else one beside it."""
    circuits.lock(session, system)
    seen = circuits.look(session, system)
    circuit, wait = seen.circuit, breaker.wait(seen)
    if wait is None or wait > 0:
        return (), circuit
    alone = circuit.until is not None or breaker.interval > 0
    tasks = lanes.claim(session, system, 1 if alone else room, seen.at, lease)
    if tasks and alone:
        circuit = breaker.after_start(circuit, tasks[0], seen.at)
        circuits.save(session, circuit)
    return tasks, circuit


def failed(session: Session, breaker: Breaker, task: Task, error: Exception) -> Circuit:
    """Count a failure; the circuit as it is then. Raises LeaseLost: who has the task now tells how the system does."""
    asked = error.retry_after or 0.0 if isinstance(error, TransientFailure) else 0.0
    circuits.lock(session, task.system)
    lanes.require_held(session, task)
    seen = circuits.look(session, task.system)
    circuit = breaker.after_failure(seen.circuit, task, seen.at, asked)
    if circuit != seen.circuit:
        circuits.save(session, circuit)
    return circuit


def succeeded(session: Session, breaker: Breaker, task: Task) -> Circuit:
    """Take note that a task was done; the circuit as it is then. What waits goes in sequence when it closes."""
    circuits.lock(session, task.system)
    seen = circuits.look(session, task.system)
    circuit = breaker.after_success(seen.circuit, task, seen.at)
    if circuit != seen.circuit:
        circuits.save(session, circuit)
    if circuit.until is None and seen.circuit.until is not None:
        circuits.in_sequence(session, task.system)
    return circuit


def pause(session: Session, system: str, by: str, why: str | None) -> None:
    """Give a system nothing more until somebody says so; what is under way is finished."""
    seen = _locked(session, system)
    circuits.save(session, replace(seen.circuit, paused_at=seen.at, paused_by=by, paused_why=why))


def resume(session: Session, system: str) -> CircuitState:
    """End a pause, and the wait of an open circuit: what the circuit is then. Raises NotPossible."""
    seen = _locked(session, system)
    circuit = seen.circuit
    if circuit.flows:
        raise NotPossible(f"{system.partition(':')[2]} is neither paused nor open: it is given orders.")
    until = None if circuit.until is None else min(circuit.until, seen.at)
    circuit = replace(circuit, until=until, paused_at=None, paused_by=None, paused_why=None)
    circuits.save(session, circuit)
    circuits.in_sequence(session, system)
    return circuit.state(seen.at)


def _locked(session: Session, system: str) -> Seen:
    circuits.ensure(session, system, session.now)
    circuits.lock(session, system)
    return circuits.look(session, system)
