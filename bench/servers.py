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
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self) -> Memory:
        """Resident memory as the kernel counts it."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text("ascii", "replace").splitlines()
        sizes = {name: value for name, _, value in (line.partition(":") for line in lines)}
        return Memory(*(int(sizes[name].split()[0]) / 1000 for name in ("VmRSS", "VmHWM")))


@contextmanager
def running(folder: Path, *arguments: str, environ: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Run `python ARGUMENTS` with its log in `folder`, until the block ends.

    The server says `door.open` with its port in its log, as the receiver does. Raises BenchFailed if it does not.
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
            yield Server(process, _wait_for_port(process, log), folder)
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


def _wait_for_port(process: "subprocess.Popen[bytes]", log: Path) -> int:
    give_up = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < give_up:
        if port := _port_in(log.read_bytes().splitlines()):
            return port
        time.sleep(0.02)
    raise BenchFailed(f"A server did not start. Its last words:\n{log.read_text('utf-8', 'replace')[-2000:]}")


def _port_in(lines: Sequence[bytes]) -> int:
    for line in lines:
        try:
            said = msgspec.json.decode(line, type=_Line)
        except msgspec.MsgspecError:
            continue
        if said.event == "door.open":
            return said.port
    return 0


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
