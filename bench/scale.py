"""The parts of the bench that go past one machine's SQLite file: PostgreSQL, many orders, slow disks, too much load."""

from collections.abc import Callable, Mapping

from bench import accept_postgresql, drain, end_to_end_postgresql, growth, overload, slow_disk
from bench.tables import Section
from bench.workshop import Workshop

SCALE: Mapping[str, tuple[str, Callable[[Workshop], Section]]] = {
    "accept-postgresql": ("Accept on PostgreSQL, with one door and with two", accept_postgresql.measure),
    "end-to-end-postgresql": ("End to end on PostgreSQL, with one worker and with two", end_to_end_postgresql.measure),
    "growth": ("What stored orders cost: 10,000, 100,000 and 1,000,000 of them", growth.measure),
    "drain": ("100,000 orders wait, and one worker works them off", drain.measure),
    "slow-disk": ("Accept where each fsync takes longer", slow_disk.measure),
    "overload": ("Far more orders than can be taken", overload.measure),
}
