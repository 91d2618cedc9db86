"""Settings of targets: a module for each adapter; `adapter = "..."` in the file says which one it is."""

from typing import TypeAlias

from order_receiver.settings.targets.base import Target
from order_receiver.settings.targets.folder import FolderTarget

AnyTarget: TypeAlias = FolderTarget
"""Every target that receiver.toml can hold; a union of the Structs, told apart by their tags."""

__all__ = ["AnyTarget", "FolderTarget", "Target"]
