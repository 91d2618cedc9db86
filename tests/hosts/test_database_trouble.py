"""PostgreSQL in trouble under a running door and its worker: 503 in good time meanwhile, and back by themselves after.

No acknowledged order is lost, and nothing is done twice.
"""

import asyncio
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.e2e.conftest import until
from tests.hosts.conftest import OneHost, OpenHost
from tests.hosts.site import ROLE, assert_each_once
from tests.postgresql.cluster import Cluster
from tests.postgresql.fixtures import OpenCluster

from order_receiver.simulator.send_options import What


async def goes_on(one: OneHost) -> None:
    began = time.time()
    await one.load.goes_on("host")
    taken = time.time()
    await one.site.confirms()
    print(f"orders are taken again after {taken - began:.1f} s, confirmed after {time.time() - began:.1f} s")


async def refuses(one: OneHost, since: float) -> None:
    """Wait until orders are answered 503."""
    await until(lambda: _refused(one, since), "orders are refused")


async def assert_in_order(one: OneHost) -> None:
    """Whatever was not taken over was answered 503; nobody had to wait for longer than the load waits."""
    refused = _refused(one, 0.0)
    assert refused
    assert [detail for detail in refused if "HTTP 503" not in detail] == []
    await assert_each_once(one.site, one.load, one.erp)


def _refused(one: OneHost, since: float) -> list[str]:
    return [each.detail for each in one.load.attempts("host", since) if each.what is not What.TAKEN_OVER]


async def test_restarts_locks_and_no_connections(open_postgresql_cluster: OpenCluster, open_host: OpenHost) -> None:
    cluster = open_postgresql_cluster()
    async with open_host(cluster) as one:
        for stop in ("fast", "immediate"):
            await asyncio.to_thread(cluster.stop, stop)
            await refuses(one, time.time())
            await asyncio.to_thread(cluster.start)
            await goes_on(one)

        with psycopg.connect(cluster.administration, dbname=one.site.database) as other:
            other.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
            await refuses(one, time.time())
            await asyncio.sleep(12)
        await goes_on(one)

        cluster.execute(f"ALTER ROLE {ROLE} CONNECTION LIMIT 0")
        cluster.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [ROLE])
        await refuses(one, time.time())
        cluster.execute(f"ALTER ROLE {ROLE} CONNECTION LIMIT -1")
        await goes_on(one)
        await assert_in_order(one)


async def test_a_standby_takes_over(open_postgresql_cluster: OpenCluster, open_host: OpenHost) -> None:
    """The primary is killed when the standby has been away for a while: what that has not is not acknowledged."""
    primary = open_postgresql_cluster()
    standby = primary.standby(synchronous=True)
    async with open_host(primary, standby) as one:
        await asyncio.to_thread(standby.stop)
        await asyncio.sleep(15)
        primary.kill()
        await asyncio.to_thread(standby.start)
        await refuses(one, time.time())
        await asyncio.to_thread(standby.promote)
        one.site.cluster = standby
        await goes_on(one)
        await assert_in_order(one)


async def test_a_primary_stands_still(open_postgresql_cluster: OpenCluster, open_host: OpenHost) -> None:
    """Connections to it stay and nobody answers; its standby takes over all the same."""
    primary = open_postgresql_cluster()
    standby = primary.standby(synchronous=True)
    async with open_host(primary, standby) as one:
        primary.pause()
        await refuses(one, time.time())
        await asyncio.to_thread(standby.promote)
        one.site.cluster = standby
        await goes_on(one)
        await assert_in_order(one)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of 300 MB, where PostgreSQL's account gets to."""
    if os.geteuid() != 0:
        pytest.skip("Only root may mount a small disk for PostgreSQL to fill.")
    disk = Path(tempfile.mkdtemp(prefix="disk-", dir="/tmp"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300m,mode=755", "tmpfs", str(disk)],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        if mounted.returncode != 0:
            pytest.skip(f"A small disk for PostgreSQL to fill cannot be mounted: {mounted.stderr.strip()}")
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=mounted.returncode == 0)
        disk.rmdir()


async def test_the_disk_is_full(small_disk: Path, open_host: OpenHost) -> None:
    with Cluster(parent=small_disk) as cluster:
        async with open_host(cluster) as one:
            ballast = small_disk / "ballast"
            _fill(ballast)
            await refuses(one, time.time())
            ballast.unlink()
            if not cluster.running:
                await asyncio.to_thread(cluster.start)
            await goes_on(one)
            await assert_in_order(one)


def _fill(ballast: Path) -> None:
    with ballast.open("wb") as file:
        try:
            while True:
                file.write(bytes(1_000_000))
                file.flush()
        except OSError:
            return
