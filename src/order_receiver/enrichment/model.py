"""What answers an enrichment, and how it fails."""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from order_receiver.mapping import MappingContext
from order_receiver.orders.canonical import OrderPart

Found: TypeAlias = Mapping[str, str]
"""Values by their names; empty where nothing was found."""

VALUE_LIMIT = 2_000
"""Characters of one value: what is kept in memory, and written with each order, has a bound."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for one order. Two with the same `what` have the same answer; None says nothing of that."""

    what: Hashable
    ask: Callable[[], Awaitable[Found]]
    """Raises EnrichmentFailed, CallFailed."""


class Source(Protocol):
    """Where an enrichment looks: a function, or a host."""

    def question(self, order: OrderPart, context: MappingContext) -> Question:
        """Raises CallFailed where nothing can be asked for this order."""
        ...

    async def close(self) -> None: ...


class EnrichmentFailed(Exception):
    """An enrichment cannot work for this order; it is held until the cause is removed.

    `str()` is a full sentence for operators that names the enrichment; it may quote the order.
    """


class EnrichmentUnusable(Exception):
    """An enrichment cannot be opened at all (no such module or function); `str()` says what to do."""
