"""What would become of a message by the present rules and mappings: the way of `process`, without writing anything."""

from collections.abc import Sequence

from msgspec import structs

from order_receiver.contract.findings import Finding
from order_receiver.contract.request import OrderRequest
from order_receiver.contract.value import Value
from order_receiver.mapping import MappingContext
from order_receiver.orders.document import Document
from order_receiver.orders.outcomes import CallFailed
from order_receiver.orders.states import HoldReason
from order_receiver.routing import NoRoute, Part, RuleTrace
from order_receiver.store.values import OrderRow
from order_receiver.work.checking import obstacles
from order_receiver.work.results import Hold
from order_receiver.work.steps import Steps


class Hindrance(Value, frozen=True):
    """What keeps an order here. Without a reason it would not be held, but tried again later."""

    reason: HoldReason | None
    text: str


class Mapped(Value, frozen=True):
    """What a target would get: the document, or why there is none."""

    part: Part
    document: Document | None
    trouble: Hindrance | None = None


class Tried(Value, frozen=True):
    """What would become of a message."""

    findings: Sequence[Finding] = ()
    checks: Sequence[Hindrance] = ()
    """What it would be held for before anything is mapped, except what a person has released it past."""
    trace: Sequence[RuleTrace] = ()
    trouble: Hindrance | None = None
    """Why it goes nowhere, if it does."""
    mapped: Sequence[Mapped] = ()

    @property
    def hindrances(self) -> Sequence[Hindrance]:
        """All that keeps the order here, each reason once; `process` holds it for the first."""
        unmapped = [each.trouble for each in self.mapped if each.trouble is not None]
        unmapped.sort(key=lambda each: each.reason is HoldReason.MISSING_VALUE)
        found: dict[HoldReason | None, Hindrance] = {}
        for each in (*self.checks, *([] if self.trouble is None else [self.trouble]), *unmapped):
            found.setdefault(each.reason, each)
        return list(found.values())


class Trial:
    """Tries messages by the steps that `process` takes."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps

    async def __call__(self, order: OrderRow, body: bytes, media_type: str | None) -> Tried:
        """Try one message; whatever is wrong with it is told in the answer."""
        steps, tried = self._steps, Tried()
        try:
            application = steps.application(order)
            reading = await steps.read(order, body, media_type)
            found = obstacles(reading, application)
            checks = [_hindrance(held) for held in steps.checks(order, reading.order, found)]
            tried = Tried(findings=found.all, checks=checks)
            context, _ = await steps.enrich(order, reading.order, steps.context(order, application))
            routed = steps.route(reading.order, application, context)
        except Hold as held:
            trace = held.__cause__.trace if isinstance(held.__cause__, NoRoute) else ()
            return structs.replace(tried, trace=trace, trouble=_hindrance(held))
        except CallFailed as failure:
            return structs.replace(tried, trouble=Hindrance(None, str(failure)))
        mapped = [self._map(reading.order, part, context) for part in routed.parts]
        return structs.replace(tried, findings=(*found.all, *found.noted), trace=routed.trace, mapped=mapped)

    def _map(self, request: OrderRequest, part: Part, context: MappingContext) -> Mapped:
        try:
            return Mapped(part, self._steps.map(request, part, context))
        except Hold as held:
            return Mapped(part, None, _hindrance(held))


def _hindrance(held: Hold) -> Hindrance:
    return Hindrance(held.reason, held.text)
