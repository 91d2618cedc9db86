"""`targets`: which targets are given orders, which are not and why; and deciding that by hand."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from order_receiver.app.assembly import Configuration
from order_receiver.cli.acting import actor
from order_receiver.cli.common import DEFAULT_CONFIG, AsJson, ConfigFile, open_configuration, plain_errors
from order_receiver.cli.output import console, fail, local, print_json, print_table
from order_receiver.settings.problems import nearest
from order_receiver.store import Engine, circuits
from order_receiver.store.circuits import Circuit, CircuitState
from order_receiver.store.news import telling_of_work
from order_receiver.store.session import Operation, Result
from order_receiver.store.store import Store, now, prepare
from order_receiver.work import breaker
from order_receiver.work.kinds import target_system

commands = typer.Typer(help="Targets: which are given orders, and which are not.", invoke_without_command=True)

_NEXT = {
    CircuitState.CLOSED: "Orders flow.",
    CircuitState.HALF_OPEN: "One order goes first: if the target takes it, the others follow.",
}


@dataclass(frozen=True, slots=True)
class TargetLine:
    """A target as it stands."""

    target: str
    state: str
    since: datetime | None
    until: datetime | None
    paused_by: str | None
    why: str | None
    failures: int
    waiting: int
    oldest: datetime | None


@commands.callback()
def list_targets(context: typer.Context, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List the targets: whether each is given orders, how many wait for it, and since when the oldest."""
    if context.invoked_subcommand is not None:
        return
    with plain_errors():
        configuration = open_configuration(config)
        found = _lines(prepare(configuration.database, migrate=False), list(configuration.settings.targets))
    if as_json:
        print_json(found)
        return
    zone = ZoneInfo(configuration.settings.time_zone)
    print_table(
        "Targets",
        ("Target", "State", "Since", "Waiting", "Oldest", "What that means"),
        [_row(each, zone) for each in found],
    )


@commands.command("pause")
def pause(
    name: Annotated[str, typer.Argument(help="The target's name in receiver.toml.")],
    config: ConfigFile = DEFAULT_CONFIG,
    why: Annotated[str | None, typer.Option("--why", help="Shown wherever the target is listed.")] = None,
) -> None:
    """Give a target no more orders until `targets resume`; what is under way is finished."""
    with plain_errors():
        configuration = open_configuration(config)
        system = _system(configuration, name)
        asyncio.run(_write(configuration, system, partial(breaker.pause, system=system, by=actor(), why=why)))
    console.print(f"{name} is paused: its orders wait until `order-receiver targets resume {name}`.", markup=False)


@commands.command("resume")
def resume(
    name: Annotated[str, typer.Argument(help="The target's name in receiver.toml.")],
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Give a target orders again: one that was paused, or one whose circuit is open and that is known to be back."""
    with plain_errors():
        configuration = open_configuration(config)
        system = _system(configuration, name)
        state = asyncio.run(_write(configuration, system, partial(breaker.resume, system=system)))
    console.print(f"{name} is {state}. {_NEXT[state]}", markup=False)


def _lines(engine: Engine, names: Sequence[str]) -> list[TargetLine]:
    known = {circuit.system: circuit for circuit in circuits.list_circuits(engine)}
    waiting = circuits.waiting(engine)
    moment = now()
    found = []
    for name in names:
        line = waiting.get(target_system(name))
        circuit = known.get(target_system(name))
        tasks, oldest = (0, None) if line is None else (line.tasks, line.oldest)
        found.append(_line(name, circuit, moment, tasks, oldest))
    return found


def _line(name: str, circuit: Circuit | None, at: datetime, tasks: int, oldest: datetime | None) -> TargetLine:
    """A target that no worker has served yet has no circuit: it is closed."""
    if circuit is None:
        return TargetLine(name, CircuitState.CLOSED.value, None, None, None, None, 0, tasks, oldest)
    return TargetLine(
        target=name,
        state=circuit.state(at).value,
        since=circuit.paused_at or circuit.since,
        until=circuit.until,
        paused_by=circuit.paused_by,
        why=circuit.paused_why,
        failures=circuit.failures,
        waiting=tasks,
        oldest=oldest,
    )


def _row(line: TargetLine, zone: ZoneInfo) -> Sequence[str]:
    times = local(line.since, zone), local(line.oldest, zone)
    return line.target, line.state, times[0], str(line.waiting), times[1], _say(line, zone)


def _say(line: TargetLine, zone: ZoneInfo) -> str:
    if line.state == CircuitState.PAUSED:
        why = f": {line.why}" if line.why else ""
        return f"Paused by {line.paused_by}{why}. `order-receiver targets resume {line.target}` ends it."
    if line.state == CircuitState.OPEN:
        return (
            f"It failed {line.failures} times in a row. Left alone until {local(line.until, zone)}, then one order "
            f"tries; `order-receiver targets resume {line.target}` tries at once."
        )
    return _NEXT[CircuitState(line.state)]


def _system(configuration: Configuration, name: str) -> str:
    """Ends the command where there is no such target."""
    names = list(configuration.settings.targets)
    if name not in names:
        raise fail(f"There is no target {name}. {nearest(name, names)}".rstrip())
    return target_system(name)


async def _write(configuration: Configuration, system: str, operation: Operation[Result]) -> Result:
    store = Store(configuration.database, migrate=False)
    try:
        return await store.write(telling_of_work(operation, system))
    finally:
        await store.close()
