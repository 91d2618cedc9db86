"""Taking over: the order, its raw message, its first task and its history in one transaction."""

from datetime import datetime

import msgspec
from sqlalchemy import bindparam, select

from order_receiver.orders.identity import OrderKey
from order_receiver.orders.states import OrderState
from order_receiver.store import tables
from order_receiver.store.history import record
from order_receiver.store.lanes import PROCESS, RECEIVER
from order_receiver.store.session import Session
from order_receiver.store.statements import Row, Statement, insertion, insertion_if_new
from order_receiver.store.values import Acceptance, Accepted, Arrival, Differing, Message, Repeated, TaskState

FIRST = "first"
CONFLICT = "conflict"
DOOR = "door"

_RECEIVED = OrderState.RECEIVED.value
_WAITING = TaskState.WAITING.value
_PARKED = TaskState.PARKED.value

_o, _m = tables.orders.c, tables.messages.c

_insert_order = Statement(
    insertion_if_new(
        tables.orders,
        *("application_key", "client_order_ref", "state", "hold", "hold_text", "received_at", "updated_at"),
        returning=[_o.id],
    )
)
_insert_message = Statement(
    insertion(tables.messages, "order_id", "role", "received_at", "remote", "media_type", "headers", "body")
)
_insert_task = Statement(
    insertion(tables.tasks, "order_id", "system", "kind", "state", "due", "fence", "attempts", "reason", "created_at")
)
_insert_quarantine = Statement(
    insertion(tables.quarantine, "received_at", "remote", "media_type", "headers", "body", "reason").returning(
        tables.quarantine.c.id
    )
)
_find_order = Statement(
    select(_o.id, _o.erp_order_no).where(
        _o.application_key == bindparam("application_key"), _o.client_order_ref == bindparam("client_order_ref")
    )
)
_first_of = Statement(
    select(_m.body, _m.media_type, _m.received_at, _m.remote, _m.headers)
    .where(_m.order_id == bindparam("order_id"), _m.role == FIRST)
    .limit(1)
)
_same_conflict = Statement(
    select(_m.id)
    .where(_m.order_id == bindparam("order_id"), _m.role == CONFLICT, _m.body == bindparam("content"))
    .limit(1)
)

_headers = msgspec.json.Encoder()
_read_headers = msgspec.json.Decoder(dict[str, str])


def accept(session: Session, arrival: Arrival) -> Acceptance:
    """Store a new order with its first task, or say what is known of an old one.

    A repeat with the same bytes is recorded in the order's history here; other bytes are for the caller to compare.
    The database's unique key decides, so overlapping requests end as one order and a repeat.
    """
    message = arrival.message
    at = message.received_at
    created = session.one(
        _insert_order,
        application_key=arrival.key.application_key,
        client_order_ref=arrival.key.client_order_ref,
        state=_RECEIVED,
        hold=None if arrival.hold is None else arrival.hold.value,
        hold_text=arrival.hold_text,
        received_at=at,
        updated_at=at,
    )
    if created is None:
        return _known(session, arrival)
    order_id = int(created[0])
    _add_message(session, order_id, FIRST, message)
    held = arrival.hold is not None
    session.change(
        _insert_task,
        order_id=order_id,
        system=RECEIVER,
        kind=PROCESS,
        state=_PARKED if held else _WAITING,
        due=None if held else min(at, session.now),
        fence=0,
        attempts=0,
        reason=arrival.hold_text,
        created_at=at,
    )
    record(session, order_id, at, DOOR, "received", new=_RECEIVED)
    if arrival.hold is not None:
        record(session, order_id, at, DOOR, "held", new=arrival.hold.value, why=arrival.hold_text)
    return Accepted(order_id)


def _known(session: Session, arrival: Arrival) -> Acceptance:
    found = _find(session, arrival.key)
    if found is None:
        raise LookupError(f"order {arrival.key} was refused as known but is not there")
    order_id, number = found
    first = first_message(session, order_id)
    if first.body == arrival.message.body:
        note_repeat(session, order_id, arrival.message.received_at)
        return Repeated(order_id, number)
    return Differing(order_id, number, first)


def is_known(session: Session, key: OrderKey) -> bool:
    """Whether an order with this key is stored."""
    return _find(session, key) is not None


def _find(session: Session, key: OrderKey) -> tuple[int, str | None] | None:
    row = session.one(_find_order, application_key=key.application_key, client_order_ref=key.client_order_ref)
    return None if row is None else (row[0], row[1])


def note_repeat(session: Session, order_id: int, at: datetime) -> None:
    """The same order came once more."""
    record(session, order_id, at, DOOR, "repeated", why="the same content was received again")


def note_conflict(session: Session, order_id: int, message: Message, differences: str) -> None:
    """Another content came under the same key: the first stands, this one is kept beside it, once."""
    if session.one(_same_conflict, order_id=order_id, content=message.body) is not None:
        return
    _add_message(session, order_id, CONFLICT, message)
    record(session, order_id, message.received_at, DOOR, "conflict", why=differences)


def put_in_quarantine(session: Session, message: Message, reason: str) -> int:
    """Keep a message that could not be identified; its quarantine number."""
    row = session.one(_insert_quarantine, **_wire(message), reason=reason)
    if row is None:
        raise LookupError("the database returned no quarantine number")
    return int(row[0])


def first_message(session: Session, order_id: int) -> Message:
    """The message that made an order."""
    row = session.one(_first_of, order_id=order_id)
    if row is None:
        raise LookupError(f"order {order_id} has no message")
    return _message(row)


def _add_message(session: Session, order_id: int, role: str, message: Message) -> None:
    session.change(_insert_message, order_id=order_id, role=role, **_wire(message))


def _wire(message: Message) -> dict[str, object]:
    return {
        "received_at": message.received_at,
        "remote": message.remote,
        "media_type": message.media_type,
        "headers": headers_text(message),
        "body": message.body,
    }


def headers_text(message: Message) -> str:
    """A message's headers as they are stored."""
    return _headers.encode(message.headers).decode()


def _message(row: Row) -> Message:
    body, media_type, received_at, remote, headers = row
    return Message(body, media_type, received_at, remote, _read_headers.decode(headers))
