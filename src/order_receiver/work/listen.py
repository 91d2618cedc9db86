"""Listen: look for what a target has to tell, store it, then let the target put its source aside."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import structlog

from order_receiver.orders.states import HoldReason, OrderState, can_move, is_final
from order_receiver.store import changes, holding, lanes, shelves, submissions
from order_receiver.store.history import record
from order_receiver.store.holding import Held
from order_receiver.store.session import Session
from order_receiver.store.store import Store
from order_receiver.store.values import NewTask, OrderRow, SubmissionRow, Task
from order_receiver.targets.adapter import Adapter, Poll, Update, UpdateKind
from order_receiver.work.kinds import NORCE, target_system
from order_receiver.work.placing import SETTLED_BY_A_NUMBER, Placing
from order_receiver.work.results import Again

log = structlog.get_logger(__name__)


class Listen:
    """Handles the poll of one target: a task that is due again and again."""

    def __init__(self, store: Store, target: str, adapter: Adapter, placing: Placing, interval: float) -> None:
        self._store = store
        self._target = target
        self._adapter = adapter
        self._placing = placing
        self._interval = interval

    async def __call__(self, task: Task) -> Again:
        """Updates are written in one transaction and acknowledged after it; one that comes twice changes nothing."""
        cursor = await self._store.read(partial(shelves.load_cursor, name=self._target))
        poll = await self._adapter.poll(cursor)
        soon = 0.0 if poll.more else self._interval
        if not poll.updates:
            return (
                Again(soon)
                if poll.cursor in {None, cursor}
                else Again(soon, partial(self._go_on, at_cursor=poll.cursor))
            )
        known, unknown = await self._sort(poll.updates)
        placed = await self._store.write(partial(self._write, updates=known, cursor=poll.cursor), urgent=True)
        self._store.announce_work(NORCE)
        for order, number in placed:
            self._placing.announce(order.id, order.key, (number,))
        await self._settle(poll, unknown)
        return Again(soon)

    def _go_on(self, session: Session, at: datetime, *, at_cursor: str | None) -> Sequence[NewTask]:
        """Nothing was new, but the next look begins further on."""
        shelves.save_cursor(session, self._target, at_cursor)
        return ()

    async def _sort(
        self, updates: Sequence[Update]
    ) -> tuple[list[tuple[Update, SubmissionRow]], list[tuple[Update, str]]]:
        """Updates with their submissions, and those that fit none, with the reason."""
        known: list[tuple[Update, SubmissionRow]] = []
        unknown: list[tuple[Update, str]] = []
        for update in updates:
            found = await self._store.read(partial(self._candidates, update=update))
            why = await self._store.read(partial(_why_not, update=update, found=found))
            if why is None:
                known.append((update, found[0]))
            else:
                unknown.append((update, why))
        return known, unknown

    def _candidates(self, session: Session, *, update: Update) -> Sequence[SubmissionRow]:
        if update.submission_key is not None:
            found = submissions.by_key(session, self._target, update.submission_key)
            return () if found is None else (found,)
        return submissions.by_reference(session, self._target, update.client_order_ref or "")

    def _write(
        self, session: Session, updates: Sequence[tuple[Update, SubmissionRow]], cursor: str | None
    ) -> list[tuple[OrderRow, str]]:
        """Write all updates down with the tasks that follow; the orders that got their number, with it."""
        at = session.now
        placed = []
        for update, submission in updates:
            order = changes.order_row(session, submission.order_id)
            if update.kind is UpdateKind.REFUSED:
                self._refuse(session, order, update, at)
                continue
            number = update.erp_order_no or ""
            if not submission.gives_number:
                self._note(session, order, submission, number, at)
                continue
            if order.erp_order_no is None:
                submissions.mark_numbered(session, submission, number)
                placed.append((order, number))
            for new in self._placing.place(session, order, number, at, self._target):
                lanes.add(session, new, at)
        shelves.save_cursor(session, self._target, cursor)
        return placed

    def _note(self, session: Session, order: OrderRow, submission: SubmissionRow, number: str, at: datetime) -> None:
        """The number of a target whose number Norce does not get."""
        holding.settle(session, order, SETTLED_BY_A_NUMBER, target_system(self._target), at)
        if submission.erp_order_no != number:
            submissions.mark_numbered(session, submission, number)
            record(
                session, submission.order_id, at, self._target, "part-numbered", old=submission.erp_order_no, new=number
            )

    def _refuse(self, session: Session, order: OrderRow, update: Update, at: datetime) -> None:
        if is_final(order.state):
            return
        text = f"{self._target} refused the order: {update.reason or 'no reason given'}"
        system = target_system(self._target)
        if Held(system, HoldReason.ERP_REFUSED, text) not in holding.holds_of(session, order):
            holding.hold(session, order, HoldReason.ERP_REFUSED, text, at, self._target, system=system)

    async def _settle(self, poll: Poll, unknown: Sequence[tuple[Update, str]]) -> None:
        """Now that all is stored: acknowledge what was understood, set aside what fits no order."""
        strange = {id(update) for update, _ in unknown}
        await self._adapter.acknowledge([update for update in poll.updates if id(update) not in strange])
        for update, why in unknown:
            log.warning("target.update_fits_no_order", target=self._target, source=update.source, why=why)
            await self._adapter.set_aside(update, why)


def _why_not(session: Session, *, update: Update, found: Sequence[SubmissionRow]) -> str | None:
    """Why an update cannot be written down: it fits no order, or one that was given up here."""
    if len(found) != 1:
        return _why_unknown(update, len(found))
    order = changes.order_row(session, found[0].order_id)
    expected = order.erp_order_no is not None or can_move(order.state, OrderState.PLACED)
    if not found[0].gives_number:
        expected = not is_final(order.state) or found[0].erp_order_no == update.erp_order_no
    if update.erp_order_no is None or expected:
        return None
    what = f"Order {order.key.client_order_ref} is {order.state} here, but the ERP has it as {update.erp_order_no}."
    return f"{what} Cancel it in the ERP too."


def _why_unknown(update: Update, found: int) -> str:
    named = update.submission_key or update.client_order_ref
    if found:
        return f"{found} orders have the reference {named}: name the submission key or the application key as well."
    return f"No order was submitted under {named}. Compare it with the key in the order's file."
