"""What every ERP adapter is: the interface, and the values that cross it.

An adapter takes a mapped document and a key that comes from the business fact, never minted per attempt. It raises
the three failures of `orders.outcomes` and nothing else for trouble on the ERP's side. It keeps no state of its own
between calls: what must survive is handed back as a step or a cursor and stored by the worker.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

import msgspec

from order_receiver.contract.value import Value
from order_receiver.orders.document import Document
from order_receiver.orders.identity import OrderKey

__all__ = [
    "Adapter",
    "CancelOutcome",
    "Capabilities",
    "Document",
    "ErpOrder",
    "Poll",
    "SaveStep",
    "Step",
    "Submission",
    "Submitted",
    "Update",
    "UpdateKind",
]

Step: TypeAlias = Mapping[str, str]
"""What an adapter needs to resume a half-made submission: small, text only. Empty before the first call."""

SaveStep: TypeAlias = Callable[[Step], Awaitable[None]]
"""Stores a step durably; awaited after every call that changed something in the ERP, before the next one."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a target can do, so that nobody asks it for more."""

    enforces_uniqueness: bool
    """The ERP itself refuses a second order with our key."""
    answers_number: bool
    """`submit` returns the order number at once; otherwise it comes by `poll`."""
    polls: bool = False
    cancels: bool = False
    reference_length: int | None = None
    """Longest reference the ERP takes; a longer one fails loudly, it is never cut."""


class Submission(Value, frozen=True):
    """One order on its way into one target; the same `key` at every attempt."""

    key: str
    """Unique in the target for life: made from the application key and reference, safe for file names and URLs."""
    order: OrderKey
    document: Document
    step: Step = msgspec.field(default_factory=dict)
    look_first: bool = False
    """An earlier attempt may have had an effect that nobody saw: find before creating."""


class Submitted(Value, frozen=True):
    """The target has the order; `erp_order_no` is None where the number comes later."""

    erp_order_no: str | None = None
    erp_id: str | None = None


@dataclass(frozen=True, slots=True)
class ErpOrder:
    """An order found in the ERP under our key."""

    erp_order_no: str | None
    erp_id: str


class UpdateKind(StrEnum):
    """What an ERP can tell about an order (more kinds come with deliveries and invoices)."""

    CONFIRMED = "confirmed"
    """The ERP's order number is known."""
    REFUSED = "refused"
    """The ERP's people or rules refused the order; `reason` says why."""


@dataclass(frozen=True, slots=True)
class Update:
    """One thing that the ERP tells about a submission. `source` names where it was read (a file, a document id).

    At least one of `submission_key` and `client_order_ref` is given. An ERP that sends back only the web order's
    reference leaves the key None: the worker then looks for the one submission of this target with that reference.
    """

    submission_key: str | None
    kind: UpdateKind
    source: str
    erp_order_no: str | None = None
    reason: str | None = None
    client_order_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Poll:
    """What one look brought: updates, and the cursor to go on from once they are stored."""

    updates: Sequence[Update]
    cursor: str | None = None
    more: bool = False
    """There is more to fetch at once; otherwise the next look waits for the poll interval."""


class CancelOutcome(StrEnum):
    """How a cancellation ended at the ERP; `MANUAL` means a person there has to do it."""

    DONE = "done"
    REFUSED = "refused"
    MANUAL = "manual"


class Adapter(Protocol):
    """One configured ERP."""

    def capabilities(self) -> Capabilities: ...

    async def submit(self, submission: Submission, save: SaveStep) -> Submitted:
        """Create the order, or go on from `submission.step`. Safe to repeat with the same key.

        Raises PermanentFailure, TransientFailure, UnknownOutcome.
        """
        ...

    async def find(self, key: str) -> Sequence[ErpOrder]:
        """All orders the ERP holds under our key; more than one is an alarm, never "take the first"."""
        ...

    async def poll(self, cursor: str | None) -> Poll:
        """Look for news after `cursor`. May bring the same update again: the worker recognises it."""
        ...

    async def acknowledge(self, updates: Sequence[Update]) -> None:
        """The updates are stored for good: the source may be put aside (a file moved to done)."""
        ...

    async def set_aside(self, update: Update, reason: str) -> None:
        """The update fits no submission: its source is put where a person finds it, together with the reason."""
        ...

    async def cancel(self, key: str) -> CancelOutcome: ...

    async def check(self) -> None:
        """Reach the target without changing anything; raises one of the three failures with a plain sentence."""
        ...

    async def close(self) -> None: ...
