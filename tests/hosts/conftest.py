"""Installations under load: on two hosts with a network between them, and on one with PostgreSQL beside it."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.e2e.conftest import Erp, Program, environment, password_hash, until
from tests.hosts.host import Host, pause
from tests.hosts.load import Load
from tests.hosts.network import NamespacesForbidden, Network, ToolMissing
from tests.hosts.site import PostgresSite
from tests.postgresql.cluster import Cluster
from tests.postgresql.fixtures import OpenCluster

__all__ = ["environment", "password_hash"]

HOSTS = {
    "database": {"back": "10.2.0.1"},
    "a": {"back": "10.2.0.2", "front": "10.1.0.2"},
    "b": {"back": "10.2.0.3", "front": "10.1.0.3"},
    "norce": {"front": "10.1.0.1"},
}
"""Norce and the doors are on the front, the database is on the back."""


@pytest.fixture
def network() -> Iterator[Network]:
    try:
        with Network(HOSTS) as network:
            yield network
    except ToolMissing as reason:
        if os.environ.get("CI") == "true":
            pytest.fail(str(reason), pytrace=False)
        pytest.skip(str(reason))
    except NamespacesForbidden as reason:
        pytest.skip(str(reason))


@dataclass
class TwoHosts:
    """A and B with a door and a worker each; B's worker rests until it is told to resume."""

    site: PostgresSite
    network: Network
    load: Load
    erp: Erp
    a: Host
    b: Host
    a_worker: Program
    b_worker: Program

    async def busy(self) -> None:
        """Wait until the worker on A has its hands full. Whatever is taken is in its hands, as nobody else works."""
        reports = "SELECT id FROM tasks WHERE state = 'running' AND kind = 'confirm'"
        await until(lambda: len(self.site.rows(reports)) > 5, "the worker on A has six reports in its hands")


@pytest.fixture
async def hosts(
    network: Network,
    open_postgresql_cluster: OpenCluster,
    tmp_path: Path,
    environment: dict[str, str],
    password_hash: str,
) -> AsyncIterator[TwoHosts]:
    """Ten orders a second for each door."""
    cluster = open_postgresql_cluster(listen=HOSTS["database"]["back"], prefix=network.command("database"))
    site = PostgresSite(tmp_path, environment, password_hash, cluster, [cluster])
    norce, a, b = (site.add(name, network.command(name), HOSTS[name]["front"]) for name in ("norce", "a", "b"))
    try:
        load = await site.simulate_norce(norce)
        for host in (a, b):
            site.configure(host, norce=load.url, port=8080)
        async with site.erp() as erp:
            # One alone at first, as it has to compile.
            b_worker = await b.work()
            pause(b_worker)
            a_worker, _, _ = await asyncio.gather(a.work(), a.serve("--no-work"), b.serve("--no-work"))
            load.send({host.name: f"http://{host.address}:8080/orders" for host in (a, b)})
            await asyncio.gather(load.goes_on("a"), load.goes_on("b"))
            yield TwoHosts(site, network, load, erp, a, b, a_worker, b_worker)
    finally:
        await site.close()


@dataclass
class OneHost:
    """A door that works its orders off itself."""

    site: PostgresSite
    load: Load
    erp: Erp


OpenHost = Callable[..., AbstractAsyncContextManager[OneHost]]


@pytest.fixture
def open_host(tmp_path: Path, environment: dict[str, str], password_hash: str) -> OpenHost:
    """Opens an installation with a database on the first of some servers, and twenty orders a second."""

    @asynccontextmanager
    async def opened(*clusters: Cluster) -> AsyncIterator[OneHost]:
        site = PostgresSite(tmp_path, environment, password_hash, clusters[0], clusters)
        host = site.add("host")
        try:
            load = await site.simulate_norce(site.add("norce"), rate=20)
            site.configure(host, norce=load.url)
            async with site.erp() as erp:
                program = await host.serve()
                load.send({"host": program.receiver().url})
                await load.goes_on("host")
                yield OneHost(site, load, erp)
        finally:
            await site.close()

    return opened
