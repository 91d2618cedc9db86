"""Where the time goes: py-spy samples the receiver under load; summed up by package and by function."""

import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.end_to_end import CONNECTIONS, TUNED, WAYS, receiver
from bench.receivers import door_only
from bench.servers import Server
from bench.tables import Section, table
from bench.workshop import BenchFailed, Workshop

RATE = 500
SHOWN = 30
OURS = tuple(
    f"order_receiver/{package}/"
    for package in ("app", "contract", "door", "mapping", "norce", "orders", "store", "targets", "telemetry", "work")
)
WAITS = "python/thread.py:_worker"
"""A thread of a pool that waits for work; py-spy takes it for busy."""

_FRAME = re.compile(r"(?P<function>.+) \((?P<file>[^()]*?)(:\d+)?\)")


@dataclass(slots=True)
class Profile:
    """Samples: `own` where a function itself ran, `total` where it or something it called did."""

    samples: int = 0
    own: Counter[str] = field(default_factory=Counter)
    total: Counter[str] = field(default_factory=Counter)
    packages: Counter[str] = field(default_factory=Counter)


def measure(workshop: Workshop) -> Section:
    """Profile the accept path and the way to the confirmation."""
    accept = _profile_accept(workshop)
    end_to_end = _profile_end_to_end(workshop)
    return Section("profile", f"{_told('Accept', accept)}\n\n{_told('Accept to confirmed', end_to_end)}")


def sum_up(lines: Iterable[str]) -> Profile:
    """Sum up collapsed stacks: frames from the outermost to the innermost, then the number of samples."""
    profile = Profile()
    for line in lines:
        stack, _, number = line.rpartition(" ")
        frames = [_short(frame) for frame in stack.split(";")]
        if frames[-1] == WAITS:
            continue
        count = int(number)
        profile.samples += count
        profile.own[frames[-1]] += count
        profile.packages[_package(frames[-1])] += count
        profile.total.update(dict.fromkeys(frames, count))
    return profile


def _profile_accept(workshop: Workshop) -> Profile:
    with door_only(workshop.fresh("profile")) as server:
        workshop.send(server.port, lines=10, connections=CONNECTIONS, seconds=1)
        return _sample(workshop, server, orders=8_000 if workshop.quick else 40_000)


def _profile_end_to_end(workshop: Workshop) -> Profile:
    orders = 4_000 if workshop.quick else 20_000
    way = next(way for way in WAYS if way.shape is TUNED and not way.real)
    with receiver(workshop, way, orders) as server:
        return _sample(workshop, server, orders=orders)


def _sample(workshop: Workshop, server: Server, *, orders: int) -> Profile:
    """Sample a server while orders are sent to it."""
    spy = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or shutil.which("py-spy")
    if spy is None:
        raise BenchFailed("py-spy is not installed; `make bench` installs it.")
    raw = workshop.folder / "samples"
    command = [spy, "record", "--pid", str(server.process.pid), "--rate", str(RATE), "--format", "raw"]
    sampling = subprocess.Popen(
        [*command, "--function", "--full-filenames", "--output", str(raw), "--duration", "600"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        workshop.send(server.port, lines=10, connections=CONNECTIONS, orders=orders)
    finally:
        with suppress(ProcessLookupError):
            sampling.send_signal(2)
        sampling.wait(30)
    if not raw.exists():
        raise BenchFailed("py-spy brought no samples; it may need the right to trace processes.")
    return sum_up(raw.read_text("utf-8", "replace").splitlines())


def _short(frame: str) -> str:
    """A frame as package/module.py:function, without the place where it is installed."""
    match = _FRAME.fullmatch(frame)
    if match is None:
        return frame
    parts = Path(match["file"]).parts
    anchor = next((name for name in ("site-packages", "src") if name in parts), None)
    parts = ("python", *parts[-1:]) if anchor is None else parts[parts.index(anchor) + 1 :]
    return f"{'/'.join(parts)}:{match['function']}"


def _package(frame: str) -> str:
    """The package a function belongs to; of our own the one below `order_receiver`."""
    first, _, rest = frame.partition("/")
    return f"{first}.{rest.partition('/')[0]}" if first == "order_receiver" else first


def _told(title: str, profile: Profile) -> str:
    part = 100 / max(profile.samples, 1)
    packages = [(name, f"{count * part:.1f}") for name, count in profile.packages.most_common(12)]
    functions = [
        (name, f"{profile.own[name] * part:.1f}", f"{count * part:.1f}")
        for name, count in profile.total.most_common()
        if profile.own[name] * part >= 0.5 or name.startswith(OURS)
    ][:SHOWN]
    tables = table(("Package", "own %"), packages), table(("Function", "own %", "total %"), functions)
    return f"{title}:\n\n" + "\n\n".join(tables)
