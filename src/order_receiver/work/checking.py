"""What stands in an order's way: the findings of reading and of the money checks, as the application wants them."""

from collections.abc import Iterable, Sequence

from order_receiver.contract.findings import Finding, Severity
from order_receiver.contract.reading import Reading
from order_receiver.contract.value import Value
from order_receiver.orders.checks import TOTALS_DIFFER, check
from order_receiver.settings.model import Application

MOST_TOLD = 10
DO_HOLD = "The web solution asks for a manual check before the order is processed."


class Obstacles(Value, frozen=True):
    """`problems` hold for what is wrong in the message, `totals` for payments that do not fit the rows."""

    problems: Sequence[Finding]
    totals: Sequence[Finding]
    noted: Sequence[Finding]

    @property
    def all(self) -> Sequence[Finding]:
        """Everything that holds."""
        return (*self.problems, *self.totals)


def obstacles(reading: Reading, application: Application) -> Obstacles:
    """Sort what was found, each with its place as the sender wrote the message.

    A difference of totals that the application lets pass is merely noted.
    """
    found = reading.located((*reading.findings, *check(reading.order, application.rounding_allowance)))
    totals = [finding for finding in found if finding.rule == TOTALS_DIFFER]
    passes = application.on_difference == "pass"
    problems = [finding for finding in found if finding.severity is Severity.PROBLEM and finding.rule != TOTALS_DIFFER]
    noted = [finding for finding in found if finding.severity is Severity.NOTE]
    return Obstacles(problems, () if passes else totals, (*noted, *totals) if passes else noted)


def tell(findings: Iterable[Finding], most: int = MOST_TOLD) -> str:
    """Findings as one text for people: place, rule, value seen, what to do."""
    found = list(findings)
    told = [f"{finding.where or 'message'}: {finding.rule} ({finding.seen}). {finding.advice}" for finding in found]
    return "\n".join([*told[:most], *([f"and {len(found) - most} more"] if len(found) > most else [])])
