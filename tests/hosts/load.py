"""What a test asks of the program of `sender.py`, and what it learns from it."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

from tests.e2e.conftest import PATIENCE, Program, until

from order_receiver.simulator.send_options import What


@dataclass(frozen=True)
class Attempt:
    """One post to a door: when it ended, and how."""

    at: float
    what: What
    detail: str


@dataclass(frozen=True)
class Load:
    program: Program

    @property
    def url(self) -> str:
        """Where simulated Norce is."""
        return str(self.program.events("load.open")[0]["url"])

    def send(self, doors: Mapping[str, str]) -> None:
        """Send orders to these doors from now on, which are URLs by name, and new ones to no other."""
        self._do(f"send {json.dumps(doors)}")

    async def leave(self, door: str) -> None:
        """Send no new orders to a door, and wait until those that it was sent are handed over."""
        self._do(f"leave {door}")
        await until(
            lambda: any(event["door"] == door for event in self.program.events("load.left")),
            f"every order is handed over at the door of {door}",
        )

    def attempts(self, door: str, since: float = 0.0, until: float = float("inf")) -> list[Attempt]:
        """What was posted to a door, by when it ended."""
        lines = [line for line in self.program.events("load.attempt") if line["door"] == door]
        return [
            Attempt(at, What(str(line["what"])), str(line["detail"]))
            for line in lines
            if since <= (at := float(str(line["at"]))) < until
        ]

    def taken_over(self, door: str, since: float = 0.0) -> int:
        return sum(attempt.what is What.TAKEN_OVER for attempt in self.attempts(door, since))

    async def goes_on(self, door: str) -> None:
        """Wait until a door takes orders, from now on."""
        now = time.time()
        await until(lambda: self.taken_over(door, now) > 20, f"the door of {door} takes orders")

    async def report(self) -> dict[str, object]:
        before = len(self.program.events("load.report"))
        self._do("report")
        await until(lambda: len(self.program.events("load.report")) > before, "simulated Norce reports")
        return self.program.events("load.report")[-1]

    async def settled(self) -> dict[str, object]:
        """Stop sending; the report once every order is handed over and Norce was told about each."""
        self._do("stop")
        await until(lambda: self.program.events("load.stopped"), "every order is handed over")
        end = time.time() + PATIENCE
        while (report := await self.report())["missing"] and time.time() < end:  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.5)
        return report

    def _do(self, line: str) -> None:
        assert self.program.process.stdin is not None
        self.program.process.stdin.write(f"{line}\n".encode())
