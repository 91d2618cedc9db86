"""kill -9 at random moments under load: what was acknowledged is there once, in the ERP once, with one number.

The sender keeps Norce's own rules, with ten minutes made three seconds, and has troubles of its own on the way.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from random import Random

from tests.e2e.conftest import NORWAY, PASSWORD, SHOP, USER, Erp, Installation, quiet_port, until

from order_receiver.simulator.post import Receiver
from order_receiver.simulator.report import Report, build_report
from order_receiver.simulator.send_options import SendOptions, Troubles
from order_receiver.simulator.sender import send_many
from order_receiver.simulator.server import RunningNorce
from order_receiver.simulator.state import Delivery

ROUNDS = 20
BURST = 20
RATE = 40.0
SEED = 20261121
TROUBLES = Troubles(drop_answer=0.1, cut_body=0.05, twice_at_once=0.1, changed=0.1)


@dataclass
class Load:
    """Bursts of orders from one simulated Norce, all to one address, whoever is at home there."""

    port: int
    norce: RunningNorce
    bursts: list["asyncio.Task[None]"] = field(default_factory=list)

    def burst(self) -> None:
        options = SendOptions(
            receiver=Receiver(f"http://127.0.0.1:{self.port}/orders", USER, PASSWORD, timeout=10),
            application_keys=(SHOP, NORWAY),
            count=BURST,
            seed=SEED + len(self.bursts),
            rate=RATE,
            concurrency=4,
            time_factor=200,
            first_reference=100_001 + len(self.bursts) * BURST,
            lines=4,
            troubles=TROUBLES,
        )
        self.bursts.append(asyncio.create_task(send_many(options, self.norce.state)))

    def sent(self) -> bool:
        return all(burst.done() for burst in self.bursts)

    def report(self) -> Report:
        return build_report(self.norce.state)


@asynccontextmanager
async def under_load(installation: Installation, norce: RunningNorce) -> AsyncIterator[tuple[Load, Erp]]:
    port = quiet_port(Random(str(installation.base)))
    installation.configure(port=port, norce=norce.url)
    load = Load(port, norce)
    async with installation.erp() as erp:
        try:
            yield load, erp
        finally:
            for burst in load.bursts:
                burst.cancel()
            await asyncio.gather(*load.bursts, return_exceptions=True)


async def settled(load: Load) -> None:
    await until(load.sent, "every order is handed over")
    await asyncio.gather(*load.bursts)
    await until(lambda: load.report().settled, "Norce was told about every order")


def assert_each_once(installation: Installation, load: Load, erp: Erp) -> None:
    """The store, the ERP and Norce agree on every order, and nothing is there twice."""
    report = load.report()
    assert report.good, (report.wrong, report.missing)
    assert (report.refused, report.held, report.received) == (0, 0, report.confirmed)
    taken = {order.reference for order in load.norce.state if order.delivery is Delivery.TAKEN_OVER}
    found = installation.rows("SELECT client_order_ref, state, erp_order_no FROM orders ORDER BY client_order_ref")
    stored = {str(reference): number for reference, _, number in found}
    assert len(found) == len(stored)
    assert taken <= set(stored)
    assert {state for _, state, _ in found} == {"confirmed"}
    assert {order.reference: order.erp_order_no for order in load.norce.state if order.erp_order_no} == stored
    assert_each_once_in_the_erp(installation, erp, {str(number) for number in stored.values()})
    assert installation.rows("SELECT DISTINCT kind, state FROM tasks") == [("poll", "waiting")]
    assert installation.rows("PRAGMA integrity_check") == [("ok",)]


def assert_each_once_in_the_erp(installation: Installation, erp: Erp, numbers: set[str]) -> None:
    """One file for each key, whole, and handed over once; one number for each."""
    orders = installation.rows("SELECT application_key, client_order_ref FROM orders")
    files = {f"{application}-{reference}.json" for application, reference in orders}
    assert set(erp.files) == files
    assert set(erp.files.values()) == {1}
    assert {path.name for path in (installation.base / "erp" / "taken").glob("*.json")} == files
    assert list((installation.base / "erp" / "outbox").glob("*.json")) == []
    assert (set(erp.numbers.values()), len(erp.numbers)) == (numbers, len(orders))


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
