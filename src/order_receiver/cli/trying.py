"""`explain` and `map`: what rules and mappings make of an order, before anything is sent."""

import asyncio
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from order_receiver.app.assembly import Configuration, open_all_enrichments, open_mappings
from order_receiver.cli.common import DEFAULT_CONFIG, AsJson, ConfigFile, open_configuration, plain_errors
from order_receiver.cli.comparing import STYLES, comparable, differences
from order_receiver.cli.documents import shown
from order_receiver.cli.orders import ApplicationKey, find
from order_receiver.cli.output import console, errors, fail, print_json
from order_receiver.cli.story import held_in_words
from order_receiver.contract.forms import glance
from order_receiver.contract.media import media_type as parse_media_type
from order_receiver.contract.reading import Limits, Unreadable
from order_receiver.contract.soap_form.envelope import EnvelopeRefused
from order_receiver.enrichment import NO_ENRICHMENTS
from order_receiver.orders.identity import OrderKey, normal_application_key
from order_receiver.orders.states import EXPLANATIONS, HoldReason, OrderState
from order_receiver.store import queries, submissions
from order_receiver.store.database import Reader
from order_receiver.store.errors import NoSuchOrder
from order_receiver.store.queries import OrderFilter, Story
from order_receiver.store.reading import order_and_body
from order_receiver.store.store import now, prepare
from order_receiver.store.values import OrderRow, SubmissionRow
from order_receiver.work.checking import tell
from order_receiver.work.steps import Steps
from order_receiver.work.trying import Mapped, Trial, Tried

commands = typer.Typer(help="Mappings: try one on an order, compare with what was sent.", no_args_is_help=True)

CHANGED_SHOWN = 20
"""Orders whose differences are printed; the others are counted."""

JUDGED = frozenset(
    {
        *(HoldReason.UNREADABLE, HoldReason.UNKNOWN_APPLICATION, HoldReason.DO_HOLD, HoldReason.FINDINGS),
        *(HoldReason.TOTALS_DIFFER, HoldReason.ENRICHMENT, HoldReason.NO_ROUTE, HoldReason.MAPPING),
        HoldReason.MISSING_VALUE,
    }
)
"""What a trial can tell the end of."""

NoEnrich = Annotated[bool, typer.Option("--no-enrich", help="Do not ask the enrichments: nothing is reached.")]


class Bench:
    """Tries orders one after the other."""

    def __init__(self, configuration: Configuration, trial: Trial, runner: asyncio.Runner) -> None:
        self._configuration = configuration
        self._trial = trial
        self._runner = runner
        self._opened: Reader | None = None

    def stored(self, order_id: int) -> Tried:
        """What would become of an order that the store has. Raises StoreUnavailable."""
        return self.new(*self._runner.run(self._reader().run(partial(order_and_body, order_id=order_id))))

    def new(self, order: OrderRow, body: bytes, media_type: str | None) -> Tried:
        """What would become of a message."""
        return self._runner.run(self._trial(order, body, media_type))

    def submission(self, order_id: int, target: str) -> SubmissionRow | None:
        """What was made of an order for a target. Raises StoreUnavailable."""
        return self._runner.run(self._reader().run(partial(submissions.of_order, order_id=order_id, target=target)))

    def close(self) -> None:
        """Let go of the store."""
        if self._opened is not None:
            self._runner.run(self._opened.close())

    def _reader(self) -> Reader:
        if self._opened is None:
            self._opened = self._configuration.database.reader()
        return self._opened


def explain(
    reference: Annotated[str, typer.Argument(help="ClientOrderRef of the order.")],
    config: ConfigFile = DEFAULT_CONFIG,
    application: ApplicationKey = None,
    no_enrich: NoEnrich = False,
    as_json: AsJson = False,
) -> None:
    """Say which rule of [[routes]] takes an order, which do not, and why; and what holds it, or would."""
    with plain_errors():
        configuration = open_configuration(config)
        stories = _stories(configuration, reference, application)
        with _trying(configuration, enrich=not no_enrich) as bench:
            tried = [(story, bench.stored(story.order.id)) for story in stories]
    if as_json:
        print_json([_explained(story, each) for story, each in tried])
        return
    for story, each in tried:
        _explain(story, each, JUDGED - {HoldReason.ENRICHMENT} if no_enrich else JUDGED)


