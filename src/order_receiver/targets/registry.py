"""Which adapter serves which settings: the one place that knows all of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, TypeVar, cast

from order_receiver.settings.secrets import reveal
from order_receiver.settings.section import Secret
from order_receiver.settings.targets import FolderTarget, Target
from order_receiver.targets.adapter import Adapter
from order_receiver.targets.folder.adapter import FolderAdapter

AnySettings = TypeVar("AnySettings", bound=Target)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What surrounds the settings of a target: its name, where relative paths start, where secrets come from."""

    name: str
    base: Path
    environ: Mapping[str, str]

    def secret(self, reference: Secret, key: str) -> str:
        """The secret that a setting of this target stands for. Raises SettingsError."""
        return reveal(reference, self.environ, self.base, f"targets.{self.name}.{key}")


Opener: TypeAlias = Callable[[AnySettings, Surroundings], Adapter]
"""Makes the adapter of one target; reaches nothing yet. Raises SettingsError."""


class NoAdapter(Exception):
    """No adapter serves the settings of a target; `str()` is a plain sentence."""


_openers: dict[type[Target], Opener[Target]] = {}


def register(settings_type: type[AnySettings], opener: Opener[AnySettings]) -> None:
    """Let `opener` make the adapters of targets whose settings are of `settings_type`; the last one wins.

    This is how a program around this package (a test, a bench, an adapter of one's own) brings its adapter in.
    """
    _openers[settings_type] = cast("Opener[Target]", opener)


def open_adapter(settings: Target, surroundings: Surroundings) -> Adapter:
    """Make the adapter of a target. Reaches nothing yet: see `Adapter.check`. Raises NoAdapter, SettingsError."""
    opener = _openers.get(type(settings))
    if opener is None:
        raise NoAdapter(
            f"No adapter serves the target {surroundings.name!r}: its settings are of the type "
            f"{type(settings).__name__}, and adapters are registered for "
            f"{', '.join(sorted(known.__name__ for known in _openers))}."
        )
    return opener(settings, surroundings)


register(FolderTarget, lambda settings, surroundings: FolderAdapter(settings, surroundings.base))
