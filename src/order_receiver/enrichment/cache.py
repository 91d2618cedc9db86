"""What was found lately, so that the same is not asked again: in memory, of this process alone."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

from order_receiver.enrichment.model import Found

MOST = 10_000
"""Answers that one enrichment keeps; the one that was not used for the longest time goes first."""


class Cache:
    """Answers by question, each for so many seconds. `clock` gives seconds."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic, most: int = MOST) -> None:
        self._seconds = seconds
        self._clock = clock
        self._most = most
        self._kept: OrderedDict[Hashable, tuple[float, Found]] = OrderedDict()

    def find(self, what: Hashable) -> Found | None:
        """The answer, unless it is too old or was never kept."""
        kept = self._kept.get(what)
        if kept is None:
            return None
        until, found = kept
        if self._clock() >= until:
            del self._kept[what]
            return None
        self._kept.move_to_end(what)
        return found

    def keep(self, what: Hashable, found: Found) -> None:
        """Keep an answer. One that found nothing is not kept: what is missing is perhaps being added."""
        if not self._seconds or not found:
            return
        self._kept[what] = (self._clock() + self._seconds, found)
        self._kept.move_to_end(what)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
