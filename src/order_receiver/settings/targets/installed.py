"""Adapters of other packages: found by entry point, imported only where a target names them.

An entry point of the group `order_receiver.adapters` has the adapter's name and leads to the pair of its settings (a
Struct derived from `Target`, with the name as its tag) and its opener (see `targets.registry.Opener`), or to a function
without arguments that gives the pair.
"""

from collections.abc import Callable, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import TypeAlias

from order_receiver.settings.section import Unfit
from order_receiver.settings.targets.base import Target

GROUP = "order_receiver.adapters"

InstalledOpener: TypeAlias = Callable[..., object]
"""Its true type is known in the layer of the adapters."""

_openers: dict[type[Target], InstalledOpener] = {}


class InstalledAdapters:
    """What the packages of this Python bring."""

    def names(self) -> Sequence[str]:
        """The adapters' names; nothing is imported for it."""
        return sorted({each.name for each in entry_points(group=GROUP)})

    def package(self, name: str) -> str:
        """The packages that bring an adapter, in words."""
        return " and ".join(_package(each) for each in entry_points(group=GROUP, name=name))

    def settings(self, name: str) -> type[Target]:
        """Import an adapter and return its settings. Raises Unfit where that fails or the name is not unique."""
        found = tuple(entry_points(group=GROUP, name=name))
        if len(found) != 1:
            raise Unfit(
                f"the adapter `{name}` is not clear: {len(found)} packages bring it, {self.package(name)}",
                advice="Uninstall those that you do not mean.",
            )
        settings, opener = _pair(found[0])
        _openers[settings] = opener
        return settings


def installed_opener(settings: type[Target]) -> InstalledOpener | None:
    """The opener that came with settings of `InstalledAdapters`; None for any others."""
    return _openers.get(settings)


def _pair(entry: EntryPoint) -> tuple[type[Target], InstalledOpener]:
    """Raises Unfit."""
    said = f"the adapter `{entry.name}` of {_package(entry)} ({entry.value})"
    try:
        value = entry.load()
        if not isinstance(value, tuple):
            value = value()
    except Exception as error:
        raise Unfit(
            f"{said} cannot be imported: {type(error).__name__}: {error}",
            advice="Install the package again with all that it needs, or ask its makers.",
        ) from error
    settings, opener = value if isinstance(value, tuple) and len(value) == 2 else (None, None)
    if not (isinstance(settings, type) and issubclass(settings, Target) and callable(opener)):
        raise Unfit(
            f"{said} does not give a pair of settings (derived from Target) and opener", advice="Ask its makers."
        )
    if settings.__struct_config__.tag != entry.name:
        raise Unfit(
            f"{said} has settings for another adapter, `{settings.__struct_config__.tag}`", advice="Ask its makers."
        )
    return settings, opener


def _package(entry: EntryPoint) -> str:
    return "an unnamed package" if entry.dist is None else f"the package {entry.dist.name} {entry.dist.version}"
