"""Builds a running receiver from settings."""

import os
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from order_receiver.contract.reading import Limits
from order_receiver.door.answers import NOT_MESSAGES
from order_receiver.door.door import Door
from order_receiver.enrichment import Enrichments, open_enrichments
from order_receiver.mapping import Mapping as OrderMapping
from order_receiver.mapping import MappingUnusable, ValueTables, open_mapping, open_tables
from order_receiver.norce.opening import open_connect
from order_receiver.norce.tokens import Token
from order_receiver.orders.identity import normal_application_key
from order_receiver.settings.credentials import Credentials
from order_receiver.settings.model import Application, Settings
from order_receiver.settings.secrets import reveal
from order_receiver.settings.targets import Target
from order_receiver.store import circuits, lanes
from order_receiver.store.database import Database
from order_receiver.store.postgresql import PostgresServer
from order_receiver.store.sqlite import SqliteFile
from order_receiver.store.store import Store
from order_receiver.targets.adapter import Adapter
from order_receiver.targets.registry import open_adapter
from order_receiver.targets.surroundings import Surroundings
from order_receiver.telemetry import Metrics
from order_receiver.work.breaker import Breaker
from order_receiver.work.kinds import (
    NORCE,
    POLL,
    PROCESS,
    RECEIVER,
    REPORT_CONFIRMED,
    SUBMIT,
    poll_system,
    target_system,
)
from order_receiver.work.listen import Listen
from order_receiver.work.placing import Placing
from order_receiver.work.process import Process
from order_receiver.work.report import ReportConfirmed, StatusCalls
from order_receiver.work.results import Handler
from order_receiver.work.retry import RetryPolicy
from order_receiver.work.steps import Steps
from order_receiver.work.submit import Submit
from order_receiver.work.unserved import hold_unserved
from order_receiver.work.value_watch import ValueWatch, stamps_of
from order_receiver.work.worker import Handlers, Worker


@dataclass(frozen=True, slots=True)
class Configuration:
    """Settings with what surrounds them: the folder relative paths start at, and the environment secrets come from."""

    settings: Settings
    base: Path
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @property
    def database(self) -> Database:
        """Where orders live. Raises SettingsError where the password cannot be found."""
        store = self.settings.store
        if store.url is None:
            return SqliteFile(self.base / store.path)
        password = None
        if store.password is not None:
            password = reveal(store.password, self.environ, self.base, "store.password")
        return PostgresServer(store.url, password)

    @property
    def applications(self) -> dict[str, Application]:
        """The configured applications by their key in its one form."""
        return {normal_application_key(each.key): each for each in self.settings.applications}


