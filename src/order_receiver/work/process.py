"""Process: take the steps from the stored message to documents, and queue the submissions."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import structlog

from order_receiver.contract.findings import Finding
from order_receiver.contract.notes import notes
from order_receiver.contract.request import OrderRequest
from order_receiver.mapping import MappingContext
from order_receiver.orders.document import Document
from order_receiver.orders.states import HoldReason
from order_receiver.routing import Part
from order_receiver.store import submissions
from order_receiver.store.history import record
from order_receiver.store.reading import order_and_body
from order_receiver.store.session import Session
from order_receiver.store.store import Store
from order_receiver.store.values import NewTask, OrderRow, Task
from order_receiver.targets.keys import submission_key
from order_receiver.work.checking import obstacles, tell
from order_receiver.work.kinds import SUBMIT, target_system
from order_receiver.work.results import Done, Hold
from order_receiver.work.steps import Steps
from order_receiver.work.submit import Mapped

log = structlog.get_logger(__name__)

ACTOR = "worker"


class Process:
    """Handles the first task of every order."""

    def __init__(self, store: Store, steps: Steps) -> None:
        self._store = store
        self._steps = steps

    async def __call__(self, task: Task) -> Done:
        """Raises Hold with the reason wherever a person has to look, and TransientFailure where an enrichment fails."""
        steps = self._steps
        order, body, media_type = await self._store.read(partial(order_and_body, order_id=task.order_id or 0))
        application = steps.application(order)
        reading = await steps.read(order, body, media_type)
        found = obstacles(reading, application)
        for held in steps.checks(order, reading.order, found):
            raise held
        odd = notes(reading.order, lengths_fit=reading.lengths_fit)
        noted = (*found.all, *found.noted, *reading.located(odd))
        context, enriched = await steps.enrich(order, reading.order, steps.context(order, application))
        mapped = self._map(reading.order, steps.route(reading.order, application, context).parts, context)
        for part, document in mapped:
            log.debug("order.mapped", order=order.key.client_order_ref, target=part.target, bytes=len(document.content))
        return Done(partial(_queue_submissions, order=order, mapped=mapped, noted=noted, enriched=enriched))

    def _map(
        self, request: OrderRequest, parts: Sequence[Part], context: MappingContext
    ) -> Sequence[tuple[Part, Document]]:
        """The document of each part. Nothing goes anywhere before all can be written; all that is missing is told."""
        mapped: list[tuple[Part, Document]] = []
        missing: list[Hold] = []
        for part in parts:
            try:
                mapped.append((part, self._steps.map(request, part, context)))
            except Hold as held:
                if held.reason is not HoldReason.MISSING_VALUE:
                    raise
                missing.append(held)
        if missing:
            causes = [cause for held in missing for cause in held.causes]
            raise Hold(HoldReason.MISSING_VALUE, "\n".join(held.text for held in missing), causes) from missing[0]
        return mapped


def _queue_submissions(
    session: Session,
    at: datetime,
    *,
    order: OrderRow,
    mapped: Sequence[tuple[Part, Document]],
    noted: Sequence[Finding],
    enriched: Sequence[str],
) -> Sequence[NewTask]:
    """Keep the mapped documents and queue their submissions; the task's fence sees to it that this happens once."""
    key, why = submission_key(order.key), tell(noted) if noted else None
    for name in enriched:
        record(session, order.id, at, ACTOR, "enriched", new=name)
    tasks = []
    for part, document in mapped:
        content = (document.content, document.media_type, document.extension)
        row = submissions.add(session, order.id, part.target, key, content, at, gives_number=part.gives_number)
        record(session, order.id, at, ACTOR, "mapped", new=part.target, why=why)
        system = target_system(part.target)
        tasks.append(NewTask(system=system, kind=SUBMIT, order_id=order.id, known=Mapped(order, row)))
    return tasks
