"""A PostgreSQL server of our own, to be stopped, killed, paused, copied and promoted at will.

Nothing of it survives: every cluster has a folder of its own and a keeper (`keeper.py`), a process that kills the
server and removes the folder when the cluster is closed, and also when its owner ends in any other way.
"""

import base64
import hashlib
import hmac
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from tests.postgresql import keeper, processes, programs
from tests.postgresql.server import Server

PATIENCE = 60.0
"""Seconds after which what must happen has failed."""
Mode = Literal["smart", "fast", "immediate"]
PARENT = Path("/tmp")
SIGNALS: dict[Mode, signal.Signals] = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "32MB",
    "dynamic_shared_memory_type": "mmap",  # in the folder, to go with it
    "wal_keep_size": "128MB",
    "wal_retrieve_retry_interval": "100ms",
    "log_line_prefix": "%m [%p] %q%a@%d ",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
QUICK = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}
ACCESS = """\
local all all trust
local replication all trust
host all all all scram-sha-256
host replication all all scram-sha-256
"""


class ClusterFailed(Exception):
    """PostgreSQL did not do what was asked of it; the message has its words."""


class Cluster(Server):
    """A server with its own folder, on a Unix socket there and on TCP. Open it with `with`.

    `durable=False` is quicker and loses data when the machine stops, not when the server is killed. `listen` is the
    address, `port` a free one unless given. `prefix` is a command that runs PostgreSQL's programs by becoming them,
    such as `["ip", "netns", "exec", "db"]`; the port is then 5432 unless given. `settings` go into postgresql.conf.
    `primary` makes it a standby of that cluster. `owner` is the process with which it ends, this one unless given.
    `parent` is where its folder is made; like /tmp it must be open to all. Raises Unavailable where PostgreSQL cannot
    run.
    """

    def __init__(
        self,
        *,
        durable: bool = True,
        listen: str = "127.0.0.1",
        port: int | None = None,
        prefix: Sequence[str] = (),
        settings: Mapping[str, str] | None = None,
        primary: "Cluster | None" = None,
        owner: int | None = None,
        parent: Path = PARENT,
    ) -> None:
        self._programs = programs.find()
        self.durable, self.listen, self.prefix, self.primary = durable, listen, prefix, primary
        self._settings = settings or {}
        self.password: str = secrets.token_hex(16) if primary is None else primary.password
        self._reserved = None if prefix else _reserve(listen, port or 0)
        self.port: int = self._reserved.getsockname()[1] if self._reserved else port or 5432
        self.folder = Path(tempfile.mkdtemp(prefix="postgresql-", dir=parent))
        self.data = self.folder / "data"
        self._postmaster: subprocess.Popen[bytes] | None = None
        self._standbys: list[Cluster] = []
        self._keeper = self._start_keeper(owner or os.getpid())
        super().__init__(
            f"postgresql://postgres:{self.password}@{listen}:{self.port}/postgres",
            f"host={self.folder} port={self.port} user=postgres dbname=postgres",
        )

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self) -> Self:
        """Fill the folder and start; what is there of it is removed if that fails. Raises ClusterFailed."""
        try:
            self._fill()
            self._configure()
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        """End it and its standbys in any state, and remove their folders."""
        for standby in self._standbys:
            standby.close()
        self._keeper.terminate()
        self._keeper.wait(PATIENCE)
        if self._postmaster is not None:
            self._postmaster.wait(PATIENCE)
            self._postmaster = None
        if self._reserved is not None:
            self._reserved.close()

    @property
    def running(self) -> bool:
        return self._postmaster is not None and self._postmaster.poll() is None

    @property
    def processes(self) -> list[int]:
        """The server's processes, its first one first; none if it does not run."""
        return [self._postmaster.pid, *processes.children(self._postmaster.pid)] if self._postmaster is not None else []

    @property
    def log(self) -> str:
        """All that the server has said."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self) -> None:
        """Start, and return when it takes connections. Raises ClusterFailed."""
        self._postmaster = postmaster = self._popen("postgres", "-D", str(self.data))
        self._until(lambda: self._status(postmaster.pid) == "ready", "takes no connections")

    def stop(self, mode: Mode = "fast") -> None:
        """Stop: when all have left (smart), after cutting them off (fast), or as after a crash (immediate)."""
        if self._postmaster is not None:
            self._postmaster.send_signal(SIGNALS[mode])
            self._postmaster.wait(PATIENCE)
            self._postmaster = None

    def restart(self, mode: Mode = "fast") -> None:
        self.stop(mode)
        self.start()

    def kill(self) -> None:
        """Kill all of its processes at once (SIGKILL). `start` then recovers from the log."""
        postmaster = self._halt()
        children = processes.handles_of_children(postmaster.pid)
        postmaster.kill()
        for child in children:
            signal.pidfd_send_signal(child, signal.SIGKILL)
        postmaster.wait(PATIENCE)
        for child in children:
            select.select([child], [], [])
            os.close(child)
        self._postmaster = None

    def pause(self) -> None:
        """Stop all of its processes where they are (SIGSTOP): connections stay and nobody answers."""
        processes.signal_children(self._halt().pid, signal.SIGSTOP)

    def resume(self) -> None:
        postmaster = self._running()
        processes.signal_children(postmaster.pid, signal.SIGCONT)
        postmaster.send_signal(signal.SIGCONT)

    def standby(
        self,
        *,
        synchronous: bool = False,
        listen: str = "127.0.0.1",
        port: int | None = None,
        prefix: Sequence[str] = (),
    ) -> "Cluster":
        """A started standby that streams from here and is closed with this one.

        If it is `synchronous`, this server confirms no commit that the standby has not on disk.
        """
        standby = Cluster(durable=self.durable, listen=listen, port=port, prefix=prefix, primary=self)
        self._standbys.append(standby)
        standby.open()
        if synchronous:
            self.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            self.execute("SELECT pg_reload_conf()")
        follows = "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming' AND application_name = %s"
        follows += " AND sync_state = 'sync'" if synchronous else ""
        self._until(lambda: bool(self.execute(follows, [standby.folder.name])), "has no standby that follows it")
        return standby

    def promote(self) -> None:
        """Make this standby a primary, and return when it takes writes. Raises ClusterFailed."""
        if self.execute("SELECT pg_promote()") != [(True,)]:
            raise ClusterFailed(f"The standby was not promoted:\n{self.log[-4000:]}")

    def _fill(self) -> None:
        """By initdb, or by a copy of the primary, which has then been told how to follow it."""
        if self.primary is None:
            secret = self.folder / "secret"
            secret.write_text(_scram_secret(self.password))
            self._run(
                *("initdb", "--no-sync", "--no-locale", "--encoding=UTF8", "--username=postgres", f"--pwfile={secret}"),
                f"--pgdata={self.data}",
            )
        else:
            source = f"{self.primary.url()}?application_name={self.folder.name}"
            options = ("--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--no-manifest")
            self._run("pg_basebackup", f"--dbname={source}", f"--pgdata={self.data}", *options)

    def _configure(self) -> None:
        place = {
            "listen_addresses": self.listen,
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
        }
        settings = SETTINGS | ({} if self.durable else QUICK) | dict(self._settings) | place
        lines = [f"{name} = '{value}'\n" for name, value in settings.items()]
        (self.data / "postgresql.conf").write_text("".join(lines))
        (self.data / "pg_hba.conf").write_text(ACCESS)

    def _run(self, program: str, *arguments: str) -> None:
        process = self._popen(program, *arguments)
        if process.wait(PATIENCE) != 0:
            raise ClusterFailed(f"{program} failed:\n{self.log[-4000:]}")

    def _popen(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        """In the folder, where the keeper finds it, and beyond the reach of the terminal's Ctrl+C."""
        # No PG... variable of the shell gets through, and the places of system programs are on the path.
        environment = {"PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin", "LC_ALL": "C"}
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                self._programs.command(program, *arguments, prefix=self.prefix),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=environment,
                start_new_session=True,
            )

    def _start_keeper(self, owner: int) -> subprocess.Popen[bytes]:
        account = self._programs.account
        user, group = (account.pw_uid, account.pw_gid) if account else (os.geteuid(), os.getegid())
        os.chown(self.folder, user, group)
        arguments = [str(owner), str(self.folder), str(user), str(group)]
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", keeper.__file__, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            cwd="/",
            start_new_session=True,
        )
        assert process.stdout is not None
        with process.stdout as said:
            if not said.readline():
                self.folder.rmdir()
                raise ClusterFailed("The keeper of a cluster did not start, or its owner has ended.")
        return process

    def _status(self, postmaster: int) -> str:
        """The last word of the lock file, which names the server's process in its first line."""
        path = self.data / "postmaster.pid"
        lines = path.read_text().splitlines() if path.exists() else []
        return lines[7].strip() if len(lines) > 7 and lines[0] == str(postmaster) else ""

    def _until(self, true: Callable[[], bool], complaint: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not true():
            if not self.running or time.monotonic() > deadline:
                raise ClusterFailed(f"PostgreSQL {complaint}:\n{self.log[-4000:]}")
            time.sleep(0.005)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._postmaster is None:
            raise ClusterFailed("The server is not running.")
        return self._postmaster

    def _halt(self) -> subprocess.Popen[bytes]:
        """Halt the process that makes the others, so that no other appears."""
        postmaster = self._running()
        postmaster.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, postmaster.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        return postmaster


def _reserve(address: str, port: int) -> socket.socket:
    """Hold a port that nobody else is given; PostgreSQL can listen there all the same, as long as we do not."""
    reserved = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind((address, port))
    return reserved


def _scram_secret(password: str) -> str:
    """What PostgreSQL stores of a password. One round is enough for a random one, and a login takes half the time."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 1)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    written = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return "SCRAM-SHA-256$1:{}${}:{}".format(*written)