def _explain(story: Story, tried: Tried, judged: Collection[HoldReason]) -> None:
    _tell_state(story, console)
    for rule in tried.trace:
        style = "green" if rule.matched else "dim"
        console.print(f"  {rule.rule}: {rule.why}", markup=False, soft_wrap=True, style=style)
    _tell_holds(story, tried, judged)
    if tried.trouble is not None:
        console.print(f"It goes nowhere: {tried.trouble.text}", markup=False, soft_wrap=True, style="yellow")
    goes = "Goes" if not tried.hindrances else "Once nothing holds it, goes"
    for mapped in tried.mapped:
        console.print(f"{goes} to {_part_in_words(mapped)}", markup=False, soft_wrap=True)
    sent = ", ".join(submission.target for submission in story.submissions if submission.submitted_at is not None)
    if sent:
        console.print(f"It was sent to {sent}; the rules above are the present ones.", markup=False)


def _tell_state(story: Story, to: Console) -> None:
    """Where the order is, and what it is held for."""
    to.print(f"Order {story.order.client_order_ref}, {story.order.state}", markup=False, style="bold")
    for held in story.holds:
        to.print(f"{held_in_words(held)}. {held.text}", markup=False, soft_wrap=True, style="yellow")


def _tell_holds(story: Story, tried: Tried, judged: Collection[HoldReason]) -> None:
    """What would hold the order that does not yet, and what does that would not any more."""
    present = {held.reason for held in story.holds}
    for each in tried.hindrances:
        if each.reason is not None and each.reason not in present and each is not tried.trouble:
            console.print(f"Would be held: {each.reason}. {each.text}", markup=False, soft_wrap=True, style="yellow")
    over = present & set(judged) - {each.reason for each in tried.hindrances}
    for reason in sorted(over):
        retry = f"`order-receiver orders retry {story.order.client_order_ref}` tries it again"
        console.print(f"Would not be held for {reason} any more: {retry}.", markup=False, soft_wrap=True, style="green")


@commands.command("try")
def try_order(
    order: Annotated[str, typer.Argument(help="ClientOrderRef of a stored order, or a file with a message.")],
    config: ConfigFile = DEFAULT_CONFIG,
    target: Annotated[
        str | None,
        typer.Option("--target", help="Only the document of this target, exactly as it would get it; all else apart."),
    ] = None,
    application: ApplicationKey = None,
    no_enrich: NoEnrich = False,
) -> None:
    """Print what the targets would get of an order, and the findings. Nothing is written or sent."""
    beside = console if target is None else errors
    with plain_errors():
        configuration = open_configuration(config)
        if target is not None and target not in configuration.settings.targets:
            raise fail(f"There is no target {target}: {', '.join(sorted(configuration.settings.targets)) or 'none'}.")
        with _trying(configuration, enrich=not no_enrich) as bench:
            tried = _try_any(bench, configuration, order, application, beside)
    if tried.findings:
        beside.print(f"Findings:\n{tell(tried.findings)}", markup=False, soft_wrap=True, style="yellow")
    for check in tried.checks:
        meaning = EXPLANATIONS[HoldReason(check.reason or "")].meaning
        beside.print(f"Would be held: {check.reason}. {meaning}", markup=False, soft_wrap=True, style="yellow")
    if tried.trouble is not None:
        raise fail(f"The order goes nowhere: {tried.trouble.text}")
    mapped = [each for each in tried.mapped if target in {None, each.part.target}]
    if not mapped:
        raise fail(f"By the rules nothing of this order goes to {target}. `order-receiver explain` says why.")
    for each in mapped:
        _print_mapped(each, beside, whole=target is not None)
    if any(each.document is None for each in mapped):
        raise typer.Exit(1)


def _print_mapped(mapped: Mapped, beside: Console, *, whole: bool) -> None:
    """The document to be read, or `whole`, to be kept: its bytes and nothing else on standard output."""
    beside.print(f"For {_part_in_words(mapped)}:", markup=False, style="bold", soft_wrap=True)
    if mapped.document is None:
        return
    if whole:
        sys.stdout.flush()
        sys.stdout.buffer.write(mapped.document.content)
        sys.stdout.buffer.flush()
    else:
        text = shown(mapped.document.content, mapped.document.media_type)
        console.print(text, markup=False, soft_wrap=True)


