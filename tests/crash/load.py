"""Bursts of orders from one simulated Norce, which keeps Norce's own rules and has troubles of its own on the way."""

import asyncio
import re
from collections import Counter
from dataclasses import dataclass, field

from tests.e2e.conftest import NORWAY, PASSWORD, SHOP, USER

from order_receiver.simulator.post import Receiver
from order_receiver.simulator.report import Report, build_report
from order_receiver.simulator.send_options import SendOptions, SentEvent, Troubles
from order_receiver.simulator.sender import send_many
from order_receiver.simulator.state import NorceState

TROUBLES = Troubles(drop_answer=0.1, cut_body=0.05, twice_at_once=0.1, changed=0.1)

_STATUS = re.compile(r"HTTP (\d{3})")


@dataclass
class Load:
    """All to one port of this machine, whoever is at home there. With `time_factor` 600 ten minutes are a second."""

    port: int
    state: NorceState
    seed: int
    size: int
    rate: float | None = None
    time_factor: float = 600.0
    lines: int = 2
    answers: Counter[str] = field(default_factory=Counter)
    """HTTP statuses other than 200 that were answered."""
    bursts: list["asyncio.Task[None]"] = field(default_factory=list)

    def burst(self) -> None:
        """Begin to send so many orders, each until it is taken over."""
        options = SendOptions(
            receiver=Receiver(f"http://127.0.0.1:{self.port}/orders", USER, PASSWORD, timeout=10),
            application_keys=(SHOP, NORWAY),
            count=self.size,
            seed=self.seed + len(self.bursts),
            rate=self.rate,
            concurrency=4,
            time_factor=self.time_factor,
            first_reference=100_001 + len(self.bursts) * self.size,
            lines=self.lines,
            troubles=TROUBLES,
        )
        self.bursts.append(asyncio.create_task(send_many(options, self.state, self._note)))

    def sent(self) -> bool:
        """Every order is handed over, or given up. Raises what went wrong with the sender itself."""
        for burst in self.bursts:
            if burst.done():
                burst.result()
        return all(burst.done() for burst in self.bursts)

    def report(self) -> Report:
        return build_report(self.state)

    async def stop(self) -> None:
        for burst in self.bursts:
            burst.cancel()
        await asyncio.gather(*self.bursts, return_exceptions=True)

    def _note(self, event: SentEvent) -> None:
        if found := _STATUS.search(event.detail):
            self.answers[found[1]] += 1
