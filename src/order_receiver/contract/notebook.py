"""Collects findings while a message is read, and knows the place that is being read."""

from order_receiver.contract.findings import Finding, Severity
from order_receiver.contract.personal import shorten
from order_receiver.contract.places import Path, json_pointer

FINDINGS_LIMIT = 100
NOTES_LIMIT = 20
"""Of one rule, of notes about what a message may hold many times over."""
NAME_LENGTH = 100


class Notebook:
    """Findings of one message; a hostile message cannot make it grow beyond its limits.

    `path` is the place being read, kept by whoever walks the message.
    """

    def __init__(self) -> None:
        self.path: list[str | int] = []
        self._findings: list[Finding] = []
        self._noted: dict[str, set[tuple[str, ...]]] = {}
        self._left_out = 0

    def add(
        self, name: str | int | None, rule: str, seen: str, advice: str, severity: Severity = Severity.PROBLEM
    ) -> None:
        """Write down a finding about the member or entry `name` of the place being read; None: the place itself."""
        if len(self._findings) >= FINDINGS_LIMIT:
            self._left_out += 1
            return
        place: Path = (*self.path, name) if name is not None and _is_plain(name) else (*self.path,)
        self._findings.append(Finding(json_pointer(place), rule, seen, advice, severity))

    def note_once(self, key: tuple[str, ...], name: str | int | None, rule: str, seen: str, advice: str) -> None:
        """Note what one message may hold many times over: once per `key`, and of each rule at most 20."""
        noted = self._noted.setdefault(rule, set())
        if key not in noted and len(noted) < NOTES_LIMIT:
            noted.add(key)
            self.add(name, rule, seen, advice, Severity.NOTE)

    def unknown(self, struct: str, name: str) -> None:
        """Note a member that the contract does not name: once per entity and name, the value not shown."""
        advice = f"{struct} has no such member; it was not used, but it is kept in the raw message."
        self.note_once((struct, name), name, "unknown-member", shorten(name), advice)

    def findings(self) -> tuple[Finding, ...]:
        """Everything found; where there was more than fits, a last finding says how much was left out."""
        if not self._left_out:
            return tuple(self._findings)
        more = f"{self._left_out} more"
        return *self._findings, Finding("", "more-findings", more, "Correct those above first.")


def _is_plain(name: str | int) -> bool:
    """A name is the sender's: one that could flood or forge a line is not made part of a pointer."""
    return isinstance(name, int) or (len(name) <= NAME_LENGTH and name.isprintable())
