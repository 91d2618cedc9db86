"""100,000 orders wait, and one worker process works them off; ERP and Norce cost nothing."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.databases import Database, SqliteDatabase, count, fresh_postgresql, moments, open_cluster
from bench.end_to_end import CONFIRMED, OPEN, PATIENCE, TUNED
from bench.filling import NEW, fill, reference, settle
from bench.order_templates import MARK, read_templates
from bench.receivers import worker_only
from bench.servers import Memory, Server
from bench.tables import Aim, Section, aims, table
from bench.workshop import BenchFailed, Workshop

WAITING, QUICK_WAITING = 100_000, 1_000
SPAN = "SELECT (SELECT min(started_at) FROM attempts), (SELECT max(updated_at) FROM orders)"


@dataclass(frozen=True, slots=True)
class Drained:
    """Orders a second, microseconds of CPU an order, and the worker's memory."""

    database: str
    per_second: float
    cpu: float
    database_cpu: float
    memory: Memory

    def row(self) -> tuple[str, ...]:
        """A line of the table."""
        return (
            *(self.database, f"{self.per_second:,.0f}", f"{self.cpu:.0f}"),
            *(f"{self.database_cpu:.0f}" if self.database_cpu else "", f"{self.memory.peak:.0f}"),
        )


def measure(workshop: Workshop) -> Section:
    """Both databases."""
    found = []
    for on in (_on_sqlite, _on_postgresql):
        with on(workshop) as database:
            found.append(_drain(workshop, database))
    head = ("Database", "Confirmed/s", "Worker CPU µs", "PostgreSQL CPU µs", "MB at most")
    reached = [
        Aim(f"{one.database}: memory of the worker at most", 150, one.memory.peak, "MB", at_most=True) for one in found
    ]
    return Section("drain", f"{table(head, [one.row() for one in found])}\n\n{aims(reached)}")


def _drain(workshop: Workshop, database: Database) -> Drained:
    waiting = QUICK_WAITING if workshop.quick else WAITING
    fill(database, [(NEW, waiting)], body=_body(workshop))
    settle(database)
    print(f"  {database.name}: {waiting:,} wait", flush=True)
    database_before = database.cpu_seconds()
    with worker_only(workshop.fresh("worker"), TUNED, database) as worker:
        before = worker.cpu_seconds()
        _wait(database, worker, waiting)
        begun, ended = moments(database, SPAN)
        drained = Drained(
            database.name,
            waiting / (ended - begun).total_seconds(),
            (worker.cpu_seconds() - before) / waiting * 1e6,
            (database.cpu_seconds() - database_before) / waiting * 1e6,
            worker.memory(),
        )
    print(f"  {database.name}: {drained.per_second:,.0f}/s, at most {drained.memory.peak:.0f} MB", flush=True)
    return drained


def _wait(database: Database, worker: Server, waiting: int) -> None:
    """Until every order is confirmed. Raises BenchFailed where nothing moves any more."""
    left, give_up = waiting, time.monotonic() + PATIENCE
    while left:
        time.sleep(0.5)
        now_left = count(database, OPEN)
        if now_left < left:
            left, give_up = now_left, time.monotonic() + PATIENCE
        elif time.monotonic() > give_up or worker.process.poll() is not None:
            raise BenchFailed(f"{left} of {waiting} orders are not confirmed, and nothing moves any more.")
    confirmed = count(database, CONFIRMED)
    if confirmed != waiting:
        raise BenchFailed(f"{waiting} orders waited, but {confirmed} are confirmed.")


def _body(workshop: Workshop) -> bytes:
    """One 10-line order for all: the store knows each by the key of its row."""
    return read_templates(workshop.templates, 10)[0].replace(MARK.encode(), reference(1).encode())


@contextmanager
def _on_sqlite(workshop: Workshop) -> Iterator[Database]:
    folder = workshop.fresh("drain")
    yield SqliteDatabase(folder)
    shutil.rmtree(folder)


@contextmanager
def _on_postgresql(workshop: Workshop) -> Iterator[Database]:
    with open_cluster(workshop) as cluster, fresh_postgresql(cluster) as database:
        yield database
