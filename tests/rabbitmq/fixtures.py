"""Fixtures for tests on RabbitMQ. One node serves a whole test run; the first test that needs it starts it."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.rabbitmq.certificates import write_certificates
from tests.rabbitmq.node import Node, Unavailable

# Garbage collection would complain about a node that still runs. Its keeper ends it when pytest ends.
_started: list[Node] = []


@dataclass(frozen=True, slots=True)
class Address:
    """Where the shared node is, for every worker of pytest."""

    port: int
    tls_port: int
    certificate: Path


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Address:
    """The node that all tests share. It may be neither stopped nor reconfigured; queues have names of their own."""
    folder, owner = tmp_path_factory.getbasetemp(), os.getpid()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder, owner = folder.parent, os.getppid()
    address, certificate = folder / "rabbitmq.json", folder / "rabbitmq"
    with or_skipped(), (folder / "rabbitmq.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not address.exists():
            write_certificates(certificate)
            _started.append(Node(certificate, owner=owner).open())
            address.write_text(json.dumps([_started[-1].port, _started[-1].tls_port]))
    port, tls_port = json.loads(address.read_text())
    return Address(port, tls_port, certificate)


@pytest.fixture
def rabbitmq_node(tmp_path: Path) -> Iterator[Node]:
    """A node for this test alone, to be killed and reconfigured."""
    certificate = tmp_path / "rabbitmq"
    write_certificates(certificate)
    with or_skipped():
        node = Node(certificate)
    with node:
        yield node


@contextmanager
def or_skipped() -> Iterator[None]:
    """Where RabbitMQ is not available a test is skipped; it fails in continuous integration (CI=true)."""
    try:
        yield
    except Unavailable as reason:
        if os.environ.get("CI") == "true":
            pytest.fail(str(reason), pytrace=False)
        pytest.skip(str(reason))
