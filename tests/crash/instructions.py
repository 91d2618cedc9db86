"""What a running program is told to do when it next passes a labelled point: die there, or meet a fault there."""

import os
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

import msgspec


class Action(StrEnum):
    """What happens at a point. All but `die` are faults of the connection to PostgreSQL."""

    DIE = "die"
    """The process kills itself with SIGKILL."""
    FAIL = "fail"
    """The call raises an error of the database; nothing was sent."""
    CUT = "cut"
    """The connection is cut, then the call is made."""
    CUT_AFTER = "cut after"
    """The call is sent and the connection cut before the answer: nobody knows what became of it."""
    DIE_AFTER = "die after"
    """The call is sent, and the process kills itself before the answer."""


class Instruction(msgspec.Struct, frozen=True):
    """Do `action` at the passings `nth`, `nth` + 1 ... of `point`, `times` of them, counted from now on."""

    point: str
    action: Action = Action.DIE
    nth: int = 1
    times: int = 1
    serial: int = 0


NOTHING = Instruction("")

_decoder = msgspec.json.Decoder(Instruction)


class Desk:
    """Where one process finds its instruction, and writes down each time it obeys: a file and another beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._obeyed = path.with_suffix(".obeyed")
        self._serial = 0

    def tell(self, instruction: Instruction) -> None:
        """Take back the instruction before, and give this one."""
        self._serial += 1
        with self._obeyed.open("wb"):
            pass
        draft = self.path.with_suffix(".new")
        draft.write_bytes(msgspec.json.encode(msgspec.structs.replace(instruction, serial=self._serial)))
        draft.replace(self.path)

    @property
    def obeyed(self) -> int:
        """How often the present instruction was obeyed."""
        return self._obeyed.stat().st_size if self._obeyed.exists() else 0


class Obedience:
    """The other side of a desk: in the process that obeys."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._obeyed = os.open(path.with_suffix(".obeyed"), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC)
        self._instruction = NOTHING
        self._passed = 0

    def expects(self, point: str) -> bool:
        """Whether something is to happen at a point, sooner or later."""
        return self._current().point == point

    def passing(self, *points: str) -> Action | None:
        """The process passes a place with these names (none where they are empty). It may not return."""
        instruction = self._current()
        if not instruction.point or instruction.point not in points:
            return None
        self._passed += 1
        if not 0 <= self._passed - instruction.nth < instruction.times:
            return None
        os.write(self._obeyed, b"x")
        if instruction.action is Action.DIE:
            die()
        return instruction.action

    def _current(self) -> Instruction:
        found = _decoder.decode(self._path.read_bytes())
        if found.serial != self._instruction.serial:
            self._instruction, self._passed = found, 0
        return found


def die() -> None:
    """No last word, nothing flushed, nothing closed."""
    os.kill(os.getpid(), 9)


def named(prefix: str, names: Iterable[str]) -> tuple[str, ...]:
    """The names of one place in a transaction, by what is written in it."""
    return tuple(f"{prefix} {name}" for name in names)
