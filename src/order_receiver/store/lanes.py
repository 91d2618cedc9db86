"""Tasks in lanes: claiming with a lease, finishing behind its fence, parking, and what follows.

A lane is (order, system). Only its first task may be due; the others are blocked until it is gone. A lease is a due
time in the future: a worker that dies leaves nothing to clean up, its tasks simply become due again.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Integer,
    String,
    Text,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)

from order_receiver.store import tables
from order_receiver.store.errors import LeaseLost
from order_receiver.store.session import Session
from order_receiver.store.statements import Deferrable, Rank, Row, Statement, insertion, insertion_if_new
from order_receiver.store.tables import UtcTime
from order_receiver.store.values import Attempt, NewTask, Task, TaskState

RECEIVER = "receiver"
"""The system of tasks that talk to nobody else."""
UNKNOWN = "unknown"
"""The outcome of an attempt that may have had an effect nobody saw."""
ERROR = "error"
"""The outcome of an attempt that ended in a way nobody thought of: no telling what it did."""
PROCESS = "process"
"""The first task of every order: check, route, map."""

_t = tables.tasks.c
_TASK = (_t.id, _t.order_id, _t.system, _t.kind, _t.fence, _t.attempts, _t.payload)

_flows = (
    select(literal(1))
    .where(
        tables.circuits.c.system == bindparam("of_system"),
        tables.circuits.c.until.is_(None),
        tables.circuits.c.paused_at.is_(None),
    )
    .exists()
)
_in_hand = (
    _t.id == bindparam("task"),
    _t.fence == bindparam("held_fence"),
    _t.state == TaskState.RUNNING.value,
)


def _claiming(*conditions: ColumnElement[bool]) -> Statement:
    """What another worker is just claiming is passed over, where the database lets two claim at once."""
    due_ids = (
        select(_t.id)
        .where(_t.system == bindparam("of_system"), _t.due.is_not(None), _t.due <= bindparam("now"), *conditions)
        .order_by(_t.due)
        .limit(bindparam("limit", type_=Integer))
        .with_for_update(skip_locked=True)
    )
    return Statement(
        update(tables.tasks)
        .where(_t.id.in_(due_ids))
        .values(
            state=TaskState.RUNNING.value,
            due=bindparam("lease_end"),
            fence=_t.fence + 1,
            attempts=_t.attempts + 1,
            lost=case((_t.state == TaskState.RUNNING.value, 1), else_=_t.lost),
        )
        .returning(*_TASK)
    )


_claim = _claiming()
_claim_flowing = _claiming(_flows)
_extend = Statement(update(tables.tasks).where(*_in_hand).values(due=bindparam("lease_end")))
_remove = Deferrable(delete(tables.tasks).where(*_in_hand).returning(_t.id, _t.followed), Rank.REMOVE_TASK, "task")
_put_back = Statement(
    update(tables.tasks)
    .where(*_in_hand)
    .values(
        state=bindparam("to_state"),
        due=bindparam("next_due"),
        reason=bindparam("why"),
        attempts=bindparam("made"),
        payload=bindparam("kept"),
    )
)
_first_of_lane = select(func.min(_t.id)).where(_t.order_id == bindparam("lane_order"), _t.system == bindparam("lane"))
_unblock = Statement(
    update(tables.tasks)
    .where(_t.id == _first_of_lane.scalar_subquery(), _t.state == TaskState.BLOCKED.value)
    .values(state=TaskState.WAITING.value, due=bindparam("now"))
)
_taken = (
    select(literal(1))
    .where(_t.order_id == bindparam("order_id", type_=tables.Id), _t.system == bindparam("system", type_=String))
    .exists()
)
_insert = Deferrable(
    insert(tables.tasks)
    .from_select(
        ["order_id", "system", "kind", "state", "due", "fence", "attempts", "payload", "created_at"],
        select(
            bindparam("order_id", type_=tables.Id),
            bindparam("system", type_=String),
            bindparam("kind", type_=String),
            case((_taken, TaskState.BLOCKED.value), else_=bindparam("free_state", type_=String)),
            case((_taken, null()), else_=bindparam("free_due", type_=UtcTime)),
            case((_taken, 0), else_=bindparam("in_hands", type_=Integer)),
            case((_taken, 0), else_=bindparam("in_hands", type_=Integer)),
            bindparam("payload", type_=Text),
            bindparam("created_at", type_=UtcTime),
        ),
    )
    .returning(_t.order_id, _t.system, *_TASK, _t.state),
    Rank.ADD_TASK,
    "order_id",
    "system",
)
"""The lane is looked at by the statement itself: blocked behind another task, or free."""
_ahead = select(func.max(_t.id)).where(
    _t.order_id == bindparam("lane_order"), _t.system == bindparam("lane"), _t.id < bindparam("newest")
)
_mark_followed = Statement(update(tables.tasks).where(_t.id == _ahead.scalar_subquery()).values(followed=1))
"""One row, not all that are ahead: two that lock several rows each can stand in one another's way."""
_insert_attempt = Deferrable(
    insertion(
        tables.attempts,
        *("order_id", "system", "kind", "number", "started_at", "milliseconds", "outcome", "error"),
    ),
    Rank.RECORD,
)
_of_system = or_(bindparam("of_system", type_=String).is_(None), _t.system == bindparam("of_system", type_=String))
_wake_parked = Statement(
    update(tables.tasks)
    .where(_t.order_id == bindparam("of_order"), _of_system, _t.state == TaskState.PARKED.value)
    .values(state=TaskState.WAITING.value, due=bindparam("now"), attempts=0, reason=None)
)
_wake_waiting = Statement(
    update(tables.tasks)
    .where(_t.order_id == bindparam("of_order"), _of_system, _t.state == TaskState.WAITING.value)
    .values(due=bindparam("now"), attempts=0)
)
_park_waiting = Statement(
    update(tables.tasks)
    .where(
        _t.order_id == bindparam("of_order"),
        _t.system == bindparam("of_system"),
        _t.state == TaskState.WAITING.value,
    )
    .values(state=TaskState.PARKED.value, due=None, reason=bindparam("why"))
)
_drop_all = Statement(delete(tables.tasks).where(_t.order_id == bindparam("of_order")))
_states = Statement(select(_t.state).where(_t.order_id == bindparam("of_order")).with_for_update())
_any = Statement(select(_t.id).where(_t.order_id == bindparam("of_order")).limit(1))
_unclear = Statement(
    select(tables.attempts.c.id)
    .where(
        tables.attempts.c.order_id == bindparam("of_order"),
        tables.attempts.c.system != RECEIVER,
        or_(tables.attempts.c.outcome == UNKNOWN, tables.attempts.c.outcome == ERROR),
    )
    .limit(1)
)
_lost = Statement(
    select(_t.id).where(_t.order_id == bindparam("of_order"), _t.system != RECEIVER, _t.lost == 1).limit(1)
)
_lock = Deferrable(
    select(tables.orders.c.id)
    .where(tables.orders.c.id == bindparam("of_order"))
    .with_for_update(key_share=True, of=tables.orders),
    Rank.LOCK,
    "of_order",
)
_first_due = select(func.min(_t.due)).where(_t.system == bindparam("of_system"), _t.due.is_not(None))
_next_due = Statement(
    {"sqlite": _first_due, "postgresql": _first_due.add_columns(func.clock_timestamp(type_=UtcTime).label("time"))}
)
_wake_singleton = Statement(
    update(tables.tasks)
    .where(
        _t.order_id.is_(None),
        _t.system == bindparam("of_system"),
        _t.kind == bindparam("of_kind"),
        _t.state == TaskState.WAITING.value,
    )
    .values(due=bindparam("now"))
)
_insert_singleton = Statement(
    insertion_if_new(tables.tasks, "system", "kind", "state", "due", "fence", "attempts", "created_at")
)
_hand = Statement(select(_t.id).where(*_in_hand).with_for_update())


