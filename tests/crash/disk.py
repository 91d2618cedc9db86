"""A disk that fails, is full or slow: what `disk.c`, preloaded into a process, is told to do."""

import mmap
import os
import shutil
import struct
import subprocess
from enum import IntFlag
from pathlib import Path

SOURCE = Path(__file__).with_name("disk.c")
LAYOUT = struct.Struct("8i96s")
"""`struct block` of disk.c; the first member switches it on."""


class NoCompiler(Exception):
    """Faults of the disk need a C compiler, and there is none here: install gcc, or name one in CC."""


class Calls(IntFlag):
    """The calls that are hit."""

    WRITES = 1
    SYNCS = 2


def build_library(folder: Path) -> Path:
    """The library, compiled. Raises NoCompiler, CalledProcessError."""
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise NoCompiler(NoCompiler.__doc__)
    library = folder / "disk.so"
    subprocess.run([compiler, "-O2", "-fPIC", "-shared", "-o", str(library), str(SOURCE), "-ldl"], check=True)
    return library


class Disk:
    """What the files of one process, or of a whole PostgreSQL server, do at present."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(bytes(LAYOUT.size))
        path.chmod(0o666)
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), LAYOUT.size)

    def fail(
        self,
        name: str,
        calls: Calls,
        *,
        nth: int = 1,
        times: int = -1,
        error: int = 0,
        delay: float = 0.0,
        last: bool = False,
    ) -> None:
        """From the `nth` of these calls on, `times` of them (-1: all until mended) fail with `error`, take `delay`
        seconds longer, or are the `last` that the process makes. Concerned are files whose path ends in `name`, or,
        where that ends in a slash, has it in it."""
        self.mend()
        values = (nth, times, error, round(delay * 1_000_000), int(last), 0, 0, name.encode())
        self._memory[4:] = LAYOUT.pack(0, *values)[4:]
        self._memory[:4] = struct.pack("i", calls)

    def mend(self) -> None:
        """All is well again."""
        self._memory[:4] = bytes(4)

    @property
    def hit(self) -> int:
        """How many calls were hit since the last order to fail."""
        found: int = LAYOUT.unpack(self._memory[:])[7]
        return found

    def close(self) -> None:
        self._memory.close()
