"""What goes into the store and comes out of it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from order_receiver.contract.value import Value
from order_receiver.orders.identity import OrderKey
from order_receiver.orders.states import HoldReason, OrderState


class Message(Value, frozen=True):
    """A message as it came over the wire. `headers` never hold credentials."""

    body: bytes
    media_type: str | None
    received_at: datetime
    remote: str | None
    headers: Mapping[str, str]


class Arrival(Value, frozen=True):
    """An identified message; `hold` and `hold_text` are set when it is to wait for a person from the start."""

    key: OrderKey
    message: Message
    hold: HoldReason | None = None
    hold_text: str | None = None


class Accepted(Value, frozen=True):
    """A new order, stored with its first task."""

    order_id: int


class Repeated(Value, frozen=True):
    """The order was there already, with the same content."""

    order_id: int
    erp_order_no: str | None


class Differing(Value, frozen=True):
    """The order was there already, with other bytes: the caller compares and says whether it is a conflict."""

    order_id: int
    erp_order_no: str | None
    first: Message


Acceptance: TypeAlias = Accepted | Repeated | Differing


class TaskState(StrEnum):
    """`blocked` waits behind another task of its lane, `parked` for a person."""

    WAITING = "waiting"
    RUNNING = "running"
    BLOCKED = "blocked"
    PARKED = "parked"


class Task(Value, frozen=True):
    """A task in a worker's hands. `fence` proves the lease: it grows each time the task is claimed."""

    id: int
    order_id: int | None
    system: str
    kind: str
    fence: int
    attempts: int
    payload: str | None
    known: object = None
    """What the worker that added it knows already, so that its handler need not read it again; never stored."""


class NewTask(Value, frozen=True):
    """A task to be added. With `lease` it starts in the hands of the worker that adds it."""

    system: str
    kind: str
    order_id: int | None
    payload: str | None = None
    due: datetime | None = None
    known: object = None


class Attempt(Value, frozen=True):
    """How one attempt went; `outcome` is `done` or the failure's class."""

    started_at: datetime
    milliseconds: float
    outcome: str
    error: str | None = None


class OrderRow(Value, frozen=True):
    """An order as the worker and the door see it."""

    id: int
    key: OrderKey
    state: OrderState
    hold: HoldReason | None
    hold_text: str | None
    waived: frozenset[str]
    erp_order_no: str | None
    received_at: datetime


class SubmissionRow(Value, frozen=True):
    """One order's way into one target, with the document as it was mapped."""

    order_id: int
    target: str
    key: str
    document: bytes
    media_type: str
    extension: str
    step: Mapping[str, str]
    erp_order_no: str | None
    erp_id: str | None
    gives_number: bool
    """Norce gets this target's order number."""


def name_of(system: str) -> str:
    """The name of a system as the settings have it: that of the target, where it is one (`target:erp`)."""
    return system.partition(":")[2] or system
