"""Two hosts with a door and a worker each lose their network, their power, their time and their database, under load.

Norce's repeats come every second. Afterwards every acknowledged order is confirmed, and in the ERP once.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.hosts.conftest import TwoHosts
from tests.hosts.host import LEASE, pause, resume
from tests.hosts.leases import watched_leases
from tests.hosts.site import assert_each_once

from order_receiver.simulator.send_options import What

CUT = 30.0
TAKE_OVER = 2.0
"""Seconds after the end of a lease within which somebody else has the task."""
PATIENCE = 10.0
"""The same where all tests share the processors; how long it took is printed."""


@asynccontextmanager
async def taking_over(hosts: TwoHosts) -> AsyncIterator[None]:
    """After the block, in which A is stopped in some way, B takes over what A has in its hands, in time."""
    await hosts.busy()
    with watched_leases(hosts.site.cluster.administration, hosts.site.database) as leases:
        yield
        resume(hosts.b_worker)
        await asyncio.sleep(LEASE + TAKE_OVER + 1)
    assert taken_over(hosts) > 5
    assert leases.longest < PATIENCE
    print(f"taken over: {taken_over(hosts)} tasks, within {leases.longest:.3f} s after the end of the lease")


def taken_over(hosts: TwoHosts) -> int:
    """How many tasks were finished by another worker than the one that took them first."""
    first = "SELECT 1 FROM attempts AS first WHERE (first.order_id, first.kind, first.number) = (a.order_id, a.kind, 1)"
    ((found,),) = hosts.site.rows(f"SELECT count(*) FROM attempts AS a WHERE number = 2 AND NOT EXISTS ({first})")
    assert isinstance(found, int)
    return found


async def a_works_alone(hosts: TwoHosts) -> None:
    """The worker on A goes on without help."""
    pause(hosts.b_worker)
    await hosts.site.confirms()
    resume(hosts.b_worker)


async def test_a_host_is_cut_off_from_the_database(hosts: TwoHosts) -> None:
    load = hosts.load
    async with taking_over(hosts):
        hosts.network.cut("a", "back")
        cut = time.time()
    await asyncio.sleep(cut + CUT - time.time())
    hosts.network.join("a", "back")
    joined = time.time()
    await load.goes_on("a")
    await a_works_alone(hosts)

    during = load.attempts("a", cut + 1, joined)
    assert {attempt.what for attempt in during} == {What.RETRY}
    assert all("HTTP 503" in attempt.detail for attempt in during)
    assert {attempt.what for attempt in load.attempts("b", cut, joined)} == {What.TAKEN_OVER}
    await assert_each_once(hosts.site, load, hosts.erp)


async def test_everything_on_a_host_is_killed(hosts: TwoHosts) -> None:
    killed = time.time()
    async with taking_over(hosts):
        hosts.network.kill("a")
    await asyncio.gather(hosts.a.serve("--no-work"), hosts.a.work())
    await hosts.load.goes_on("a")
    await a_works_alone(hosts)

    assert {attempt.what for attempt in hosts.load.attempts("b", killed)} == {What.TAKEN_OVER}
    await assert_each_once(hosts.site, hosts.load, hosts.erp)


async def test_a_worker_stands_still_past_its_leases(hosts: TwoHosts) -> None:
    """Nothing that it does then counts: every task was finished once."""
    async with taking_over(hosts):
        pause(hosts.a_worker)
    resume(hosts.a_worker)
    await a_works_alone(hosts)

    assert {attempt.what for attempt in hosts.load.attempts("a")} == {What.TAKEN_OVER}
    await assert_each_once(hosts.site, hosts.load, hosts.erp)


async def test_the_database_restarts(hosts: TwoHosts) -> None:
    """After an orderly end, and after kill -9 of every process of the server."""
    load, cluster = hosts.load, hosts.site.cluster
    await hosts.busy()
    resume(hosts.b_worker)
    for stop in (cluster.stop, cluster.kill):
        await asyncio.to_thread(stop)
        await asyncio.sleep(2)
        await asyncio.to_thread(cluster.start)
        await asyncio.gather(load.goes_on("a"), load.goes_on("b"))
    await a_works_alone(hosts)

    refused = [each for door in ("a", "b") for each in load.attempts(door) if each.what is not What.TAKEN_OVER]
    assert refused
    assert all("HTTP 503" in attempt.detail for attempt in refused)
    await assert_each_once(hosts.site, load, hosts.erp)
