"""An ERP that takes orders as files from an outbox and answers with files in an inbox, on this machine or a share."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from order_receiver.orders.outcomes import UnknownOutcome
from order_receiver.settings.targets import FolderTarget
from order_receiver.targets.files.adapter import FilesAdapter
from order_receiver.targets.folder.place import FolderPlace

P = ParamSpec("P")
Result = TypeVar("Result")


class FolderAdapter(FilesAdapter):
    """Orders and answers in folders; an fsync may take milliseconds, so nothing of it runs on the event loop."""

    def __init__(self, settings: FolderTarget, base: Path) -> None:
        super().__init__(
            FolderPlace(base / settings.outbox),
            None if settings.inbox is None else FolderPlace(base / settings.inbox),
            number_on_write=settings.number_on_write,
        )
        self._timeout = settings.timeout
        self._working: dict[asyncio.Future[Any], float] = {}
        self._late: set[asyncio.Future[Any]] = set()
        self._watch: asyncio.TimerHandle | None = None

    async def close(self) -> None:
        await super().close()
        if self._watch is not None:
            self._watch.cancel()

    async def _in_thread(self, work: Callable[P, Result], *arguments: P.args, **named: P.kwargs) -> Result:
        """Raises UnknownOutcome where a dead share, or a lock on it, keeps the thread too long.

        The thread goes on waiting, as nothing can call it back; what it still does is done under the order's lock.
        All work has one timer together: one for each order would cost a tenth of the time that writing it takes.
        """
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._threads, partial(work, *arguments, **named))
        self._working[running] = loop.time() + self._timeout
        if self._watch is None:
            self._watch = loop.call_later(self._timeout, self._give_up_late)
        try:
            return await running
        except asyncio.CancelledError:
            if running not in self._late:
                raise
            raise UnknownOutcome(
                f"The folder {self._outbox} or its inbox did not answer within {self._timeout:g} seconds: is the share "
                "there, and does another program hold a lock in `.sent`?"
            ) from None
        finally:
            del self._working[running]
            self._late.discard(running)

    def _give_up_late(self) -> None:
        """Oldest first, as they were begun; then wait for the next one to be late."""
        loop = asyncio.get_running_loop()
        self._watch = None
        for running, due in list(self._working.items()):
            if due > loop.time():
                self._watch = loop.call_at(due, self._give_up_late)
                return
            if running.cancel():
                self._late.add(running)
