"""Faults of the database that an installation must live through, without a restart of anything of its own."""

import asyncio
import errno
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, suppress
from dataclasses import dataclass
from functools import partial
from random import Random

import psycopg
from tests.crash.disk import Calls
from tests.crash.ground import PATIENCE, Ground
from tests.crash.instructions import NOTHING, Action, Instruction
from tests.crash.points import Kind
from tests.crash.watching import COMMIT, LOOK_UP, STATEMENT

ALWAYS = 1_000_000
"""Times that are as good as always."""

WAL = "/orders.db-wal"
"""Of SQLite."""

TERMINATE = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() "
TERMINATE += "AND pid <> pg_backend_pid()"


class Hits:
    """How often a fault was met."""

    def __init__(self) -> None:
        self.count = 0


Meeting = Callable[[Ground, Random, Hits], AbstractAsyncContextManager[None]]
"""The fault is in force inside."""


@dataclass(frozen=True, slots=True)
class Fault:
    """In force for some `seconds`. `refused`: nothing can be stored meanwhile, so that the door has to answer 503."""

    name: str
    kind: Kind
    meeting: Meeting
    seconds: float = 0.6
    refused: bool = False
    own_server: bool = False
    """It needs a PostgreSQL server that is there for this alone."""
    library: bool = False
    """It needs the preloaded library."""


@dataclass(frozen=True, slots=True)
class DiskFault:
    """How calls on the WAL, or on the database's own files, are hit: the n-th of them `once`, or all."""

    name: str
    calls: Calls
    wal: bool = True
    error: int = 0
    delay: float = 0.0
    once: bool = False
    seconds: float = 0.6
    refused: bool = False

    @property
    def on(self) -> dict[Kind, str]:
        if self.wal:
            return {Kind.SQLITE: WAL, Kind.POSTGRESQL: "/pg_wal/"}
        return {Kind.SQLITE: "/orders.db", Kind.POSTGRESQL: "/base/"}


DISK_FAULTS = (
    DiskFault("disk full at the n-th write to the WAL", Calls.WRITES, error=errno.ENOSPC, once=True),
    DiskFault("disk full for the WAL", Calls.WRITES, error=errno.ENOSPC, refused=True),
    DiskFault("disk full for the database", Calls.WRITES, wal=False, error=errno.ENOSPC),
    DiskFault("I/O error at the n-th write to the WAL", Calls.WRITES, error=errno.EIO, once=True),
    DiskFault("I/O error at the n-th sync of the WAL", Calls.SYNCS, error=errno.EIO, once=True),
    DiskFault("I/O error at every sync of the WAL", Calls.SYNCS, error=errno.EIO, refused=True),
    DiskFault("I/O error at every write to the database", Calls.WRITES, wal=False, error=errno.EIO),
    DiskFault("I/O error at every sync of the database", Calls.SYNCS, wal=False, error=errno.EIO),
    DiskFault("5 ms more for every write to the WAL", Calls.WRITES, delay=0.005),
    DiskFault("5 ms more for every sync of the WAL", Calls.SYNCS, delay=0.005),
    DiskFault("500 ms more for every sync of the WAL", Calls.SYNCS, delay=0.5, seconds=1.6),
)


@asynccontextmanager
async def _disks(ground: Ground, rng: Random, hits: Hits, *, how: DiskFault, server: bool) -> AsyncIterator[None]:
    """The disk of both processes, or of the server, has the fault."""
    disks = [ground.server_disk] if server else [member.disk for member in ground.members.values()]
    found = [disk for disk in disks if disk is not None]
    for disk in found:
        nth, times = (rng.randint(1, 8), 1) if how.once else (1, -1)
        disk.fail(how.on[ground.kind], how.calls, nth=nth, times=times, error=how.error, delay=how.delay)
    try:
        if server and not how.wal:
            # Left alone a server writes its files minutes later.
            with suppress(psycopg.Error):
                await asyncio.to_thread(_execute, ground, "CHECKPOINT")
        yield
    finally:
        for disk in found:
            disk.mend()
            hits.count += disk.hit
        if server:
            await asyncio.to_thread(_revive, ground)


def _execute(ground: Ground, sql: str) -> int:
    """The number in the first row, where there is one."""
    with psycopg.connect(ground.address, autocommit=True) as server:
        cursor = server.execute(sql.encode())
        row = cursor.fetchone() if cursor.description else None
        return int(row[0]) if row else 0


def _revive(ground: Ground) -> None:
    """Where its WAL cannot be written PostgreSQL ends itself, and starts again only as far as it can."""
    assert ground.server is not None
    deadline = time.monotonic() + PATIENCE
    while True:
        if not ground.server.running:
            ground.server.restart()
        try:
            psycopg.connect(ground.address, connect_timeout=5).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


@asynccontextmanager
async def _sqlite_lock(ground: Ground, rng: Random, hits: Hits) -> AsyncIterator[None]:
    """Somebody else writes all the time."""
    with closing(sqlite3.connect(ground.address, isolation_level=None, timeout=10)) as other:
        other.execute("BEGIN IMMEDIATE")
        hits.count += 1
        yield
        other.execute("ROLLBACK")


