"""An installation kept alive while its processes die: a door, a worker, simulated Norce, the demo ERP, one database."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

import psycopg
from tests.crash.accounting import Account, draw_up, finished
from tests.crash.disk import Disk
from tests.crash.instructions import NOTHING, Desk, Instruction
from tests.crash.load import Load
from tests.crash.mother import Child, Mother
from tests.crash.points import Kind, Role
from tests.e2e.conftest import CLIENT_ID, CLIENT_SECRET, Erp, Installation, quiet_port
from tests.postgresql.cluster import Cluster

from order_receiver.simulator.identity import IdentityOptions
from order_receiver.simulator.norce import NorceOptions
from order_receiver.simulator.server import running_norce
from order_receiver.simulator.state import NorceState

PATIENCE = 60.0
"""Seconds after which what must happen has failed."""
ORDERS_IN_A_BURST = 4

OPENED = {Role.DOOR: "door.open", Role.WORKER: "worker.open"}


class GaveUp(Exception):
    """What must happen did not happen."""


async def until(true: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    """Raises GaveUp."""
    try:
        async with asyncio.timeout(patience):
            while not true():  # noqa: ASYNC110 - what is awaited happens on disk and in other processes
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise GaveUp(f"not within {patience:g} seconds: {what}") from None


@dataclass(slots=True)
class Member:
    """One of the two processes, run after run."""

    role: Role
    desk: Desk
    disk: Disk
    child: Child | None = None
    runs: int = 0

    @property
    def alive(self) -> bool:
        return self.child is not None and self.child.alive


@dataclass(slots=True)
class Ground:
    """One installation from its first start to its last account."""

    kind: Kind
    installation: Installation
    address: str
    """The SQLite file, or the URL of the PostgreSQL database."""
    mother: Mother
    state: NorceState
    erp: Erp
    load: Load
    server: Cluster | None = None
    """Where it is there for this installation alone."""
    server_disk: Disk | None = None
    members: dict[Role, Member] = field(default_factory=dict)

    def __post_init__(self) -> None:
        base = self.installation.base
        for role in Role:
            member = Member(role, Desk(base / f"{role}.desk"), Disk(base / f"{role}.disk"))
            member.desk.tell(NOTHING)
            self.members[role] = member

    async def start(self, role: Role, *, instruction: Instruction = NOTHING, wait: bool = True) -> Child:
        """Start a process, and with `wait` see it at work. Raises GaveUp."""
        member = self.members[role]
        assert not member.alive
        member.desk.tell(instruction)
        member.runs += 1
        log = self.installation.base / f"{role}-{member.runs}.log"
        member.child = child = await self.mother.start(
            role, self.installation.configuration, log=log, desk=member.desk, disk=member.disk.path
        )
        if wait:
            await self.opened(role)
        return child

    async def opened(self, role: Role) -> None:
        """Raises GaveUp where the process ends instead."""
        child = self.members[role].child
        assert child is not None
        await until(lambda: not child.alive or OPENED[role] in child.events(), f"{role} is open")
        if not child.alive:
            raise GaveUp(f"The {role} ended with {child.ended.result()}:\n{child.log.read_text()[-3000:]}")

    async def start_all(self, *, but: Role | None = None, wait: bool = True) -> None:
        """Start who is not there, both at once, and with `wait` see all at work. Raises GaveUp."""
        wanted = [role for role in self.members if role is not but]
        for role in wanted:
            if not self.members[role].alive:
                await self.start(role, wait=False)
        for role in wanted if wait else ():
            await self.opened(role)

    async def kill(self, *roles: Role) -> None:
        """kill -9, all of them at the same moment."""
        children = [child for role in roles if (child := self.members[role].child) is not None]
        for child in children:
            child.kill()
        for child in children:
            await asyncio.wait_for(asyncio.shield(child.ended), PATIENCE)

    async def end(self) -> None:
        """An orderly end. Raises GaveUp where one does not end well."""
        for member in self.members.values():
            if member.child is not None:
                member.child.terminate()
        for role, member in self.members.items():
            if member.child is not None:
                code = await asyncio.wait_for(asyncio.shield(member.child.ended), PATIENCE)
                if code != 0:
                    raise GaveUp(f"The {role} ended with {code}:\n{member.child.log.read_text()[-3000:]}")

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """What is on disk, looked up beside the program."""
        if self.kind is Kind.SQLITE:
            connection = sqlite3.connect(self.address, timeout=30)
            try:
                return connection.execute(sql).fetchall()
            finally:
                connection.close()
        with psycopg.connect(self.address) as server:
            return server.execute(sql.encode()).fetchall()

    async def account(self, patience: float = PATIENCE) -> Account:
        """Wait until everything that was sent has come to its end, or for so many seconds; how it stands then."""
        try:
            await until(self.load.sent, "every order is handed over", patience)
            await until(lambda: self.load.report().settled and finished(self.rows), "every order is done", patience)
        except GaveUp:
            pass
        return draw_up(self.state, self.erp, self.installation.base / "erp" / "taken", self.rows)

    def close(self) -> None:
        for member in self.members.values():
            if member.child is not None:
                member.child.kill()
            member.disk.close()


@asynccontextmanager
async def open_ground(
    kind: Kind,
    installation: Installation,
    mother: Mother,
    *,
    seed: int,
    url: str | None = None,
    server: Cluster | None = None,
    server_disk: Disk | None = None,
) -> AsyncIterator[Ground]:
    """An installation on an empty database: a file in its folder, or that of `url`. No process of it runs yet."""
    state = NorceState()
    port = quiet_port(Random(str(installation.base)))
    options = NorceOptions(IdentityOptions(CLIENT_ID, CLIENT_SECRET))
    async with running_norce(options, state) as norce, installation.erp() as erp:
        installation.configure(port=port, norce=norce.url)
        if url is not None:
            text = installation.configuration.read_text("utf-8").replace('path = "orders.db"', f'url = "{url}"')
            installation.configuration.write_text(text, encoding="utf-8")
        load = Load(port, state, seed, ORDERS_IN_A_BURST)
        address = url or str(installation.store_path)
        ground = Ground(kind, installation, address, mother, state, erp, load, server, server_disk)
        try:
            yield ground
        finally:
            await load.stop()
            ground.close()
