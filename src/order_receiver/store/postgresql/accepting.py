"""Taking over many orders with one statement: what `store.accepting` does one by one."""

from collections.abc import Sequence
from functools import partial

from order_receiver.orders.identity import OrderKey
from order_receiver.orders.states import OrderState
from order_receiver.store.accepting import DOOR, FIRST, accept, headers_text
from order_receiver.store.lanes import PROCESS, RECEIVER
from order_receiver.store.postgresql.deferring import rows_text
from order_receiver.store.session import Operation, Session
from order_receiver.store.statements import without_nul
from order_receiver.store.values import Accepted, Arrival, TaskState

_COLUMNS = {
    "application_key": "text",
    "client_order_ref": "text",
    "state": "text",
    "hold": "text",
    "hold_text": "text",
    "task_state": "text",
    "due": "timestamptz",
    "received_at": "timestamptz",
    "remote": "text",
    "media_type": "text",
    "headers": "text",
}

_SQL = f"""
WITH given AS (
  SELECT * FROM ROWS FROM (
    json_to_recordset(%s::json) AS ({", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())}),
    unnest(%b::bytea[])
  ) AS g ({", ".join(_COLUMNS)}, body)
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
    """The numbers of the orders that were new. Bodies go as they are, all else as JSON, as in `deferring`."""
    bodies = [arrival.message.body for arrival in arrivals]
    rows = session.raw(_SQL, (rows_text([_columns(session, arrival) for arrival in arrivals]), bodies))
    return {(row[0], row[1]): row[2] for row in rows}


def _columns(session: Session, arrival: Arrival) -> dict[str, object]:
    message = arrival.message
    held = arrival.hold is not None
    return {
        "application_key": arrival.key.application_key,
        "client_order_ref": arrival.key.client_order_ref,
        "state": OrderState.RECEIVED.value,
        "hold": None if arrival.hold is None else arrival.hold.value,
        "hold_text": arrival.hold_text,
        "task_state": (TaskState.PARKED if held else TaskState.WAITING).value,
        "due": None if held else min(message.received_at, session.now),
        "received_at": message.received_at,
        "remote": message.remote,
        "media_type": message.media_type,
        "headers": headers_text(message),
    }