@commands.command("compare")
def compare(
    config: ConfigFile = DEFAULT_CONFIG,
    last: Annotated[int, typer.Option("--last", min=1, help="So many of the newest orders.")] = 200,
    enrich: Annotated[bool, typer.Option("--enrich", help="Ask the enrichments again, for each order.")] = False,
) -> None:
    """Compare what was mapped or held of the newest orders with what would be now. Nothing is sent."""
    with plain_errors():
        configuration = open_configuration(config)
        enriched = enrich or not configuration.settings.enrichments
        engine = prepare(configuration.database, migrate=False)
        found = queries.list_orders(engine, OrderFilter(limit=last))
        stories = [queries.story(engine, order) for order in found if order.state != OrderState.CANCELLED]
        decided = [story for story in stories if comparable(story, enriched=enriched)]
        with _trying(configuration, enrich=enrich) as bench:
            all_lines = [list(_compared(bench, story, enriched=enriched)) for story in decided]
    changed = [(story, lines) for story, lines in zip(decided, all_lines, strict=True) if lines]
    for story, lines in changed[:CHANGED_SHOWN]:
        console.print(f"Order {story.order.client_order_ref}", markup=False, style="bold")
        for line in lines:
            console.print(f"  {line}", markup=False, soft_wrap=True, style=STYLES.get(line[:1], ""))
    if len(changed) > CHANGED_SHOWN:
        console.print(f"and {len(changed) - CHANGED_SHOWN} more orders that would differ")
    if not enriched:
        console.print(
            "Without what enrichments find: --enrich asks them. `extra` is not compared, and rules see none.",
            markup=False,
            soft_wrap=True,
            style="yellow",
        )
    console.print(f"{len(decided)} orders compared, {len(changed)} would differ.")
    if changed:
        raise typer.Exit(1)


def _compared(bench: Bench, story: Story, *, enriched: bool) -> Iterator[str]:
    found = (bench.submission(story.order.id, each.target) for each in story.submissions)
    rows = {row.target: row for row in found if row is not None}
    return differences(story, rows, bench.stored(story.order.id), extra=enriched)


@contextmanager
def _trying(configuration: Configuration, *, enrich: bool) -> Iterator[Bench]:
    """Try messages one after the other; what is open is closed in the end."""
    settings = configuration.settings
    limits = Limits(depth=settings.door.depth_limit, items=settings.door.item_limit)
    mappings = open_mappings(configuration)
    enrichments = open_all_enrichments(configuration) if enrich else NO_ENRICHMENTS
    trial = Trial(Steps(configuration.applications, mappings, limits, settings.routes, enrichments))
    with asyncio.Runner() as runner:
        bench = Bench(configuration, trial, runner)
        try:
            yield bench
        finally:
            bench.close()
            runner.run(enrichments.close())


def _stories(configuration: Configuration, reference: str, application: str | None) -> Sequence[Story]:
    engine = prepare(configuration.database, migrate=False)
    return [queries.story(engine, order) for order in find(engine, reference, application)]


def _try_any(bench: Bench, configuration: Configuration, order: str, application: str | None, beside: Console) -> Tried:
    file = Path(order)
    if file.is_file():
        return _try_file(bench, configuration, file, application)
    try:
        story = _stories(configuration, order, application)[0]
    except NoSuchOrder as error:
        raise fail(f"{error} There is no file {order} either.") from error
    _tell_state(story, beside)
    return bench.stored(story.order.id)


def _try_file(bench: Bench, configuration: Configuration, file: Path, application: str | None) -> Tried:
    """A message in a file, as if it had come now."""
    body = file.read_bytes()
    try:
        seen, _ = glance(body, parse_media_type(None))
    except (Unreadable, EnvelopeRefused) as error:
        raise fail(f"{file}: {error}") from error
    key = application or seen.application_key or configuration.settings.door.default_application or ""
    if not seen.client_order_ref:
        raise fail(f"{file} names no order: it has no ClientOrderRef.")
    return bench.new(_new_row(OrderKey(normal_application_key(key), seen.client_order_ref)), body, None)


def _new_row(key: OrderKey) -> OrderRow:
    return OrderRow(0, key, OrderState.RECEIVED, None, None, frozenset(), None, now())


def _part_in_words(mapped: Mapped) -> str:
    part = mapped.part
    rows = "all rows" if part.rows is None else f"{len(part.rows)} of its rows"
    number = ", gives Norce its number" if part.gives_number else ""
    trouble = "" if mapped.trouble is None else f", but cannot be mapped: {mapped.trouble.text}"
    return f"{part.target} ({rows}{number}{trouble})"


def _explained(story: Story, tried: Tried) -> dict[str, object]:
    return {
        "order": story.order.client_order_ref,
        "state": story.order.state,
        "holds": story.holds,
        "would_hold": [each for each in tried.hindrances if each.reason is not None],
        "rules": [{"rule": each.rule, "matched": each.matched, "why": each.why} for each in tried.trace],
        "targets": [
            {
                "target": each.part.target,
                "rows": each.part.rows,
                "gives_number": each.part.gives_number,
                "trouble": None if each.trouble is None else each.trouble.text,
            }
            for each in tried.mapped
        ],
        "trouble": None if tried.trouble is None else tried.trouble.text,
    }
