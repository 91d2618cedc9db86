"""When a failed task is tried again."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from order_receiver.orders.outcomes import PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.store.lanes import ERROR, UNKNOWN

LONGEST_ASKED = 7 * 86_400.0
"""Seconds; nobody is believed who asks to be left alone for more than a week."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential back-off with full jitter: after attempt n a random wait up to base * 2^(n-1), never over the cap.

    Seconds. A wait that the other system asked for is honoured even beyond the cap.
    """

    base: float = 2.0
    cap: float = 3600.0
    attempts_limit: int = 20
    draw: Callable[[float, float], float] = random.uniform

    def wait(self, failure: Exception, attempts: int) -> float | None:
        """Seconds until the next attempt, or None: park it, a person has to look."""
        if isinstance(failure, PermanentFailure) or attempts >= self.attempts_limit:
            return None
        ceiling = min(self.cap, self.base * 2.0 ** min(attempts - 1, 60))
        asked = failure.retry_after if isinstance(failure, TransientFailure) else None
        return max(self.draw(0.0, ceiling), min(asked or 0.0, LONGEST_ASKED))


def outcome_name(failure: Exception) -> str:
    """The word that stands for a failure in attempts and metrics."""
    if isinstance(failure, PermanentFailure):
        return "permanent"
    if isinstance(failure, TransientFailure):
        return "transient"
    return UNKNOWN if isinstance(failure, UnknownOutcome) else ERROR