def claim(session: Session, system: str, limit: int, now: datetime, lease: float) -> Sequence[Task]:
    """Take up to `limit` due tasks of a system for `lease` seconds, the first due ones."""
    return _claimed(session, _claim, system, limit, now, lease)


def claim_flowing(session: Session, system: str, limit: int, now: datetime, lease: float) -> Sequence[Task]:
    """The same where the system has a circuit: nothing while that is open or paused, at no other cost."""
    return _claimed(session, _claim_flowing, system, limit, now, lease)


def _claimed(
    session: Session, statement: Statement, system: str, limit: int, now: datetime, lease: float
) -> Sequence[Task]:
    rows = session.all(statement, of_system=system, now=now, limit=limit, lease_end=now + timedelta(seconds=lease))
    return [_task(row) for row in sorted(rows)]


def extend(session: Session, held: Iterable[Task], lease_end: datetime) -> list[Task]:
    """A sign of life for tasks that take long; those that were lost, which stay lost."""
    return [
        task for task in held if session.change(_extend, task=task.id, held_fence=task.fence, lease_end=lease_end) != 1
    ]


def finish(session: Session, task: Task, attempt: Attempt) -> None:
    """The task is done: it goes, its attempt stays, the next of its lane may start. Raises LeaseLost.

    The order is locked before the task, as everybody does who needs both.
    """
    lock_order(session, task.order_id)

    def removed(row: Row | None) -> None:
        if row is None:
            raise LeaseLost(LeaseLost.__doc__)
        if row[1]:
            # The clock of the machine that worked may be ahead of the one that decides.
            due = min(attempt.started_at, session.now)
            session.change(_unblock, lane_order=task.order_id, lane=task.system, now=due)

    session.defer(_remove, removed, about=task.order_id, task=task.id, held_fence=task.fence)
    record_attempt(session, task, attempt)


