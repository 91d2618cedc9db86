"""What surrounds the settings of a target."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from order_receiver.settings.secrets import reveal
from order_receiver.settings.section import Secret


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The target's name, where relative paths start, where secrets come from."""

    name: str
    base: Path
    environ: Mapping[str, str]

    def secret(self, reference: Secret, key: str) -> str:
        """The secret that a setting of this target stands for. Raises SettingsError."""
        return reveal(reference, self.environ, self.base, f"targets.{self.name}.{key}")
