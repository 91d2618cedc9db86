"""Simulated Norce on a host of its own: sends orders to doors until it is told to stop, and takes the reports.

Usage: python -m tests.hosts.sender OPTIONS, where OPTIONS is JSON as in `Options`. It reads a word a line: `send` and
the doors (JSON: {name: URL}), `leave` and a door, `stop`, or `report`; it ends when there is nothing left to read. What
happens it says in lines of JSON.
"""

import asyncio
import json
import sys
import time
from collections import Counter, defaultdict
from dataclasses import asdict
from functools import partial
from itertools import chain, count

import msgspec

from order_receiver.simulator.connect_faults import Fault
from order_receiver.simulator.identity import IdentityOptions
from order_receiver.simulator.norce import NorceOptions
from order_receiver.simulator.post import Receiver
from order_receiver.simulator.report import build_report
from order_receiver.simulator.send_options import SendOptions, SentEvent
from order_receiver.simulator.sender import send_many
from order_receiver.simulator.server import running_norce
from order_receiver.simulator.state import NorceOrder, NorceState

USER, PASSWORD = "norce", "secret"
CLIENT_ID, CLIENT_SECRET = "client", "s3cret+/="
TIME_FACTOR = 600.0
"""Ten minutes are a second."""


class Options(msgspec.Struct, frozen=True):
    """Each door gets `rate` orders a second, and `patience` seconds to answer.

    A report of the receiver is answered after `thinking` seconds: so long a task is in its hands.
    """

    application: str
    host: str = "127.0.0.1"
    rate: int = 10
    thinking: float = 0.5
    patience: float = 20.0


class Load:
    def __init__(self, options: Options, state: NorceState) -> None:
        self._options = options
        self._state = state
        self._doors: dict[str, str] = {}
        self._bursts: defaultdict[str, set[asyncio.Task[None]]] = defaultdict(set)
        self._sending: asyncio.Task[None] | None = None

    async def obey(self, line: str) -> None:
        word, _, more = line.partition(" ")
        if word == "send":
            self._doors = json.loads(more)
            self._sending = self._sending or asyncio.create_task(self._send())
        elif word == "leave":
            del self._doors[more]
            await asyncio.gather(*self._bursts[more])
            say("load.left", door=more)
        elif word == "stop" and self._sending is not None:
            self._sending.cancel()
            await asyncio.gather(*chain.from_iterable(self._bursts.values()))
            say("load.stopped")
        elif word == "report":
            say("load.report", **report(self._state))

    async def _send(self) -> None:
        """A burst of a second's orders to each door every second, so that all can be waited for."""
        numbers = count()
        while True:
            for name, url in self._doors.items():
                burst = send_many(self._burst(next(numbers), url), self._state, partial(tell, name))
                self._bursts[name].add(asyncio.create_task(burst))
            await asyncio.sleep(1)

    def _burst(self, number: int, url: str) -> SendOptions:
        rate = self._options.rate
        return SendOptions(
            receiver=Receiver(url, USER, PASSWORD, timeout=self._options.patience),
            application_keys=(self._options.application,),
            count=rate,
            seed=number,
            rate=rate,
            concurrency=4,
            time_factor=TIME_FACTOR,
            first_reference=100_001 + number * rate,
            lines=3,
        )


def tell(door: str, event: SentEvent) -> None:
    say(
        "load.attempt",
        door=door,
        reference=event.reference,
        attempt=event.attempt,
        what=event.what.value,
        detail=event.detail,
    )


def report(state: NorceState) -> dict[str, object]:
    """What became of the orders, and how often Norce was told the same."""
    told = [_told(order) for order in state]
    return {
        **asdict(build_report(state)),
        "numbers": {order.reference: order.erp_order_no for order in state},
        "told_again": sum(sum(each.values()) - len(each) for each in told),
        "told_otherwise": sum(len(each) > 1 for each in told),
        "calls": state.calls,
    }


def _told(order: NorceOrder) -> Counter[str]:
    """Each call that was made for the order, with its body, and how often."""
    return Counter(moment.what for moment in order.story if moment.what.startswith("SendOrderStatus"))


def say(event: str, **more: object) -> None:
    print(json.dumps({"event": event, "at": time.time(), **more}), flush=True)


async def main(options: Options) -> None:
    state = NorceState()
    fault = Fault(calls=1_000_000, delay=options.thinking, operation="SendOrderStatus")
    identity = IdentityOptions(CLIENT_ID, CLIENT_SECRET)
    async with running_norce(NorceOptions(identity, faults=(fault,), host=options.host), state) as norce:
        load = Load(options, state)
        say("load.open", url=norce.url)
        obeying = []
        while line := await asyncio.to_thread(sys.stdin.readline):
            obeying.append(asyncio.create_task(load.obey(line.strip())))


if __name__ == "__main__":
    asyncio.run(main(msgspec.json.decode(sys.argv[1], type=Options)))