def put_back(
    session: Session,
    task: Task,
    attempt: Attempt | None,
    *,
    due: datetime | None,
    reason: str | None,
    attempts: int | None = None,
    payload: str | None = None,
) -> None:
    """Return a task: to be tried again at `due`, or parked for a person without one. Raises LeaseLost."""
    lock_order(session, task.order_id)
    changed = session.change(
        _put_back,
        task=task.id,
        held_fence=task.fence,
        to_state=TaskState.PARKED.value if due is None else TaskState.WAITING.value,
        next_due=due,
        why=reason,
        made=task.attempts if attempts is None else attempts,
        kept=task.payload if payload is None else payload,
    )
    if changed != 1:
        raise LeaseLost(LeaseLost.__doc__)
    if attempt is not None:
        record_attempt(session, task, attempt)


def add(session: Session, new: NewTask, now: datetime) -> None:
    """Add a task to its lane."""
    values = {"free_state": TaskState.WAITING.value, "free_due": new.due or now, "in_hands": 0}
    _add(session, new, now, lambda task: None, **values)


def hand_over(session: Session, new: NewTask, now: datetime, lease: float, take: Callable[[Task], None]) -> None:
    """Add a task to its lane; where that is free, it is in the adding worker's hands for `lease` seconds.

    `take` is then told the task, at the latest before the transaction ends.
    """
    lease_end = now + timedelta(seconds=lease)
    _add(session, new, now, take, free_state=TaskState.RUNNING.value, free_due=lease_end, in_hands=1)


