"""`adapters` and `new adapter`: which adapters there are, and one of your own to begin with."""

from pathlib import Path
from typing import Annotated

import typer
from msgspec import inspect

from order_receiver.cli.output import console, fail
from order_receiver.settings.problems import nearest
from order_receiver.settings.reference import target_settings
from order_receiver.settings.section import Unfit
from order_receiver.settings.targets import AnyTarget, Target
from order_receiver.settings.targets.installed import InstalledAdapters
from order_receiver.settings.words import sections_of
from order_receiver.targets.starter import adapter_files

commands = typer.Typer(no_args_is_help=True, help="Begin something of your own.")


def adapters(
    name: Annotated[str | None, typer.Argument(help="Show the settings of this one, as Markdown.")] = None,
) -> None:
    """List the adapters that targets can have: those of this program and those of installed packages."""
    own, installed = _own(), InstalledAdapters()
    if name is None:
        for each in own:
            console.print(f"{each:12}of this program", markup=False)
        for each in installed.names():
            console.print(f"{each:12}of {installed.package(each)}", markup=False, soft_wrap=True)
        return
    if name not in own and name not in installed.names():
        raise fail(f"There is no adapter {name!r}. {nearest(name, [*own, *installed.names()])}")
    try:
        settings = own.get(name) or installed.settings(name)
    except Unfit as error:
        raise fail(f"{name}: {error}. {error.advice}") from error
    typer.echo(target_settings(settings))


@commands.command("adapter")
def new_adapter(
    name: Annotated[str, typer.Argument(help="What targets will name it by, such as `acme`.")],
    into: Annotated[
        Path | None,
        typer.Option("--into", help="A folder that does not exist yet, or is empty; default: order-receiver-NAME."),
    ] = None,
) -> None:
    """Write a package with an adapter of your own and tests that pass, to be made into yours."""
    directory = into or Path(f"order-receiver-{name}")
    if name in _own():
        raise fail(f"This program has an adapter {name!r} itself; take another name.")
    try:
        texts = adapter_files(name)
    except ValueError as error:
        raise fail(str(error)) from error
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise fail(f"{directory} is not empty; name a new folder, so that nothing of yours is written over.")
    for path, text in texts.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text, encoding="utf-8")
        console.print(f"wrote {directory / path}", markup=False, soft_wrap=True)
    console.print(
        f'\nNext, in {directory}: pip install --editable ".[dev]" and then pytest. Its README says how to go on.',
        markup=False,
        soft_wrap=True,
    )


def _own() -> dict[str, type[Target]]:
    kinds = sections_of(inspect.type_info(AnyTarget))
    return {str(kind.tag): kind.cls for kind in kinds if issubclass(kind.cls, Target)}
