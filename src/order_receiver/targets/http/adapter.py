"""An ERP with a REST or OData API, called as the settings say."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from order_receiver.orders.document import Document
from order_receiver.orders.identity import OrderKey
from order_receiver.orders.outcomes import PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.settings.expressions import ExpressionFailed, template
from order_receiver.settings.expressions.forms import form_of
from order_receiver.settings.targets.http import HttpTarget, Request
from order_receiver.targets.adapter import (
    CancelOutcome,
    Capabilities,
    ErpOrder,
    Poll,
    SaveStep,
    Submission,
    Submitted,
    Update,
)
from order_receiver.targets.http.auth import Auth
from order_receiver.targets.http.calls import Caller, Host
from order_receiver.targets.http.exchange import read_json
from order_receiver.targets.http.finding import find
from order_receiver.targets.http.news import NewsReader
from order_receiver.targets.http.sequence import Run
from order_receiver.targets.http.state import State, number_of, text_of
from order_receiver.targets.keys import read_key


class HttpAdapter:
    """Makes orders with the configured calls, one after the other (see `sequence`)."""

    def __init__(self, settings: HttpTarget, auth: Auth, clock: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self._settings = settings
        host = Host(
            base_url=settings.base_url,
            timeout=settings.timeout,
            at_once=settings.connections,
            answer_limit=settings.answer_limit,
            headers=settings.headers,
            answers=settings.answers,
        )
        self._caller = Caller(host, auth, clock)
        self._clock = clock
        self._find = next(((call.name, call.find) for call in settings.calls if call.find is not None), None)
        self._news = None if settings.news is None else NewsReader(self._caller, settings.news)

    def capabilities(self) -> Capabilities:
        return Capabilities(
            enforces_uniqueness=all(call.harmless for call in self._settings.calls),
            answers_number=any("number" in call.save for call in self._settings.calls),
            polls=self._settings.news is not None,
            reference_length=self._settings.reference_length,
        )

    async def submit(self, submission: Submission, save: SaveStep) -> Submitted:
        """Make the calls that are left. Raises PermanentFailure, TransientFailure, UnknownOutcome."""
        order = self._order(submission.key, submission.order)
        run = Run(
            caller=self._caller,
            settle=self._settings.settle,
            clock=self._clock,
            document=submission.document,
            known={**order, "document": _readable(submission.document)},
            save=save,
            state=State.read(submission.step),
            look=submission.look_first,
        )
        saved = await run.make(self._settings.calls)
        try:
            number, erp_id = number_of(saved.get("number")), text_of(saved.get("id"), "the id")
        except ExpressionFailed as error:
            raise PermanentFailure(
                f"The order was made in the ERP, but {error}. Correct `save` of the calls."
            ) from None
        if number is None and erp_id is None and self._settings.news is None:
            raise UnknownOutcome("The ERP took the order, but its answers gave neither a number nor an id.")
        return Submitted(number, erp_id)

    async def find(self, key: str) -> Sequence[ErpOrder]:
        """All orders that the first look-up of the settings finds. Raises TransientFailure, PermanentFailure."""
        if self._find is None:
            raise PermanentFailure("No call of this target has a `find`, so its orders cannot be looked for.")
        name, settings = self._find
        found = await find(self._caller, settings, self._order(key, read_key(key)), f"{name}.find")
        try:
            orders = [(number_of(each.get("number")), text_of(each.get("id"), "the id")) for each in found]
        except ExpressionFailed as error:
            raise TransientFailure(f"The answer to {name}.find is not as the settings say: {error}.") from None
        return [ErpOrder(number, erp_id or number or key) for number, erp_id in orders]

    async def poll(self, cursor: str | None) -> Poll:
        """Look for numbers and refusals. Raises TransientFailure, PermanentFailure."""
        return Poll(updates=()) if self._news is None else await self._news.look(cursor)

    async def acknowledge(self, updates: Sequence[Update]) -> None:
        """Looks overlap: what was stored is not handed out again by this process."""
        for update in updates:
            self._settle(update)

    async def set_aside(self, update: Update, reason: str) -> None:
        """Stays in the ERP; it is handed out again only when it changes there, or after a restart."""
        self._settle(update)

    async def cancel(self, key: str) -> CancelOutcome:
        """How orders are cancelled is not part of the settings."""
        return CancelOutcome.MANUAL

    async def check(self) -> None:
        """Get credentials and read one address. Raises TransientFailure, PermanentFailure."""
        await self._caller.prove()
        chosen = self._settings.check
        prepared = self._caller.prepare(chosen or Request(path=""), {}, "check")
        answer = await self._caller.send(prepared)
        verdict = self._caller.judge(prepared, answer, (), {})
        reached = chosen is None and answer.status not in (401, 403, 407) and answer.status < 500
        if verdict.failure is not None and not reached:
            raise verdict.failure

    async def close(self) -> None:
        await self._caller.close()

    def _order(self, key: str, order: OrderKey | None) -> dict[str, object]:
        """The names by which templates know the order; without `order` only its key. Raises PermanentFailure."""
        names: dict[str, object] = {"key": key}
        if order is not None:
            names |= {"application_key": order.application_key, "client_order_ref": order.client_order_ref}
        try:
            reference = template(self._settings.reference, "text").text(names)
        except ExpressionFailed as error:
            raise PermanentFailure(f"The order has no reference for the ERP: reference: {error}.") from None
        limit = self._settings.reference_length
        if limit is not None and len(reference) > limit:
            raise PermanentFailure(
                f"The reference {reference} has {len(reference)} characters and the ERP takes {limit}. It is never "
                "cut, as two orders could then have the same: set `reference` of this target to something shorter."
            )
        return {**names, "reference": reference}

    def _settle(self, update: Update) -> None:
        if self._news is not None:
            self._news.settle(update)


def _readable(document: Document) -> object:
    """JSON as a tree with exact numbers, any other document as text."""
    if form_of(document.media_type) == "json":
        return read_json(document.content)
    return document.content.decode("utf-8", "replace")
