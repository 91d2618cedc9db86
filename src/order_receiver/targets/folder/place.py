"""A folder of this machine as a place with files."""

import fcntl
import heapq
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from order_receiver.targets.files.handover import PROMISE_LIMIT
from order_receiver.targets.files.place import Content


@dataclass(frozen=True, slots=True)
class LockedMark:
    """A mark under a lock of the file system."""

    descriptor: int

    def read(self) -> bytes:
        return os.read(self.descriptor, PROMISE_LIMIT)

    def write(self, text: bytes) -> None:
        os.pwrite(self.descriptor, text, 0)
        os.fsync(self.descriptor)

    def clear(self) -> None:
        os.ftruncate(self.descriptor, 0)
        os.fsync(self.descriptor)


@dataclass(frozen=True, slots=True)
class FolderPlace:
    """A folder on a file system that knows `rename`, `fsync` and locks."""

    folder: Path

    def __str__(self) -> str:
        return str(self.folder)

    @contextmanager
    def mark(self, name: str) -> Iterator[LockedMark]:
        """Open and lock the mark; closing it, or dying, lets it go.

        The folder itself is never created: an unmounted share would otherwise be filled below its mount point.
        """
        path = self.folder / name
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            mark = os.open(path, flags, 0o644)
        except FileNotFoundError:
            if path.parent == self.folder:
                raise
            with suppress(FileExistsError):
                path.parent.mkdir()
            sync_folder(self.folder)
            mark = os.open(path, flags, 0o644)
        try:
            fcntl.flock(mark, fcntl.LOCK_EX)
            yield LockedMark(mark)
        finally:
            os.close(mark)

    def stage(self, name: str, content: bytes) -> None:
        """The lock of the mark keeps others from seeing a part of it."""
        path = self.folder / name
        staged = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        with os.fdopen(staged, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(staged)
        sync_folder(path.parent)

    def write(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content)

    def read(self, name: str, limit: int) -> Content:
        with (self.folder / name).open("rb") as file:
            changed = os.fstat(file.fileno()).st_mtime
            return Content(file.read(limit), time.time() - changed)

    def exists(self, name: str) -> bool:
        return os.path.lexists(self.folder / name)

    def rename(self, name: str, new: str) -> None:
        (self.folder / name).rename(self.folder / new)

    def remove(self, name: str) -> None:
        (self.folder / name).unlink()

    def make_folder(self, name: str) -> None:
        with suppress(FileExistsError):
            (self.folder / name).mkdir()

    def names(self, begin: str = "", end: str = "", most: int | None = None) -> Sequence[str]:
        with os.scandir(self.folder) as entries:
            found = (
                entry.name
                for entry in entries
                if entry.name.startswith(begin)
                and entry.name.endswith(end)
                and not entry.name.startswith(".")
                and entry.is_file(follow_symlinks=False)
            )
            return sorted(found) if most is None else heapq.nsmallest(most, found)

    def sync(self) -> None:
        sync_folder(self.folder)

    def identity(self) -> object:
        known = self.folder.stat()
        return known.st_dev, known.st_ino


def sync_folder(folder: Path) -> None:
    """Make names created in, moved into and removed from `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
