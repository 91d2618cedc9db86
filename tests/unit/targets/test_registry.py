from pathlib import Path

import pytest

from order_receiver.settings.targets import FolderTarget, Target
from order_receiver.targets.adapter import Adapter
from order_receiver.targets.folder.adapter import FolderAdapter
from order_receiver.targets.registry import NoAdapter, Surroundings, open_adapter, register


class OwnTarget(Target, tag="own", frozen=True, kw_only=True):
    folder: str


class StrangeTarget(Target, tag="strange", frozen=True, kw_only=True):
    pass


def test_opens_the_folder_adapter(tmp_path: Path) -> None:
    assert isinstance(open_adapter(FolderTarget(outbox="out"), Surroundings("erp", tmp_path, {})), FolderAdapter)


async def test_an_adapter_of_ones_own_can_be_registered(tmp_path: Path) -> None:
    def open_own(settings: OwnTarget, surroundings: Surroundings) -> Adapter:
        return FolderAdapter(FolderTarget(outbox=settings.folder), surroundings.base)

    register(OwnTarget, open_own)
    (tmp_path / "mine").mkdir()
    adapter = open_adapter(OwnTarget(folder="mine"), Surroundings("erp", tmp_path, {}))
    await adapter.check()
    await adapter.close()


def test_unknown_settings_are_named(tmp_path: Path) -> None:
    with pytest.raises(NoAdapter, match=r"'erp': its settings are of the type StrangeTarget.*FolderTarget"):
        open_adapter(StrangeTarget(), Surroundings("erp", tmp_path, {}))
