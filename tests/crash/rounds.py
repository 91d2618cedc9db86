"""Rounds: in each, orders are sent and a process is killed, or the database has a fault."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Protocol, TypeVar

from tests.crash.accounting import Account
from tests.crash.faults import WAL, Fault, Hits
from tests.crash.ground import GaveUp, Ground, until
from tests.crash.instructions import NOTHING, Instruction
from tests.crash.points import Kind, Point, Role, When, points_of

T = TypeVar("T")

STRETCH = 50
"""Rounds on one database, which is empty at the first of them."""
CHECKPOINT = 25
REACHED = 8.0
"""Seconds within which a point is reached; a run in which all is well needs a tenth of one."""


@dataclass(slots=True)
class Tally:
    """What happened in the rounds."""

    account: Account = field(default_factory=Account)
    rounds: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    """By point, and by what else was killed."""
    missed: Counter[str] = field(default_factory=Counter)
    """Points that were not reached, so that the process was killed wherever it was."""
    faults: Counter[str] = field(default_factory=Counter)
    """Rounds with a fault."""
    hits: Counter[str] = field(default_factory=Counter)
    """How often the fault was met."""
    answers: Counter[str] = field(default_factory=Counter)


class Round(Protocol):
    async def play(self, ground: Ground, tally: Tally) -> None:
        """Raises GaveUp where the installation does not do what it must."""
        ...


@dataclass(frozen=True, slots=True)
class KillAt:
    """Kill a process when it passes a point for the nth time."""

    point: Point
    nth: int

    async def play(self, ground: Ground, tally: Tally) -> None:
        point, member = self.point, ground.members[self.point.role]
        instruction = Instruction(point.name, point.action, self.nth) if point.disk is None else NOTHING
        if point.when is When.AT_WORK:
            await ground.start_all()
            member.desk.tell(instruction)
        else:
            await self._start_anew(ground, instruction)
        if point.disk is not None:
            member.disk.fail(WAL, point.disk, nth=self.nth, times=1, last=True)
        if point.when is not When.FIRST_START:
            ground.load.burst()
        child = member.child
        assert child is not None
        await asyncio.wait((child.ended,), timeout=REACHED)
        reached = not child.alive and bool(member.desk.obeyed if point.disk is None else member.disk.hit)
        if not reached and not child.alive:
            raise GaveUp(f"The {point.role} ended by itself:\n{child.log.read_text()[-3000:]}")
        await ground.kill(point.role)
        member.disk.mend()
        (tally.kills if reached else tally.missed)[str(point)] += 1

    async def _start_anew(self, ground: Ground, instruction: Instruction) -> None:
        """With the instruction from the first moment on; on an empty database with nobody else there."""
        if self.point.when is When.FIRST_START:
            await ground.kill(*Role)
        else:
            await ground.kill(self.point.role)
            await ground.start_all(but=self.point.role)
        await ground.start(self.point.role, instruction=instruction, wait=False)


@dataclass(frozen=True, slots=True)
class KillAnytime:
    """Kill processes at a moment; with `starting` those that have to be started first are not waited for."""

    roles: tuple[Role, ...]
    seconds: float
    starting: bool = False

    async def play(self, ground: Ground, tally: Tally) -> None:
        if self.starting:
            await ground.kill(*self.roles)
        await ground.start_all(wait=not self.starting)
        ground.load.burst()
        await asyncio.sleep(self.seconds)
        await ground.kill(*self.roles)
        when = "while starting" if self.starting else "at any moment"
        tally.kills[f"{' and '.join(self.roles)}: {when}"] += 1


@dataclass(frozen=True, slots=True)
class Meet:
    """Let the database have a fault, and kill some in the middle of it or nobody.

    Everything comes to its end afterwards, and nobody else has to be started anew.
    """

    fault: Fault
    seed: int
    killed: tuple[Role, ...] = ()

    async def play(self, ground: Ground, tally: Tally) -> None:
        await ground.start_all()
        refused, hits = ground.load.answers["503"], Hits()
        async with self.fault.meeting(ground, Random(self.seed), hits):
            ground.load.burst()
            await asyncio.sleep(self.fault.seconds)
            if self.fault.refused and not self.killed:
                await until(lambda: ground.load.answers["503"] > refused, f"503 because of: {self.fault.name}", 10)
            await ground.kill(*self.killed)
        for role, member in ground.members.items():
            if not member.alive and role not in self.killed:
                raise GaveUp(f"The {role} did not survive: {self.fault.name}")
        await ground.start_all()
        account = await ground.account()
        if not account.good or not all(member.alive for member in ground.members.values()):
            raise GaveUp(f"Not all is well after: {self.fault.name}: {'; '.join(account.complaints)}")
        tally.faults[self.fault.name] += 1
        tally.hits[self.fault.name] += hits.count
        if self.killed:
            tally.kills[f"{' and '.join(self.killed)}: in a fault of the database"] += 1


def draw(kind: Kind, rounds: int, seed: int, faults: Sequence[Fault], *, library: bool) -> Iterator[list[Round]]:
    """So many rounds, in stretches that begin on an empty database; the same for the same seed.

    Points and faults take turns in shuffled order, so that each has about as many rounds as any other.
    """
    rng = Random(f"{kind} {seed}")

    def turns(points: Sequence[T]) -> Iterator[T]:
        while points:
            yield from rng.sample(points, len(points))

    first = turns(points_of(kind, When.FIRST_START))
    at_work = turns([p for p in points_of(kind, When.AT_WORK, When.AT_START) if library or p.disk is None])
    meetings = turns(faults)
    while rounds > 0:
        stretch: list[Round] = [_kill_at(next(first), rng) for _ in range(2)]
        stretch += [_kill_at(point, rng) for point in points_of(kind, When.FIRST_REPORT)]
        while len(stretch) < min(STRETCH, rounds):
            match rng.choices(("point", "moment", "fault"), (0.65, 0.2, 0.15))[0]:
                case "point":
                    stretch.append(_kill_at(next(at_work), rng))
                case "moment":
                    stretch.append(_kill_anytime(rng))
                case "fault":
                    killed = rng.choice(((Role.DOOR,), (Role.WORKER,), (), (), (), ()))
                    stretch.append(Meet(next(meetings), rng.randrange(1 << 30), killed))
        yield stretch[:rounds]
        rounds -= len(stretch)


def _kill_at(point: Point, rng: Random) -> Round:
    return KillAt(point, rng.randint(1, point.most))


def _kill_anytime(rng: Random) -> Round:
    roles = rng.choice(((Role.DOOR,), (Role.WORKER,), tuple(Role)))
    return KillAnytime(roles, rng.uniform(0.0, 0.4), starting=rng.random() < 0.25)


async def play(ground: Ground, rounds: Sequence[Round], tally: Tally) -> None:
    """Play rounds on one database, look at the account now and then, and end all in order.

    Raises GaveUp where the account is bad, or the installation does not do what it must.
    """
    account = Account()
    try:
        for number, each in enumerate(rounds, 1):
            await each.play(ground, tally)
            tally.rounds += 1
            if number % CHECKPOINT == 0:
                account = await _look(ground)
        account = await _look(ground)
        await ground.end()
    except GaveUp:
        with suppress(GaveUp):
            await ground.start_all()
        account = await ground.account(patience=20)
        _keep_evidence(ground)
        raise
    finally:
        tally.account += account
        tally.answers += ground.load.answers


async def _look(ground: Ground) -> Account:
    await ground.start_all()
    account = await ground.account()
    if not account.good:
        raise GaveUp(f"Not all is well: {'; '.join(account.complaints)}")
    return account


def _keep_evidence(ground: Ground) -> None:
    """Write down what the database has, as it may be gone soon."""
    with (ground.installation.base / "evidence.txt").open("w", encoding="utf-8") as file:
        for table in ("orders", "tasks", "attempts", "history"):
            print(table, *ground.rows(f"SELECT * FROM {table} ORDER BY id"), sep="\n", file=file)
        for order in ground.state:
            print(order, file=file)
