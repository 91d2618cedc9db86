"""Putting answer files away: into `done`, or into `unreadable` with the reason beside."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import PurePosixPath

from order_receiver.targets.files.place import Place

DONE = "done"
UNREADABLE = "unreadable"


def put_away(inbox: Place, source: str, subfolder: str, reason: str | None = None) -> None:
    """Move a file of the inbox into a subfolder, never over another one; `reason` is written beside it. Blocks.

    A file that is no longer there was put away before. Raises OSError.
    """
    name = PurePosixPath(source).name
    inbox.make_folder(subfolder)
    for place in _places(subfolder, name):
        if inbox.exists(place):
            continue
        with suppress(FileNotFoundError):
            inbox.rename(name, place)
            if reason is not None:
                inbox.write(f"{place}.reason.txt", f"{reason}\n".encode())
        return


def _places(subfolder: str, name: str) -> Iterator[str]:
    """`done/answer.json`, then `done/answer.1.json`, `done/answer.2.json` and so on."""
    path = PurePosixPath(name)
    yield f"{subfolder}/{name}"
    for number in count(1):
        yield f"{subfolder}/{path.stem}.{number}{path.suffix}"
