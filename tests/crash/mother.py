"""Starts programs by way of their mother (`program.py`), and knows when they end."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.crash.instructions import Desk
from tests.crash.points import Role

ROOT = Path(__file__).resolve().parents[2]


@dataclass(slots=True, eq=False)
class Child:
    """One run of the program. `ended` comes to be its exit code, negative for a signal."""

    handle: int | None
    """Of the process; it never comes to mean another one. None where it ended at once."""
    log: Path
    ended: "asyncio.Future[int]"

    @property
    def alive(self) -> bool:
        return not self.ended.done()

    def kill(self) -> None:
        """kill -9: no last word."""
        self._signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask for an orderly end."""
        self._signal(signal.SIGTERM)

    def events(self) -> set[str]:
        """The events that it has logged."""
        lines = self.log.read_bytes().splitlines() if self.log.exists() else ()
        return {json.loads(line)["event"] for line in lines if line.startswith(b"{") and line.endswith(b"}")}

    def _signal(self, number: signal.Signals) -> None:
        if self.alive and self.handle is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.handle, number)


class Mother:
    """The process that forks the programs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._started: asyncio.Queue[int] = asyncio.Queue()
        self._children: dict[int, Child] = {}
        self._ended: dict[int, int] = {}
        self._hearing = asyncio.create_task(self._hear())

    async def start(self, role: Role, config: Path, *, log: Path, desk: Desk, disk: Path) -> Child:
        """Run a door or a worker with its points watched."""
        command = {"role": role, "config": str(config), "log": str(log), "desk": str(desk.path), "disk": str(disk)}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        async with asyncio.timeout(60):
            number = await self._started.get()
        ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        if number in self._ended:
            ended.set_result(self._ended.pop(number))
            return Child(None, log, ended)
        handle = os.pidfd_open(number)
        ended.add_done_callback(lambda _: os.close(handle))
        self._children[number] = child = Child(handle, log, ended)
        return child

    async def close(self) -> None:
        """End it; programs that are still there go with it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._hearing

    async def _hear(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            news = json.loads(line)
            if "started" in news:
                self._started.put_nowait(news["started"])
            elif (child := self._children.pop(news["ended"], None)) is not None:
                child.ended.set_result(news["code"])
            else:
                self._ended[news["ended"]] = news["code"]


@asynccontextmanager
async def open_mother(environment: Mapping[str, str], library: Path | None) -> AsyncIterator[Mother]:
    """`library` is preloaded into every program, where there is one."""
    preloaded = {} if library is None else {"LD_PRELOAD": str(library)}
    paths = [str(ROOT), str(ROOT / "src"), environment.get("PYTHONPATH", "")]
    # Who is killed leaves no figures of coverage.
    kept = {name: value for name, value in environment.items() if not name.startswith("COVERAGE_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.crash.program", *([] if library is None else [str(library)])),
        env={**kept, **preloaded, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    mother = Mother(process)
    try:
        yield mother
    finally:
        await mother.close()
