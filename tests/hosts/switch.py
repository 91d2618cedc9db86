"""Hosts on a switch: network namespaces that live as long as this script; run by `network.py` in a namespace.

Usage: unshare --net python -I -S switch.py HOSTS, where HOSTS is JSON: {host: {network: address}}. It says what process
keeps each host's namespace ({host: pid}). Then each line that it reads is [action, host, network]: `cut` or `join` the
host's link to a network, or `kill` every process of the host. When there is nothing left to read, because whoever
started it has closed the pipe or has ended, every process on a host is killed, and all is gone.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

Keeper = subprocess.Popen[bytes]
Hosts = dict[str, dict[str, str]]


def main(hosts: Hosts) -> None:
    keepers = {host: _new_namespace() for host in hosts}
    try:
        _wire(hosts, keepers)
        _say({host: keeper.pid for host, keeper in keepers.items()})
        for line in sys.stdin:
            action, host, network = json.loads(line)
            if action == "kill":
                _kill_all(keepers[host])
            else:
                _ip("link", "set", f"{host}-{network}", "down" if action == "cut" else "up")
            _say(action)
    finally:
        for keeper in keepers.values():
            _kill_all(keeper)
            keeper.kill()


def _new_namespace() -> Keeper:
    """A process in a namespace of its own; it ends with us, as the pipe that it reads does."""
    keeper = subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "echo ready; exec cat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert keeper.stdout is not None
    if not keeper.stdout.readline():
        raise SystemExit("a second network namespace could not be made")
    return keeper


def _wire(hosts: Hosts, keepers: dict[str, Keeper]) -> None:
    """One switch for each network; the host's end of a link is named after the network."""
    for network in sorted({network for addresses in hosts.values() for network in addresses}):
        _ip("link", "add", network, "type", "bridge")
        _ip("link", "set", network, "up")
    for host, addresses in hosts.items():
        keeper = str(keepers[host].pid)
        inside = ("nsenter", f"--net=/proc/{keeper}/ns/net")
        _ip("link", "set", "lo", "up", inside=inside)
        for network, address in addresses.items():
            port = f"{host}-{network}"
            _ip("link", "add", port, "type", "veth", "peer", "name", network, "netns", keeper)
            _ip("link", "set", port, "master", network, "up")
            _ip("address", "add", f"{address}/24", "dev", network, inside=inside)
            _ip("link", "set", network, "up", inside=inside)


def _ip(*arguments: str, inside: tuple[str, ...] = ()) -> None:
    if subprocess.run([*inside, "ip", *arguments], stdin=subprocess.DEVNULL, check=False).returncode != 0:
        raise SystemExit(f"ip {' '.join(arguments)} failed")


def _kill_all(keeper: Keeper) -> None:
    """Kill what runs in a namespace, and what it starts meanwhile, but not the keeper."""
    while others := [process for process in _processes_beside(keeper.pid) if process != keeper.pid]:
        for process in others:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


def _processes_beside(one: int) -> Iterator[int]:
    namespace = os.readlink(f"/proc/{one}/ns/net")  # noqa: PTH115
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            # A killed process whose parent has not heard of it is still there, but in no namespace.
            if os.readlink(path / "ns" / "net") == namespace:  # noqa: PTH115
                yield int(path.name)


def _say(what: object) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
