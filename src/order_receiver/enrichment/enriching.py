"""Asks enrichments about an order, one after the other."""

import asyncio
from collections.abc import Hashable, Sequence

from msgspec import structs

from order_receiver.contract.value import Value
from order_receiver.enrichment.cache import Cache
from order_receiver.enrichment.model import EnrichmentFailed, Found, Question, Source
from order_receiver.enrichment.naming import names_of
from order_receiver.mapping import MappingContext
from order_receiver.orders.canonical import OrderPart
from order_receiver.orders.outcomes import CallFailed, PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.settings.conditions import Condition, Verdict
from order_receiver.settings.enrichments import AnyEnrichment
from order_receiver.settings.expressions import ExpressionFailed, template


class Enriched(Value, frozen=True):
    """What was found, by name, and the names of the enrichments that answered."""

    extra: Found
    asked: Sequence[str] = ()


class Enrichment:
    """One of them: condition, source, cache and time limit."""

    def __init__(self, settings: AnyEnrichment, source: Source, cache: Cache) -> None:
        self.name = settings.name
        self._settings = settings
        self._source = source
        self._cache = cache
        self._when = None if settings.when is None else Condition(settings.when)

    def fits(self, order: OrderPart) -> bool:
        """Whether it is to be asked about an order; not so where that cannot be told."""
        return self._when is None or self._when.judge(order) is Verdict.YES

    async def __call__(self, order: OrderPart, context: MappingContext) -> Found:
        """What it knows about an order. Raises EnrichmentFailed, TransientFailure, UnknownOutcome."""
        try:
            question = self._source.question(order, context)
            what = self._key(order, question)
            if what is None:
                return await self._ask(question)
            found = self._cache.find(what)
            if found is None:
                found = await self._ask(question)
                self._cache.keep(what, found)
            return found
        except CallFailed as error:
            raise _named(error, self.name) from error

    async def close(self) -> None:
        await self._source.close()

    async def _ask(self, question: Question) -> Found:
        limit = self._settings.timeout
        try:
            async with asyncio.timeout(limit):
                return await question.ask()
        except TimeoutError:
            raise TransientFailure(f"no answer within {limit:g} s.") from None

    def _key(self, order: OrderPart, question: Question) -> Hashable:
        """What orders with the same answer have in common; None where nothing is known to be."""
        source = self._settings.cache_key
        if source is None:
            return question.what
        values = names_of(order)
        try:
            template(source, "text").text(values)
        except ExpressionFailed as error:
            raise PermanentFailure(f"cache_key cannot be filled for this order: {error}.") from None
        try:
            # A segment is never empty, and cannot run into its neighbour: guests are not one customer.
            return template(source, "segment").text(values) or None
        except ExpressionFailed:
            return None


def _named(error: CallFailed, name: str) -> Exception:
    """The same failure, said of the enrichment; what no repeating cures holds the order."""
    sentence = f"Enrichment {name}: {error}"
    if isinstance(error, TransientFailure):
        return TransientFailure(sentence, error.retry_after)
    return UnknownOutcome(sentence) if isinstance(error, UnknownOutcome) else EnrichmentFailed(sentence)


class Enrichments:
    """All of them, in the order of the settings."""

    def __init__(self, enrichments: Sequence[Enrichment] = ()) -> None:
        self._all = tuple(enrichments)

    def __bool__(self) -> bool:
        return bool(self._all)

    def __len__(self) -> int:
        return len(self._all)

    async def __call__(self, order: OrderPart, context: MappingContext, *, pass_over: bool = False) -> Enriched:
        """Ask about an order; each sees what those before it found. Raises as Enrichment does.

        `pass_over`: those that cannot work for this order hold nothing up; it goes on without what they would find.
        """
        extra: Found = {}
        asked: list[str] = []
        for each in self._all:
            if not each.fits(order):
                continue
            try:
                extra = {**extra, **await each(order, context)}
            except EnrichmentFailed:
                if not pass_over:
                    raise
                continue
            asked.append(each.name)
            order = structs.replace(order, extra=dict(extra) or None)
            context = structs.replace(context, extra=extra)
        return Enriched(extra, asked)

    async def close(self) -> None:
        """Close what is open to other systems."""
        for each in self._all:
            await each.close()


NO_ENRICHMENTS = Enrichments()
