"""Trouble of a file system, told in plain sentences."""

import errno

from order_receiver.orders.outcomes import TransientFailure
from order_receiver.targets.files.place import Place

SENTENCES = {
    errno.ENOSPC: "the disk is full; make room",
    errno.EDQUOT: "the disk quota is used up; make room",
    errno.EACCES: "this program's user may not do that; give it the right to read and write there",
    errno.EPERM: "this program's user may not do that; give it the right to read and write there",
    errno.EROFS: "the file system is read-only; mount it writable",
    errno.ENOENT: "it does not exist; create it, or mount the file system it is on",
    errno.ENOTDIR: "it is not a folder; correct the path in the settings",
}


class Told(OSError):
    """Trouble of a place that is no error number of this machine; `str()` says what is wrong, without a full stop."""


class Unreachable(Told, ConnectionError):
    """The server of a place cannot be reached, or was lost before it answered."""


def explain(error: OSError) -> str:
    """Say what is wrong and what to do, without a full stop."""
    if isinstance(error, Told):
        return str(error)
    return SENTENCES.get(error.errno or 0, f"the operating system says: {error.strerror or error}")


def transient(action: str, place: Place | str, error: OSError) -> TransientFailure:
    """The failure to raise when `action` on `place` surely had no effect."""
    return TransientFailure(f"{action} {place} failed: {explain(error)}.")