@asynccontextmanager
async def _connections(
    ground: Ground, rng: Random, hits: Hits, *, point: str, action: Action, once: bool = False
) -> AsyncIterator[None]:
    """The n-th call, or each, of both processes meets the fault."""
    for member in ground.members.values():
        nth, times = (rng.randint(1, 8), 1) if once else (1, ALWAYS)
        member.desk.tell(Instruction(point, action, nth, times))
    try:
        yield
    finally:
        for member in ground.members.values():
            hits.count += member.desk.obeyed
            member.desk.tell(NOTHING)


@asynccontextmanager
async def _terminations(ground: Ground, rng: Random, hits: Hits) -> AsyncIterator[None]:
    """Every connection is ended by the server, again and again."""

    async def go_on() -> None:
        while True:
            hits.count += await asyncio.to_thread(_execute, ground, TERMINATE)
            await asyncio.sleep(rng.uniform(0.0, 0.1))

    going = asyncio.create_task(go_on())
    try:
        yield
    finally:
        going.cancel()
        await asyncio.wait((going,))
        if not going.cancelled():
            going.result()


@asynccontextmanager
async def _server_lock(ground: Ground, rng: Random, hits: Hits, *, table: str) -> AsyncIterator[None]:
    """Every statement that needs the table waits, until it has waited long enough."""
    async with await psycopg.AsyncConnection.connect(ground.address) as server:
        await server.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
        hits.count += 1
        yield
        await server.rollback()


@asynccontextmanager
async def _server_killed(ground: Ground, rng: Random, hits: Hits) -> AsyncIterator[None]:
    """All of its processes are killed at once; it comes back after a while, and recovers from its log."""
    assert ground.server is not None
    await asyncio.sleep(rng.uniform(0.0, 0.2))
    await asyncio.to_thread(ground.server.kill)
    hits.count += 1
    try:
        yield
    finally:
        await asyncio.to_thread(ground.server.start)


@asynccontextmanager
async def _server_paused(ground: Ground, rng: Random, hits: Hits) -> AsyncIterator[None]:
    """Connections stay and nobody answers."""
    assert ground.server is not None
    await asyncio.to_thread(ground.server.pause)
    hits.count += 1
    try:
        yield
    finally:
        await asyncio.to_thread(ground.server.resume)


def _on_disks(kind: Kind) -> list[Fault]:
    """The faults of disks, of the processes that write a SQLite file or of a server."""
    server = kind is Kind.POSTGRESQL
    return [
        Fault(
            each.name,
            kind,
            partial(_disks, how=each, server=server),
            each.seconds,
            each.refused,
            own_server=server,
            library=True,
        )
        for each in DISK_FAULTS
    ]


def _faults() -> list[Fault]:
    sqlite, postgresql = Kind.SQLITE, Kind.POSTGRESQL
    each, once = partial(_connections, action=Action.FAIL), partial(_connections, once=True)
    return [
        *_on_disks(sqlite),
        Fault("locked for a moment", sqlite, _sqlite_lock, seconds=0.3),
        Fault("locked for longer than anybody waits", sqlite, _sqlite_lock, seconds=1.8, refused=True),
        Fault("the n-th statement fails", postgresql, partial(once, point=STATEMENT, action=Action.FAIL)),
        Fault("every statement fails", postgresql, partial(each, point=STATEMENT), refused=True),
        Fault("every look-up fails", postgresql, partial(each, point=LOOK_UP)),
        Fault("every COMMIT fails", postgresql, partial(each, point=COMMIT), refused=True),
        Fault("connection cut at the n-th statement", postgresql, partial(once, point=STATEMENT, action=Action.CUT)),
        Fault("connection cut at the n-th look-up", postgresql, partial(once, point=LOOK_UP, action=Action.CUT)),
        Fault("connection cut before the n-th COMMIT", postgresql, partial(once, point=COMMIT, action=Action.CUT)),
        Fault("connection cut in the n-th COMMIT", postgresql, partial(once, point=COMMIT, action=Action.CUT_AFTER)),
        Fault(
            "connection cut in every COMMIT",
            postgresql,
            partial(_connections, point=COMMIT, action=Action.CUT_AFTER),
            refused=True,
        ),
        Fault("connections terminated at random", postgresql, _terminations),
        Fault("orders locked beyond the timeout", postgresql, partial(_server_lock, table="orders"), 1.8, refused=True),
        Fault("tasks locked beyond the timeout", postgresql, partial(_server_lock, table="tasks"), 1.8, refused=True),
        Fault("server killed and started again", postgresql, _server_killed, 0.3, own_server=True),
        Fault("server paused", postgresql, _server_paused, 0.8, own_server=True),
        *_on_disks(postgresql),
    ]


FAULTS = _faults()


def faults_of(kind: Kind, *, own_server: bool, library: bool) -> list[Fault]:
    """The faults that can be met here."""
    return [
        fault
        for fault in FAULTS
        if fault.kind is kind and (own_server or not fault.own_server) and (library or not fault.library)
    ]
