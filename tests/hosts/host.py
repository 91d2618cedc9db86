"""One machine of an installation: its receiver.toml, and the programs that run there."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.conftest import Program

LEASE = 6.0

SETTINGS = """\
mode = "development"
[door]
host = "{address}"
port = {port}
retry_after = 1
[[door.credentials]]
user = "{user}"
password_hash = "{password_hash}"
[[applications]]
key = "{application}"
name = "shop.se"
id = 1001
[store]
{store}
[targets.erp]
adapter = "folder"
outbox = "{share}/outbox"
inbox = "{share}/inbox"
poll = 0.2
[work]
poll = 0.1
lease = {lease}
retry_base = 0.2
retry_cap = 1.0
attempts_limit = 1000
[norce]
base_url = "{norce}"
client_id = "{client}"
client_secret = {{ env = "TEST_CLIENT_SECRET" }}
concurrency = 32
"""


@dataclass
class Host:
    """`prefix` begins the command of every program. `address` is that of its door.

    `source` is a folder with another version of the package, which this host's programs are then of.
    """

    name: str
    folder: Path
    environment: dict[str, str]
    prefix: Sequence[str] = ()
    address: str = "127.0.0.1"
    source: Path | None = None
    programs: list[Program] = field(default_factory=list)
    _started: int = 0

    @property
    def configuration(self) -> Path:
        return self.folder / f"{self.name}.toml"

    async def serve(self, *arguments: str) -> Program:
        return await (await self._receiver("serve", *arguments)).opened()

    async def work(self) -> Program:
        return await (await self._receiver("work")).opened("worker.open")

    async def run(self, *arguments: str) -> tuple[int, str]:
        """`order-receiver ARGUMENTS` from start to end: its exit code, and what it said."""
        program = await self._receiver(*arguments)
        return await program.ended(), program.log.read_text()

    async def start(self, module: str, *arguments: str) -> Program:
        """`python -m MODULE ARGUMENTS`; it may be written to."""
        self._started += 1
        log = self.folder / f"{self.name}-{self._started}.log"
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *(*self.prefix, sys.executable, "-m", module, *arguments),
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
            )
        self.programs.append(Program(process, log))
        return self.programs[-1]

    async def killed(self) -> None:
        """Kill what runs here, if anything still does."""
        for program in self.programs:
            await program.kill()

    def _environment(self) -> dict[str, str]:
        if self.source is None:
            return self.environment
        # What another version runs through is not to be counted as this one's.
        kept = {name: value for name, value in self.environment.items() if not name.startswith("COVERAGE_")}
        return {**kept, "PYTHONPATH": str(self.source)}

    async def _receiver(self, *arguments: str) -> Program:
        return await self.start("order_receiver", *arguments, "--config", str(self.configuration))


def pause(program: Program) -> None:
    """Stop a program where it is (SIGSTOP), as when its machine is moved: nobody is told."""
    program.process.send_signal(signal.SIGSTOP)


def resume(program: Program) -> None:
    program.process.send_signal(signal.SIGCONT)
