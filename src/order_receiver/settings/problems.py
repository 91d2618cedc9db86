"""What can be wrong with a configuration, told so that one line is enough to put it right."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that keeps the configuration from being read.

    `source` is the file as it was named, or `environment`; `key` a path such as `door.port` or
    `applications[0].key`, or the variable's name. Never holds a secret.
    """

    source: str
    line: int | None
    key: str
    what: str
    advice: str = ""

    def __str__(self) -> str:
        place = self.source if self.line is None else f"{self.source}:{self.line}"
        return ": ".join(part for part in (place, self.key, f"{self.what} {self.advice}".rstrip()) if part)


class SettingsError(Exception):
    """The configuration cannot be used; `str()` has one line for every problem found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class Severity(StrEnum):
    """`ERROR` keeps the receiver from starting; `WARNING` is shown and passes."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that settings, each of them readable, get wrong together. `where` is a path such as `door`."""

    severity: Severity
    where: str
    what: str
    advice: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.where}: {self.what} {self.advice}".rstrip()


def nearest(word: str, known: Sequence[str]) -> str:
    """A sentence that offers the known word most like `word`; else the short list of them; else nothing."""
    matches = get_close_matches(word.lower(), known, n=1)
    if matches:
        return f"Did you mean `{matches[0]}`?"
    if not known:
        return ""
    return "Known: " + ", ".join(f"`{name}`" for name in sorted(known)) + "." if len(known) <= 30 else ""
