"""`holds`: what orders wait for, and letting go all that wait for the same."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from order_receiver.cli.acting import act, actor, orders, tell_left
from order_receiver.cli.common import DEFAULT_CONFIG, AsJson, ConfigFile, open_configuration, plain_errors
from order_receiver.cli.output import console, fail, local, print_json, print_table
from order_receiver.orders.states import EXPLANATIONS, RETRY_ONLY, HoldReason, reason_of
from order_receiver.settings.problems import nearest
from order_receiver.store import changes, decisions, queries
from order_receiver.store.session import Session
from order_receiver.store.store import prepare

commands = typer.Typer(help="Holds: what orders wait for, and how many.", invoke_without_command=True)


@commands.callback()
def list_holds(context: typer.Context, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List what holds orders, most first."""
    if context.invoked_subcommand is not None:
        return
    with plain_errors():
        configuration = open_configuration(config)
        found = queries.list_causes(prepare(configuration.database, migrate=False))
    if as_json:
        print_json(found)
        return
    zone = ZoneInfo(configuration.settings.time_zone)
    rows = [(each.cause, str(each.orders), local(each.oldest, zone), _advice(each.cause)) for each in found]
    print_table("Holds", ("Cause", "Orders", "Oldest", "What to do"), rows)


@commands.command("release")
def release(
    cause: Annotated[str, typer.Argument(help="What `holds` lists, such as value:payment-methods:klarna.")],
    config: ConfigFile = DEFAULT_CONFIG,
    why: Annotated[str | None, typer.Option("--why", help="Written to the orders' history.")] = None,
) -> None:
    """Let go all orders that a cause holds; where there is nothing to go on with, they are tried again instead."""
    reason = reason_of(cause)
    waive = reason not in RETRY_ONLY
    with plain_errors():
        configuration = open_configuration(config)
        engine = prepare(configuration.database, migrate=False)
        found = queries.held_by(engine, cause)
        if reason is None or not found:
            raise fail(_not_there(cause, [each.cause for each in queries.list_causes(engine)]))
        action = partial(_let_go, reason=reason, waive=waive, why=why)
        left = asyncio.run(act(configuration, found, action))
    done = "released" if waive else "will be tried again"
    if left:
        raise fail(tell_left(len(found) - len(left), done, left))
    console.print(f"{orders(len(found))} held by {cause}: {done}.", markup=False)


def _let_go(session: Session, order_id: int, *, reason: HoldReason, waive: bool, why: str | None) -> None:
    order = changes.order_row(session, order_id)
    decisions.resume(session, order, session.now, actor(), waive=waive, why=why, reason=reason)


def _not_there(cause: str, known: Sequence[str]) -> str:
    """With the cause that is most like it, also where only small and capital letters differ."""
    same = [each for each in known if each.casefold() == cause.casefold()]
    like = nearest(cause, same or known)
    return " ".join(
        filter(None, (f"No order is held by {cause}.", like, "`order-receiver holds` lists what there is."))
    )


def _advice(cause: str) -> str:
    reason = reason_of(cause)
    return "" if reason is None else EXPLANATIONS[reason].advice
