"""Memory while orders wait: the ERP is away, the door goes on taking orders, the worker sets each aside for later."""

import time

from bench.databases import SqliteDatabase, count
from bench.end_to_end import CONNECTIONS, DEFAULTS, PATIENCE
from bench.receivers import door_and_worker
from bench.servers import Memory, Server
from bench.tables import Aim, Section, aims, table
from bench.workshop import BenchFailed, Workshop

STEPS = (0, 10_000, 25_000, 50_000, 100_000)
QUICK_STEPS = (0, 2_000, 5_000)

WAITING = """
    SELECT count(*) FROM tasks
    WHERE system = 'target:erp' AND kind = 'submit' AND state = 'waiting' AND attempts = 1
"""


def measure(workshop: Workshop) -> Section:
    """Resident memory of the one process, at each step on the way to 100,000 waiting orders."""
    found: list[tuple[int, Memory]] = []
    with door_and_worker(workshop.fresh("backlog"), DEFAULTS, erp="absent", norce="instant") as server:
        waiting = 0
        for step in QUICK_STEPS if workshop.quick else STEPS:
            _let_wait(workshop, server, step - waiting, step)
            waiting = step
            memory = server.memory()
            found.append((step, memory))
            print(f"  {step:,} waiting: {memory.now:.0f} MB, at most {memory.peak:.0f} MB", flush=True)
    rows = [(f"{step:,}", f"{memory.now:.0f}", f"{memory.peak:.0f}") for step, memory in found]
    aim = Aim(f"with {found[-1][0]:,} waiting: resident memory at most", 150, found[-1][1].peak, "MB", at_most=True)
    return Section("backlog", f"{table(('Orders waiting', 'MB', 'MB at most'), rows)}\n\n{aims([aim])}")


def _let_wait(workshop: Workshop, server: Server, more: int, in_all: int) -> None:
    """Send more orders and wait until the worker has tried each once."""
    if more:
        workshop.send(server.port, lines=10, connections=CONNECTIONS, orders=more)
    give_up = time.monotonic() + PATIENCE
    while count(SqliteDatabase(server.folder), WAITING) != in_all:
        if time.monotonic() > give_up:
            raise BenchFailed(f"After {PATIENCE:.0f} seconds not all of {in_all} orders wait for the ERP.")
        time.sleep(0.5)
