"""Process: read the stored message in full, check it, route it, map it, and queue its submission."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

import structlog

from order_receiver.contract.findings import Finding
from order_receiver.contract.forms import read
from order_receiver.contract.media import media_type as parse_media_type
from order_receiver.contract.notes import notes
from order_receiver.contract.reading import Limits, Reading, Unreadable
from order_receiver.contract.request import OrderRequest
from order_receiver.mapping import Mapping as OrderMapping
from order_receiver.mapping import MappingContext, MappingFailed
from order_receiver.orders.document import Document
from order_receiver.orders.states import HoldReason
from order_receiver.routing import NoRoute, route
from order_receiver.settings.model import Application
from order_receiver.store import submissions
from order_receiver.store.history import record
from order_receiver.store.reading import order_and_body
from order_receiver.store.session import Session
from order_receiver.store.store import Store
from order_receiver.store.values import NewTask, OrderRow, Task
from order_receiver.targets.keys import submission_key
from order_receiver.work.apart import Apart
from order_receiver.work.checking import DO_HOLD, obstacles, tell
from order_receiver.work.kinds import SUBMIT, target_system
from order_receiver.work.results import Done, Hold
from order_receiver.work.submit import Mapped

log = structlog.get_logger(__name__)

ACTOR = "worker"


class Process:
    """Handles the first task of every order."""

    def __init__(
        self,
        store: Store,
        applications: Mapping[str, Application],
        mappings: Mapping[str, OrderMapping],
        limits: Limits,
    ) -> None:
        self._store = store
        self._applications = applications
        self._mappings = mappings
        self._limits = limits
        self._zones = {key: ZoneInfo(application.time_zone) for key, application in applications.items()}
        self._apart = Apart()

    async def __call__(self, task: Task) -> Done:
        """Raises Hold with the reason wherever a person has to look."""
        order, body, media_type = await self._store.read(partial(order_and_body, order_id=task.order_id or 0))
        application = self._application(order)
        reading = await self._read(order, body, media_type)
        noted = self._check(order, reading, application)
        try:
            target = route(reading.order, application, self._mappings)
        except NoRoute as error:
            raise Hold(HoldReason.NO_ROUTE, str(error)) from error
        document = self._map(order, reading.order, application, target)
        log.debug("order.mapped", order=order.key.client_order_ref, target=target, bytes=len(document.content))
        return Done(partial(_queue_submission, order=order, target=target, document=document, noted=noted))

    def _application(self, order: OrderRow) -> Application:
        application = self._applications.get(order.key.application_key)
        if application is None:
            raise Hold(
                HoldReason.UNKNOWN_APPLICATION,
                f"No application with key {order.key.application_key} is configured. Add it to receiver.toml, restart, "
                "then retry the order.",
            )
        return application

    async def _read(self, order: OrderRow, body: bytes, media_type: str | None) -> Reading:
        zone = self._zones[order.key.application_key]
        try:
            whole = partial(read, body, parse_media_type(media_type), zone=zone, limits=self._limits)
            return await self._apart(len(body), whole)
        except Unreadable as error:
            raise Hold(HoldReason.UNREADABLE, str(error)) from error

    def _check(self, order: OrderRow, reading: Reading, application: Application) -> Sequence[Finding]:
        """Hold for the first cause that no person has waived; what is merely odd is returned."""
        if reading.order.DoHold and HoldReason.DO_HOLD not in order.waived:
            raise Hold(HoldReason.DO_HOLD, DO_HOLD)
        found = obstacles(reading, application)
        if found.problems and HoldReason.FINDINGS not in order.waived:
            raise Hold(HoldReason.FINDINGS, tell(found.problems))
        if found.totals and HoldReason.TOTALS_DIFFER not in order.waived:
            raise Hold(HoldReason.TOTALS_DIFFER, tell(found.totals))
        odd = notes(reading.order, lengths_fit=reading.lengths_fit)
        return (*found.all, *found.noted, *reading.located(odd))

    def _map(self, order: OrderRow, request: OrderRequest, application: Application, target: str) -> Document:
        context = MappingContext(
            key=submission_key(order.key),
            application=application.name,
            application_id=application.id,
            received_at=order.received_at,
            zone=self._zones[order.key.application_key],
        )
        try:
            return self._mappings[target].map(request, context)
        except MappingFailed as error:
            raise Hold(HoldReason.MAPPING, str(error)) from error


def _queue_submission(
    session: Session, at: datetime, *, order: OrderRow, target: str, document: Document, noted: Sequence[Finding]
) -> Sequence[NewTask]:
    """Keep the mapped document and queue its submission; the task's fence sees to it that this happens once."""
    content = (document.content, document.media_type, document.extension)
    row = submissions.add(session, order.id, target, submission_key(order.key), content, at)
    record(session, order.id, at, ACTOR, "mapped", new=target, why=tell(noted) if noted else None)
    return (NewTask(system=target_system(target), kind=SUBMIT, order_id=order.id, known=Mapped(order, row)),)
