"""Orders that wait for a value of a table go on by themselves once the table has it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

import structlog

from order_receiver.mapping import MappingUnusable, ValueTables, solved
from order_receiver.orders.states import HoldReason
from order_receiver.store import changes, decisions, queries
from order_receiver.store.errors import NoSuchOrder, NotPossible
from order_receiver.store.session import Session
from order_receiver.store.store import Store
from order_receiver.telemetry import trace

log = structlog.get_logger(__name__)

ACTOR = "worker"
LOOK = 2.0
"""Seconds between looks at the files."""
TOGETHER = 200
"""Orders that are let go in one commit."""
ROUNDS = 2
"""Looks for orders to let go after a change: one that was just being mapped without it is held after the first."""

Tables: TypeAlias = Mapping[str, ValueTables]
"""The value tables of all targets, by target."""
Stamps: TypeAlias = Mapping[Path, tuple[int, int] | None]


class ValueWatch:
    """Looks at the files of value tables, reads them again when one has changed, and lets orders go.

    A file that cannot be used is told in the log; what was read before stays in use. Nothing ends the watch.
    """

    def __init__(
        self,
        store: Store,
        tables: Tables,
        stamps: Stamps,
        read: Callable[[], Tables],
        use: Callable[[Tables], None],
        every: float = LOOK,
    ) -> None:
        """`stamps` were taken before `tables` were read, so that no change falls in between."""
        self._store = store
        self._tables = tables
        self._stamps = stamps
        self._read = read
        self._use = use
        self._every = every
        self._rounds = ROUNDS

    async def run(self) -> None:
        """Look until cancelled; values may have come while nothing ran, so the first looks let orders go too."""
        while True:
            try:
                await self._look()
            except Exception as error:
                log.error("values.look_failed", **trace(error))
            await asyncio.sleep(self._every)

    async def _look(self) -> None:
        stamps = await asyncio.to_thread(stamps_of, tuple(self._stamps))
        if stamps != self._stamps:
            self._stamps = stamps
            await self._read_again()
        if self._rounds:
            await self._let_go()
            self._rounds -= 1

    async def _read_again(self) -> None:
        try:
            self._tables = await asyncio.to_thread(self._read)
        except MappingUnusable as error:
            log.error("values.unusable", error=str(error))
            return
        self._use(self._tables)
        self._rounds = ROUNDS
        log.info("values.read_again")

    async def _let_go(self) -> None:
        """Let go what waits for nothing any more."""
        causes = await self._store.query(queries.value_causes)
        for cause in solved(causes, [each.tables for each in self._tables.values()]):
            found = await self._store.query(partial(queries.held_by, cause=cause))
            for start in range(0, len(found), TOGETHER):
                await self._store.write(partial(_let_go, order_ids=found[start : start + TOGETHER]), urgent=True)
            log.info("values.orders_released", cause=cause, orders=len(found))
            self._store.announce_work("")


def stamps_of(files: Sequence[Path]) -> Stamps:
    """By what a change of each file is seen."""
    return {file: _stamp(file) for file in files}


def _let_go(session: Session, *, order_ids: Sequence[int]) -> None:
    """Another worker may have been quicker, and a person too."""
    for order_id in order_ids:
        try:
            order = changes.order_row(session, order_id)
            why, reason = "the value is there now", HoldReason.MISSING_VALUE
            decisions.resume(session, order, session.now, ACTOR, waive=False, why=why, reason=reason)
        except (NoSuchOrder, NotPossible) as error:
            log.info("values.order_left", error=str(error))


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
