"""`serve` and `work`: the program as it runs in production."""

from pathlib import Path
from typing import Annotated

import typer
import uvloop

from order_receiver.app.assembly import Configuration
from order_receiver.app.serving import run
from order_receiver.cli.common import DEFAULT_CONFIG, ConfigFile, open_configuration, plain_errors
from order_receiver.cli.output import errors, fail
from order_receiver.settings.problems import Severity
from order_receiver.settings.rules import troubles
from order_receiver.telemetry import configure_logs


def serve(
    config: ConfigFile = DEFAULT_CONFIG,
    no_work: Annotated[bool, typer.Option("--no-work", help="Only take orders; `work` runs elsewhere.")] = False,
) -> None:
    """Take orders and work them off, until a signal ends it in order."""
    _run(config, door=True, work=not no_work)


def work(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Work orders off without a door; any number of these may run beside a `serve`."""
    _run(config, door=False, work=True)


def _run(path: Path, *, door: bool, work: bool) -> None:
    with plain_errors():
        configuration = open_configuration(path)
        _refuse_unsafe(configuration)
        log = configuration.settings.log
        configure_logs(log.level, log.format)
        uvloop.run(run(configuration, door=door, work=work))


def _refuse_unsafe(configuration: Configuration) -> None:
    found = troubles(configuration.settings)
    for trouble in found:
        errors.print(str(trouble), markup=False, soft_wrap=True)
    if any(trouble.severity is Severity.ERROR for trouble in found):
        raise fail("The configuration cannot be used as it is; `order-receiver check` shows all of it.")
