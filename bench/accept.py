"""Accepted orders a second at the door, beside the floor, in alternated rounds."""

from dataclasses import dataclass
from statistics import median

from bench.databases import SqliteDatabase, count
from bench.order_templates import LINES
from bench.receivers import door_only
from bench.servers import Server, running
from bench.tables import Aim, Section, aims, table
from bench.workshop import BenchFailed, Load, Workshop

CONNECTIONS = (1, 8, 64)
ROUNDS = 3
ROUND, WARM_UP = 4.0, 1.0
QUICK_ROUND, QUICK_WARM_UP = 1.0, 0.3


@dataclass(frozen=True, slots=True)
class Measured:
    """One timed run against one server; `cpu` is microseconds of the server's CPU an order."""

    load: Load
    cpu: float


@dataclass(frozen=True, slots=True)
class Cell:
    """Medians over the rounds. Latencies are milliseconds, CPU is microseconds an order."""

    lines: int
    connections: int
    floor: float
    ours: float
    ratio: float
    p50: float
    p95: float
    p99: float
    floor_cpu: float
    our_cpu: float

    def row(self) -> tuple[str, ...]:
        """The cell as a line of the table."""
        return (
            *(str(self.lines), str(self.connections), f"{self.floor:,.0f}", f"{self.ours:,.0f}", f"{self.ratio:.2f}"),
            *(f"{self.p50:.1f}", f"{self.p95:.1f}", f"{self.p99:.1f}"),
            *(f"{self.floor_cpu:.0f}", f"{self.our_cpu:.0f}"),
        )


HEAD = (
    *("Lines", "Connections", "Floor/s", "Accepted/s", "Of the floor", "p50 ms", "p95 ms", "p99 ms"),
    *("Floor CPU µs", "CPU µs"),
)


def measure(workshop: Workshop) -> Section:
    """Every size at every number of connections."""
    rounds = 1 if workshop.quick else ROUNDS
    pairs: dict[tuple[int, int], list[tuple[Measured, Measured]]] = {}
    for lines in LINES:
        for number in range(rounds):
            for connections, pair in _round(workshop, lines, floor_first=number % 2 == 0).items():
                pairs.setdefault((lines, connections), []).append(pair)
                print(_tell(lines, connections, pair), flush=True)
    cells = [_cell(lines, connections, found) for (lines, connections), found in pairs.items()]
    return Section("accept", f"{table(HEAD, [cell.row() for cell in cells])}\n\n{aims(_aims(cells))}")


def _round(workshop: Workshop, lines: int, *, floor_first: bool) -> dict[int, tuple[Measured, Measured]]:
    """One round of one size: floor and receiver in turn, each fresh, at each number of connections."""
    found = {}
    folder = workshop.fresh("door")
    with running(workshop.fresh("floor"), "-m", "bench.floor_server") as floor, door_only(folder) as receiver:
        accepted = 0
        for connections in CONNECTIONS:
            order = (floor, receiver) if floor_first else (receiver, floor)
            by_server = {id(server): _run(workshop, server, lines, connections) for server in order}
            (of_floor, _), (of_receiver, sent) = by_server[id(floor)], by_server[id(receiver)]
            accepted += sent
            found[connections] = of_floor, of_receiver
        _require_all_stored(receiver, accepted)
    return found


def _run(workshop: Workshop, server: Server, lines: int, connections: int) -> tuple[Measured, int]:
    """A warm-up and a timed run; the figures of the latter, and the orders accepted in both."""
    seconds, warm_up = (QUICK_ROUND, QUICK_WARM_UP) if workshop.quick else (ROUND, WARM_UP)
    warm = workshop.send(server.port, lines=lines, connections=connections, seconds=warm_up)
    before = server.cpu_seconds()
    load = workshop.send(server.port, lines=lines, connections=connections, seconds=seconds)
    cpu = (server.cpu_seconds() - before) / load.accepted * 1e6
    return Measured(load, cpu), warm.accepted + load.accepted


def _require_all_stored(receiver: Server, accepted: int) -> None:
    """A fast answer is worth nothing without the order behind it."""
    stored = count(SqliteDatabase(receiver.folder), "SELECT count(*) FROM orders")
    if stored != accepted:
        raise BenchFailed(f"{accepted} orders were accepted, but {stored} are stored.")


def _cell(lines: int, connections: int, pairs: list[tuple[Measured, Measured]]) -> Cell:
    return Cell(
        lines=lines,
        connections=connections,
        floor=median(floor.load.per_second for floor, _ in pairs),
        ours=median(ours.load.per_second for _, ours in pairs),
        ratio=median(ours.load.per_second / floor.load.per_second for floor, ours in pairs),
        p50=median(ours.load.p50 for _, ours in pairs),
        p95=median(ours.load.p95 for _, ours in pairs),
        p99=median(ours.load.p99 for _, ours in pairs),
        floor_cpu=median(floor.cpu for floor, _ in pairs),
        our_cpu=median(ours.cpu for _, ours in pairs),
    )


def _aims(cells: list[Cell]) -> list[Aim]:
    cell = next(cell for cell in cells if (cell.lines, cell.connections) == (10, 64))
    return [
        Aim("10 lines, 64 connections: part of the floor", 0.22, cell.ratio),
        Aim("the same: p99", 30, cell.p99, "ms", at_most=True),
        Aim("the same: CPU an accept", 0.14, cell.our_cpu / 1000, "ms", at_most=True),
    ]


def _tell(lines: int, connections: int, pair: tuple[Measured, Measured]) -> str:
    floor, ours = (one.load for one in pair)
    return (
        f"  {lines:2} lines, {connections:2} connections: {ours.per_second:7,.0f}/s of {floor.per_second:7,.0f}/s "
        f"({ours.per_second / floor.per_second:.2f}), p99 {ours.p99:.1f} ms, CPU {pair[1].cpu:.0f} µs"
    )
