"""From accept to confirmed on PostgreSQL: a door with one worker process and with two; ERP and Norce cost nothing."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median

from tests.postgresql.cluster import Cluster

from bench.databases import Database, fresh_postgresql, open_cluster
from bench.end_to_end import TUNED, confirm, floor_cpu, span
from bench.receivers import door_and_worker, door_only, worker_only
from bench.servers import Server
from bench.tables import Aim, Section, aims, table
from bench.workshop import Workshop

ROUNDS = 3
WAYS: Mapping[int, str] = {
    0: "one process does both",
    1: "a door, one worker",
    2: "a door, two workers",
}
"""By the number of processes that only work."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Orders a second from the first accept to the last confirmation, and microseconds of CPU an order."""

    per_second: float
    door_cpu: float
    worker_cpu: float
    database_cpu: float

    @property
    def cpu(self) -> float:
        return self.door_cpu + self.worker_cpu + self.database_cpu


@dataclass(frozen=True, slots=True)
class Installation:
    """The processes of one receiver; one that does both is the door."""

    door: Server
    workers: Sequence[Server]

    def cpu_seconds(self) -> tuple[float, float]:
        """Of the door, and of the workers together."""
        return self.door.cpu_seconds(), sum(worker.cpu_seconds() for worker in self.workers)


def measure(workshop: Workshop) -> Section:
    """All ways, in alternated rounds."""
    found: dict[int, list[Measured]] = {workers: [] for workers in WAYS}
    floors: list[float] = []
    with open_cluster(workshop) as cluster:
        for number in range(1 if workshop.quick else ROUNDS):
            floors.append(floor_cpu(workshop))
            for workers in sorted(WAYS, reverse=number % 2 == 1):
                measured = _run(workshop, cluster, workers)
                found[workers].append(measured)
                print(f"  {WAYS[workers]}: {measured.per_second:,.0f}/s, CPU {measured.cpu:.0f} µs", flush=True)
    rows = [_row(workers, found[workers], median(floors)) for workers in WAYS]
    head = ("Way", "Confirmed/s", "Door CPU µs", "Worker CPU µs", "PostgreSQL CPU µs", "in floors")
    cores = f"Cores of this machine: {os.cpu_count()}. Floor: {median(floors):.0f} µs."
    return Section("end-to-end-postgresql", f"{table(head, rows)}\n\n{cores}\n\n{aims(_aims(found))}")


def _run(workshop: Workshop, cluster: Cluster, workers: int) -> Measured:
    """One round on a fresh database: a warm-up, then the timed orders."""
    warm, orders = (100, 400) if workshop.quick else (500, 4_000)
    with fresh_postgresql(cluster) as database, _installation(workshop, database, workers) as installation:
        port = installation.door.port
        confirm(workshop, port, database, warm, warm)
        first, before, database_before = workshop.next_reference, installation.cpu_seconds(), database.cpu_seconds()
        confirm(workshop, port, database, orders, warm + orders)
        door, working = (now - then for now, then in zip(installation.cpu_seconds(), before, strict=True))
        return Measured(
            per_second=orders / span(database, first),
            door_cpu=door / orders * 1e6,
            worker_cpu=working / orders * 1e6,
            database_cpu=(database.cpu_seconds() - database_before) / orders * 1e6,
        )


@contextmanager
def _installation(workshop: Workshop, database: Database, workers: int) -> Iterator[Installation]:
    with ExitStack() as stack:
        if workers == 0:
            folder = workshop.fresh("end-to-end")
            both = door_and_worker(folder, TUNED, erp="instant", norce="instant", database=database)
            yield Installation(stack.enter_context(both), ())
            return
        door = stack.enter_context(door_only(workshop.fresh("door"), database))
        working = [stack.enter_context(worker_only(workshop.fresh("worker"), TUNED, database)) for _ in range(workers)]
        yield Installation(door, working)


def _row(workers: int, found: Sequence[Measured], floor: float) -> tuple[str, ...]:
    return (
        WAYS[workers],
        f"{median(one.per_second for one in found):,.0f}",
        f"{median(one.door_cpu for one in found):.0f}",
        f"{median(one.worker_cpu for one in found):.0f}" if workers else "",
        f"{median(one.database_cpu for one in found):.0f}",
        f"{median(one.cpu for one in found) / floor:.1f}",
    )


def _aims(found: Mapping[int, Sequence[Measured]]) -> list[Aim]:
    times = median(two.per_second / one.per_second for one, two in zip(found[1], found[2], strict=True))
    return [
        Aim("one worker: orders confirmed", 1_200, median(one.per_second for one in found[1]), "/s"),
        Aim(f"two workers, in times of one; with {os.cpu_count()} cores", 1.6, times),
    ]
