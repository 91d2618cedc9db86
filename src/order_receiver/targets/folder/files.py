"""Handing one document over in a folder, exactly once, whatever dies in between.

The ERP may take a file away the moment it appears, so a missing file proves nothing. Three names tell the truth:

    .sent/<key>         the mark: empty at first; its text (hash and file name) is the promise to hand over
    .sent/<key>.part    the staged document
    <key>.<extension>   the file for the ERP

1. Lock the mark, so that a second worker with the same order waits its turn.
2. Write the staged document and make it durable together with its name.
3. Write the promise into the mark and make it durable.
4. Rename the staged document to the file for the ERP: the one step that hands over.
5. Make the rename durable.

| died        | mark    | staged  | found by the next attempt | it does |
| ----------- | ------- | ------- | ------------------------- | ------- |
| before 3    | empty   | perhaps | not handed over           | starts again |
| before 4    | promise | there   | not handed over           | renames (or stages anew when the mapping changed) |
| after 4     | promise | gone    | handed over               | nothing, even if the ERP has taken the file |

The rename makes "staged is gone" and "handed over" the same fact, so kill -9 loses and doubles nothing; a mark
written without the staged document beside it could not tell "about to" from "done". What is left is a power cut
between 4 and 5 in which the ERP has kept its copy on another disk: the order then appears once more, under the same
name. A promise stays as proof; those of orders that are long settled may be deleted by hand, `.part` files must not.
The mark is per key, not per file name: an order mapped to another form afterwards is not written a second time.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from order_receiver.orders.outcomes import PermanentFailure, UnknownOutcome
from order_receiver.targets.folder.trouble import explain, transient

SENT = ".sent"


@dataclass(frozen=True)
class Handover:
    """One document on its way into `outbox` under `key`. Without slots, as its paths are made once and kept."""

    outbox: Path
    key: str
    extension: str
    content: bytes

    @cached_property
    def mark(self) -> Path:
        return self.outbox / SENT / self.key

    @cached_property
    def staged(self) -> Path:
        return self.outbox / SENT / f"{self.key}.part"

    @cached_property
    def file(self) -> Path:
        return self.outbox / f"{self.key}.{self.extension}"

    @cached_property
    def promise(self) -> bytes:
        return f"{sha256(self.content).hexdigest()} {self.file.name}\n".encode()


def hand_over(handover: Handover) -> str:
    """Write the file, or find that it was written before; return its name. Blocks.

    Raises TransientFailure when surely nothing was handed over, UnknownOutcome when the last step was not
    confirmed, PermanentFailure when a file that is not ours has the name.
    """
    try:
        with _locked_mark(handover) as mark:
            promise = os.read(mark, 1024)
            if promise and not handover.staged.exists():
                _make_durable(handover.outbox)
                return _file_name(promise)
            if promise != handover.promise:
                _withdraw(mark, promise)
                _stage(handover, mark)
            _release(handover)
    except OSError as error:
        raise transient("Writing an order into", handover.outbox, error) from error
    _make_durable(handover.outbox)
    return handover.file.name


def handed_over(outbox: Path, key: str) -> str | None:
    """Return the name of the file that was handed over under `key`, if any, whether or not the ERP took it."""
    mark = outbox / SENT / key
    try:
        promise = mark.read_bytes()
    except FileNotFoundError:
        promise = b""
    if promise and not mark.with_name(f"{key}.part").exists():
        return _file_name(promise)
    return min((path.name for path in outbox.iterdir() if path.name.startswith(f"{key}.")), default=None)


def sync_folder(folder: Path) -> None:
    """Make names created in, moved into and removed from `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _locked_mark(handover: Handover) -> Iterator[int]:
    """Open and lock the mark; closing it, or dying, lets it go.

    The outbox itself is never created: an unmounted share would otherwise be filled below its mount point.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    try:
        mark = os.open(handover.mark, flags, 0o644)
    except FileNotFoundError:
        with suppress(FileExistsError):
            (handover.outbox / SENT).mkdir()
        sync_folder(handover.outbox)
        mark = os.open(handover.mark, flags, 0o644)
    try:
        fcntl.flock(mark, fcntl.LOCK_EX)
        yield mark
    finally:
        os.close(mark)


def _withdraw(mark: int, promise: bytes) -> None:
    """Take back the promise of an earlier document that was never handed over."""
    if promise:
        os.ftruncate(mark, 0)
        os.fsync(mark)


def _stage(handover: Handover, mark: int) -> None:
    """Write the document and then the promise, each durable before the next thing happens."""
    staged = os.open(handover.staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    with os.fdopen(staged, "wb") as file:
        file.write(handover.content)
        file.flush()
        os.fsync(staged)
    sync_folder(handover.outbox / SENT)
    os.pwrite(mark, handover.promise, 0)
    os.fsync(mark)


def _release(handover: Handover) -> None:
    """Give the staged document its real name. A file that has it already is never overwritten."""
    if not os.path.lexists(handover.file):
        handover.staged.rename(handover.file)
    elif handover.file.read_bytes() == handover.content:
        handover.staged.unlink()
    else:
        raise PermanentFailure(
            f"{handover.file} exists already with other content and was not written by this program. "
            "Find out whose it is, move it away, then retry the order."
        )


def _make_durable(outbox: Path) -> None:
    try:
        sync_folder(outbox)
    except OSError as error:
        raise UnknownOutcome(
            f"An order was written into {outbox}, but the disk did not confirm it: {explain(error)}."
        ) from error


def _file_name(promise: bytes) -> str:
    return promise.decode("ascii", "replace").partition(" ")[2].rstrip("\n")
