"""Where a run keeps its files, and the load generator it builds there."""

import base64
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.order_templates import write_templates

ROOT = Path(__file__).resolve().parent.parent
USER, PASSWORD = "norce", "bench"
ORDER_PATH = "/orders"
FIRST_REFERENCE = 1_000_000_000
APART = 1_000_000
"""Between the references of load generators that run at once: more than one of them ever sends."""


class BenchFailed(Exception):
    """A figure would be wrong or cannot be had; `str()` says why, in a plain sentence."""


class Load(msgspec.Struct, frozen=True):
    """What the load generator saw. Latencies are milliseconds, of accepted orders."""

    accepted: int
    refused: int
    busy: int
    """Answered 503."""
    failed: int
    """Answered with anything else that is not 200."""
    unsent: int
    """Due at a given rate when no connection was free."""
    per_second: float
    """Accepted."""
    answers_per_second: float
    p50: float
    p95: float
    p99: float
    cpu_seconds: float


@dataclass(slots=True)
class Workshop:
    """One run's folder. `quick` asks for short rounds, to try the bench out."""

    folder: Path
    quick: bool = False
    next_reference: int = FIRST_REFERENCE

    @property
    def templates(self) -> Path:
        return self.folder / "templates"

    def fresh(self, name: str) -> Path:
        """A new folder for one server."""
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))

    def send(
        self, port: int, *, lines: int, connections: int, seconds: float | None = None, orders: int | None = None
    ) -> Load:
        """Send orders for some seconds, or a number of them. Raises BenchFailed unless every one is accepted."""
        load = self._generate(port, connections, self._amount(seconds, orders), lines=lines).result()
        self.next_reference += load.accepted
        return _all_accepted(load)

    def send_to_each(self, ports: Sequence[int], *, lines: int, connections: int, seconds: float) -> list[Load]:
        """Send to several doors at once, from a generator for each with its share of the connections.

        Raises BenchFailed as `send` does.
        """
        generators = []
        for port in ports:
            generators.append(self._generate(port, connections // len(ports), ("-t", str(seconds)), lines=lines))
            self.next_reference += APART
        return [_all_accepted(generator.result()) for generator in generators]

    def press(self, port: int, *, connections: int, seconds: float, rate: float | None = None) -> Load:
        """Send 10-line orders as fast as they are answered, or at a rate (orders a second) whatever the answers.

        An answer 503 is as good as any; raises BenchFailed for others that are no acceptance.
        """
        amount = ("-t", str(seconds), *(() if rate is None else ("-r", str(rate))))
        load = self._generate(port, connections, amount, lines=10).result()
        self.next_reference += load.accepted + load.busy
        return _all_accepted(load, or_busy=True)

    def _amount(self, seconds: float | None, orders: int | None) -> Sequence[str]:
        return ("-t", str(seconds)) if orders is None else ("-n", str(orders))

    def _generate(self, port: int, connections: int, amount: Sequence[str], *, lines: int) -> "_Generator":
        credentials = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        command = [
            *(str(self.folder / "loadgen"), "-p", str(port), "-u", ORDER_PATH, "-a", credentials),
            *("-d", str(self.templates), "-l", str(lines), "-c", str(connections), *amount),
            *("-b", str(self.next_reference)),
        ]
        return _Generator(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE))


@dataclass(frozen=True, slots=True)
class _Generator:
    """A load generator at work."""

    process: "subprocess.Popen[bytes]"

    def result(self) -> Load:
        """Wait for its end. Raises BenchFailed."""
        try:
            told, complaint = self.process.communicate()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise
        if self.process.returncode:
            raise BenchFailed(f"The load generator gave up: {complaint.decode(errors='replace').strip()}")
        return msgspec.json.decode(told, type=Load)


def _all_accepted(load: Load, *, or_busy: bool = False) -> Load:
    if load.refused or load.failed or not load.accepted or (load.busy and not or_busy):
        raise BenchFailed(
            f"Of the orders sent {load.refused} were refused and {load.failed + load.busy} not answered with 200."
        )
    return load


@contextmanager
def open_workshop(*, quick: bool) -> Iterator[Workshop]:
    """Make the run's folder below build/ (a real disk, unlike many a /tmp), for as long as the block runs."""
    if not Path("/proc/self/stat").exists():
        raise BenchFailed("CPU and memory of the servers are read from /proc, so the bench needs Linux.")
    above = ROOT / "build"
    above.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=above) as name:
        workshop = Workshop(Path(name), quick)
        build_load_generator(workshop.folder / "loadgen")
        write_templates(workshop.templates)
        yield workshop


def build_load_generator(to: Path) -> None:
    """Compile loadgen.c with the machine's C compiler. Raises BenchFailed where there is none."""
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise BenchFailed("The load generator is a small C program and there is no C compiler here. Install gcc.")
    source = Path(__file__).with_name("loadgen.c")
    done = subprocess.run([compiler, "-O2", "-o", str(to), str(source)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchFailed(f"The load generator could not be built with {Path(compiler).name}:\n{done.stderr.strip()}")
