"""A RabbitMQ node of our own, on 127.0.0.1 only, which ends with its owner (see `tests/postgresql/keeper.py`)."""

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.postgresql import keeper

PATIENCE = 120.0
"""Seconds after which what must happen has failed."""
FOLDERS = ("/usr/lib/rabbitmq/bin", "/usr/lib/rabbitmq/sbin")
"""Where packages put the programs themselves: those on the path change the user, or refuse to run."""
USER, PASSWORD = "receiver", "correct horse"


class Unavailable(Exception):
    """No RabbitMQ of our own can run here; the message says why and what to do."""


class NodeFailed(Exception):
    """RabbitMQ did not do what was asked of it; the message has its words."""


def programs() -> Path:
    """The folder of RabbitMQ's programs. Raises Unavailable."""
    for folder in map(Path, FOLDERS):
        if (folder / "rabbitmq-server").exists():
            return folder
    raise Unavailable("RabbitMQ's server is not installed: install it (Debian: apt install rabbitmq-server).")


class Node:
    """A node with its own folder, its own epmd and three ports. Open it with `with` or `open`, end it with `close`.

    `certificate` is the folder with `ca.pem`, `server.pem` and `server.key` for TLS. `owner` is the process with
    which it ends, this one unless given.
    """

    def __init__(self, certificate: Path, *, owner: int | None = None) -> None:
        self._programs = programs()
        self._certificate = certificate
        self._reserved = [_reserve() for _ in range(4)]
        self.port, self.tls_port, self._distribution, self._epmd = (each.getsockname()[1] for each in self._reserved)
        self.folder = Path(tempfile.mkdtemp(prefix="rabbitmq-", dir="/tmp"))
        self._name = f"orders-{secrets.token_hex(4)}@localhost"
        self._keeper = self._start_keeper(owner or os.getpid())
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> Self:
        """Fill the folder and start; raises NodeFailed."""
        try:
            (self.folder / "rabbitmq.conf").write_text(self._configuration())
            (self.folder / "plugins").write_text("[].")
            epmd = ["epmd", "-address", "127.0.0.1", "-port", str(self._epmd)]
            self._running.append(self._popen(epmd))
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def start(self) -> None:
        """Start the node, and return when it takes connections."""
        node = self._popen([str(self._programs / "rabbitmq-server")])
        self._running.append(node)
        deadline = time.monotonic() + PATIENCE
        while "Starting broker... completed" not in self.log:
            if node.poll() is not None or time.monotonic() > deadline:
                raise NodeFailed(f"RabbitMQ takes no connections:\n{self.log[-4000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill the node and all that belongs to it but epmd; `start` then recovers what is on disk."""
        for process in keeper.processes_in(self.folder):
            if process != self._running[0].pid:
                with suppress(ProcessLookupError):
                    os.kill(process, 9)
        self._running.pop().wait(PATIENCE)
        (self.folder / "log").write_text("")

    def control(self, *arguments: str) -> None:
        """Run rabbitmqctl. Raises NodeFailed."""
        process = self._popen([str(self._programs / "rabbitmqctl"), *arguments])
        if process.wait(PATIENCE) != 0:
            raise NodeFailed(f"rabbitmqctl {' '.join(arguments)} failed:\n{self.log[-4000:]}")

    def close(self) -> None:
        """End it in any state, and remove its folder."""
        self._keeper.terminate()
        self._keeper.wait(PATIENCE)
        for process in self._running:
            process.wait(PATIENCE)
        self._running.clear()
        for each in self._reserved:
            each.close()

    @property
    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _configuration(self) -> str:
        lines = {
            "listeners.tcp.1": f"127.0.0.1:{self.port}",
            "listeners.ssl.1": f"127.0.0.1:{self.tls_port}",
            "ssl_options.cacertfile": self._certificate / "ca.pem",
            "ssl_options.certfile": self._certificate / "server.pem",
            "ssl_options.keyfile": self._certificate / "server.key",
            "default_user": USER,
            "default_pass": PASSWORD,
            "loopback_users": "none",
            "max_message_size": 1_000_000,
            "disk_free_limit.absolute": "1MB",
        }
        return "".join(f"{name} = {value}\n" for name, value in lines.items())

    def _environment(self) -> Mapping[str, str]:
        """Nothing of the shell's gets through but the path; every program of Erlang keeps to 127.0.0.1."""
        return {
            "PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin",
            "LC_ALL": "C.UTF-8",
            "HOME": str(self.folder),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._epmd),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "none"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_NODENAME": self._name,
            "RABBITMQ_DIST_PORT": str(self._distribution),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "logs"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1",
        }

    def _popen(self, command: list[str]) -> subprocess.Popen[bytes]:
        """In the folder, where the keeper finds it, and beyond the reach of the terminal's Ctrl+C."""
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=dict(self._environment()),
                start_new_session=True,
            )

    def _start_keeper(self, owner: int) -> subprocess.Popen[bytes]:
        arguments = [str(owner), str(self.folder), str(os.geteuid()), str(os.getegid())]
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
                raise NodeFailed("The keeper of a node did not start, or its owner has ended.")
        return process


def _reserve() -> socket.socket:
    """Hold a port that nobody else is given; RabbitMQ can listen there all the same, as long as we do not."""
    reserved = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    return reserved
