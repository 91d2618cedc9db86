"""The steps from a stored message to documents: read, check, enrich, route, map.

`process` takes them one after the other and holds the order at the first that cannot be taken; `explain` and `map` take
the same ones and tell of all.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from zoneinfo import ZoneInfo

from msgspec import structs

from order_receiver.contract.forms import read
from order_receiver.contract.media import media_type as parse_media_type
from order_receiver.contract.reading import Limits, Reading, Unreadable
from order_receiver.contract.request import OrderRequest
from order_receiver.enrichment import NO_ENRICHMENTS, EnrichmentFailed, Enrichments
from order_receiver.mapping import Mapping as OrderMapping
from order_receiver.mapping import MappingContext, MappingFailed, MissingValues, ValueTables, order_part
from order_receiver.orders.document import Document
from order_receiver.orders.splitting import split_request
from order_receiver.orders.states import HoldReason
from order_receiver.routing import NoRoute, Part, Routed, Router
from order_receiver.settings.model import Application
from order_receiver.settings.routes import Route
from order_receiver.store.values import OrderRow
from order_receiver.targets.keys import submission_key
from order_receiver.work.apart import Apart
from order_receiver.work.checking import DO_HOLD, Obstacles, tell
from order_receiver.work.results import Hold


class Steps:
    """Each step raises Hold with the reason where a person has to look."""

    def __init__(
        self,
        applications: Mapping[str, Application],
        mappings: Mapping[str, OrderMapping],
        limits: Limits,
        routes: Sequence[Route] = (),
        enrichments: Enrichments = NO_ENRICHMENTS,
    ) -> None:
        self._applications = applications
        self._zones = {key: ZoneInfo(application.time_zone) for key, application in applications.items()}
        self._mappings = mappings
        self._router = Router(routes, mappings)
        self._limits = limits
        self._enrichments = enrichments
        self._apart = Apart()

    def use(self, tables: Mapping[str, ValueTables]) -> None:
        """Map with these value tables of the targets from now on; the mappings stay as they were opened."""
        self._mappings = {name: mapping.with_tables(tables[name]) for name, mapping in self._mappings.items()}

    def application(self, order: OrderRow) -> Application:
        """The configured application of an order."""
        application = self._applications.get(order.key.application_key)
        if application is None:
            raise Hold(
                HoldReason.UNKNOWN_APPLICATION,
                f"No application with key {order.key.application_key} is configured. Add it to receiver.toml, restart, "
                "then retry the order.",
            )
        return application

    async def read(self, order: OrderRow, body: bytes, media_type: str | None) -> Reading:
        """The message in full."""
        zone = self._zones[order.key.application_key]
        whole = partial(read, body, parse_media_type(media_type), zone=zone, limits=self._limits)
        try:
            return await self._apart(len(body), whole)
        except Unreadable as error:
            raise Hold(HoldReason.UNREADABLE, str(error)) from error

    def checks(self, order: OrderRow, request: OrderRequest, found: Obstacles) -> Sequence[Hold]:
        """What the order is held for before anything is mapped, except what a person has released it past."""
        told = (
            (HoldReason.DO_HOLD, DO_HOLD if request.DoHold else ""),
            (HoldReason.FINDINGS, tell(found.problems)),
            (HoldReason.TOTALS_DIFFER, tell(found.totals)),
        )
        return [Hold(reason, text) for reason, text in told if text and reason not in order.waived]

    def context(self, order: OrderRow, application: Application) -> MappingContext:
        """What a mapping is told besides the order."""
        return MappingContext(
            key=submission_key(order.key),
            application=application.name,
            application_id=application.id,
            received_at=order.received_at,
            zone=self._zones[order.key.application_key],
        )

    async def enrich(
        self, order: OrderRow, request: OrderRequest, context: MappingContext
    ) -> tuple[MappingContext, Sequence[str]]:
        """The context with what enrichments found, and which of them answered. Raises TransientFailure too."""
        if not self._enrichments:
            return context, ()
        try:
            waived = HoldReason.ENRICHMENT in order.waived
            found = await self._enrichments(order_part(request, context), context, pass_over=waived)
        except EnrichmentFailed as error:
            raise Hold(HoldReason.ENRICHMENT, str(error)) from error
        except MappingFailed as error:
            raise Hold(HoldReason.MAPPING, str(error)) from error
        return structs.replace(context, extra=found.extra), found.asked

    def route(self, request: OrderRequest, application: Application, context: MappingContext) -> Routed:
        """The parts of the order; where there is no way, the Hold has NoRoute as its cause, with the trace."""
        try:
            return self._router.route(application, lambda: order_part(request, context))
        except NoRoute as error:
            raise Hold(HoldReason.NO_ROUTE, str(error)) from error
        except MappingFailed as error:
            raise Hold(HoldReason.MAPPING, str(error)) from error

    def map(self, request: OrderRequest, part: Part, context: MappingContext) -> Document:
        """The document of a part."""
        own = split_request(request, part.rows, payments=part.takes_payments)
        try:
            return self._mappings[part.target].map(own, context)
        except MissingValues as error:
            raise Hold(HoldReason.MISSING_VALUE, str(error), error.causes) from error
        except MappingFailed as error:
            raise Hold(HoldReason.MAPPING, str(error)) from error
