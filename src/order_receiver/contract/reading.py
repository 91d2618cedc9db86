"""What reading a message gives, whatever its form."""

from dataclasses import dataclass

from order_receiver.contract.findings import Finding
from order_receiver.contract.request import OrderRequest
from order_receiver.contract.value import Value


@dataclass(frozen=True, slots=True)
class Limits:
    """What a message may ask of the reader: nesting depth and number of rows."""

    depth: int = 64
    items: int = 5_000


class Reading(Value, frozen=True):
    """An order and what was odd about its form. Members that could not be read stand at their defaults."""

    order: OrderRequest
    findings: tuple[Finding, ...]
    lengths_fit: bool = False
    """No text is longer than agreed; False only means that nobody looked yet."""


class Unreadable(Exception):
    """The message is no order at all; `finding` says what and where, `str()` says it in a sentence."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"The message cannot be read: {finding.seen}. {finding.advice}")
        self.finding = finding


def unreadable(rule: str, seen: str, advice: str) -> Unreadable:
    """The error for a message as a whole."""
    return Unreadable(Finding("", rule, seen, advice))
