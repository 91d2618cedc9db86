"""Each labelled point once and some faults, on each store: the short form of `make crash`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from tests.crash.disk import NoCompiler, build_library
from tests.crash.faults import FAULTS
from tests.crash.ground import open_ground
from tests.crash.mother import open_mother
from tests.crash.points import Kind, When, points_of
from tests.crash.rounds import KillAt, Meet, Tally, play
from tests.e2e.conftest import Installation

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Processes are killed by handles that only Linux has.")

SEED = 20261122

FAULTS_OF_SQLITE = ("locked for a moment", "locked for longer than anybody waits")
FAULTS_OF_THE_DISK = (
    "disk full for the WAL",
    "I/O error at every sync of the WAL",
    "I/O error at every write to the database",
)
FAULTS_OF_POSTGRESQL = (
    "every statement fails",
    "connection cut in every COMMIT",
    "connections terminated at random",
    "orders locked beyond the timeout",
)


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """What makes disks fail; None where nobody can compile it."""
    try:
        return build_library(tmp_path_factory.mktemp("disk"))
    except NoCompiler:
        return None


async def test_every_point_on_sqlite(installation: Installation, library: Path | None) -> None:
    await every_point_once(Kind.SQLITE, installation, library, FAULTS_OF_SQLITE)


async def test_every_point_on_postgresql(installation: Installation, library: Path | None, postgresql_url: str) -> None:
    await every_point_once(Kind.POSTGRESQL, installation, library, FAULTS_OF_POSTGRESQL, postgresql_url)


async def test_faults_of_the_disk(installation: Installation, library: Path | None) -> None:
    if library is None:
        pytest.skip(str(NoCompiler.__doc__))
    tally = Tally()
    async with (
        open_mother(installation.environment, library) as mother,
        open_ground(Kind.SQLITE, installation, mother, seed=SEED) as ground,
    ):
        await play(ground, meetings(Kind.SQLITE, FAULTS_OF_THE_DISK), tally)
    assert set(tally.hits) == set(FAULTS_OF_THE_DISK)
    assert all(tally.hits.values())


async def every_point_once(
    kind: Kind, installation: Installation, library: Path | None, faults: Sequence[str], url: str | None = None
) -> None:
    rng = Random(SEED)
    first = points_of(kind, When.FIRST_START) + points_of(kind, When.FIRST_REPORT)
    others = [p for p in points_of(kind, When.AT_WORK, When.AT_START) if library is not None or p.disk is None]
    kills = [KillAt(point, 1) for point in (*first, *rng.sample(others, len(others)))]
    tally = Tally()
    async with (
        open_mother(installation.environment, library) as mother,
        open_ground(kind, installation, mother, seed=SEED, url=url) as ground,
    ):
        await play(ground, [*kills, *meetings(kind, faults)], tally)
    assert (tally.kills, +tally.missed) == ({str(kill.point): 1 for kill in kills}, {})
    assert tally.account.acknowledged == sum(order.attempts > 0 for order in ground.state)
    assert set(tally.hits) == set(faults)
    assert all(tally.hits.values())


def meetings(kind: Kind, names: Sequence[str]) -> list[Meet]:
    found = {fault.name: fault for fault in FAULTS if fault.kind is kind}
    return [Meet(found[name], SEED) for name in names]
