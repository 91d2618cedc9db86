"""Submit: hand a mapped order to its target, resuming where an earlier attempt stopped."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from order_receiver.orders.outcomes import PermanentFailure
from order_receiver.orders.states import OrderState
from order_receiver.store import changes, submissions
from order_receiver.store.session import Session
from order_receiver.store.store import Store
from order_receiver.store.values import NewTask, SubmissionRow, Task
from order_receiver.targets.adapter import Adapter, Document, Step, Submission, Submitted
from order_receiver.work.placing import Placing
from order_receiver.work.results import Done


class Submit:
    """Handles the submissions into one target."""

    def __init__(self, store: Store, target: str, adapter: Adapter, placing: Placing) -> None:
        self._store = store
        self._target = target
        self._adapter = adapter
        self._placing = placing

    async def __call__(self, task: Task) -> Done:
        """Raises the failures of the adapter."""
        found = self._store.read(partial(submissions.with_order_key, order_id=task.order_id or 0, target=self._target))
        if found is None:
            raise PermanentFailure(f"There is no mapped order for {self._target}; cancel the order and send it again.")
        key, row = found
        submission = Submission(
            key=row.key,
            order=key,
            document=Document(row.document, row.media_type, row.extension),
            step=row.step,
            look_first=task.fence > 1,
        )
        submitted = await self._adapter.submit(submission, partial(self._save, row.id))
        news: list[str] = []
        return Done(
            partial(self._write, row=row, submitted=submitted, news=news),
            lambda: self._placing.announce(row.order_id, key, news),
        )

    async def _save(self, submission_id: int, step: Step) -> None:
        await self._store.write(partial(submissions.save_step, submission_id=submission_id, step=step), urgent=True)

    def _write(
        self, session: Session, at: datetime, *, row: SubmissionRow, submitted: Submitted, news: list[str]
    ) -> Sequence[NewTask]:
        """The ERP may have answered before we came to write this down: then its answer stands, and is no news."""
        number = submitted.erp_order_no
        submissions.mark_submitted(session, row.id, at, number, submitted.erp_id)
        order = changes.order_row(session, row.order_id)
        if number is not None:
            news[:] = [number] if order.erp_order_no is None else []
            return self._placing.place(session, order, number, at, self._target)
        if order.state is OrderState.RECEIVED:
            changes.move(session, order, OrderState.SUBMITTED, at, self._target)
        return ()
