"""The states of an order, the moves between them, and the reasons to hold one."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class OrderState(StrEnum):
    """How far an order has come; a hold is beside it, not one of these."""

    RECEIVED = "received"
    """Stored and answered."""
    SUBMITTED = "submitted"
    """Handed to the ERP; its number is not known yet."""
    PLACED = "placed"
    """In the ERP, with its number."""
    CONFIRMED = "confirmed"
    """Norce knows the number."""
    CANCELLED = "cancelled"
    """Given up by a person, by Norce or by the ERP."""


_MOVES: Mapping[OrderState, frozenset[OrderState]] = {
    OrderState.RECEIVED: frozenset({OrderState.SUBMITTED, OrderState.PLACED, OrderState.CANCELLED}),
    OrderState.SUBMITTED: frozenset({OrderState.PLACED, OrderState.CANCELLED}),
    OrderState.PLACED: frozenset({OrderState.CONFIRMED, OrderState.CANCELLED}),
    OrderState.CONFIRMED: frozenset({OrderState.CANCELLED}),
    OrderState.CANCELLED: frozenset(),
}


def can_move(before: OrderState, after: OrderState) -> bool:
    """Whether an order may go from one state straight to the other. Staying is no move."""
    return after in _MOVES[before]


def is_final(state: OrderState) -> bool:
    """Whether no move leads on from a state."""
    return not _MOVES[state]


class HoldReason(StrEnum):
    """Why an order waits. A conflict is no hold: the first message stands and goes on, the second is kept and shown."""

    DO_HOLD = "do-hold"
    UNREADABLE = "unreadable"
    FINDINGS = "findings"
    TOTALS_DIFFER = "totals-differ"
    UNKNOWN_APPLICATION = "unknown-application"
    NO_ROUTE = "no-route"
    ENRICHMENT = "enrichment"
    MAPPING = "mapping"
    MISSING_VALUE = "missing-value"
    MISSING_IN_ERP = "missing-in-erp"
    PARKED = "parked"
    ERP_REFUSED = "erp-refused"
    NUMBERS_DIFFER = "numbers-differ"


@dataclass(frozen=True, slots=True)
class Explanation:
    """A hold reason in words: what it means and what to do, one sentence each."""

    meaning: str
    advice: str


EXPLANATIONS: Mapping[HoldReason, Explanation] = {
    HoldReason.DO_HOLD: Explanation(
        "The web shop asks for a person to look at this order before it goes on.",
        "Look at the order, then release or cancel it.",
    ),
    HoldReason.UNREADABLE: Explanation(
        "The message names its order, but the rest of it cannot be read.",
        "Look at the raw message, have the sender corrected, and place the order by hand or cancel it.",
    ),
    HoldReason.FINDINGS: Explanation(
        "Something in the message is wrong or missing.",
        "Read the findings; release the order (what could not be read goes on as 0 or empty) or cancel it.",
    ),
    HoldReason.TOTALS_DIFFER: Explanation(
        "The payments and the rows differ by more than the rounding allowance.",
        "Compare the two amounts, then release or cancel the order; a greater rounding_allowance lets it pass.",
    ),
    HoldReason.UNKNOWN_APPLICATION: Explanation(
        "The order's application is not in the configuration.",
        "Add the application to the configuration, restart, then retry the order.",
    ),
    HoldReason.NO_ROUTE: Explanation(
        "No target is configured for this order, or no rule takes it or all of its rows.",
        "Name a target for its application or correct the rules, restart, then retry the order.",
    ),
    HoldReason.ENRICHMENT: Explanation(
        "An enrichment cannot work for this order.",
        "Correct the enrichment at the place named, restart, then retry the order; released, it goes on without.",
    ),
    HoldReason.MAPPING: Explanation(
        "The mapping could not turn the order into the target's document.",
        "Correct the mapping at the place named, restart, then retry the order.",
    ),
    HoldReason.MISSING_VALUE: Explanation(
        "A value table of a target lacks a value that the order needs.",
        "Add the value to the table: the order goes on by itself when the file has changed.",
    ),
    HoldReason.MISSING_IN_ERP: Explanation(
        "A target lacks something that the order names: a product, a tax, a carrier.",
        "Make it there, or name another in its settings; then `holds release CAUSE` lets go all that wait for it.",
    ),
    HoldReason.PARKED: Explanation(
        "A task of the order failed too often, or in a way that repeating cannot cure.",
        "Read the last error, remove its cause, then retry the order.",
    ),
    HoldReason.ERP_REFUSED: Explanation(
        "The ERP refused the order.",
        "Correct what the ERP names and let it answer again with a number, or cancel the order.",
    ),
    HoldReason.NUMBERS_DIFFER: Explanation(
        "The ERP gave a second, different number for the same order.",
        "Find out in the ERP which order is the right one; remove the other, then release.",
    ),
}


CAUSES: Mapping[HoldReason, str] = {HoldReason.MISSING_VALUE: "value", HoldReason.MISSING_IN_ERP: "missing"}
"""The first word of causes, for the reasons that have several: `value:TABLE:KEY`, `missing:TARGET:KIND:KEY`."""


def reason_of(cause: str) -> HoldReason | None:
    """The reason to hold that a cause stands for; a reason stands for itself too."""
    word = cause.partition(":")[0]
    return next((reason for reason in HoldReason if word in (reason.value, CAUSES.get(reason))), None)


RETRY_ONLY = frozenset(
    {
        HoldReason.UNREADABLE,
        HoldReason.UNKNOWN_APPLICATION,
        HoldReason.NO_ROUTE,
        HoldReason.MAPPING,
        HoldReason.MISSING_VALUE,
        HoldReason.MISSING_IN_ERP,
    }
)
"""Without what these name there is nothing to go on with, so nobody can pass them by."""
