"""What stored orders cost: the same work beside 10,000, 100,000 and 1,000,000 of them, on both databases.

The three sizes are there at once, and every repetition does everything on each of them, in an order of its own, so
that a slow moment of the machine hits all alike. The work goes through the receiver's own store, in this process.
"""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count as counting
from random import Random
from statistics import median

import uvloop

from bench.databases import Database, SqliteDatabase, fresh_postgresql, open_cluster
from bench.filling import CANCELLED, CONFIRMED, HELD, MAPPED, SUBMITTED, Kind, fill, reference, settle
from bench.order_templates import APPLICATION_KEY, VARIANTS, read_templates
from bench.tables import Aim, Section, aims, table
from bench.workshop import FIRST_REFERENCE, Workshop
from order_receiver.orders.identity import OrderKey
from order_receiver.store import accepting, lanes, queries
from order_receiver.store.queries import OrderFilter
from order_receiver.store.session import Session
from order_receiver.store.store import Store, now
from order_receiver.store.values import Arrival, Message, Task

SIZES, QUICK_SIZES = (10_000, 100_000, 1_000_000), (2_000, 5_000, 20_000)
REPETITIONS, QUICK_REPETITIONS = 40, 3
HELD_ORDERS, CANCELLED_ORDERS, SUBMITTED_ORDERS, DUE_TASKS = 200, 20, 20, 1_000
"""The same at every size; the submitted ones wait for the ERP's number."""
BATCH, CLAIMED = 64, 16
LEASE = 60.0
HEADERS = {"host": "127.0.0.1", "content-type": "application/json; charset=utf-8"}

Taken = dict[str, list[float]]
"""Milliseconds of each repetition, by what was done."""


@dataclass(slots=True)
class Work:
    """A database of one size, and what is done with it."""

    size: int
    store: Store
    bodies: Sequence[bytes]
    draw: Random
    references: Iterator[int] = field(default_factory=lambda: counting(FIRST_REFERENCE))

    @property
    def parts(self) -> Mapping[str, Callable[[], Awaitable[float]]]:
        """What is done, each with its time in milliseconds."""
        return {
            f"accept {BATCH} orders in one batch": self.accept,
            f"claim {CLAIMED} of {DUE_TASKS:,} due tasks": self.claim,
            "orders list": partial(self.look, OrderFilter()),
            "orders list --held": partial(self.look, OrderFilter(held=True)),
            "orders list --state confirmed": partial(self.look, OrderFilter(state="confirmed")),
            "orders list --state submitted": partial(self.look, OrderFilter(state="submitted")),
            "orders list --state cancelled": partial(self.look, OrderFilter(state="cancelled")),
            "orders show": self.show,
        }

    async def accept(self) -> float:
        """New orders of 10 lines, all at once."""
        arrivals = [self._arrival() for _ in range(BATCH)]
        begun = time.perf_counter()
        await asyncio.gather(*(self.store.write(partial(accepting.accept, arrival=arrival)) for arrival in arrivals))
        return _since(begun)

    async def claim(self) -> float:
        """Claim tasks; afterwards they are put back, behind the others."""
        begun = time.perf_counter()
        tasks = await self.store.write(_claim, urgent=True)
        taken = _since(begun)
        await self.store.write(partial(_put_back, tasks=tasks), urgent=True)
        return taken

    async def look(self, which: OrderFilter) -> float:
        """What `orders list` reads."""
        begun = time.perf_counter()
        queries.list_orders(self.store.engine, which)
        return _since(begun)

    async def show(self) -> float:
        """What `orders show` reads about an order, any one of them."""
        one = reference(self.draw.randint(1, self.size))
        begun = time.perf_counter()
        for order in queries.find_orders(self.store.engine, one):
            queries.story(self.store.engine, order)
        return _since(begun)

    def _arrival(self) -> Arrival:
        number = next(self.references)
        message = Message(self.bodies[number % VARIANTS], "application/json", now(), "192.0.2.10", HEADERS)
        return Arrival(OrderKey(APPLICATION_KEY, str(number)), message)


def measure(workshop: Workshop) -> Section:
    """Every kind of work at every size."""
    sizes = QUICK_SIZES if workshop.quick else SIZES
    rows: list[tuple[str, ...]] = []
    reached: list[Aim] = []
    for on in (_on_sqlite, _on_postgresql):
        with on(workshop, sizes) as databases:
            name = databases[0].name
            for database, size in zip(databases, sizes, strict=True):
                begun = time.monotonic()
                fill(database, _orders(size))
                settle(database)
                print(f"  {name}: {size:,} orders filled in, {time.monotonic() - begun:.0f} s", flush=True)
            found = uvloop.run(_work(workshop, dict(zip(sizes, databases, strict=True))))
        for part in found[sizes[0]]:
            times = [median(found[size][part]) for size in sizes]
            grown = times[-1] / times[0]
            rows.append((f"{name}: {part}", *(f"{taken:.2f}" for taken in times), f"{grown:.2f}"))
            reached.append(Aim(f"{name}, {part}: {sizes[-1]:,} to {sizes[0]:,}", 1.5, grown, at_most=True))
    head = ("Work", *(f"ms at {size:,}" for size in sizes), "Last to first")
    return Section("growth", f"{table(head, rows)}\n\n{aims(reached)}")


def _orders(size: int) -> Sequence[tuple[Kind, int]]:
    """Nearly all confirmed; what is held or cancelled is old, what is open is new."""
    done = size - HELD_ORDERS - CANCELLED_ORDERS - SUBMITTED_ORDERS - DUE_TASKS
    old = min(done // 2, 5_000)
    return (
        (CONFIRMED, old),
        (HELD, HELD_ORDERS),
        (CANCELLED, CANCELLED_ORDERS),
        (CONFIRMED, done - old),
        (SUBMITTED, SUBMITTED_ORDERS),
        (MAPPED, DUE_TASKS),
    )


async def _work(workshop: Workshop, databases: Mapping[int, Database]) -> Mapping[int, Taken]:
    draw = Random(0)
    bodies = read_templates(workshop.templates, 10)
    works = [Work(size, Store(database.store), bodies, draw) for size, database in databases.items()]
    found: dict[int, Taken] = {work.size: {part: [] for part in work.parts} for work in works}
    try:
        # A first round warms up and does not count.
        for number in range((QUICK_REPETITIONS if workshop.quick else REPETITIONS) + 1):
            for part in works[0].parts:
                for work in draw.sample(works, len(works)):
                    taken = await work.parts[part]()
                    if number:
                        found[work.size][part].append(taken)
    finally:
        for work in works:
            await work.store.close()
    return found


def _claim(session: Session) -> Sequence[Task]:
    return lanes.claim(session, "target:erp", CLAIMED, session.now, LEASE)


def _put_back(session: Session, *, tasks: Sequence[Task]) -> None:
    for task in tasks:
        lanes.put_back(session, task, None, due=session.now, reason=None, attempts=0)


def _since(begun: float) -> float:
    return (time.perf_counter() - begun) * 1000


@contextmanager
def _on_sqlite(workshop: Workshop, sizes: Sequence[int]) -> Iterator[Sequence[Database]]:
    folders = [workshop.fresh("growth") for _ in sizes]
    yield [SqliteDatabase(folder) for folder in folders]
    for folder in folders:
        shutil.rmtree(folder)


@contextmanager
def _on_postgresql(workshop: Workshop, sizes: Sequence[int]) -> Iterator[Sequence[Database]]:
    with ExitStack() as stack:
        cluster = stack.enter_context(open_cluster(workshop))
        yield [stack.enter_context(fresh_postgresql(cluster)) for _ in sizes]
