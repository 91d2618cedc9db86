"""Collects findings while a message is read, and knows the place that is being read."""

from order_receiver.contract.findings import Finding, Severity
from order_receiver.contract.personal import shorten
from order_receiver.contract.places import Path, json_pointer

FINDINGS_LIMIT = 100
UNKNOWN_LIMIT = 20
NAME_LENGTH = 100


class Notebook:
    """Findings of one message; a hostile message cannot make it grow beyond its limits.

    `path` is the place being read, kept by whoever walks the message.
    """

    def __init__(self) -> None:
        self.path: list[str | int] = []
        self._findings: list[Finding] = []
        self._unknown: set[tuple[str, str]] = set()
        self._left_out = 0

    def add(
        self, name: str | int | None, rule: str, seen: str, advice: str, severity: Severity = Severity.PROBLEM
    ) -> None:
        """Write down a finding about the member or entry `name` of the place being read; None: the place itself."""
        if len(self._findings) >= FINDINGS_LIMIT:
            self._left_out += 1
            return
        place: Path = (*self.path,) if name is None else (*self.path, name)
        self._findings.append(Finding(json_pointer(place), rule, seen, advice, severity))

    def unknown(self, struct: str, name: str) -> None:
        """Note a member that the contract does not name: once per entity and name, the value not shown."""
        if (struct, name) in self._unknown or len(self._unknown) >= UNKNOWN_LIMIT:
            return
        self._unknown.add((struct, name))
        advice = f"{struct} has no such member; it was not used, but it is kept in the raw message."
        # A name is the sender's: one that could flood or forge a line is not made part of a pointer.
        place = name if len(name) <= NAME_LENGTH and name.isprintable() else None
        self.add(place, "unknown-member", shorten(name), advice, Severity.NOTE)

    def findings(self) -> tuple[Finding, ...]:
        """Everything found; where there was more than fits, a last finding says how much was left out."""
        if not self._left_out:
            return tuple(self._findings)
        more = f"{self._left_out} more"
        return *self._findings, Finding("", "more-findings", more, "Correct those above first.")
