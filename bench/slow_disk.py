"""Accept on a slow disk: a library preloaded into whoever makes orders durable lets each fsync take longer.

It is the one that breaks disks for the crash test (`tests/crash`): on SQLite in the door's process, on PostgreSQL in
the server's.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.crash.disk import Calls, Disk, NoCompiler, build_library
from tests.postgresql.cluster import Cluster

from bench.databases import Database, SqliteDatabase, count, fresh_postgresql, open_cluster
from bench.receivers import door_only
from bench.servers import Server
from bench.tables import Section, table
from bench.workshop import BenchFailed, Load, Workshop

ADDED = (0, 1, 5)
"""Milliseconds."""
CONNECTIONS = 64
ROUNDS = 3
ROUND, WARM_UP = 2.5, 0.5
QUICK_ROUND, QUICK_WARM_UP = 0.5, 0.2
ALL_FILES = "/"


@dataclass(frozen=True, slots=True)
class Measured:
    """A timed run, with the orders that shared one fsync."""

    load: Load
    together: float


@dataclass(frozen=True, slots=True)
class Setting:
    """A door, its database, and the disk below that."""

    door: Server
    database: Database
    disk: Disk


def measure(workshop: Workshop) -> Section:
    """Both databases at each delay, in alternated rounds."""
    found: dict[tuple[str, int], list[Measured]] = {}
    with ExitStack() as stack:
        # PostgreSQL has an account of its own, which must come to these files.
        public = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        public.chmod(0o755)
        library = _build(public)
        disk = Disk(public / "server.disk")
        stack.callback(disk.close)
        cluster = stack.enter_context(open_cluster(workshop, preloaded=_preload(library, disk)))
        for _ in range(1 if workshop.quick else ROUNDS):
            for setting in (_sqlite(workshop, library), _postgresql(workshop, cluster, disk)):
                with setting as opened:
                    _round(workshop, opened, found)
    rows = [_row(name, added, all_of, found[name, 0]) for (name, added), all_of in found.items()]
    head = ("Database", "Added ms", "Accepted/s", "Of no delay", "Orders an fsync", "p50 ms", "p95 ms", "p99 ms")
    return Section("slow-disk", table(head, rows))


def _round(workshop: Workshop, setting: Setting, found: dict[tuple[str, int], list[Measured]]) -> None:
    accepted = 0
    for added in ADDED:
        measured, sent = _run(workshop, setting, added)
        accepted += sent
        found.setdefault((setting.database.name, added), []).append(measured)
        load = measured.load
        print(
            f"  {setting.database.name}, {added} ms added: {load.per_second:,.0f}/s, p99 {load.p99:.1f} ms", flush=True
        )
    stored = count(setting.database, "SELECT count(*) FROM orders")
    if stored != accepted:
        raise BenchFailed(f"{accepted} orders were accepted, but {stored} are stored.")


def _run(workshop: Workshop, setting: Setting, added: int) -> tuple[Measured, int]:
    """A warm-up and a timed run; the figures of the latter, and the orders accepted in both."""
    seconds, warm_up = (QUICK_ROUND, QUICK_WARM_UP) if workshop.quick else (ROUND, WARM_UP)
    port, disk = setting.door.port, setting.disk
    disk.fail(ALL_FILES, Calls.SYNCS, delay=added / 1000)
    warm = workshop.send(port, lines=10, connections=CONNECTIONS, seconds=warm_up)
    before = disk.hit
    load = workshop.send(port, lines=10, connections=CONNECTIONS, seconds=seconds)
    synced = disk.hit - before
    disk.mend()
    if not synced:
        raise BenchFailed("No fsync was seen, so that none was slow.")
    return Measured(load, load.accepted / synced), warm.accepted + load.accepted


@contextmanager
def _sqlite(workshop: Workshop, library: Path) -> Iterator[Setting]:
    folder = workshop.fresh("door")
    disk = Disk(folder / "disk")
    try:
        with door_only(folder, environ=_preload(library, disk)) as door:
            yield Setting(door, SqliteDatabase(folder), disk)
    finally:
        disk.close()


@contextmanager
def _postgresql(workshop: Workshop, cluster: Cluster, disk: Disk) -> Iterator[Setting]:
    with fresh_postgresql(cluster) as database, door_only(workshop.fresh("door"), database) as door:
        yield Setting(door, database, disk)


def _preload(library: Path, disk: Disk) -> Mapping[str, str]:
    return {"LD_PRELOAD": str(library), "CRASH_DISK": str(disk.path)}


def _build(folder: Path) -> Path:
    try:
        return build_library(folder)
    except NoCompiler as reason:
        raise BenchFailed(str(reason)) from reason


def _row(name: str, added: int, found: list[Measured], undelayed: list[Measured]) -> tuple[str, ...]:
    per_second = median(one.load.per_second for one in found)
    latencies = zip(*((one.load.p50, one.load.p95, one.load.p99) for one in found), strict=True)
    part = median(one.load.per_second / other.load.per_second for one, other in zip(found, undelayed, strict=True))
    return (
        *(name, str(added), f"{per_second:,.0f}", f"{part:.2f}", f"{median(one.together for one in found):.1f}"),
        *(f"{median(values):.1f}" for values in latencies),
    )
