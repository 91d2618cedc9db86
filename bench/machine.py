"""The machine that the figures belong to."""

import os
import platform
import sqlite3
import subprocess
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles

from tests.postgresql import programs

from bench.tables import Section, table
from bench.workshop import Workshop

BLOCK = b"\0" * 32_768
"""About what the commit of a few 10-line orders appends to the write-ahead log."""


@dataclass(frozen=True, slots=True)
class Disk:
    """What it costs to make 32 KiB durable: append and fdatasync, as SQLite does. Milliseconds."""

    p50: float
    p99: float


def measure(workshop: Workshop) -> Section:
    """Describe processor, software and disk."""
    disk = measure_disk(workshop.folder, 50 if workshop.quick else 400)
    rows = [
        ("Processor", f"{_processor()}, {os.cpu_count()} cores"),
        ("Memory", f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.1f} GB"),
        ("Kernel", f"{platform.system()} {platform.release()}"),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
        ("SQLite", sqlite3.sqlite_version),
        ("PostgreSQL", _postgresql()),
        ("uvicorn, uvloop, httptools", ", ".join(version(name) for name in ("uvicorn", "uvloop", "httptools"))),
        ("Disk: append 32 KiB and fdatasync", f"p50 {disk.p50:.2f} ms, p99 {disk.p99:.2f} ms, on {_disk(workshop)}"),
        ("Load of the machine before the run", f"{os.getloadavg()[0]:.2f}"),
    ]
    return Section("machine", table(("", ""), rows))


def measure_disk(folder: Path, times: int) -> Disk:
    """Append and make durable, again and again."""
    taken = []
    with (folder / "disk").open("wb", buffering=0) as file:
        for _ in range(times):
            begun = time.perf_counter()
            file.write(BLOCK)
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - begun) * 1000)
    return Disk(median(taken), quantiles(taken, n=100)[98])


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip() in {"model name", "Model"}:
            return value.strip()
    return platform.machine()


def _postgresql() -> str:
    try:
        command = [str(programs.find().folder / "postgres"), "--version"]
    except programs.Unavailable:
        return "none here"
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[2]


def _disk(workshop: Workshop) -> str:
    """The kind of file system."""
    done = subprocess.run(["stat", "-f", "-c", "%T", str(workshop.folder)], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "an unknown file system"
