"""`credentials hash`: a password hash for the configuration."""

import sys

import typer

from order_receiver.cli.output import fail
from order_receiver.settings.credentials import hash_password

commands = typer.Typer(help="User names and passwords of the door.", no_args_is_help=True)


@commands.callback()
def group() -> None:
    """Keep `hash` a subcommand."""


@commands.command("hash")
def make_hash() -> None:
    """Hash a password for `door.credentials`; it is asked for twice, or read from a pipe."""
    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    try:
        typer.echo(hash_password(password))
    except ValueError as error:
        raise fail(str(error)) from error
