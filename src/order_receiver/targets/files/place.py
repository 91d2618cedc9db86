"""A place with files: a folder of this machine or of a server, as the rules of the handover need it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Content:
    """What was read of a file: at most as much as was asked for."""

    content: bytes
    settled: float
    """Seconds in which the file did not change, as far as is known."""


class Mark(Protocol):
    """The open mark of one order. Where the place knows locks, whoever has it open is alone with the order."""

    def read(self) -> bytes: ...

    def write(self, text: bytes) -> None:
        """Write over what is there, and make it durable as far as the place can."""
        ...

    def clear(self) -> None:
        """Make it empty, and that durable."""
        ...


class Place(Protocol):
    """A folder in which a rename is one operation.

    Names are relative to it, with `/` before the name within a subfolder. All calls block, and raise OSError: with
    FileNotFoundError for what is not there, and ConnectionError or TimeoutError where a server is out of reach and
    it is not known whether it did what was asked.
    """

    def __str__(self) -> str:
        """The place as operators know it."""
        ...

    def mark(self, name: str) -> AbstractContextManager[Mark]:
        """Open a mark in a subfolder, which is made where it is missing; the place itself is never made."""
        ...

    def stage(self, name: str, content: bytes) -> None:
        """Put a file there, durable together with its name, and under that name never in part where another sees it."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Put a small file there for people."""
        ...

    def read(self, name: str, limit: int) -> Content:
        """Read at most `limit` bytes, counted while reading."""
        ...

    def exists(self, name: str) -> bool:
        """Whether anything has the name, be it a link to nothing."""
        ...

    def rename(self, name: str, new: str) -> None: ...

    def remove(self, name: str) -> None: ...

    def make_folder(self, name: str) -> None:
        """Make a subfolder; one that is there already is fine."""
        ...

    def names(self, begin: str = "", end: str = "", most: int | None = None) -> Sequence[str]:
        """The regular files (no links, none hidden) with such names, sorted; with `most`, only the first so many."""
        ...

    def sync(self) -> None:
        """Make names created in, moved into and removed from the place durable, where that can be asked for."""
        ...

    def identity(self) -> object:
        """Equal for two places that are the same folder."""
        ...
