"""The processes that a process has started."""

import os
import signal
from pathlib import Path


def children(process: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            # "pid (name) state parent ...", and a name may have brackets.
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == process:
            found.append(int(path.parent.name))
    return found


def handles_of_children(process: int) -> list[int]:
    """Handles on processes, which never come to mean another process."""
    handles = []
    for child in children(process):
        try:
            handles.append(os.pidfd_open(child))
        except ProcessLookupError:
            continue
    return handles


def signal_children(process: int, number: signal.Signals) -> None:
    for child in handles_of_children(process):
        try:
            signal.pidfd_send_signal(child, number)
        except ProcessLookupError:
            continue
        finally:
            os.close(child)
