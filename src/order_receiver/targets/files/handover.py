"""Handing one document over in a place with files and locks, exactly once, whatever dies in between.

The ERP may take a file away the moment it appears, so a missing file proves nothing. Three names tell the truth:

    .sent/<key>         the mark: empty at first; its text (hash and file name) is the promise to hand over
    .sent/<key>.part    the staged document
    <key>.<extension>   the file for the ERP

1. Open and lock the mark: a second worker with the same order waits its turn.
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

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from order_receiver.orders.outcomes import PermanentFailure, UnknownOutcome
from order_receiver.targets.files.place import Mark, Place
from order_receiver.targets.files.trouble import explain, transient

SENT = ".sent"
PROMISE_LIMIT = 1024


@dataclass(frozen=True)
class Handover:
    """One document on its way under `key`. Without slots, as its names are made once and kept."""

    key: str
    extension: str
    content: bytes

    @cached_property
    def mark(self) -> str:
        return f"{SENT}/{self.key}"

    @cached_property
    def staged(self) -> str:
        return f"{SENT}/{self.key}.part"

    @cached_property
    def file(self) -> str:
        return f"{self.key}.{self.extension}"

    @property
    def digest(self) -> str:
        return sha256(self.content).hexdigest()

    @cached_property
    def promise(self) -> bytes:
        return f"{self.digest} {self.file}\n".encode()


def hand_over(outbox: Place, handover: Handover) -> str:
    """Write the file, or find that it was written before; return its name. Blocks.

    Raises TransientFailure when surely nothing was handed over, UnknownOutcome when the last step was not
    confirmed, PermanentFailure when a file that is not ours has the name.
    """
    try:
        with outbox.mark(handover.mark) as mark:
            promise = mark.read()
            if promise and not outbox.exists(handover.staged):
                _make_durable(outbox)
                return _file_name(promise)
            if promise != handover.promise:
                _prepare(outbox, handover, mark, promise)
            release(outbox, handover, handover.staged)
    except OSError as error:
        raise transient("Writing an order into", outbox, error) from error
    _make_durable(outbox)
    return handover.file


def handed_over(outbox: Place, key: str) -> str | None:
    """Return the name of the file that was handed over under `key`, if any, whether or not the ERP took it."""
    mark = f"{SENT}/{key}"
    try:
        promise = outbox.read(mark, PROMISE_LIMIT).content
    except FileNotFoundError:
        promise = b""
    if promise and not outbox.exists(f"{mark}.part"):
        return _file_name(promise)
    return first_file(outbox, key)


def first_file(outbox: Place, key: str) -> str | None:
    """A file of the order that nobody has taken."""
    return next(iter(outbox.names(begin=f"{key}.", most=1)), None)


def _prepare(outbox: Place, handover: Handover, mark: Mark, promise: bytes) -> None:
    """Write the document and then the promise, each durable before the next thing happens.

    The promise of an earlier document that was never handed over is taken back first.
    """
    if promise:
        mark.clear()
    outbox.stage(handover.staged, handover.content)
    mark.write(handover.promise)


def release(outbox: Place, handover: Handover, staged: str) -> None:
    """Give the staged document its real name. A file that has it already is never overwritten."""
    if not outbox.exists(handover.file):
        _rename(outbox, staged, handover.file)
    elif outbox.read(handover.file, len(handover.content) + 1).content == handover.content:
        outbox.remove(staged)
    else:
        raise PermanentFailure(
            f"{outbox}/{handover.file} exists already with other content and was not written by this program. "
            "Find out whose it is, move it away, then retry the order."
        )


def _rename(outbox: Place, staged: str, file: str) -> None:
    try:
        outbox.rename(staged, file)
    except (ConnectionError, TimeoutError) as error:
        raise UnknownOutcome(
            f"The last step of writing an order into {outbox} was not confirmed: {explain(error)}."
        ) from error


def _make_durable(outbox: Place) -> None:
    try:
        outbox.sync()
    except OSError as error:
        raise UnknownOutcome(
            f"An order was written into {outbox}, but the disk did not confirm it: {explain(error)}."
        ) from error


def _file_name(promise: bytes) -> str:
    return promise.decode("ascii", "replace").partition(" ")[2].rstrip("\n")
