"""`check`: is the configuration right, and does everything it names answer? One line each."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from order_receiver.app.assembly import Configuration, open_adapters, open_all_enrichments, open_mappings
from order_receiver.app.tls import UnusableCertificate, certificate_files
from order_receiver.cli.common import DEFAULT_CONFIG, AsJson, ConfigFile, open_configuration, plain_errors
from order_receiver.cli.output import console, print_json
from order_receiver.enrichment import EnrichmentUnusable
from order_receiver.mapping import MappingUnusable, TablesUnusable
from order_receiver.norce.opening import open_connect
from order_receiver.orders.outcomes import CallFailed
from order_receiver.settings.model import Norce
from order_receiver.settings.problems import SettingsError, Severity
from order_receiver.settings.rules import troubles
from order_receiver.settings.secrets import reveal
from order_receiver.store import DatabaseTrouble, schema
from order_receiver.store.database import Database
from order_receiver.store.errors import StoreError
from order_receiver.store.sqlite import SqliteFile, refuse_network_file_system


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that was looked at; `state` is ok, warning or error."""

    what: str
    state: str
    text: str


STYLES = {"ok": "green", "warning": "yellow", "error": "red"}


def check(
    config: ConfigFile = DEFAULT_CONFIG,
    offline: Annotated[bool, typer.Option("--offline", help="Only read the configuration, reach nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check the configuration, and reach store, targets and Norce without changing anything there."""
    with plain_errors():
        configuration = open_configuration(config)
        found = asyncio.run(_check(configuration, offline=offline))
    if as_json:
        print_json(found)
    else:
        for line in found:
            console.print(
                f"{line.state:8}{line.what}: {line.text}", style=STYLES[line.state], markup=False, soft_wrap=True
            )
    if any(line.state == "error" for line in found):
        raise typer.Exit(1)


async def _check(configuration: Configuration, *, offline: bool) -> list[Checked]:
    found = [
        Checked(
            trouble.where,
            "error" if trouble.severity is Severity.ERROR else "warning",
            f"{trouble.what} {trouble.advice}".strip(),
        )
        for trouble in troubles(configuration.settings)
    ]
    if not found:
        found.append(Checked("configuration", "ok", "every setting is known and fits the others"))
    found.extend(_mappings(configuration))
    found.extend(_enrichments(configuration))
    found.extend(_certificate(configuration))
    if not offline:
        found.append(_store(configuration))
        found.extend([line async for line in _targets(configuration)])
        if configuration.settings.norce is not None:
            found.append(await _norce(configuration, configuration.settings.norce))
    return found


def _mappings(configuration: Configuration) -> list[Checked]:
    try:
        opened = open_mappings(configuration)
    except TablesUnusable as error:
        return [Checked("value tables", "error", str(problem)) for problem in error.problems]
    except MappingUnusable as error:
        return [Checked("mappings", "error", str(error))]
    return [Checked("mappings", "ok", f"{len(opened)} can be used")]


def _enrichments(configuration: Configuration) -> list[Checked]:
    """Functions are loaded and secrets found; nothing is asked."""
    try:
        opened = open_all_enrichments(configuration)
    except (EnrichmentUnusable, SettingsError) as error:
        return [Checked("enrichments", "error", str(error))]
    return [Checked("enrichments", "ok", f"{len(opened)} can be used")] if opened else []


def _certificate(configuration: Configuration) -> list[Checked]:
    try:
        files = certificate_files(configuration.settings.door, configuration.base)
    except UnusableCertificate as error:
        return [Checked("certificate", "error", str(error))]
    return [] if files is None else [Checked("certificate", "ok", f"{files.certificate} can be used")]


def _store(configuration: Configuration) -> Checked:
    database = configuration.database
    try:
        if isinstance(database, SqliteFile):
            refuse_network_file_system(database.path)
            if not database.path.exists():
                return _to_be_created(database.path)
        return _at_schema(database, configuration)
    except StoreError as error:
        return Checked("store", "error", str(error))
    except (DatabaseTrouble, OSError) as error:
        why = error.orig if isinstance(error, DatabaseTrouble) else error
        return Checked("store", "error", f"{database} cannot be used as the database: {why}. Correct [store].")


def _at_schema(database: Database, configuration: Configuration) -> Checked:
    """Where the schema stands. Raises StoreError and DatabaseTrouble where this program cannot use it."""
    engine = database.open_engine()
    try:
        found = schema.state(engine)
        if found.empty and configuration.settings.store.migrate_on_start:
            return Checked("store", "ok", f"{database} is empty; the tables will be created")
        schema.require_current(engine)
        return Checked("store", "ok", f"{database} is at schema {found.current}")
    finally:
        engine.dispose()


def _to_be_created(path: Path) -> Checked:
    """A database that is not there yet needs a folder that can be written to."""
    folder = next(parent for parent in path.parents if parent.exists())
    if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
        return Checked("store", "ok", f"{path} will be created")
    return Checked("store", "error", f"{path} cannot be created: {folder} cannot be written to. Correct store.path.")


async def _targets(configuration: Configuration) -> AsyncIterator[Checked]:
    for name, adapter in open_adapters(configuration).items():
        try:
            await adapter.check()
        except CallFailed as error:
            yield Checked(f"target {name}", "error", str(error))
        else:
            yield Checked(f"target {name}", "ok", "answers")
        finally:
            await adapter.close()


async def _norce(configuration: Configuration, norce: Norce) -> Checked:
    async with AsyncExitStack() as stack:
        try:
            secret = reveal(norce.client_secret, configuration.environ, configuration.base, "norce.client_secret")
            plain = configuration.settings.mode == "development"
            connect = await stack.enter_async_context(open_connect(norce, secret, allow_plain=plain))
            await connect.check()
        except (CallFailed, SettingsError, ValueError) as error:
            return Checked("norce", "error", str(error))
    return Checked("norce", "ok", "gave us a token")
