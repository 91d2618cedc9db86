"""`db upgrade`: the store's schema."""

import typer

from order_receiver.cli.common import DEFAULT_CONFIG, ConfigFile, open_configuration, plain_errors
from order_receiver.store.store import bring_up_to_date

commands = typer.Typer(help="The store's database.", no_args_is_help=True)


@commands.callback()
def group() -> None:
    """Keep `upgrade` a subcommand."""


@commands.command("upgrade")
def upgrade(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Bring the database up to date, or create it; does nothing where there is nothing to do."""
    with plain_errors():
        database = open_configuration(config).database
        found = bring_up_to_date(database)
    if found.up_to_date:
        typer.echo(f"{database} is up to date ({found.wanted}).")
    else:
        typer.echo(f"{database} was brought from {found.current or 'nothing'} to {found.wanted}.")
