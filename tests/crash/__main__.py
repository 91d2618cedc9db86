"""`python -m tests.crash`: kill, disturb, and count. The exit code is 1 where an order is lost or doubled."""

import argparse
import asyncio
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tests.crash.disk import Disk, NoCompiler, build_library
from tests.crash.faults import faults_of
from tests.crash.ground import GaveUp, open_ground
from tests.crash.mother import ROOT, Mother, open_mother
from tests.crash.points import Kind
from tests.crash.rounds import Round, Tally, draw, play
from tests.e2e.conftest import CLIENT_SECRET, PASSWORD, Installation, quiet_port
from tests.postgresql.cluster import Cluster
from tests.postgresql.programs import Unavailable
from tests.postgresql.server import Server

from order_receiver.settings.credentials import hash_password

GIVEN = "ORDER_RECEIVER_TEST_POSTGRES"

console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Workshop:
    """What all stretches of a run share. `library` is None where there is no C compiler."""

    folder: Path
    library: Path | None
    environment: dict[str, str]
    password_hash: str

    def installation(self) -> Installation:
        """In a new folder, empty."""
        return Installation(Path(tempfile.mkdtemp(dir=self.folder)), self.password_hash, self.environment)


@dataclass(frozen=True, slots=True)
class Databases:
    """Where stretches get their databases from; without a server each has a file of its own."""

    server: Server | None = None
    disk: Disk | None = None

    @property
    def own(self) -> Cluster | None:
        """The server, where it is there for this run alone."""
        return self.server if isinstance(self.server, Cluster) else None


def main() -> int:
    parser = argparse.ArgumentParser(prog="make crash", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000, help="in all")
    parser.add_argument("--seed", type=int, default=None, help="the same points and faults again")
    parser.add_argument("--store", choices=(*Kind, "both"), default="both")
    given = parser.parse_args()
    seed = random.randrange(1_000_000) if given.seed is None else given.seed
    kinds = list(Kind) if given.store == "both" else [Kind(given.store)]
    good = True
    with _open_workshop() as workshop:
        for place, kind in enumerate(kinds):
            rounds = given.rounds * (place + 1) // len(kinds) - given.rounds * place // len(kinds)
            console.print(f"[bold]{kind}[/]: {rounds} rounds, seed {seed}")
            try:
                with _open_databases(kind, workshop) as databases:
                    good &= asyncio.run(_campaign(kind, rounds, seed, workshop, databases))
            except Unavailable as reason:
                console.print(f"not done: {reason}", markup=False)
                good = False
        if good:
            shutil.rmtree(workshop.folder)
    return 0 if good else 1


@contextmanager
def _open_workshop() -> Iterator[Workshop]:
    """Below build/ (a real disk, unlike many a /tmp); kept where something went wrong."""
    (ROOT / "build").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="crash-", dir=ROOT / "build"))
    # PostgreSQL has another account, which must find the library.
    with tempfile.TemporaryDirectory(prefix="crash-", dir="/tmp") as public:
        Path(public).chmod(0o755)
        bytecode = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(ROOT / "build" / "bytecode")}
        shell = {name: value for name, value in os.environ.items() if not name.startswith("ORDER_RECEIVER__")}
        environment = {**shell, **bytecode, "TEST_CLIENT_SECRET": CLIENT_SECRET}
        try:
            library = build_library(Path(public))
        except NoCompiler as reason:
            console.print(f"Without faults of the disk: {reason}", markup=False)
            library = None
        yield Workshop(folder, library, environment, hash_password(PASSWORD))


@contextmanager
def _open_databases(kind: Kind, workshop: Workshop) -> Iterator[Databases]:
    """Raises Unavailable."""
    if kind is Kind.SQLITE:
        yield Databases()
    elif os.environ.get(GIVEN):
        console.print(f"Without faults of the server: {GIVEN} names one that is not ours.")
        server = Server(os.environ[GIVEN])
        yield Databases(server)
        server.drop_all()
    elif workshop.library is None:
        with Cluster() as cluster:
            yield Databases(cluster)
    else:
        disk = Disk(workshop.library.with_name("server.disk"))
        prefix = ("env", f"LD_PRELOAD={workshop.library}", f"CRASH_DISK={disk.path}")
        with Cluster(prefix=prefix, port=quiet_port(random.Random())) as cluster:
            yield Databases(cluster, disk)


async def _campaign(kind: Kind, rounds: int, seed: int, workshop: Workshop, databases: Databases) -> bool:
    """All rounds on one store; whether all is well."""
    began, tally = time.monotonic(), Tally()
    library = workshop.library is not None
    faults = faults_of(kind, own_server=databases.own is not None, library=library)
    trouble = None
    async with open_mother(workshop.environment, workshop.library) as mother:
        for number, stretch in enumerate(draw(kind, rounds, seed, faults, library=library), 1):
            try:
                await _stretch(kind, seed + 1000 * number, stretch, workshop, databases, mother, tally)
            except GaveUp as reason:
                trouble = reason
                break
            console.print(f"  {tally.rounds:5} rounds, {time.monotonic() - began:5.0f} s: {tally.account}")
    _print_tables(tally)
    console.print(f"[bold]{kind}: {tally.account}[/]")
    again = f"ERP {tally.account.again_in_the_erp}, Norce {tally.account.again_at_norce}"
    answers = ", ".join(f"{status}: {count}" for status, count in sorted(tally.answers.items()))
    console.print(f"repeats: {again}; answers other than 200: {answers or 'none'}")
    console.print(f"{tally.rounds} rounds, seed {seed}, {time.monotonic() - began:.0f} s\n")
    if trouble is not None:
        console.print(f"{trouble}\nEvidence is kept in {workshop.folder}.", markup=False, style="red")
    return trouble is None and tally.account.good


async def _stretch(
    kind: Kind,
    seed: int,
    rounds: Sequence[Round],
    workshop: Workshop,
    databases: Databases,
    mother: Mother,
    tally: Tally,
) -> None:
    """Rounds on one new database, which goes where all was well. Raises GaveUp."""
    installation = workshop.installation()
    url = None if databases.server is None else databases.server.new_database()
    async with open_ground(
        kind, installation, mother, seed=seed, url=url, server=databases.own, server_disk=databases.disk
    ) as ground:
        await play(ground, rounds, tally)
    if databases.server is not None and url is not None:
        databases.server.drop_database(url)
    shutil.rmtree(installation.base)


def _print_tables(tally: Tally) -> None:
    points = Table("point", "kills", "not reached", title="Killed", title_justify="left")
    for name in sorted(tally.kills.keys() | tally.missed.keys()):
        points.add_row(name, str(tally.kills[name]), str(tally.missed[name] or ""))
    faults = Table("fault", "rounds", "met", title="Faults", title_justify="left")
    for name in sorted(tally.faults):
        faults.add_row(name, str(tally.faults[name]), str(tally.hits[name]))
    console.print(points, faults)


if __name__ == "__main__":
    sys.exit(main())
