"""All commands in one place."""

from typing import Annotated

import typer

from order_receiver import __version__
from order_receiver.cli import (
    adapters,
    answers,
    checking,
    credentials,
    database,
    demo,
    holds,
    orders,
    serving,
    simulating,
    starting,
    targets,
    trying,
)

application = typer.Typer(
    name="order-receiver",
    help="Takes web orders from Norce Commerce into an ERP and tells Norce what became of them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"order-receiver {__version__}")
        raise typer.Exit


@application.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    """Options before any command."""


application.command("serve")(serving.serve)
application.command("work")(serving.work)
application.command("check")(checking.check)
application.command("answers")(answers.answers)
application.command("adapters")(adapters.adapters)
application.command("demo")(demo.demo)
application.command("init")(starting.init)
application.add_typer(adapters.commands, name="new")
application.add_typer(orders.commands, name="orders")
application.command("explain")(trying.explain)
application.add_typer(trying.commands, name="map")
application.add_typer(holds.commands, name="holds")
application.add_typer(targets.commands, name="targets")
application.add_typer(simulating.commands, name="simulate")
application.add_typer(credentials.commands, name="credentials")
application.add_typer(database.commands, name="db")


def main() -> None:
    """Run the command line."""
    application()
