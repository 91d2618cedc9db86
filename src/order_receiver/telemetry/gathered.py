"""Log lines of what happens to many orders at once. (ADR 0023)"""

import asyncio

import structlog

log = structlog.get_logger(__name__)


class Gathered:
    """Lines of one event: one for each order in quiet times, gathered into one line where many come at once.

    What is told in the same turn of the event loop (the orders of one commit, say) becomes one line with `orders`, so
    that a burst is not slowed down by talking about it.
    """

    def __init__(self, event: str) -> None:
        self._event = event
        self._waiting: list[dict[str, object]] = []

    def tell(self, **about: object) -> None:
        """Say something about one order; `order` is its ClientOrderRef."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._write)
        self._waiting.append(about)

    def _write(self) -> None:
        told, self._waiting = self._waiting, []
        if len(told) == 1:
            log.info(self._event, **told[0])
        else:
            log.info(self._event, orders=told)
