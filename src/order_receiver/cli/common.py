"""What commands share: finding the configuration, and turning known errors into one plain line."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from order_receiver.app.assembly import Configuration
from order_receiver.app.serving import CannotListen
from order_receiver.app.tls import UnusableCertificate
from order_receiver.cli.output import fail
from order_receiver.enrichment import EnrichmentUnusable
from order_receiver.mapping import MappingUnusable
from order_receiver.settings.load import load
from order_receiver.settings.problems import SettingsError
from order_receiver.store import DatabaseTrouble
from order_receiver.store.errors import StoreError
from order_receiver.targets.registry import NoAdapter

ConfigFile = Annotated[
    Path,
    typer.Option("--config", "-c", envvar="ORDER_RECEIVER_CONFIG", help="The configuration file."),
]
_KNOWN = (
    *(SettingsError, StoreError, MappingUnusable, EnrichmentUnusable, NoAdapter),
    *(CannotListen, UnusableCertificate),
)
DEFAULT_CONFIG = Path("receiver.toml")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@contextmanager
def plain_errors() -> Iterator[None]:
    """Known errors end the command with their own words; anything else is a bug and shows itself."""
    try:
        yield
    except _KNOWN as error:
        raise fail(str(error)) from error
    except DatabaseTrouble as error:
        raise fail(f"The store cannot be used: {error.orig}") from error


def open_configuration(path: Path) -> Configuration:
    """Load the configuration. Raises SettingsError."""
    return Configuration(load(path, os.environ), path.absolute().parent)
