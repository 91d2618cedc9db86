"""Ends a cluster with its owner, however the owner ends; a script of its own, run by `cluster.py`.

Usage: python -I -S keeper.py OWNER FOLDER UID GID. When the process OWNER has ended, or at SIGTERM, every process that
works in FOLDER is killed and FOLDER is removed. It becomes the account of those processes: in a container not even
root may look at another account's.
"""

import ctypes
import os
import select
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

IPC_RMID = 0


def main(owner: int, folder: Path, user: int, group: int) -> None:
    # A handler alone would be too late for a signal that comes just before `select`.
    dismissed, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    if os.geteuid() != user:
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)
    with suppress(ProcessLookupError):
        ended = os.pidfd_open(owner)
        print("ready", flush=True)
        select.select([ended, dismissed], [], [])
    end(folder)


def end(folder: Path) -> None:
    while processes := processes_in(folder):
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.005)
    _remove_shared_memory(folder / "data" / "postmaster.pid")
    shutil.rmtree(folder, ignore_errors=True)


def processes_in(folder: Path) -> list[int]:
    """All processes whose working directory is in the folder, as that of every process of PostgreSQL is."""
    found = []
    for process in [int(name) for name in os.listdir("/proc") if name.isdigit()]:  # noqa: PTH208
        with suppress(OSError):
            if Path(os.readlink(f"/proc/{process}/cwd")).is_relative_to(folder):  # noqa: PTH115
                found.append(process)
    return found


def _remove_shared_memory(lock_file: Path) -> None:
    """A killed server leaves its System V segment behind; the seventh line of its lock file has key and id."""
    with suppress(OSError, IndexError, ValueError):
        identifier = int(lock_file.read_text().splitlines()[6].split()[1])
        ctypes.CDLL(None).shmctl(identifier, IPC_RMID, None)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
