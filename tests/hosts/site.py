"""An installation on any number of hosts: one database, the ERP's folders on a share, and simulated Norce."""

import asyncio
import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from tests.e2e.conftest import SHOP, Erp, until
from tests.hosts.host import LEASE, SETTINGS, Host
from tests.hosts.load import Load
from tests.hosts.sender import CLIENT_ID, CLIENT_SECRET, USER, Options
from tests.postgresql.cluster import Cluster
from tests.postgresql.server import database_of

from order_receiver.simulator.erp import DemoErp, DemoErpOptions

ROLE = "receiver"
"""The user of the store's database, who may do nothing else on the server."""


@dataclass
class Site(ABC):
    base: Path
    environment: dict[str, str]
    password_hash: str
    hosts: dict[str, Host] = field(default_factory=dict, kw_only=True)

    @property
    @abstractmethod
    def store(self) -> str:
        """What every host's [store] says."""

    @property
    @abstractmethod
    def secrets(self) -> dict[str, str]:
        """Variables that it takes."""

    @abstractmethod
    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """What is in the store, looked up beside the programs."""

    @property
    def share(self) -> Path:
        return self.base / "share"

    def add(
        self, name: str, prefix: Sequence[str] = (), address: str = "127.0.0.1", source: Path | None = None
    ) -> Host:
        environment = {**self.environment, "TEST_CLIENT_SECRET": CLIENT_SECRET, **self.secrets}
        self.hosts[name] = Host(name, self.base, environment, prefix, address, source)
        return self.hosts[name]

    def configure(self, host: Host, *, norce: str, port: int = 0) -> None:
        text = SETTINGS.format(
            address=host.address,
            port=port,
            user=USER,
            password_hash=self.password_hash,
            application=SHOP,
            store=self.store,
            share=self.share,
            lease=LEASE,
            norce=norce,
            client=CLIENT_ID,
        )
        host.configuration.write_text(text, encoding="utf-8")

    async def simulate_norce(self, host: Host, rate: int = 10, thinking: float = 0.5) -> Load:
        options = Options(SHOP, host=host.address, rate=rate, thinking=thinking)
        program = await host.start("tests.hosts.sender", msgspec.json.encode(options).decode())
        return Load(await program.opened("load.open"))

    @asynccontextmanager
    async def erp(self) -> AsyncIterator[Erp]:
        """The demo ERP at work on the share."""
        outbox, inbox, taken = (self.share / name for name in ("outbox", "inbox", "taken"))
        options = DemoErpOptions(outbox, inbox, taken, memory=self.share / "numbers.jsonl", poll=0.05)
        erp, stop = Erp(), asyncio.Event()
        working = asyncio.create_task(DemoErp(options).run(stop, erp.note))
        try:
            yield erp
        finally:
            stop.set()
            await working

    async def confirms(self) -> None:
        """Wait until orders that are still to come are confirmed."""
        ((newest,),) = self.rows("SELECT max(id) FROM orders")
        later = f"SELECT id FROM orders WHERE state = 'confirmed' AND id > {newest}"
        # What waited for the end of the trouble comes first.
        await until(lambda: len(self.rows(later)) > 20, "new orders are confirmed", patience=180)

    async def close(self) -> None:
        """Kill every program, and print what they complained of."""
        for host in self.hosts.values():
            await host.killed()
        for program in [program for host in self.hosts.values() for program in host.programs]:
            print(f"--- {program.log.name}", *_complaints(program.lines()), sep="\n")


@dataclass
class SqliteSite(Site):
    """A file, for the programs of one machine."""

    @property
    def store(self) -> str:
        return f'path = "{self.base / "orders.db"}"'

    @property
    def secrets(self) -> dict[str, str]:
        return {}

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.base / "orders.db", timeout=30)) as connection:
            return connection.execute(sql).fetchall()


@dataclass
class PostgresSite(Site):
    """`cluster` has the database; where it has a standby too, `clusters` are both."""

    cluster: Cluster
    clusters: Sequence[Cluster]
    database: str = ""

    def __post_init__(self) -> None:
        self.database = database_of(self.cluster.new_database())
        self.cluster.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{self.cluster.password}'")
        self.cluster.execute(f"ALTER DATABASE {self.database} OWNER TO {ROLE}")

    @property
    def store(self) -> str:
        servers = ",".join(f"{cluster.listen}:{cluster.port}" for cluster in self.clusters)
        return f'url = "postgresql://{ROLE}@{servers}/{self.database}"\npassword = {{ env = "TEST_DATABASE_PASSWORD" }}'

    @property
    def secrets(self) -> dict[str, str]:
        return {"TEST_DATABASE_PASSWORD": self.cluster.password}

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        return list(self.cluster.execute(sql, database=self.database))


_UNCONFIRMED = "SELECT id FROM orders WHERE state <> 'confirmed' LIMIT 1"


async def assert_each_once(site: Site, load: Load, erp: Erp) -> None:
    """Every order that was acknowledged is confirmed, and nobody did, said or wrote anything twice.

    Norce may know before the store does: what could not be written down is taken up again when its lease has ended.
    """
    report = await load.settled()
    await until(lambda: site.rows(_UNCONFIRMED) == [], "every order is confirmed in the store as well")
    orders = site.rows("SELECT application_key, client_order_ref, state, erp_order_no FROM orders")
    troubles = ("missing", "wrong", "on_the_way", "given_up", "refused", "held", "told_otherwise")
    assert [report[name] for name in troubles] == [[], [], 0, 0, 0, 0, 0]
    assert report["sent"] == report["confirmed"] == len(orders)
    assert {reference: number for _, reference, _, number in orders} == report["numbers"]
    assert erp.files == {f"{SHOP}-{reference}.json": 1 for _, reference, _, _ in orders}
    assert len(set(erp.numbers.values())) == len(orders)
    finished = "SELECT order_id, kind FROM attempts WHERE outcome = 'done' GROUP BY order_id, kind HAVING count(*) > 1"
    assert site.rows(finished) == []
    assert site.rows("SELECT order_id, event, new FROM history GROUP BY 1, 2, 3 HAVING count(*) > 1") == []
    assert site.rows("SELECT kind FROM tasks") == [("poll",)]
    print(f"{len(orders)} orders; Norce was told the same again {report['told_again']} times")


def _complaints(lines: Iterable[dict[str, object]]) -> list[str]:
    return [json.dumps(line)[:400] for line in lines if line.get("level") in {"warning", "error"}][:40]
