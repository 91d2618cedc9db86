"""`orders`: where an order is and why, and what a person can do about it."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from order_receiver.cli.acting import Action, act, actor, tell_left
from order_receiver.cli.acting import orders as in_words
from order_receiver.cli.common import DEFAULT_CONFIG, AsJson, ConfigFile, open_configuration, plain_errors
from order_receiver.cli.output import console, fail, local, print_json, print_table
from order_receiver.cli.quarantine import print_quarantine, print_quarantined, quarantine_number
from order_receiver.cli.story import print_story, story_as_data
from order_receiver.orders.identity import normal_application_key
from order_receiver.orders.states import RETRY_ONLY, HoldReason, OrderState
from order_receiver.store import Engine, changes, circuits, decisions, queries
from order_receiver.store.errors import NoSuchOrder
from order_receiver.store.queries import Listed, OrderFilter
from order_receiver.store.session import Session
from order_receiver.store.store import prepare

commands = typer.Typer(help="Orders: list, show, retry, release, cancel.", no_args_is_help=True)

Reference = Annotated[str | None, typer.Argument(help="ClientOrderRef of the order.")]
ApplicationKey = Annotated[
    str | None, typer.Option("--application", help="Application key, where two shops use the same reference.")
]
Reason = Annotated[HoldReason | None, typer.Option("--reason", help="All orders held for this reason.")]
Why = Annotated[str | None, typer.Option("--why", help="Written to the order's history.")]


@commands.command("list")
def list_orders(
    config: ConfigFile = DEFAULT_CONFIG,
    state: Annotated[OrderState | None, typer.Option(help="Only orders in this state.")] = None,
    held: Annotated[bool, typer.Option("--held", help="Only held orders.")] = False,
    reason: Reason = None,
    quarantine: Annotated[bool, typer.Option("--quarantine", help="Messages that could not be identified.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List orders, newest first."""
    with plain_errors():
        configuration = open_configuration(config)
        engine = prepare(configuration.database, migrate=False)
        if quarantine:
            print_quarantine(queries.list_quarantine(engine, limit), configuration, as_json=as_json)
            return
        found = queries.list_orders(
            engine, OrderFilter(state.value if state else None, held, reason.value if reason else None, limit)
        )
    if as_json:
        print_json(found)
        return
    zone = ZoneInfo(configuration.settings.time_zone)
    columns = ("ClientOrderRef", "Received", "State", "Held for", "ERP number", "Why")
    print_table("Orders", columns, [_row(order, zone) for order in found])


@commands.command("show")
def show(
    reference: Annotated[str, typer.Argument(help="ClientOrderRef of the order, or a quarantine number.")],
    config: ConfigFile = DEFAULT_CONFIG,
    application: ApplicationKey = None,
    as_json: AsJson = False,
    message: Annotated[bool, typer.Option("--message", help="Show the messages too, personal numbers masked.")] = False,
    document: Annotated[bool, typer.Option("--document", help="Show what was mapped for the target too.")] = False,
) -> None:
    """Show where an order is and why, and everything that happened to it; or a message in quarantine (Q17)."""
    with plain_errors():
        configuration = open_configuration(config)
        engine = prepare(configuration.database, migrate=False)
        try:
            stories = [queries.story(engine, order) for order in find(engine, reference, application)]
            shut = {circuit.system for circuit in circuits.list_circuits(engine) if not circuit.flows}
        except NoSuchOrder:
            if (number := quarantine_number(reference)) is None:
                raise
            print_quarantined(queries.quarantined(engine, number), configuration, as_json=as_json)
            return
    if as_json:
        print_json([story_as_data(story, message=message, document=document) for story in stories])
        return
    zone = ZoneInfo(configuration.settings.time_zone)
    for story in stories:
        print_story(story, zone, message=message, document=document, shut=shut)


@commands.command("retry")
def retry(
    reference: Reference = None,
    config: ConfigFile = DEFAULT_CONFIG,
    application: ApplicationKey = None,
    reason: Reason = None,
    why: Why = None,
) -> None:
    """Try again now: the cause was mended. The same checks are made again."""
    action = partial(_lift, wanted=reason, waive=False, why=why)
    _act(config, reference, application, reason, action, "will be tried again")


@commands.command("release")
def release(
    reference: Reference = None,
    config: ConfigFile = DEFAULT_CONFIG,
    application: ApplicationKey = None,
    reason: Reason = None,
    why: Why = None,
) -> None:
    """Let held orders go on in spite of what they are held for."""
    if reason in RETRY_ONLY:
        raise fail(decisions.retry_only(reason))
    action = partial(_lift, wanted=reason, waive=True, why=why)
    _act(config, reference, application, reason, action, "released")


@commands.command("cancel")
def cancel(
    reference: Annotated[str, typer.Argument(help="ClientOrderRef of the order.")],
    config: ConfigFile = DEFAULT_CONFIG,
    application: ApplicationKey = None,
    why: Why = None,
    looked: Annotated[
        bool, typer.Option("--not-in-erp", help="You have looked: no ERP has anything of the order.")
    ] = False,
) -> None:
    """Cancel an order that no ERP has yet. Norce is not told: cancel it there too."""

    def action(session: Session, order_id: int) -> None:
        decisions.cancel(session, changes.order_row(session, order_id), session.now, actor(), why, looked=looked)

    _act(config, reference, application, None, action, "cancelled here; cancel it in Norce too")


def _lift(session: Session, order_id: int, *, wanted: HoldReason | None, waive: bool, why: str | None) -> None:
    """Let an order go on; with `wanted` only from what it is held for by that: nobody has looked at anything else."""
    order = changes.order_row(session, order_id)
    decisions.resume(session, order, session.now, actor(), waive=waive, why=why, reason=wanted)


def _act(
    config: Path,
    reference: str | None,
    application: str | None,
    reason: HoldReason | None,
    action: Action,
    done: str,
) -> None:
    """Do something to one order, or to all that are held for a reason; one that cannot be helped stops no other."""
    if (reference is None) == (reason is None):
        raise fail("Name either one ClientOrderRef or a --reason.", 2)
    with plain_errors():
        configuration = open_configuration(config)
        engine = prepare(configuration.database, migrate=False)
        if reference is not None:
            found = [order.id for order in find(engine, reference, application)]
            if len(found) > 1:
                raise fail(f"{len(found)} orders have the reference {reference}; name one with --application.")
        else:
            found = queries.held_orders(engine, reason.value if reason else None)
        left = asyncio.run(act(configuration, found, action))
    if left:
        raise fail(left[0] if reference is not None else tell_left(len(found) - len(left), done, left))
    what = reference if reference is not None else f"{in_words(len(found))} held for {reason}"
    console.print(f"{what}: {done}.", markup=False)


def find(engine: Engine, reference: str, application: str | None) -> list[Listed]:
    """Orders with a reference; several where shops share it. Raises NoSuchOrder."""
    key = None if application is None else normal_application_key(application)
    return queries.find_orders(engine, reference, key)


def _row(order: Listed, zone: ZoneInfo) -> list[str]:
    why = (order.hold_text or "").partition("\n")[0]
    return [
        *(order.client_order_ref, local(order.received_at, zone), order.state, order.hold or ""),
        *(order.erp_order_no or "", why),
    ]
