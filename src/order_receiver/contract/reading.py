"""What reading a message gives, whatever its form."""

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from order_receiver.contract.findings import Finding
from order_receiver.contract.request import OrderRequest
from order_receiver.contract.value import Value


@dataclass(frozen=True, slots=True)
class Limits:
    """What a message may ask of the reader: nesting depth and number of rows."""

    depth: int = 64
    items: int = 5_000


class Glance(Value, frozen=True):
    """What the door needs of a message: the two parts of its identity as written, DoHold, and the number of rows."""

    application_key: str | None
    client_order_ref: str | None
    do_hold: bool
    rows: int


class Reading(Value, frozen=True):
    """An order and what was odd about its form. Members that could not be read stand at their defaults.

    Findings name their places by JSON pointer, in every form alike; `located` tells them for people.
    """

    order: OrderRequest
    findings: tuple[Finding, ...]
    lengths_fit: bool = False
    """No text is longer than agreed; False only means that nobody looked yet."""
    place: Callable[[str], str] | None = None
    """Names a JSON pointer's place in the message as it was written: for XML the path of elements and the line."""

    def located(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Findings about this order with their places as the sender wrote the message."""
        if self.place is None:
            return tuple(findings)
        return tuple(dataclasses.replace(each, where=self.place(each.where)) for each in findings)


class Unreadable(Exception):
    """The message is no order at all; `finding` says what and where, `str()` says it in a sentence."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"The message cannot be read: {finding.seen}. {finding.advice}")
        self.finding = finding


def unreadable(rule: str, seen: str, advice: str) -> Unreadable:
    """The error for a message as a whole."""
    return Unreadable(Finding("", rule, seen, advice))


TOO_DEEP_ADVICE = "No order is nested like that; look at what sent it."
