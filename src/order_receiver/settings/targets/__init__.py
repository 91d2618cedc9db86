"""Settings of targets: a module for each adapter; `adapter = "..."` in the file says which one it is."""

from typing import TypeAlias

from order_receiver.settings.targets.amqp import AmqpTarget
from order_receiver.settings.targets.base import Target
from order_receiver.settings.targets.folder import FolderTarget
from order_receiver.settings.targets.http import HttpTarget
from order_receiver.settings.targets.odoo import OdooTarget
from order_receiver.settings.targets.sftp import SftpTarget
from order_receiver.settings.targets.sql import SqlTarget, StagingColumns
from order_receiver.settings.targets.tryton import TrytonTarget

AnyTarget: TypeAlias = FolderTarget | SftpTarget | SqlTarget | AmqpTarget | HttpTarget | TrytonTarget | OdooTarget
"""Every target that receiver.toml can hold; a union of the Structs, told apart by their tags."""

__all__ = [
    "AmqpTarget",
    "AnyTarget",
    "FolderTarget",
    "HttpTarget",
    "OdooTarget",
    "SftpTarget",
    "SqlTarget",
    "StagingColumns",
    "Target",
    "TrytonTarget",
]