def _add(session: Session, new: NewTask, now: datetime, take: Callable[[Task], None], **free: object) -> None:
    """`free` are the values of a task that nothing is ahead of."""
    lock_order(session, new.order_id)

    def added(row: Row | None) -> None:
        if row is None:
            raise LookupError("the database returned no task")
        *task, state = row[2:]
        if state == TaskState.BLOCKED:
            lane = {"lane_order": new.order_id, "lane": new.system}
            if session.change(_mark_followed, **lane, newest=task[0]) == 0:
                # What was ahead went while we looked: the release before finishes a task without a lock on its order.
                session.change(_unblock, **lane, now=now)
        elif state == TaskState.RUNNING:
            take(_task(tuple(task), new.known))

    values = {"order_id": new.order_id, "system": new.system, "kind": new.kind, "payload": new.payload}
    session.defer(_insert, added, about=new.order_id, **values, **free, created_at=now)


def lock_order(session: Session, order_id: int | None) -> None:
    """Let nobody else change the order's lanes before this transaction ends; only where several write at once."""
    if session.shared and order_id is not None and order_id not in session.locked:
        session.defer(_lock, about=order_id, of_order=order_id)
        session.locked.add(order_id)


def require_held(session: Session, task: Task) -> None:
    """Raise LeaseLost unless the task is still in the hands that this lease names; until the transaction ends."""
    if session.one(_hand, task=task.id, held_fence=task.fence) is None:
        raise LeaseLost(LeaseLost.__doc__)


def ensure(session: Session, system: str, kind: str, now: datetime) -> None:
    """Make sure that a task without an order (a poll) exists exactly once, and is due at the start of a worker."""
    session.change(_wake_singleton, of_system=system, of_kind=kind, now=now)
    state = TaskState.WAITING.value
    session.change(
        _insert_singleton, system=system, kind=kind, state=state, due=now, fence=0, attempts=0, created_at=now
    )


def record_attempt(session: Session, task: Task, attempt: Attempt) -> None:
    """Keep how an attempt went; attempts at tasks without an order are not kept when they found nothing."""
    if task.order_id is None and attempt.error is None:
        return
    session.defer(
        _insert_attempt,
        about=task.order_id,
        order_id=task.order_id,
        system=task.system,
        kind=task.kind,
        number=task.attempts,
        started_at=attempt.started_at,
        milliseconds=attempt.milliseconds,
        outcome=attempt.outcome,
        error=attempt.error,
    )


def wake(session: Session, order_id: int, now: datetime, system: str | None = None) -> int:
    """Make an order's parked tasks and those that wait for a retry due now, of one system or all.

    Returns how many were parked.
    """
    session.change(_wake_waiting, of_order=order_id, of_system=system, now=now)
    return session.change(_wake_parked, of_order=order_id, of_system=system, now=now)


def under_way(session: Session, order_id: int) -> bool:
    """Whether a worker has a task of the order in its hands; if not, none takes one before the transaction ends."""
    return (TaskState.RUNNING.value,) in session.all(_states, of_order=order_id)


def park_waiting(session: Session, order_id: int, system: str, reason: str) -> int:
    """Park an order's waiting tasks of a system; how many there were."""
    return session.change(_park_waiting, of_order=order_id, of_system=system, why=reason)


def has_tasks(session: Session, order_id: int) -> bool:
    """Whether anything is still to be done for the order."""
    return session.one(_any, of_order=order_id) is not None


def ended_unclear(session: Session, order_id: int) -> bool:
    """Whether another system may know the order although nobody saw it arrive there."""
    return any(session.one(look, of_order=order_id) is not None for look in (_unclear, _lost))


def drop_all(session: Session, order_id: int) -> int:
    """Remove every task of an order."""
    return session.change(_drop_all, of_order=order_id)


def due_in(session: Session, system: str) -> float | None:
    """Seconds until the next task of a system becomes due, leases included; by the database's clock."""
    row = session.one(_next_due, of_system=system)
    if row is None or row[0] is None:
        return None
    due: datetime = row[0]
    time: datetime = row[1] if len(row) > 1 else session.now
    return (due - time).total_seconds()


def _task(row: Row, known: object = None) -> Task:
    task_id, order_id, system, kind, fence, attempts, payload = row
    return Task(task_id, order_id, system, kind, fence, attempts, payload, known)
