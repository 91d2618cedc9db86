"""Far more orders than the receiver can take: what is answered, how long the accepted ones take, and what is left.

The sustainable rate is what 64 connections reach. Then, for a minute, ten times as many orders are due, on 640
connections; after that the 640 send each its next order as soon as one is answered. After both, the load is normal
again, and short looks tell when answers are as quick as they were before.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bench.databases import Database, SqliteDatabase, count, fresh_postgresql, open_cluster
from bench.receivers import door_only
from bench.servers import Memory, Server
from bench.tables import Aim, Section, aims, table
from bench.workshop import BenchFailed, Load, Workshop

NORMAL, MANY = 64, 640
"""Connections."""
TIMES = 10
OPEN, CLOSED = "10 times the rate", "as fast as answered"
SECONDS = {OPEN: 60.0, CLOSED: 5.0}
QUICK_SECONDS = {OPEN: 3.0, CLOSED: 1.0}
LOOK, LOOKS = 0.5, 8
"""Seconds of one look at normal load, and how many tell what is normal: the slowest of them."""
GIVE_UP = 30.0
"""Seconds after which it has not recovered."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """What one kind of load did to a door."""

    database: str
    kind: str
    sustainable: float
    load: Load
    seconds: float
    before: Memory
    after: Memory
    recovery: float | None
    """Seconds until answers were as quick as before; None when it took too long."""

    @property
    def busy(self) -> float:
        """The part of the answers that said 503."""
        return self.load.busy / (self.load.busy + self.load.accepted)

    @property
    def due(self) -> float:
        """Orders a second that were to be sent."""
        return (self.load.busy + self.load.accepted + self.load.unsent) / self.seconds

    def row(self) -> tuple[str, ...]:
        """A line of the table."""
        load = self.load
        return (
            *(f"{self.database}, {self.kind}", f"{self.sustainable:,.0f}", f"{self.due:,.0f}"),
            *(f"{load.answers_per_second:,.0f}", f"{self.busy:.0%}", f"{load.per_second:,.0f}"),
            *(f"{load.p50:.0f}", f"{load.p99:.0f}", f"{self.before.now:.0f}", f"{self.after.now:.0f}"),
            *(f"{self.after.peak:.0f}", "over 30" if self.recovery is None else f"{self.recovery:.1f}"),
        )


HEAD = (
    *("Load", "Sustainable/s", "Due/s", "Answered/s", "503", "Accepted/s", "p50 ms", "p99 ms"),
    *("MB before", "MB after", "MB at most", "Recovered after s"),
)


def measure(workshop: Workshop) -> Section:
    """Both kinds of load on both databases."""
    found: list[Pressed] = []
    for on in (_on_sqlite, _on_postgresql):
        with on(workshop) as (door, database):
            found += _press(workshop, door, database)
    reached = [
        Aim(f"{one.database}, {one.kind}: p99 of the accepted", 250, one.load.p99, "ms", at_most=True) for one in found
    ]
    return Section("overload", f"{table(HEAD, [one.row() for one in found])}\n\n{aims(reached)}")


def _press(workshop: Workshop, door: Server, database: Database) -> Iterator[Pressed]:
    sustainable, usual, accepted = _normal(workshop, door)
    for kind, seconds in (QUICK_SECONDS if workshop.quick else SECONDS).items():
        before = door.memory()
        rate = TIMES * sustainable if kind == OPEN else None
        load = workshop.press(door.port, connections=MANY, seconds=seconds, rate=rate)
        after = door.memory()
        recovery, more = _recover(workshop, door, usual)
        accepted += load.accepted + more
        stored = count(database, "SELECT count(*) FROM orders")
        if stored != accepted:
            raise BenchFailed(f"{accepted} orders were accepted, but {stored} are stored.")
        pressed = Pressed(database.name, kind, sustainable, load, seconds, before, after, recovery)
        print(
            f"  {database.name}, {kind}: {load.per_second:,.0f}/s accepted, {pressed.busy:.0%} answered 503, "
            f"p99 {load.p99:.0f} ms, normal again after {pressed.row()[-1]} s",
            flush=True,
        )
        yield pressed


def _normal(workshop: Workshop, door: Server) -> tuple[float, float, int]:
    """What the door can do for long, the slowest p99 of short looks, and the orders accepted meanwhile."""
    warm = workshop.send(door.port, lines=10, connections=NORMAL, seconds=0.5)
    load = workshop.send(door.port, lines=10, connections=NORMAL, seconds=1 if workshop.quick else 4)
    looks = [workshop.send(door.port, lines=10, connections=NORMAL, seconds=LOOK) for _ in range(LOOKS)]
    accepted = sum(one.accepted for one in (warm, load, *looks))
    return load.per_second, max(look.p99 for look in looks), accepted


def _recover(workshop: Workshop, door: Server, usual: float) -> tuple[float | None, int]:
    """Seconds until a look is as good as one before, if that comes; and the orders accepted meanwhile."""
    ended, accepted = time.monotonic(), 0
    while (waited := time.monotonic() - ended) < GIVE_UP:
        look = workshop.press(door.port, connections=NORMAL, seconds=LOOK)
        accepted += look.accepted
        if not look.busy and look.p99 <= usual:
            return waited, accepted
    return None, accepted


@contextmanager
def _on_sqlite(workshop: Workshop) -> Iterator[tuple[Server, Database]]:
    folder = workshop.fresh("overload")
    with door_only(folder) as door:
        yield door, SqliteDatabase(folder)
    shutil.rmtree(folder)


@contextmanager
def _on_postgresql(workshop: Workshop) -> Iterator[tuple[Server, Database]]:
    with ExitStack() as stack:
        database = stack.enter_context(fresh_postgresql(stack.enter_context(open_cluster(workshop))))
        yield stack.enter_context(door_only(workshop.fresh("overload"), database)), database
