"""Trying a folder: does everything work there that a handover needs?"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from order_receiver.targets.folder.files import SENT, sync_folder
from order_receiver.targets.folder.trouble import transient


def try_folder(folder: Path) -> None:
    """Write, lock, sync, rename and remove a hidden file. Blocks. Raises TransientFailure with a plain sentence.

    The trial starts in `.sent` where that exists, so that a `.sent` on another file system, from where nothing can
    be renamed into the outbox, shows up here and not with the first order.
    """
    name = f".trial-{token_hex(8)}"
    start = folder / SENT if (folder / SENT).is_dir() else folder
    written, renamed = start / name, folder / f"{name}.renamed"
    try:
        try:
            _write(written)
            written.rename(renamed)
            sync_folder(folder)
        finally:
            for path in (written, renamed):
                with suppress(FileNotFoundError, NotADirectoryError):
                    path.unlink()
    except OSError as error:
        raise transient("Writing into", folder, error) from error


def _write(path: Path) -> None:
    with path.open("xb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(b"A trial of the order receiver; it may be deleted.\n")
        file.flush()
        os.fsync(file.fileno())
