"""Taking over many orders with one statement: what `store.accepting` does one by one."""

from collections.abc import Sequence
from functools import partial

from order_receiver.orders.identity import OrderKey
from order_receiver.orders.states import OrderState
from order_receiver.store.accepting import DOOR, FIRST, accept, headers_text
from order_receiver.store.lanes import PROCESS, RECEIVER
from order_receiver.store.session import Operation, Session
from order_receiver.store.statements import without_nul
from order_receiver.store.values import Accepted, Arrival, TaskState

_TYPES = "text text text text text text timestamptz timestamptz text text text bytea"

_ARRAYS = ", ".join(f"%{'b' if kind == 'bytea' else 's'}::{kind}[]" for kind in _TYPES.split())
"""Bodies go as they are; as text they would be twice as long."""

_SQL = f"""
WITH given AS (
  SELECT * FROM unnest({_ARRAYS}) AS g (
    application_key, client_order_ref, state, hold, hold_text, task_state, due, received_at,
    remote, media_type, headers, body)
), made AS (
  INSERT INTO orders (application_key, client_order_ref, state, hold, hold_text, received_at, updated_at)
  SELECT application_key, client_order_ref, state, hold, hold_text, received_at, received_at FROM given
  ON CONFLICT DO NOTHING
  RETURNING id, application_key, client_order_ref
), fresh AS (
  SELECT made.id, given.* FROM made JOIN given USING (application_key, client_order_ref)
), kept AS (
  INSERT INTO messages (order_id, role, received_at, remote, media_type, headers, body)
  SELECT id, '{FIRST}', received_at, remote, media_type, headers, body FROM fresh
), queued AS (
  INSERT INTO tasks (order_id, system, kind, state, due, fence, attempts, reason, created_at)
  SELECT id, '{RECEIVER}', '{PROCESS}', task_state, due, 0, 0, hold_text, received_at FROM fresh
), told AS (
  INSERT INTO history (order_id, at, actor, event, new, why)
  SELECT id, received_at, '{DOOR}', event, new, why FROM (
    SELECT id, received_at, 1 AS step, 'received' AS event, state AS new, NULL AS why FROM fresh
    UNION ALL SELECT id, received_at, 2, 'held', hold, hold_text FROM fresh WHERE hold IS NOT NULL
  ) AS steps ORDER BY id, step
)
SELECT application_key, client_order_ref, id FROM fresh
"""  # noqa: S608 - only words of ours are put in


def carry_out(session: Session, operations: Sequence[Operation[object]]) -> Sequence[object]:
    """The results of a batch: its new orders together, then everything else one by one.

    A key that is there already, or comes twice in the batch, is left to `store.accepting`.
    """
    new: dict[OrderKey, int] = {}
    arrivals: dict[int, Arrival] = {}
    for place, operation in enumerate(operations):
        arrival = _arrival(operation)
        if arrival is not None and new.setdefault(arrival.key, place) == place:
            arrivals[place] = arrival
    if not arrivals:
        return [operation(session) for operation in operations]
    made = _accept(session, list(arrivals.values()))
    results: list[object] = []
    for place, operation in enumerate(operations):
        order_id = made.get(_stored(arrivals[place].key)) if place in arrivals else None
        results.append(operation(session) if order_id is None else Accepted(order_id))
    return results


def _arrival(operation: Operation[object]) -> Arrival | None:
    if isinstance(operation, partial) and operation.func is accept:
        found: Arrival = operation.keywords["arrival"]
        return found
    return None


def _stored(key: OrderKey) -> tuple[object, ...]:
    """A key as it is stored."""
    return tuple(without_nul((key.application_key, key.client_order_ref)))


def _accept(session: Session, arrivals: Sequence[Arrival]) -> dict[tuple[object, ...], int]:
    """The numbers of the orders that were new."""
    rows = session.raw(_SQL, _by_column([without_nul(_columns(session, each)) for each in arrivals]))
    return {(row[0], row[1]): row[2] for row in rows}


def _by_column(rows: Sequence[Sequence[object]]) -> Sequence[object]:
    return [list(column) for column in zip(*rows, strict=True)]


def _columns(session: Session, arrival: Arrival) -> tuple[object, ...]:
    message = arrival.message
    held = arrival.hold is not None
    return (
        arrival.key.application_key,
        arrival.key.client_order_ref,
        OrderState.RECEIVED.value,
        None if arrival.hold is None else arrival.hold.value,
        arrival.hold_text,
        (TaskState.PARKED if held else TaskState.WAITING).value,
        None if held else min(message.received_at, session.now),
        message.received_at,
        message.remote,
        message.media_type,
        headers_text(message),
        message.body,
    )
