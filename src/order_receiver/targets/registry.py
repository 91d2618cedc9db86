"""Which adapter serves which settings: the one place that knows all of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar, cast

from order_receiver.settings.model import FolderTarget, Section
from order_receiver.targets.adapter import Adapter
from order_receiver.targets.folder.adapter import FolderAdapter

AnySettings = TypeVar("AnySettings", bound=Section)


class Opener(Protocol):
    """Makes the adapter of one target; relative paths in the settings start at `base`."""

    def __call__(self, settings: Section, base: Path, /) -> Adapter: ...


class NoAdapter(Exception):
    """No adapter serves the settings of a target; `str()` is a plain sentence."""


_openers: dict[type[Section], Opener] = {}


def register(settings_type: type[AnySettings], opener: Callable[[AnySettings, Path], Adapter]) -> None:
    """Let `opener` make the adapters of targets whose settings are of `settings_type`; the last one wins.

    This is how a program around this package (a test, a bench, an adapter of one's own) brings its adapter in.
    """
    _openers[settings_type] = cast(Opener, opener)


def open_adapter(name: str, settings: Section, base: Path) -> Adapter:
    """Make the adapter of the target `name`. Reaches nothing yet: see `Adapter.check`. Raises NoAdapter."""
    opener = _openers.get(type(settings))
    if opener is None:
        raise NoAdapter(
            f"No adapter serves the target {name!r}: its settings are of the type {type(settings).__name__}, "
            f"and adapters are registered for {', '.join(sorted(known.__name__ for known in _openers))}."
        )
    return opener(settings, base)


register(FolderTarget, FolderAdapter)
