"""Fixtures for tests on PostgreSQL. One server serves a whole test run; the first test that needs it starts it.

ORDER_RECEIVER_TEST_POSTGRES=url names a server to be used instead; tests that must control theirs are then skipped.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

import pytest
from tests.postgresql.cluster import PARENT, Cluster
from tests.postgresql.programs import Unavailable, find
from tests.postgresql.server import Prepare, Server

GIVEN = "ORDER_RECEIVER_TEST_POSTGRES"

MigratedUrl = Callable[[Prepare], str]
"""The URL of a fresh copy of the database that a function filled; it fills one once for each worker of pytest."""

# Garbage collection would complain about a server that still runs. Its keeper ends it when pytest ends.
_started: list[Cluster] = []


class OpenCluster(Protocol):
    def __call__(
        self,
        *,
        durable: bool = True,
        listen: str = "127.0.0.1",
        port: int | None = None,
        prefix: Sequence[str] = (),
        settings: Mapping[str, str] | None = None,
        parent: Path = PARENT,
    ) -> Cluster: ...


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server that all tests share. It may be neither stopped nor reconfigured."""
    folder, owner = tmp_path_factory.getbasetemp(), os.getpid()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder, owner = folder.parent, os.getppid()
    with or_skipped():
        server = Server(os.environ[GIVEN]) if os.environ.get(GIVEN) else _shared(folder, owner)
    yield server
    server.drop_all()


@pytest.fixture
def postgresql_url(postgresql_server: Server) -> Iterator[str]:
    """The URL of an empty database."""
    url = postgresql_server.new_database()
    yield url
    postgresql_server.drop_database(url)


@pytest.fixture
def migrated_postgresql_url(postgresql_server: Server) -> Iterator[MigratedUrl]:
    """Call it with a function of a module, such as one that brings a database to the newest schema."""
    urls: list[str] = []

    def fresh(prepare: Prepare) -> str:
        urls.append(postgresql_server.new_database(postgresql_server.template(prepare)))
        return urls[-1]

    yield fresh
    for url in urls:
        postgresql_server.drop_database(url)


@pytest.fixture
def open_postgresql_cluster() -> Iterator[OpenCluster]:
    """Opens servers for this test alone, to be stopped, killed, paused, copied and promoted."""
    skip_unless_ours()
    with ExitStack() as opened:

        def open_cluster(
            *,
            durable: bool = True,
            listen: str = "127.0.0.1",
            port: int | None = None,
            prefix: Sequence[str] = (),
            settings: Mapping[str, str] | None = None,
            parent: Path = PARENT,
        ) -> Cluster:
            return opened.enter_context(
                Cluster(durable=durable, listen=listen, port=port, prefix=prefix, settings=settings, parent=parent)
            )

        yield open_cluster


def skip_unless_ours() -> None:
    """Skip a test that stops its server unless it can have one of its own."""
    if os.environ.get(GIVEN):
        pytest.skip(f"This test stops its PostgreSQL, and {GIVEN} names one that is not ours: unset it.")
    with or_skipped():
        find()


def _shared(folder: Path, owner: int) -> Server:
    """The server of this test run, which every worker reaches by the address that the first has left in the folder."""
    address = folder / "postgresql.json"
    with (folder / "postgresql.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not address.exists():
            _started.append(Cluster(durable=False, owner=owner).open())
            address.write_text(json.dumps([_started[-1].url(), _started[-1].administration]))
    return Server(*json.loads(address.read_text()))


@contextmanager
def or_skipped() -> Iterator[None]:
    """Where PostgreSQL is not available a test is skipped; it fails in continuous integration (CI=true)."""
    try:
        yield
    except Unavailable as reason:
        if os.environ.get("CI") == "true":
            pytest.fail(str(reason), pytrace=False)
        pytest.skip(str(reason))