class StoreShelf:
    """Keeps Norce tokens in the store, so that all processes of an installation share them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def load(self, name: str) -> Token | None:
        """The token saved last, if any."""
        found: tuple[str, datetime] | None = await self._store.load_token(name)
        return None if found is None else Token(*found)

    async def save(self, name: str, token: Token) -> None:
        """Keep a token for the other processes."""
        await self._store.save_token(name, token.value, token.expires_at)


@dataclass(slots=True)
class Parts:
    """What stands in for the real thing, where a bench or a test brings its own."""

    adapters: Mapping[str, Adapter] | None = None
    norce: StatusCalls | None = None


class Receiver:
    """A receiver with everything open: `open_receiver` makes it, its stack closes it."""

    def __init__(self, configuration: Configuration, store: Store, metrics: Metrics) -> None:
        self.configuration = configuration
        self.store = store
        self.metrics = metrics
        self.door = Door(
            store,
            configuration.settings.door,
            configuration.applications,
            Credentials(configuration.settings.door.credentials),
            count=metrics.answers.count,
        )
        self.worker: Worker | None = None
        self.value_watch: ValueWatch | None = None


async def open_receiver(
    stack: AsyncExitStack, configuration: Configuration, *, work: bool, parts: Parts | None = None
) -> Receiver:
    """Open the store and, with `work`, targets and Norce; the stack closes all of it. The worker is not started."""
    settings = configuration.settings
    store = Store(
        configuration.database,
        migrate=settings.store.migrate_on_start,
        queue_limit=settings.door.queue_limit,
    )
    stack.push_async_callback(store.close)
    store.listen()
    metrics = Metrics(NOT_MESSAGES)
    store.writer.on_commit = metrics.commits.observe
    receiver = Receiver(configuration, store, metrics)
    if work:
        receiver.worker = await _open_worker(stack, receiver, parts or Parts())
    return receiver


async def _open_worker(stack: AsyncExitStack, receiver: Receiver, parts: Parts) -> Worker:
    configuration, store = receiver.configuration, receiver.store
    settings, applications = configuration.settings, configuration.applications
    adapters = parts.adapters or open_adapters(configuration)
    for adapter in adapters.values():
        stack.push_async_callback(adapter.close)
    norce = parts.norce or await _open_norce(stack, configuration, store)
    stamps = stamps_of(_table_files(configuration))
    tables = _open_tables(configuration)
    mappings = _open_mappings(configuration, tables)
    enrichments = open_all_enrichments(configuration)
    stack.push_async_callback(enrichments.close)
    steps = Steps(applications, mappings, _limits(settings), settings.routes, enrichments)
    if stamps:
        reread = partial(_open_tables, configuration)
        receiver.value_watch = ValueWatch(store, tables, stamps, reread, steps.use)
    handlers: Handlers = {(RECEIVER, PROCESS): Process(store, steps)}
    places = {RECEIVER: settings.work.concurrency}
    placing = Placing(store)
    if norce is not None and settings.norce is not None:
        handlers[NORCE, REPORT_CONFIRMED] = ReportConfirmed(store, norce, applications, settings.norce.account_id)
        places[NORCE] = settings.norce.concurrency
    for name, adapter in adapters.items():
        await _add_target(receiver, name, adapter, placing, handlers, places)
    await hold_unserved(store, places)
    breakers = {target_system(name): _breaker(settings.targets[name]) for name in adapters}
    return Worker(
        store,
        handlers,
        places,
        retry=RetryPolicy(settings.work.retry_base, settings.work.retry_cap, settings.work.attempts_limit),
        lease=settings.work.lease,
        poll=settings.work.poll,
        count_call=receiver.metrics.calls.count,
        breakers=breakers,
    )


def _limits(settings: Settings) -> Limits:
    return Limits(depth=settings.door.depth_limit, items=settings.door.item_limit)


async def _add_target(
    receiver: Receiver,
    name: str,
    adapter: Adapter,
    placing: Placing,
    handlers: Handlers,
    places: dict[str, int],
) -> None:
    """Submissions for every target; a listening task, one for all processes, where the target can be asked."""
    store, settings = receiver.store, receiver.configuration.settings
    system = target_system(name)
    handlers[system, SUBMIT] = Submit(store, name, adapter, placing, _limits(settings))
    places[system] = settings.targets[name].concurrency or settings.work.concurrency
    await store.write(lambda session: circuits.ensure(session, system, session.now))
    if adapter.capabilities().polls:
        poll = poll_system(name)
        interval = settings.targets[name].poll
        handlers[poll, POLL] = Listen(store, name, adapter, placing, interval)
        places[poll] = 1
        await store.write(lambda session: lanes.ensure(session, poll, POLL, session.now))


def _breaker(target: Target) -> Breaker:
    interval = 0.0 if target.rate is None else target.rate_seconds / target.rate
    return Breaker(target.breaker_failures, target.breaker_seconds, target.breaker_cap, interval)


async def _open_norce(stack: AsyncExitStack, configuration: Configuration, store: Store) -> StatusCalls | None:
    settings = configuration.settings
    if settings.norce is None:
        return None
    secret = reveal(settings.norce.client_secret, configuration.environ, configuration.base, "norce.client_secret")
    return await stack.enter_async_context(
        open_connect(settings.norce, secret, StoreShelf(store), allow_plain=settings.mode == "development")
    )


def open_adapters(configuration: Configuration) -> dict[str, Adapter]:
    """The adapters of all configured targets."""
    return {
        name: open_adapter(target, Surroundings(name, configuration.base, configuration.environ))
        for name, target in configuration.settings.targets.items()
    }


def open_mappings(configuration: Configuration) -> dict[str, OrderMapping]:
    """The mappings of all configured targets, with their value tables. Raises MappingUnusable, TablesUnusable."""
    return _open_mappings(configuration, _open_tables(configuration))


def open_all_enrichments(configuration: Configuration) -> Enrichments:
    """The configured enrichments; reaches nothing yet. Raises EnrichmentUnusable, SettingsError."""
    return open_enrichments(configuration.settings.enrichments, configuration.base, configuration.environ)


def _open_tables(configuration: Configuration) -> dict[str, ValueTables]:
    """The value tables of all targets. Raises TablesUnusable."""
    targets = configuration.settings.targets
    return {name: open_tables(target.values, configuration.base) for name, target in targets.items()}


def _open_mappings(configuration: Configuration, tables: Mapping[str, ValueTables]) -> dict[str, OrderMapping]:
    targets = configuration.settings.targets
    return {name: _open_mapping(configuration, name, target, tables[name]) for name, target in targets.items()}


def _open_mapping(configuration: Configuration, name: str, target: Target, tables: ValueTables) -> OrderMapping:
    """Raises MappingUnusable that says which target it is of, with file and line of the settings."""
    try:
        return open_mapping(target.mapping, configuration.base, tables, target.formats)
    except MappingUnusable as error:
        where = configuration.settings.written.where(f"targets.{name}.mapping")
        raise MappingUnusable(f"{where}: {error}") from error


def _table_files(configuration: Configuration) -> Sequence[Path]:
    """The files of all value tables."""
    targets = configuration.settings.targets.values()
    return sorted({configuration.base / each.table for target in targets for each in target.values.values()})


__all__ = [
    "Configuration",
    "Handler",
    "Parts",
    "Receiver",
    "open_adapters",
    "open_all_enrichments",
    "open_mappings",
    "open_receiver",
]
