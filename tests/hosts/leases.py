"""Watches the leases in a store, from outside: how long after its end a lease was still nobody else's."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

Held = tuple[int, int]
"""A task under one lease: its number and its fence."""

_RUNNING = """
SELECT id, fence, extract(epoch FROM clock_timestamp() - due)::float FROM tasks
WHERE state = 'running' AND due < clock_timestamp()
"""


@dataclass
class Leases:
    """By task and fence, the seconds after the lease's end at which it was last seen untouched."""

    overdue: dict[Held, float] = field(default_factory=dict)

    @property
    def longest(self) -> float:
        return max(self.overdue.values(), default=0.0)

    def look(self, connection: "psycopg.Connection[tuple[int, int, float]]") -> None:
        for task, fence, seconds in connection.execute(_RUNNING):
            self.overdue[task, fence] = max(seconds, self.overdue.get((task, fence), 0.0))


@contextmanager
def watched_leases(address: str, database: str) -> Iterator[Leases]:
    """Look twenty times a second while the block runs. `address` is as libpq takes it."""
    leases, stop = Leases(), threading.Event()
    with psycopg.connect(address, dbname=database, autocommit=True) as connection:

        def watch() -> None:
            while not stop.wait(0.05):
                leases.look(connection)

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            yield leases
        finally:
            stop.set()
            watching.join()
