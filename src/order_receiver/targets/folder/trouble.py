"""Trouble of the file system, told in plain sentences."""

import errno
from pathlib import Path

from order_receiver.orders.outcomes import TransientFailure

SENTENCES = {
    errno.ENOSPC: "the disk is full; make room",
    errno.EDQUOT: "the disk quota is used up; make room",
    errno.EACCES: "this program's user may not do that; give it the right to read and write there",
    errno.EPERM: "this program's user may not do that; give it the right to read and write there",
    errno.EROFS: "the file system is read-only; mount it writable",
    errno.ENOENT: "it does not exist; create it, or mount the file system it is on",
    errno.ENOTDIR: "it is not a folder; correct the path in the settings",
}


def explain(error: OSError) -> str:
    """Say what is wrong and what to do, without a full stop."""
    return SENTENCES.get(error.errno or 0, f"the operating system says: {error.strerror or error}")


def transient(action: str, place: Path, error: OSError) -> TransientFailure:
    """The failure to raise when `action` on `place` surely had no effect."""
    return TransientFailure(f"{action} {place} failed: {explain(error)}.")
