from pathlib import Path

import pytest

from order_receiver.settings.problems import SettingsError
from order_receiver.settings.section import Secret
from order_receiver.settings.targets import FolderTarget, HttpTarget, Target
from order_receiver.settings.targets.http import BearerAuth, Call
from order_receiver.targets.adapter import Adapter
from order_receiver.targets.folder.adapter import FolderAdapter
from order_receiver.targets.http.adapter import HttpAdapter
from order_receiver.targets.registry import NoAdapter, open_adapter, register
from order_receiver.targets.surroundings import Surroundings


class OwnTarget(Target, tag="own", frozen=True, kw_only=True):
    folder: str


class StrangeTarget(Target, tag="strange", frozen=True, kw_only=True):
    pass


def test_opens_the_folder_adapter(tmp_path: Path) -> None:
    assert isinstance(open_adapter(FolderTarget(outbox="out"), Surroundings("erp", tmp_path, {})), FolderAdapter)


async def test_opens_the_http_adapter_with_its_secrets(tmp_path: Path) -> None:
    calls = [Call(name="order", method="PUT", path="orders/{{ key }}")]
    auth = BearerAuth(token=Secret(env="TOKEN"))
    settings = HttpTarget(base_url="https://erp.example", auth=auth, calls=calls)
    adapter = open_adapter(settings, Surroundings("erp", tmp_path, {"TOKEN": "t"}))
    assert isinstance(adapter, HttpAdapter)
    await adapter.close()
    with pytest.raises(SettingsError, match=r"targets\.erp\.auth\.token: the environment variable TOKEN is not set"):
        open_adapter(settings, Surroundings("erp", tmp_path, {}))


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
