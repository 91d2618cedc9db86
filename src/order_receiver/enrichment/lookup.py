"""An enrichment that is a look-up by HTTP."""

from functools import partial
from http import HTTPStatus

from order_receiver.enrichment.model import Found, Question
from order_receiver.enrichment.naming import names_of
from order_receiver.enrichment.values import as_values
from order_receiver.mapping import MappingContext
from order_receiver.orders.canonical import OrderPart
from order_receiver.orders.outcomes import PermanentFailure, TransientFailure
from order_receiver.settings.enrichments import HttpEnrichment
from order_receiver.settings.expressions import ExpressionFailed, expression
from order_receiver.settings.expressions.forms import WrongValue
from order_receiver.settings.targets.http_rules import statuses
from order_receiver.targets.http.calls import Caller, Values
from order_receiver.targets.http.exchange import Answer, Prepared


class HttpSource:
    """Asks one host. What it says about a failure is not told, as it may repeat what was asked."""

    def __init__(self, settings: HttpEnrichment, caller: Caller) -> None:
        self._settings = settings
        self._request = settings.request
        self._caller = caller
        self._missing = statuses(settings.missing)

    def question(self, order: OrderPart, context: MappingContext) -> Question:
        """Raises PermanentFailure naming the setting that cannot be filled for this order."""
        values = names_of(order)
        prepared = self._caller.prepare(self._request, values, self._settings.name, method=self._settings.method)
        what = (str(prepared.url), tuple(sorted(prepared.headers.items())), prepared.body)
        return Question(what, partial(self._ask, prepared, values))

    async def close(self) -> None:
        await self._caller.close()

    async def _ask(self, prepared: Prepared, values: Values) -> Found:
        """Raises CallFailed."""
        answer = await self._caller.send(prepared)
        if any(answer.status in part for part in self._missing):
            return {}
        verdict = self._caller.judge(prepared, answer, (), values)
        failure = verdict.failure
        if isinstance(failure, TransientFailure) and answer.status == HTTPStatus.NOT_FOUND and not self._missing:
            advice = 'Write missing = "404" where that means that nothing was found.'
            raise TransientFailure(f"{failure} {advice}", failure.retry_after)
        if failure is not None:
            raise failure
        return self._saved(answer, values)

    def _saved(self, answer: Answer, values: Values) -> Found:
        """What is not there may be there later, as a host in trouble answers anything; a wrong type stays wrong."""
        known = {**values, **answer.values}
        found: dict[str, object] = {}
        for name, source in self._settings.save.items():
            try:
                found[name] = expression(source).value(known)
            except ExpressionFailed as error:
                raise TransientFailure(
                    f"The answer (HTTP {answer.status}) is not as the settings say: save.{name}: {error}."
                ) from None
        try:
            return as_values(found)
        except WrongValue as error:
            raise PermanentFailure(f"save: {error}.") from None
