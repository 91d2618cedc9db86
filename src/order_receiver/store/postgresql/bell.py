"""LISTEN and NOTIFY: processes tell one another of work and numbers. Polling is the net under it."""

import asyncio
from typing import Any

import psycopg
import structlog

from order_receiver.store.database import Heard
from order_receiver.store.postgresql.connection import ANSWER_SECONDS

CHANNEL = "order_receiver"
PAUSE = 1.0
"""Seconds before a lost connection is opened again."""
PULSE = 15.0
"""Seconds of silence after which the server is asked whether it is there."""
PENDING_LIMIT = 1_000

_NOTIFY = "SELECT pg_notify(%s, word) FROM unnest(%s::text[]) AS word"

log = structlog.get_logger(__name__)


class PostgresBell:
    """One connection that hears, and one that rings; news of one moment is rung together."""

    def __init__(self, parameters: dict[str, Any], heard: Heard) -> None:
        self._parameters = parameters
        self._heard = heard
        self._pending: dict[str, None] = {}
        self._more = asyncio.Event()
        self._own: int | None = None
        """The server's number for the connection that rings: what comes from there is no news here."""
        self._tasks = [asyncio.create_task(self._again(self._hear)), asyncio.create_task(self._again(self._ring))]

    def ring(self, news: str) -> None:
        """Tell the other processes, soon. Where that fails they find out by looking."""
        if len(self._pending) < PENDING_LIMIT:
            self._pending[news] = None
            self._more.set()

    async def close(self) -> None:
        """Let go of the connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _again(self, work: "Any") -> None:
        """Keep at it, whatever happens to the connection."""
        told = False
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(**self._parameters, autocommit=True) as connection:
                    told = False
                    await work(connection)
            except (psycopg.Error, OSError) as error:
                if not told:
                    log.warning("store.bell_lost", error=str(error))
                told = True
            await asyncio.sleep(PAUSE)

    async def _hear(self, connection: "psycopg.AsyncConnection[tuple[Any, ...]]") -> None:
        await connection.execute(f"LISTEN {CHANNEL}")
        self._heard("")
        while True:
            async for notice in connection.notifies(timeout=PULSE):
                if notice.pid != self._own:
                    self._heard(notice.payload)
            # A server that stands still keeps its connections: only a question shows it.
            async with asyncio.timeout(ANSWER_SECONDS):
                await connection.execute("SELECT 1")

    async def _ring(self, connection: "psycopg.AsyncConnection[tuple[Any, ...]]") -> None:
        self._own = connection.info.backend_pid
        while True:
            await self._more.wait()
            self._more.clear()
            news = list(self._pending)
            self._pending.clear()
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await connection.execute(_NOTIFY, (CHANNEL, news))
            except (psycopg.Error, TimeoutError):
                self._pending = dict.fromkeys(news) | self._pending
                self._more.set()
                raise
