from pathlib import Path

import pytest

from order_receiver.settings.model import FolderTarget, Section
from order_receiver.targets.adapter import Adapter
from order_receiver.targets.folder.adapter import FolderAdapter
from order_receiver.targets.registry import NoAdapter, open_adapter, register


class OwnTarget(Section, frozen=True, kw_only=True):
    folder: str


class StrangeTarget(Section, frozen=True, kw_only=True):
    pass


def test_opens_the_folder_adapter(tmp_path: Path) -> None:
    assert isinstance(open_adapter("erp", FolderTarget(outbox="out"), tmp_path), FolderAdapter)


async def test_an_adapter_of_ones_own_can_be_registered(tmp_path: Path) -> None:
    def open_own(settings: OwnTarget, base: Path) -> Adapter:
        return FolderAdapter(FolderTarget(outbox=settings.folder), base)

    register(OwnTarget, open_own)
    (tmp_path / "mine").mkdir()
    adapter = open_adapter("erp", OwnTarget(folder="mine"), tmp_path)
    await adapter.check()
    await adapter.close()


def test_unknown_settings_are_named(tmp_path: Path) -> None:
    with pytest.raises(NoAdapter, match=r"'erp': its settings are of the type StrangeTarget.*FolderTarget"):
        open_adapter("erp", StrangeTarget(), tmp_path)
