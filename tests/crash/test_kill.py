"""kill -9 at random moments under load: what was acknowledged is there once, in the ERP once, with one number.

The program as it is installed, started anew each time. `test_points` kills at chosen places.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from random import Random

from tests.crash.accounting import draw_up
from tests.crash.load import Load
from tests.e2e.conftest import Erp, Installation, quiet_port, until

from order_receiver.simulator.server import RunningNorce

ROUNDS = 20
SEED = 20261121


@asynccontextmanager
async def under_load(installation: Installation, norce: RunningNorce) -> AsyncIterator[tuple[Load, Erp]]:
    port = quiet_port(Random(str(installation.base)))
    installation.configure(port=port, norce=norce.url)
    load = Load(port, norce.state, SEED, size=20, rate=40.0, time_factor=200, lines=4)
    async with installation.erp() as erp:
        try:
            yield load, erp
        finally:
            await load.stop()


async def settled(load: Load) -> None:
    await until(load.sent, "every order is handed over")
    await until(lambda: load.report().settled, "Norce was told about every order")


def assert_each_once(installation: Installation, load: Load, erp: Erp) -> None:
    """The store, the ERP and Norce agree on every order, and nothing is there twice."""
    account = draw_up(load.state, erp, installation.base / "erp" / "taken", installation.rows)
    assert account.complaints == ()
    assert account.again_in_the_erp == 0
    report = load.report()
    assert report.good, (report.wrong, report.missing)
    assert (report.refused, report.held, account.acknowledged) == (0, 0, report.confirmed)
    assert list((installation.base / "erp" / "outbox").glob("*.json")) == []
    assert installation.rows("PRAGMA integrity_check") == [("ok",)]


def _more_than(erp: Erp, before: int) -> bool:
    return len(erp.files) > before


async def test_serve_is_killed_at_random_moments(installation: Installation, norce: RunningNorce) -> None:
    rng = Random(SEED)
    async with under_load(installation, norce) as (load, erp):
        for _ in range(ROUNDS):
            program = await installation.serve()
            load.burst()
            await asyncio.sleep(rng.uniform(0.02, 0.7))
            assert program.process.returncode is None
            await program.kill()
        program = await installation.serve()
        await settled(load)
        assert await program.terminate() == 0
    assert_each_once(installation, load, erp)


async def test_workers_are_killed_while_the_door_stays_open(installation: Installation, norce: RunningNorce) -> None:
    """Two workers on one store; one dies in each round, the other and the next one take its work over."""
    rng = Random(SEED)
    async with under_load(installation, norce) as (load, erp):
        door = await installation.serve("--no-work")
        running = [await installation.work() for _ in range(2)]
        for _ in range(5):
            load.burst()
            await until(partial(_more_than, erp, len(erp.files)), "a worker works")
            await asyncio.sleep(rng.uniform(0.0, 0.4))
            await running.pop(0).kill()
            running.append(await installation.work())
        await settled(load)
        assert [await each.terminate() for each in (*running, door)] == [0, 0, 0]
    assert_each_once(installation, load, erp)
