"""Several hosts on one machine: network namespaces with links that can be cut. Nothing of them outlives the test.

No names are taken in the system: the namespaces belong to processes, and end with the process that opened them, however
it ends. Root is not needed where the kernel lets everybody have namespaces.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from tests.hosts import switch

MINE = ("--user", "--map-current-user", "--keep-caps")
"""What gives somebody who is not root rights over namespaces of their own."""


class ToolMissing(Exception):
    """A program is not installed."""


class NamespacesForbidden(Exception):
    """The system allows no network namespaces; the message has its words."""


class Network:
    """Hosts, each with its own addresses and processes, on networks to which each has a link. Open it with `with`.

    `hosts` is {host: {network: IPv4 address}}; an address reaches all on the same network with the same first three
    numbers. Raises ToolMissing, NamespacesForbidden.
    """

    def __init__(self, hosts: Mapping[str, Mapping[str, str]]) -> None:
        for tool, package in (("ip", "iproute2"), ("unshare", "util-linux"), ("nsenter", "util-linux")):
            if shutil.which(tool, path=_path()) is None:
                raise ToolMissing(f"There is no program `{tool}`: install it (Debian: apt install {package}).")
        self.hosts = hosts
        self._switch = subprocess.Popen(
            ["unshare", *_mine(), "--net", sys.executable, "-I", "-S", switch.__file__, json.dumps(hosts)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={"PATH": _path(), "LC_ALL": "C"},
            start_new_session=True,
        )
        self._keepers: dict[str, int] = {}

    def __enter__(self) -> Self:
        try:
            self._keepers = json.loads(self._answer())
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill what runs on the hosts, and remove all."""
        self._switch.communicate()

    def command(self, host: str) -> list[str]:
        """The beginning of a command that runs a program on a host by becoming it."""
        user = [] if os.geteuid() == 0 else [f"--user=/proc/{self._switch.pid}/ns/user", "--preserve-credentials"]
        return ["nsenter", *user, f"--net=/proc/{self._keepers[host]}/ns/net", "--"]

    def cut(self, host: str, network: str) -> None:
        """Pull the host's plug out of the switch: nobody is told, packets are lost."""
        self._do("cut", host, network)

    def join(self, host: str, network: str) -> None:
        self._do("join", host, network)

    def kill(self, host: str) -> None:
        """Kill every process on the host at once (SIGKILL), as when its power fails."""
        self._do("kill", host, "")

    def _do(self, *command: str) -> None:
        assert self._switch.stdin is not None
        self._switch.stdin.write(json.dumps(command) + "\n")
        self._switch.stdin.flush()
        self._answer()

    def _answer(self) -> str:
        assert self._switch.stdout is not None
        line = self._switch.stdout.readline()
        if not line:
            _, errors = self._switch.communicate()
            raise NamespacesForbidden(f"This system allows no network namespaces: {' '.join(errors.split())}")
        return line


def _mine() -> tuple[str, ...]:
    return () if os.geteuid() == 0 else MINE


def _path() -> str:
    """With the places of system programs, which are not on everybody's path."""
    return f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
