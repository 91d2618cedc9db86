"""The labelled points at which processes are killed. `program.py` sees to it that the program passes them."""

from dataclasses import dataclass
from enum import StrEnum

from tests.crash.disk import Calls
from tests.crash.instructions import Action


class Role(StrEnum):
    DOOR = "door"
    WORKER = "worker"


class Kind(StrEnum):
    """The databases."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


class When(StrEnum):
    """When a process passes a point."""

    AT_WORK = "at work"
    AT_START = "at start"
    FIRST_START = "at the first start"
    """On an empty database."""
    FIRST_REPORT = "at the first report"
    """To Norce, for which a token is asked."""


@dataclass(frozen=True, slots=True)
class Point:
    """A place that a process passes. `most`: it is passed at least so often in a round.

    `disk` are the calls on the WAL of SQLite of which one is the last, with the preloaded library.
    """

    name: str
    role: Role
    kind: Kind | None = None
    most: int = 1
    when: When = When.AT_WORK
    action: Action = Action.DIE
    disk: Calls | None = None

    def __str__(self) -> str:
        return f"{self.role}: {self.name}"


WRITTEN_BY_THE_WORKER = {
    "claim": 1,
    "finish process": 2,
    "finish submit": 2,
    "listen": 1,
    "finish confirm": 2,
}
"""Transactions of the worker, and how often each happens with a handful of orders."""

HANDLERS = {"process": 2, "submit": 2, "poll": 2, "confirm": 2}


def _points() -> list[Point]:
    door, worker = Role.DOOR, Role.WORKER
    points = [
        Point("before COMMIT of accept", door),
        Point("after COMMIT of accept", door),
        Point("before the answer", door, most=3),
        Point("after the answer", door, most=3),
    ]
    for name, most in WRITTEN_BY_THE_WORKER.items():
        points += [
            Point(f"before COMMIT of {name}", worker, most=most),
            Point(f"after COMMIT of {name}", worker, most=most),
        ]
    # On a server a poll that is over stays in hand.
    points += [Point(f"{when} COMMIT of finish poll", worker, Kind.SQLITE, most=3) for when in ("before", "after")]
    for name, most in HANDLERS.items():
        points += [Point(f"before {name}", worker, most=most), Point(f"after {name}", worker, most=most)]
    handover = ("order is staged", "promise is written", "promise is on disk", "file is renamed", "rename is on disk")
    points += [Point(f"before the {step}", worker, most=2) for step in handover]
    points += [
        Point("after the rename is on disk", worker, most=2),
        Point("before Norce is told", worker, most=2),
        Point("after Norce was told", worker, most=2),
        Point("before the answer file is put away", worker),
        Point("after the answer file is put away", worker),
    ]
    for role in Role:
        points += [
            Point("in a write to the WAL", role, Kind.SQLITE, most=6, disk=Calls.WRITES),
            Point("before the WAL is synced", role, Kind.SQLITE, disk=Calls.SYNCS),
            Point("in COMMIT", role, Kind.POSTGRESQL, action=Action.DIE_AFTER),
            Point("before the migration", role, when=When.FIRST_START),
            Point("in the migration", role, most=25, when=When.FIRST_START),
            Point("before COMMIT of the migration", role, when=When.FIRST_START),
            Point("after the migration", role, when=When.AT_START),
        ]
    points += [
        Point("before COMMIT of ensure", worker, when=When.AT_START),
        Point("after COMMIT of ensure", worker, when=When.AT_START),
        Point("before COMMIT of token", worker, when=When.FIRST_REPORT),
        Point("after COMMIT of token", worker, when=When.FIRST_REPORT),
    ]
    return points


POINTS = _points()


def points_of(kind: Kind, *when: When) -> list[Point]:
    """The points that an installation on a database passes."""
    return [point for point in POINTS if point.kind in {None, kind} and point.when in when]
