"""Look-ups: what does the ERP have under a reference?"""

from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus

from order_receiver.orders.document import Document
from order_receiver.orders.outcomes import TransientFailure
from order_receiver.settings.expressions import ExpressionFailed, Undecided, expression
from order_receiver.settings.targets.http import AnswerRule, Find
from order_receiver.settings.targets.http_rules import statuses
from order_receiver.targets.http.calls import Caller, Values
from order_receiver.targets.http.errors import names_error
from order_receiver.targets.http.exchange import Answer, Prepared

PAGES_LIMIT = 20
"""Pages of one look-up; a filter that brings more is no filter."""


async def find(
    caller: Caller, settings: Find, values: Values, name: str, document: Document | None = None
) -> list[dict[str, object]]:
    """What the look-up saves of each record that counts. Raises TransientFailure, PermanentFailure."""
    prepared = caller.prepare(settings, values, name, method=settings.method, document=document)
    none = statuses(settings.missing)
    found: list[dict[str, object]] = []
    looked = 0
    async for answer in pages(caller, prepared, settings.next, settings.answers, values, none):
        looked += 1
        if looked > PAGES_LIMIT:
            raise TransientFailure(f"{name} brought more than {PAGES_LIMIT} pages: narrow its query.")
        known = {**values, **answer.values}
        try:
            for record in records_of(settings.items, answer, known):
                _must_be_record(settings, record)
                seen = {**known, "record": record}
                if settings.only is None or expression(settings.only).value(seen):
                    found.append({key: expression(source).value(seen) for key, source in settings.save.items()})
        except ExpressionFailed as error:
            raise TransientFailure(f"The answer to {name} is not as the settings say: {error}.") from error
    return found


def _must_be_record(settings: Find, record: object) -> None:
    """Raises ExpressionFailed for nothing, and for an error that passes for a record, as nothing looks into it."""
    if record is None:
        raise ExpressionFailed(f"`{settings.items}` gives a list with nothing in it where a record must be")
    if settings.only is None and not settings.save and names_error(record):
        raise ExpressionFailed(
            f"`{settings.items}` gives a record that names an error, and neither `only` nor `save` looks into it"
        )


async def pages(
    caller: Caller,
    first: Prepared,
    following: str | None,
    rules: Sequence[AnswerRule],
    values: Values,
    missing: tuple[range, ...] = (),
) -> AsyncIterator[Answer]:
    """The answers to a call and to the addresses of next pages that they give, however many.

    An answer with a status of `missing` ends it. Raises TransientFailure, PermanentFailure.
    """
    prepared = first
    while True:
        answer = await caller.send(prepared)
        if any(answer.status in part for part in missing):
            return
        verdict = caller.judge(prepared, answer, rules, values)
        if verdict.failure is not None:
            raise verdict.failure
        yield answer
        address = next_page(following, {**values, **answer.values}, first.name)
        if address is None:
            return
        prepared = caller.follow(prepared, address)


def records_of(source: str, answer: Answer, values: Values) -> list[object]:
    """The records of an answer. Raises ExpressionFailed where it tells nothing of records, so that nobody knows them.

    A page that is no JSON is no answer of the ERP, whatever the expression makes of it; but 204 has no content.
    """
    if "body" in expression(source).names and not answer.is_json and answer.status != HTTPStatus.NO_CONTENT:
        raise ExpressionFailed("it is no JSON")
    return records(source, values)


def records(source: str, values: Values) -> list[object]:
    """The list that an expression gives. Raises ExpressionFailed."""
    value = expression(source).value(values)
    if value is None:
        advice = "where that means that there are none, write `|default([], true)` behind it"
        raise ExpressionFailed(f"`{source}` gives nothing where a list must be; {advice}")
    if not isinstance(value, list | tuple):
        raise ExpressionFailed(f"`{source}` gives no list")
    return list(value)


def next_page(source: str | None, values: Values, name: str) -> str | None:
    """The address of the next page, if the answer gives one. Raises TransientFailure."""
    if source is None:
        return None
    try:
        address = expression(source).value(values)
    except Undecided:
        return None
    except ExpressionFailed as error:
        raise TransientFailure(f"The answer to {name} is not as the settings say: `next`: {error}.") from error
    if address and not isinstance(address, str):
        raise TransientFailure(
            f"The answer to {name} is not as the settings say: `next` gives something that is no address."
        )
    return address if isinstance(address, str) and address else None
