"""Accepted orders a second on PostgreSQL, by one door process and by two, beside the floor, in alternated rounds."""

from dataclasses import dataclass
from statistics import median

from tests.postgresql.cluster import Cluster

from bench.databases import Database, count, fresh_postgresql, open_cluster
from bench.receivers import door_only
from bench.servers import Server, running
from bench.tables import Aim, Section, aims, table
from bench.workshop import BenchFailed, Workshop

CONNECTIONS = (1, 8, 64, 256)
LINES = 10
ROUNDS = 3
ROUND, WARM_UP = 2.5, 0.5
QUICK_ROUND, QUICK_WARM_UP = 0.5, 0.2
FLOOR = 0
"""In place of a number of doors."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A timed run: accepted a second, milliseconds, microseconds of CPU an order.

    Two generators tell their percentiles apart; the worse ones stand.
    """

    per_second: float
    p50: float
    p95: float
    p99: float
    cpu: float
    database_cpu: float


@dataclass(frozen=True, slots=True)
class Cell:
    """Medians over the rounds of one number of doors and connections."""

    doors: int
    connections: int
    floor: float
    ours: Measured
    ratio: float
    floor_cpu: float

    def row(self) -> tuple[str, ...]:
        """The cell as a line of the table."""
        ours = self.ours
        return (
            *(str(self.doors), str(self.connections), f"{self.floor:,.0f}", f"{ours.per_second:,.0f}"),
            *(f"{self.ratio:.2f}", f"{ours.p50:.1f}", f"{ours.p95:.1f}", f"{ours.p99:.1f}"),
            *(f"{self.floor_cpu:.0f}", f"{ours.cpu:.0f}", f"{ours.database_cpu:.0f}"),
        )


HEAD = (
    *("Doors", "Connections", "Floor/s", "Accepted/s", "Of the floor", "p50 ms", "p95 ms", "p99 ms"),
    *("Floor CPU µs", "Door CPU µs", "PostgreSQL CPU µs"),
)

Round = dict[tuple[int, int], Measured]
"""What was measured, by doors (or FLOOR) and connections."""


def measure(workshop: Workshop) -> Section:
    """10-line orders at every number of connections."""
    with open_cluster(workshop) as cluster:
        numbers = range(1 if workshop.quick else ROUNDS)
        rounds = [_round(workshop, cluster, floor_first=number % 2 == 0) for number in numbers]
    cells = [_cell(doors, connections, rounds) for doors, connections in rounds[0] if doors != FLOOR]
    cells.sort(key=lambda cell: (cell.doors, cell.connections))
    return Section("accept-postgresql", f"{table(HEAD, [cell.row() for cell in cells])}\n\n{aims(_aims(cells))}")


def _round(workshop: Workshop, cluster: Cluster, *, floor_first: bool) -> Round:
    """Floor, one door and two in turn, each at each number of connections, on a fresh database."""
    found: Round = {}
    with (
        running(workshop.fresh("floor"), "-m", "bench.floor_server") as floor,
        fresh_postgresql(cluster) as database,
        door_only(workshop.fresh("door"), database) as one,
        door_only(workshop.fresh("door"), database) as other,
    ):
        ways = {FLOOR: (floor,), 1: (one,), 2: (one, other)}
        accepted = 0
        for connections in CONNECTIONS:
            for doors in sorted(ways, reverse=not floor_first):
                if connections < doors:
                    continue
                measured, sent = _run(workshop, ways[doors], connections, database)
                found[doors, connections] = measured
                if doors != FLOOR:
                    accepted += sent
                    _require_all_stored(database, accepted)
            print(_tell(connections, found), flush=True)
    return found


def _run(workshop: Workshop, servers: tuple[Server, ...], connections: int, database: Database) -> tuple[Measured, int]:
    """A warm-up and a timed run; the figures of the latter, and the orders accepted in both."""
    seconds, warm_up = (QUICK_ROUND, QUICK_WARM_UP) if workshop.quick else (ROUND, WARM_UP)
    ports = [server.port for server in servers]
    warm = workshop.send_to_each(ports, lines=LINES, connections=connections, seconds=warm_up)
    before, database_before = sum(server.cpu_seconds() for server in servers), database.cpu_seconds()
    loads = workshop.send_to_each(ports, lines=LINES, connections=connections, seconds=seconds)
    accepted = sum(load.accepted for load in loads)
    measured = Measured(
        per_second=sum(load.per_second for load in loads),
        p50=max(load.p50 for load in loads),
        p95=max(load.p95 for load in loads),
        p99=max(load.p99 for load in loads),
        cpu=(sum(server.cpu_seconds() for server in servers) - before) / accepted * 1e6,
        database_cpu=(database.cpu_seconds() - database_before) / accepted * 1e6,
    )
    return measured, accepted + sum(load.accepted for load in warm)


def _require_all_stored(database: Database, accepted: int) -> None:
    """A fast answer is worth nothing without the order behind it."""
    stored = count(database, "SELECT count(*) FROM orders")
    if stored != accepted:
        raise BenchFailed(f"{accepted} orders were accepted, but {stored} are stored.")


def _cell(doors: int, connections: int, rounds: list[Round]) -> Cell:
    ours = [one[doors, connections] for one in rounds]
    floors = [one[FLOOR, connections] for one in rounds]
    return Cell(
        doors=doors,
        connections=connections,
        floor=median(floor.per_second for floor in floors),
        ours=Measured(
            per_second=median(one.per_second for one in ours),
            p50=median(one.p50 for one in ours),
            p95=median(one.p95 for one in ours),
            p99=median(one.p99 for one in ours),
            cpu=median(one.cpu for one in ours),
            database_cpu=median(one.database_cpu for one in ours),
        ),
        ratio=median(one.per_second / floor.per_second for one, floor in zip(ours, floors, strict=True)),
        floor_cpu=median(floor.cpu for floor in floors),
    )


def _aims(cells: list[Cell]) -> list[Aim]:
    cell = next(cell for cell in cells if (cell.doors, cell.connections) == (1, 64))
    return [Aim("one door, 64 connections: part of the floor", 0.20, cell.ratio)]


def _tell(connections: int, found: Round) -> str:
    told = [
        f"{found[doors, connections].per_second:,.0f}/s with {doors} {'door' if doors == 1 else 'doors'}"
        for doors in (1, 2)
        if (doors, connections) in found
    ]
    return f"  {connections:3} connections: {', '.join(told)}, floor {found[FLOOR, connections].per_second:,.0f}/s"
