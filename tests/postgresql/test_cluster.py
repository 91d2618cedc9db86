"""A cluster does what its methods say, and nothing of it is left."""

import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.postgresql.cluster import Cluster, ClusterFailed, Mode
from tests.postgresql.fixtures import OpenCluster, skip_unless_ours

OWNER = """\
import signal
from tests.postgresql.cluster import Cluster
with Cluster(durable=False) as cluster:
    print(cluster.folder, *cluster.processes, flush=True)
    signal.pause()
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Its tests leave it running."""
    skip_unless_ours()
    with Cluster(durable=False) as cluster:
        yield cluster


@pytest.fixture
def url(cluster: Cluster) -> str:
    """A database with one number in it, reached over TCP."""
    url = cluster.new_database()
    add_number(url)
    return url


def add_number(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS numbers (number integer)")
        connection.execute("INSERT INTO numbers VALUES (1)")


def numbers(url: str) -> int:
    with psycopg.connect(url) as connection:
        return len(connection.execute("SELECT * FROM numbers").fetchall())


def state(process: int) -> str:
    """S sleeps, T was stopped by a signal; Z has ended, and so has a process that is not there."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


def segment(cluster: Cluster) -> str:
    """The identifier of the server's System V shared memory."""
    return (cluster.data / "postmaster.pid").read_text().splitlines()[6].split()[1]


def segments() -> set[str]:
    """Those of the whole machine."""
    return {line.split()[1] for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]}


@pytest.mark.parametrize("mode", ["smart", "fast", "immediate"])
def test_stops_and_keeps_what_was_committed(cluster: Cluster, url: str, mode: Mode) -> None:
    cluster.stop(mode)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)

    cluster.start()
    assert numbers(url) == 1


def test_recovers_after_a_kill_that_nobody_survives(cluster: Cluster, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("INSERT INTO numbers VALUES (2)")
        processes = cluster.processes
        cluster.kill()
        assert {state(process) for process in processes} == {"Z"}
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")

    cluster.start()
    assert numbers(url) == 2
    assert "was not properly shut down; automatic recovery in progress" in cluster.log


def test_answers_nobody_during_a_pause(cluster: Cluster, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        cluster.pause()
        paused = {state(process) for process in cluster.processes}
        connection.pgconn.send_query(b"SELECT 'still here'")
        cluster.resume()
        assert paused == {"T"}

        select.select([connection.fileno()], [], [])
        result = connection.pgconn.get_result()
        assert result is not None
        assert result.get_value(0, 0) == b"still here"
        assert connection.pgconn.get_result() is None


def test_a_promoted_standby_has_every_confirmed_commit(open_postgresql_cluster: OpenCluster) -> None:
    primary = open_postgresql_cluster(durable=False)
    add_number(primary.url())
    standby = primary.standby(synchronous=True)
    add_number(primary.url())
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        add_number(standby.url())
    processes, memory = [*primary.processes, *standby.processes], {segment(primary), segment(standby)}

    primary.kill()
    standby.promote()
    assert numbers(standby.url()) == 2
    add_number(standby.url())
    assert memory <= segments()

    primary.close()
    assert {state(process) for process in processes} == {"Z"}
    assert not memory & segments()
    assert not primary.folder.exists()
    assert not standby.folder.exists()
    for port in (primary.port, standby.port):
        with socket.create_server(("127.0.0.1", port)):
            pass


def test_nothing_is_left_when_the_owner_is_killed() -> None:
    skip_unless_ours()
    program = [sys.executable, "-c", OWNER]
    with subprocess.Popen(program, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        folder, *processes = owner.stdout.readline().split()
        assert {state(int(process)) for process in processes} <= {"S", "R", "D"}
        owner.send_signal(signal.SIGKILL)

    while Path(folder).exists():
        time.sleep(0.01)
    assert {state(int(process)) for process in processes} == {"Z"}


def test_what_fails_tells_why_and_leaves_nothing(open_postgresql_cluster: OpenCluster) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        parent = Path(name)
        parent.chmod(0o1777)
        with pytest.raises(ClusterFailed, match="initdb failed:\nno room"):
            open_postgresql_cluster(prefix=["sh", "-c", "echo no room; false"], parent=parent)
        assert list(parent.iterdir()) == []
