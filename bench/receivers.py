"""The receiver as it is measured: its configuration, and its database read from outside."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bench.order_templates import APPLICATION_KEY
from bench.servers import Server, running
from bench.workshop import ORDER_PATH, PASSWORD, USER
from order_receiver.settings.credentials import hash_password

NORCE_VARIABLE, NORCE_KEY = "BENCH_NORCE_SECRET", "bench-secret"
"""Where the receiver finds the client secret of simulated Norce, and what it is."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How a receiver is set up: tasks at once, calls to Norce at once, and where Norce is simulated, if it is."""

    work: int = 16
    norce: int = 4
    norce_url: str | None = None


def write_configuration(folder: Path, shape: Shape = Shape()) -> Path:
    """A receiver.toml as in production: Basic authentication, a proxy that ends TLS, log level info."""
    where = 'slug = "bench"' if shape.norce_url is None else f'base_url = "{shape.norce_url}"'
    text = f"""
mode = "{"production" if shape.norce_url is None else "development"}"

[door]
port = 0
path = "{ORDER_PATH}"
behind_proxy = true

[[door.credentials]]
user = "{USER}"
password_hash = "{_password_hash()}"

[[applications]]
key = "{APPLICATION_KEY}"
name = "Bench"
id = 1001

[store]
path = "orders.db"

[work]
concurrency = {shape.work}

[targets.erp]
adapter = "folder"
outbox = "outbox"
inbox = "inbox"

[norce]
{where}
client_id = "bench"
client_secret = {{ env = "{NORCE_VARIABLE}" }}
concurrency = {shape.norce}
"""
    path = folder / "receiver.toml"
    path.write_text(text, "utf-8")
    for name in ("outbox", "inbox"):
        (folder / name).mkdir()
    return path


@contextmanager
def door_only(folder: Path) -> Iterator[Server]:
    """The program as it is installed: `order-receiver serve --no-work`."""
    configuration = str(write_configuration(folder))
    with running(folder, "-m", "order_receiver", "serve", "--no-work", "--config", configuration) as server:
        yield server


@contextmanager
def door_and_worker(folder: Path, shape: Shape, *, erp: str, norce: str) -> Iterator[Server]:
    """The receiver in one process with the bench's own ERP and Norce; see `bench.receiver_server` for both."""
    configuration = str(write_configuration(folder, shape))
    arguments = ("-m", "bench.receiver_server", configuration, "--erp", erp, "--norce", norce)
    with running(folder, *arguments, environ={NORCE_VARIABLE: NORCE_KEY}) as server:
        yield server


def ask(folder: Path, question: str) -> tuple[object, ...]:
    """The first row that the receiver's database answers."""
    with closing(sqlite3.connect(f"file:{folder / 'orders.db'}?mode=ro", uri=True, timeout=10)) as connection:
        row: tuple[object, ...] = connection.execute(question).fetchone()
        return row


def count(folder: Path, question: str) -> int:
    """A number that the receiver's database answers."""
    return int(str(ask(folder, question)[0]))


@cache
def _password_hash() -> str:
    return hash_password(PASSWORD)
