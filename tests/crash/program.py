"""The program with watched points: it stops there for good, or meets a fault, when it is told so.

The program itself knows nothing of this; functions at the points are wrapped from outside. Run as
`python -m tests.crash.program` this is the mother of such programs: she has all modules loaded and forks a process for
each command that she reads, so that starting one costs a tenth of a second. Nothing is open in her, no thread runs.
"""

import ctypes
import gc
import json
import os
import random
import select
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sqlalchemy import create_engine
from tests.crash import watching
from tests.crash.instructions import Obedience
from tests.crash.points import Role

from order_receiver.cli import serving
from order_receiver.store import schema

DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG"""

COMMANDS: dict[Role, Callable[[Path], None]] = {
    Role.DOOR: partial(serving.serve, no_work=True),
    Role.WORKER: serving.work,
}
"""`order-receiver serve --no-work` and `order-receiver work`, without the parsing of a command line."""


def main() -> None:
    """Read orders to start a program, a line each, tell {"started": process}, and later {"ended": process, "code"}.

    An order is {"role", "config", "log", "desk", "disk"}. The only argument is the library to be told of a disk.
    """
    _make_a_database()
    gc.collect()
    gc.freeze()
    library = ctypes.CDLL(sys.argv[1]) if len(sys.argv) > 1 else None
    awake, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    given = b""
    while True:
        ready, _, _ = select.select([0, awake], [], [])
        if awake in ready:
            os.read(awake, 4096)
            _tell_of_the_ended()
        if 0 in ready:
            read = os.read(0, 65_536)
            if not read:
                return
            *lines, given = (given + read).split(b"\n")
            for line in lines:
                _tell(started=_start(json.loads(line), library))


def _make_a_database() -> None:
    """In memory, for the modules that this loads."""
    engine = create_engine("sqlite://")
    schema.upgrade(engine)
    engine.dispose()


def _tell(**news: int) -> None:
    os.write(1, json.dumps(news).encode() + b"\n")


def _tell_of_the_ended() -> None:
    while True:
        try:
            process, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not process:
            return
        _tell(ended=process, code=os.waitstatus_to_exitcode(status))


def _start(command: dict[str, str], library: ctypes.CDLL | None) -> int:
    process = os.fork()
    if process:
        return process
    code = 70
    try:
        code = _run(command, library)
    finally:
        os._exit(code)


def _run(command: dict[str, str], library: ctypes.CDLL | None) -> int:
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    log = os.open(command["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    random.seed()
    if library is not None:
        library.disk_open(os.fsencode(command["disk"]))
    watching.install(Obedience(Path(command["desk"])))
    try:
        COMMANDS[Role(command["role"])](Path(command["config"]))
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0


if __name__ == "__main__":
    main()
