"""What the present rules and mappings would change for orders that were mapped, or held before they were."""

import difflib
from collections.abc import Iterator, Mapping, Sequence

from order_receiver.cli.documents import readable
from order_receiver.orders.document import Document
from order_receiver.orders.states import HoldReason
from order_receiver.store.queries import Story
from order_receiver.store.values import SubmissionRow
from order_receiver.work.trying import Mapped, Tried

STYLES = {"-": "red", "+": "green", "@": "cyan"}

_LATER = frozenset({HoldReason.ENRICHMENT.value, HoldReason.PARKED.value})
"""Orders without a document that enrichments may be to blame for."""


def comparable(story: Story, *, enriched: bool) -> bool:
    """Whether anything was decided about an order; without the enrichments nothing can be said of what they hold."""
    if story.submissions:
        return True
    return story.order.hold is not None and (enriched or story.order.hold not in _LATER)


def differences(story: Story, rows: Mapping[str, SubmissionRow], tried: Tried, *, extra: bool = True) -> Iterator[str]:
    """What would be different for an order, line by line; nothing where all stays as it was.

    `rows` are its submissions by target. Without `extra`, what enrichments found is left out.
    """
    if not rows:
        yield from _held(story.order.hold or "", tried)
        return
    if tried.trouble is not None:
        yield f"! It would go nowhere: {tried.trouble.text}"
        return
    for check in tried.checks:
        yield f"! It would be held: {check.reason}: {check.text}"
    after = {each.part.target: each for each in tried.mapped}
    for target in sorted(rows.keys() - after.keys()):
        yield f"- {target} would not get it any more"
    for target in sorted(after.keys() - rows.keys()):
        yield f"+ {target} would get it too"
    yield from _number(rows, after)
    for target in sorted(rows.keys() & after.keys()):
        yield from _document(target, rows[target], after[target], extra=extra)


def _held(before: str, tried: Tried) -> Iterator[str]:
    """Of an order that was held before it was mapped."""
    stop = next(iter(tried.hindrances), None)
    if stop is None:
        yield f"+ It was held: {before}; it would go to {', '.join(each.part.target for each in tried.mapped)}"
    elif stop.reason is None:
        yield f"! It was held: {before}; it would wait: {stop.text}"
    elif stop.reason != before:
        yield f"! It was held: {before}; it would be held: {stop.reason}: {stop.text}"


def _number(before: Mapping[str, SubmissionRow], after: Mapping[str, Mapped]) -> Iterator[str]:
    """Whose number Norce gets, where that is another's."""
    was = [target for target, row in before.items() if row.gives_number]
    would = [target for target, mapped in after.items() if mapped.part.gives_number]
    if was != would:
        yield f"- Norce gets the number of {', '.join(was)}"
        yield f"+ Norce would get the number of {', '.join(would)}"


def _document(target: str, before: SubmissionRow, after: Mapped, *, extra: bool) -> Iterator[str]:
    document = after.document
    if document is None:
        yield f"! {target}: {after.trouble.text if after.trouble is not None else ''}"
    elif document.content != before.document:
        yield from _diff(target, Document(before.document, before.media_type, before.extension), document, extra=extra)


def _diff(target: str, before: Document, after: Document, *, extra: bool) -> Sequence[str]:
    """The lines that differ, with those around them; personal numbers masked."""
    lines = [readable(each.content, each.media_type, extra=extra) for each in (before, after)]
    old, new = lines
    found = list(difflib.unified_diff(old, new, f"{target}, as it was", f"{target}, as it would be", lineterm="", n=2))
    if found or (not extra and lines != [readable(each.content, each.media_type) for each in (before, after)]):
        return found
    return [f"! {target}: the documents differ in bytes that are not shown"]
