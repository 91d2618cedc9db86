"""The ceiling of the store: what the group commit takes in process, without HTTP or a glance at the message.

Run as a process of its own: `python -m bench.ceiling TEMPLATES FOLDER SECONDS`.
"""

import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

import msgspec
import uvloop

from bench.order_templates import APPLICATION_KEY, VARIANTS, read_templates
from bench.servers import run_to_end
from bench.tables import Section, table
from bench.workshop import Workshop
from order_receiver.orders.identity import OrderKey
from order_receiver.store import accepting
from order_receiver.store.store import Store, now
from order_receiver.store.values import Arrival, Message

PRODUCERS = 64
ROUNDS = 3
HEADERS = {"host": "127.0.0.1", "content-type": "application/json; charset=utf-8"}


class Ceiling(msgspec.Struct, frozen=True):
    """Orders a second and microseconds of CPU an order."""

    per_second: float
    cpu: float


def measure(workshop: Workshop) -> Section:
    """64 producers, 10-line orders, in a process of their own."""
    seconds, rounds = ("1", 1) if workshop.quick else ("4", ROUNDS)
    found = [
        msgspec.json.decode(
            run_to_end("-m", "bench.ceiling", str(workshop.templates), str(workshop.fresh("ceiling")), seconds),
            type=Ceiling,
        )
        for _ in range(rounds)
    ]
    row = (f"{median(one.per_second for one in found):,.0f}", f"{median(one.cpu for one in found):.0f}")
    return Section("ceiling", table(("Producers", "Stored/s", "CPU µs"), [(str(PRODUCERS), *row)]))


async def run(templates: Path, folder: Path, seconds: float) -> Ceiling:
    """A short warm-up, then a timed run."""
    store = Store(folder / "orders.db")
    bodies, references = read_templates(templates, 10), count(1_000_000_000)
    try:
        await _produce(store, bodies, references, seconds / 8)
        begun, cpu = time.perf_counter(), time.process_time()
        stored = await _produce(store, bodies, references, seconds)
        return Ceiling(stored / (time.perf_counter() - begun), (time.process_time() - cpu) / stored * 1e6)
    finally:
        await store.close()


async def _produce(store: Store, bodies: Sequence[bytes], references: Iterator[int], seconds: float) -> int:
    end = time.perf_counter() + seconds
    return sum(await asyncio.gather(*(_producer(store, bodies, references, end) for _ in range(PRODUCERS))))


async def _producer(store: Store, bodies: Sequence[bytes], references: Iterator[int], end: float) -> int:
    stored = 0
    while time.perf_counter() < end:
        reference = next(references)
        message = Message(bodies[reference % VARIANTS], "application/json", now(), "192.0.2.10", HEADERS)
        arrival = Arrival(OrderKey(APPLICATION_KEY, str(reference)), message)
        await store.write(partial(accepting.accept, arrival=arrival))
        stored += 1
    return stored


if __name__ == "__main__":
    result = uvloop.run(run(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])))
    print(msgspec.json.encode(result).decode())
