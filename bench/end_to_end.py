"""From accept to confirmed: one process does door and worker; ERP and Norce cost nothing, or are real."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from bench.databases import Database, SqliteDatabase, count, moments
from bench.receivers import Shape, door_and_worker
from bench.servers import Server, running
from bench.tables import Aim, Section, aims, table
from bench.workshop import BenchFailed, Workshop

ROUNDS = 3
CONNECTIONS = 64
PATIENCE = 300.0

DEFAULTS = Shape()
TUNED = Shape(work=64, norce=64)

OPEN = "SELECT count(*) FROM orders WHERE state IN ('received', 'submitted', 'placed')"
CONFIRMED = "SELECT count(*) FROM orders WHERE state = 'confirmed'"
SPAN = "SELECT min(received_at), max(updated_at) FROM orders WHERE client_order_ref >= '{first}'"


@dataclass(frozen=True, slots=True)
class Measured:
    """Orders a second from the first accept to the last confirmation, and microseconds of CPU an order."""

    per_second: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Way:
    """One line of the table."""

    name: str
    shape: Shape
    real: bool = False
    """The real folder adapter, and HTTP to simulated Norce in a process of its own."""


WAYS = (
    Way("instant ERP and Norce, default settings", DEFAULTS),
    Way("instant ERP and Norce, tuned", TUNED),
    Way("folder adapter, simulated Norce over HTTP, tuned", TUNED, real=True),
)


def measure(workshop: Workshop) -> Section:
    """All ways, in alternated rounds."""
    found: dict[str, list[Measured]] = {way.name: [] for way in WAYS}
    floors: list[float] = []
    for _ in range(1 if workshop.quick else ROUNDS):
        floors.append(floor_cpu(workshop))
        for way in WAYS:
            measured = run(workshop, way)
            found[way.name].append(measured)
            print(f"  {way.name}: {measured.per_second:,.0f}/s, CPU {measured.cpu:.0f} µs", flush=True)
        floors.append(floor_cpu(workshop))
        print(f"  floor before and after: CPU {floors[-2]:.0f} and {floors[-1]:.0f} µs", flush=True)
    rows = [_row(way, found[way.name], median(floors)) for way in WAYS]
    rows.append((f"floor: {min(floors):.0f} to {max(floors):.0f} µs", "", "", "", f"{median(floors):.0f}", "1.0"))
    head = ("Way", "work.concurrency", "norce.concurrency", "Confirmed/s", "CPU µs", "in floors")
    return Section("end-to-end", f"{table(head, rows)}\n\n{aims(_aims(found[WAYS[1].name]))}")


def floor_cpu(workshop: Workshop) -> float:
    """Microseconds of CPU that the floor needs for a request at this moment: the machine's speed, to divide by."""
    seconds = 1.0 if workshop.quick else 3.0
    with running(workshop.fresh("floor"), "-m", "bench.floor_server") as floor:
        workshop.send(floor.port, lines=10, connections=CONNECTIONS, seconds=0.5)
        before = floor.cpu_seconds()
        load = workshop.send(floor.port, lines=10, connections=CONNECTIONS, seconds=seconds)
        return (floor.cpu_seconds() - before) / load.accepted * 1e6


def run(workshop: Workshop, way: Way) -> Measured:
    """One round with a fresh receiver: a warm-up, then the timed orders."""
    warm, orders = (200, 2_000) if workshop.quick else (1_000, 10_000)
    if way.real:
        orders //= 4
    with receiver(workshop, way, warm + orders) as server:
        database = SqliteDatabase(server.folder)
        confirm(workshop, server.port, database, warm, warm)
        before, first = server.cpu_seconds(), workshop.next_reference
        confirm(workshop, server.port, database, orders, warm + orders)
        cpu = (server.cpu_seconds() - before) / orders * 1e6
        return Measured(orders / span(database, first), cpu)


@contextmanager
def receiver(workshop: Workshop, way: Way, orders: int) -> Iterator[Server]:
    """A receiver for one way; a Norce that knows the orders to come where it is real."""
    folder = workshop.fresh("end-to-end")
    if not way.real:
        with door_and_worker(folder, way.shape, erp="instant", norce="instant") as server:
            yield server
        return
    arguments = (str(workshop.templates), str(workshop.next_reference), str(orders))
    with running(workshop.fresh("norce"), "-m", "bench.norce_server", *arguments) as norce:
        shape = Shape(way.shape.work, way.shape.norce, f"http://127.0.0.1:{norce.port}")
        with door_and_worker(folder, shape, erp="folder", norce="http") as server:
            yield server


def confirm(workshop: Workshop, port: int, database: Database, orders: int, in_all: int) -> None:
    """Send orders and wait until every order so far is confirmed. Raises BenchFailed."""
    workshop.send(port, lines=10, connections=CONNECTIONS, orders=orders)
    give_up = time.monotonic() + PATIENCE
    while count(database, OPEN):
        if time.monotonic() > give_up:
            raise BenchFailed(f"After {PATIENCE:.0f} seconds there still are orders that are not confirmed.")
        time.sleep(0.2)
    confirmed = count(database, CONFIRMED)
    if confirmed != in_all:
        raise BenchFailed(f"{in_all} orders were sent, but {confirmed} are confirmed.")


def span(database: Database, first: int) -> float:
    """Seconds from the first accept, of the order with reference `first`, to the last confirmation."""
    begun, ended = moments(database, SPAN.format(first=first))
    return (ended - begun).total_seconds()


def _row(way: Way, found: list[Measured], floor: float) -> tuple[str, ...]:
    speed, cpu = median(one.per_second for one in found), median(one.cpu for one in found)
    return way.name, str(way.shape.work), str(way.shape.norce), f"{speed:,.0f}", f"{cpu:.0f}", f"{cpu / floor:.1f}"


def _aims(found: list[Measured]) -> list[Aim]:
    return [
        Aim("instant ERP and Norce, tuned: orders confirmed", 1_500, median(one.per_second for one in found), "/s"),
        Aim("the same: CPU an order", 0.5, median(one.cpu for one in found) / 1000, "ms", at_most=True),
    ]
