"""What became of orders: numbers that come later, and refusals."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TypeVar

import msgspec
import structlog

from order_receiver.orders.outcomes import CallFailed, TransientFailure
from order_receiver.settings.expressions import ExpressionFailed, expression
from order_receiver.settings.targets.http import News
from order_receiver.targets.adapter import Poll, Update, UpdateKind
from order_receiver.targets.http.calls import Caller
from order_receiver.targets.http.cursor import Cursor, later, read_cursor
from order_receiver.targets.http.exchange import Answer
from order_receiver.targets.http.finding import next_page, records_of
from order_receiver.targets.http.state import number_of, text_of

Key = TypeVar("Key")
Kept = TypeVar("Kept")

PAGES_LIMIT = 100
"""Pages without any news that are read in one look."""

_REMEMBERED = 10_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Page:
    answer: Answer
    records: list[object]


@dataclass(slots=True)
class _Read:
    """What one look made of records: how many were of use, and why the others were not."""

    useful: int = 0
    why: list[str] = field(default_factory=list)


class NewsReader:
    """Looks for news of one target, and remembers for this process what needs no telling again."""

    def __init__(self, caller: Caller, settings: News) -> None:
        self._caller = caller
        self._settings = settings
        self._settled: OrderedDict[str, Update] = OrderedDict()
        self._aside: OrderedDict[bytes, str] = OrderedDict()

    def settle(self, update: Update) -> None:
        """It is handed out again only when it changes in the ERP."""
        _remember(self._settled, update.source, update)

    async def look(self, cursor: str | None) -> Poll:
        """Read pages up to one with news. Raises TransientFailure, PermanentFailure.

        A record that is not as the settings say is logged and passed over, and does not move the cursor. Where a whole
        look brings nothing else, that is a failure: the settings are wrong.
        """
        at = read_cursor(cursor, self._settings.start, self._caller.base)
        whole, read = at.page is None, _Read()
        for number in range(PAGES_LIMIT):
            page = await (self._page(at) if number else self._first(at))
            fresh = self._read(page, at, read)
            at.go_on(next_page(self._settings.next, page.answer.values, "news"), self._caller.base)
            if fresh or at.page is None:
                if whole and read.why and not read.useful:
                    raise TransientFailure(
                        f"None of the {len(read.why)} records of news is as the settings say: {read.why[0]}."
                    )
                return Poll(fresh, msgspec.json.encode(at).decode(), more=at.page is not None)
        raise TransientFailure(f"news brought {PAGES_LIMIT} pages without anything new: narrow its query.")

    async def _first(self, at: Cursor) -> _Page:
        """Addresses of pages do not live for ever: one of an earlier look that fails is given up for the first page."""
        try:
            return await self._page(at)
        except CallFailed as failed:
            if at.page is None or (isinstance(failed, TransientFailure) and failed.retry_after is not None):
                raise
        log.info("target.news_begins_again", url=self._caller.base)
        at.go_back()
        return await self._page(at)

    async def _page(self, at: Cursor) -> _Page:
        values = {"cursor": at.since}
        prepared = self._caller.prepare(self._settings, values, "news")
        if at.page is not None:
            prepared = self._caller.follow(prepared, at.page)
        answer = await self._caller.send(prepared)
        verdict = self._caller.judge(prepared, answer, self._settings.answers, values)
        if verdict.failure is not None:
            raise verdict.failure
        try:
            return _Page(answer, records_of(self._settings.items, answer, answer.values))
        except ExpressionFailed as error:
            raise TransientFailure(f"The answer to news is not as the settings say: {error}.") from error

    def _read(self, page: _Page, at: Cursor, read: _Read) -> list[Update]:
        """What is new on a page; the last record of an order stands. Moves `at.latest` on."""
        updates: dict[str, Update] = {}
        for record in page.records:
            values = {**page.answer.values, "record": record}
            try:
                update = _update(self._settings, values)
                if self._settings.cursor is not None:
                    here = text_of(expression(self._settings.cursor).value(values), "the cursor")
                    at.latest = later(at.latest, here or "")
            except ExpressionFailed as error:
                read.why.append(str(error))
                self._pass_over(record, values, str(error))
                continue
            read.useful += 1
            if update is not None:
                updates[update.source] = update
        return [update for update in updates.values() if self._settled.get(update.source) != update]

    def _pass_over(self, record: object, values: Mapping[str, object], why: str) -> None:
        """Logged once for each thing that the ERP says, as looks overlap."""
        seen = sha256(repr(record).encode()).digest()
        if seen in self._aside:
            return
        _remember(self._aside, seen, why)
        try:
            source = _text(self._settings.source, values)
        except ExpressionFailed:
            source = None
        log.warning("target.answer_set_aside", url=self._caller.base, source=source, why=why)


def _update(settings: News, values: Mapping[str, object]) -> Update | None:
    """None where the record has no number yet and was not refused, or is no order of ours."""
    number = number_of(expression(settings.number).value(values))
    reason = _text(settings.refused, values)
    key, reference = _text(settings.key, values), _text(settings.client_order_ref, values)
    if (number is None and reason is None) or (key is None and reference is None):
        return None
    return Update(
        submission_key=key,
        kind=UpdateKind.REFUSED if number is None else UpdateKind.CONFIRMED,
        source=_text(settings.source, values) or number or key or reference or "",
        erp_order_no=number,
        reason=None if number is not None else reason,
        client_order_ref=reference,
    )


def _text(source: str | None, values: Mapping[str, object]) -> str | None:
    return None if source is None else text_of(expression(source).value(values), f"`{source}`")


def _remember(kept: OrderedDict[Key, Kept], key: Key, value: Kept) -> None:
    kept[key] = value
    if len(kept) > _REMEMBERED:
        kept.popitem(last=False)
