"""Putting answer files away: into `done`, or into `unreadable` with the reason beside."""

import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

DONE = "done"
UNREADABLE = "unreadable"


def put_away(inbox: Path, name: str, subfolder: str, reason: str | None = None) -> None:
    """Move a file of the inbox into a subfolder, never over another one; `reason` is written beside it. Blocks.

    A file that is no longer there was put away before. Raises OSError.
    """
    source = inbox / Path(name).name
    folder = inbox / subfolder
    with suppress(FileExistsError):
        folder.mkdir()
    for place in _places(folder, source.name):
        if os.path.lexists(place):
            continue
        with suppress(FileNotFoundError):
            source.rename(place)
            if reason is not None:
                place.with_name(f"{place.name}.reason.txt").write_text(f"{reason}\n", "utf-8")
        return


def _places(folder: Path, name: str) -> Iterator[Path]:
    """`answer.json`, then `answer.1.json`, `answer.2.json` and so on."""
    path = folder / name
    yield path
    for number in count(1):
        yield path.with_name(f"{path.stem}.{number}{path.suffix}")
