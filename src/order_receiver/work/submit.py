"""Submit: hand a mapped order to its target, resuming where an earlier attempt stopped."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from order_receiver.contract.forms import read
from order_receiver.contract.media import media_type
from order_receiver.contract.personal import discreet
from order_receiver.contract.reading import Limits, Unreadable
from order_receiver.contract.value import Value
from order_receiver.orders.outcomes import CallFailed, PermanentFailure
from order_receiver.orders.states import OrderState
from order_receiver.store import changes, lanes, submissions
from order_receiver.store.errors import NotPossible
from order_receiver.store.history import record
from order_receiver.store.reading import order_and_body
from order_receiver.store.session import Session
from order_receiver.store.store import Store
from order_receiver.store.values import NewTask, OrderRow, SubmissionRow, Task
from order_receiver.targets.adapter import Adapter, Document, Step, Submission, Submitted
from order_receiver.work.apart import Apart
from order_receiver.work.placing import Placing
from order_receiver.work.results import Done


class Mapped(Value, frozen=True):
    """What a submission needs to know."""

    order: OrderRow
    row: SubmissionRow


class Submit:
    """Handles the submissions into one target."""

    def __init__(self, store: Store, target: str, adapter: Adapter, placing: Placing, limits: Limits) -> None:
        self._store = store
        self._target = target
        self._adapter = adapter
        self._placing = placing
        self._limits = limits
        self._apart = Apart()

    async def __call__(self, task: Task) -> Done:
        """Raises the failures of the adapter, without what the order says about people: an ERP may have quoted it."""
        mapped = task.known if isinstance(task.known, Mapped) else await self._look_up(task.order_id or 0)
        order, row = mapped.order, mapped.row
        submission = Submission(
            key=row.key,
            order=order.key,
            document=Document(row.document, row.media_type, row.extension),
            step=row.step,
            look_first=task.fence > 1,
        )
        try:
            submitted = await self._adapter.submit(submission, partial(self._save, task, row))
        except CallFailed as failure:
            failure.args = (await self._discreet(order.id, str(failure)),)
            raise
        news: list[str] = []
        write = self._write if row.gives_number else self._note
        return Done(
            partial(write, mapped=mapped, submitted=submitted, news=news),
            lambda: self._placing.announce(order.id, order.key, news),
        )

    async def _look_up(self, order_id: int) -> Mapped:
        found = await self._store.read(partial(submissions.with_order, order_id=order_id, target=self._target))
        if found is None:
            raise PermanentFailure(f"There is no mapped order for {self._target}; cancel the order and send it again.")
        return Mapped(*found)

    async def _discreet(self, order_id: int, text: str) -> str:
        _, body, form = await self._store.read(partial(order_and_body, order_id=order_id))
        try:
            reading = await self._apart(len(body), partial(read, body, media_type(form), limits=self._limits))
            return discreet(text, reading.order)
        except Unreadable:
            return f"{self._target} failed. Its words are not told, as they may name people: the order is unreadable."

    async def _save(self, task: Task, row: SubmissionRow, step: Step) -> None:
        """Raises LeaseLost where another worker has taken the task over: it goes by its own steps."""

        def operation(session: Session) -> None:
            lanes.require_held(session, task)
            submissions.save_step(session, row, step)

        await self._store.write(operation, urgent=True)

    def _write(
        self, session: Session, at: datetime, *, mapped: Mapped, submitted: Submitted, news: list[str]
    ) -> Sequence[NewTask]:
        """The ERP may have answered before we came to write this down: then its answer stands, and is no news."""
        submissions.mark_submitted(session, mapped.row, at, submitted.erp_order_no, submitted.erp_id)
        try:
            return self._advance(session, at, mapped.order, submitted.erp_order_no, news)
        except NotPossible:
            return self._advance(session, at, changes.order_row(session, mapped.order.id), submitted.erp_order_no, news)

    def _note(
        self, session: Session, at: datetime, *, mapped: Mapped, submitted: Submitted, news: list[str]
    ) -> Sequence[NewTask]:
        """A target whose number Norce does not get has its part: that moves no order."""
        submissions.mark_submitted(session, mapped.row, at, submitted.erp_order_no, submitted.erp_id)
        record(session, mapped.order.id, at, self._target, "part-submitted", new=submitted.erp_order_no)
        return ()

    def _advance(
        self, session: Session, at: datetime, order: OrderRow, number: str | None, news: list[str]
    ) -> Sequence[NewTask]:
        if number is not None:
            news[:] = [number] if order.erp_order_no is None else []
            return self._placing.place(session, order, number, at, self._target)
        if order.state is OrderState.RECEIVED:
            changes.move(session, order, OrderState.SUBMITTED, at, self._target)
        return ()
