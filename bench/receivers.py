"""The receiver as it is measured: its configuration, and its processes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bench.databases import Database, SqliteDatabase
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


def write_configuration(folder: Path, database: Database, shape: Shape = Shape()) -> Path:
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
{database.settings}

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
def door_only(
    folder: Path, database: Database | None = None, environ: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """The program as it is installed: `order-receiver serve --no-work`; on a SQLite file in its folder unless told."""
    database = database or SqliteDatabase(folder)
    configuration = str(write_configuration(folder, database))
    arguments = ("-m", "order_receiver", "serve", "--no-work", "--config", configuration)
    with running(folder, *arguments, environ={**database.environ, **(environ or {})}) as server:
        yield server


@contextmanager
def door_and_worker(
    folder: Path, shape: Shape, *, erp: str, norce: str, database: Database | None = None
) -> Iterator[Server]:
    """The receiver in one process with the bench's own ERP and Norce; see `bench.receiver_server` for both."""
    with _with_own_parts(folder, shape, database, "--erp", erp, "--norce", norce) as server:
        yield server


@contextmanager
def worker_only(folder: Path, shape: Shape, database: Database) -> Iterator[Server]:
    """A worker without a door, with an ERP and a Norce that answer at once."""
    with _with_own_parts(folder, shape, database, "--no-door", opened="worker.open") as server:
        yield server


@contextmanager
def _with_own_parts(
    folder: Path, shape: Shape, database: Database | None, *options: str, opened: str = "door.open"
) -> Iterator[Server]:
    database = database or SqliteDatabase(folder)
    configuration = str(write_configuration(folder, database, shape))
    environ = {NORCE_VARIABLE: NORCE_KEY, **database.environ}
    arguments = ("-m", "bench.receiver_server", configuration, *options)
    with running(folder, *arguments, environ=environ, opened=opened) as server:
        yield server


@cache
def _password_hash() -> str:
    return hash_password(PASSWORD)
