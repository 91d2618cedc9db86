"""Servers under measurement: started as processes of their own, watched through /proc, ended by their id."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.workshop import ROOT, BenchFailed

PATIENCE = 60.0
"""Seconds for a server to start or to end."""

_TICKS = os.sysconf("SC_CLK_TCK")


class _Line(msgspec.Struct, frozen=True):
    event: str = ""
    port: int = 0


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of a process in megabytes, now and at most."""

    now: float
    peak: float


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    process: "subprocess.Popen[bytes]"
    port: int
    folder: Path

    def cpu_seconds(self) -> float:
        """CPU spent so far, in user and system mode, by all threads."""
        return cpu_of(self.process.pid)

    def memory(self) -> Memory:
        """Resident memory as the kernel counts it."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text("ascii", "replace").splitlines()
        sizes = {name: value for name, _, value in (line.partition(":") for line in lines)}
        return Memory(*(int(sizes[name].split()[0]) / 1000 for name in ("VmRSS", "VmHWM")))


def cpu_of(process: int, *, with_ended_children: bool = False) -> float:
    """Seconds of CPU that a process has spent, in user and system mode; nothing where it is gone."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(ticks) for ticks in fields[11 : 15 if with_ended_children else 13]) / _TICKS


@contextmanager
def running(
    folder: Path, *arguments: str, environ: Mapping[str, str] | None = None, opened: str = "door.open"
) -> Iterator[Server]:
    """Run `python ARGUMENTS` with its log in `folder`, until the block ends.

    The server says `opened` in its log, with its port where it has one, as the receiver does. Raises BenchFailed if it
    does not.
    """
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**_clean_environment(), **(environ or {})},
        )
        try:
            yield Server(process, _wait_for_port(process, log, opened), folder)
        finally:
            _end(process)


def run_to_end(*arguments: str) -> bytes:
    """Run `python ARGUMENTS` and return what it printed. Raises BenchFailed."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=_clean_environment(), capture_output=True, check=False
    )
    if done.returncode:
        raise BenchFailed(f"python {' '.join(arguments[:2])} failed:\n{done.stderr.decode(errors='replace')}")
    return done.stdout


def _clean_environment() -> Mapping[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("ORDER_RECEIVER")}


def _wait_for_port(process: "subprocess.Popen[bytes]", log: Path, opened: str) -> int:
    give_up = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < give_up:
        if (port := _port_in(log.read_bytes().splitlines(), opened)) is not None:
            return port
        time.sleep(0.02)
    raise BenchFailed(f"A server did not start. Its last words:\n{log.read_text('utf-8', 'replace')[-2000:]}")


def _port_in(lines: Sequence[bytes], opened: str) -> int | None:
    for line in lines:
        try:
            said = msgspec.json.decode(line, type=_Line)
        except msgspec.MsgspecError:
            continue
        if said.event == opened:
            return said.port
    return None


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
