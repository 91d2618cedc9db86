"""Adapters of other packages, as an installer leaves them on the path."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from order_receiver.settings.load import load
from order_receiver.settings.problems import SettingsError
from order_receiver.settings.reference import target_settings
from order_receiver.settings.targets import AnyTarget
from order_receiver.settings.targets.installed import InstalledAdapters
from order_receiver.targets.registry import NoAdapter, open_adapter
from order_receiver.targets.surroundings import Surroundings

MODULE = """
from order_receiver.settings.targets import FolderTarget, Target
from order_receiver.targets.folder.adapter import FolderAdapter

class OwnTarget(Target, tag="{tag}", frozen=True, kw_only=True):
    '''An ERP of our own.'''
    box: str

def open_own(settings, surroundings):
    return FolderAdapter(FolderTarget(outbox=settings.box), surroundings.base)

pair = (OwnTarget, open_own)
def give():
    return pair
nothing = ()
"""
Install = Callable[..., None]
Load = Callable[[str], object]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Put a module and the entry point that leads to it where Python finds them."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    before = set(sys.modules)

    def make(
        name: str, value: str = "own_adapter_{name}:pair", *, package: str = "own", tag: str | None = None
    ) -> None:
        module = f"own_adapter_{name}"
        (site / f"{module}.py").write_text(MODULE.format(tag=tag or name))
        info = site / f"{package}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n")
        entry = f"{name} = {value.format(name=name)}\n"
        (info / "entry_points.txt").write_text(f"[order_receiver.adapters]\n{entry}")

    yield make
    for name in set(sys.modules) - before:
        if name.startswith("own_adapter_"):
            del sys.modules[name]


@pytest.fixture
def read(tmp_path: Path) -> Load:
    def make(target: str) -> object:
        path = tmp_path / "receiver.toml"
        path.write_text(f"[targets.erp]\n{target}\n")
        return load(path, {}).targets["erp"]

    return make


def wrong(read: Load, target: str) -> str:
    with pytest.raises(SettingsError) as error:
        read(target)
    return str(error.value)


@pytest.mark.parametrize("value", ["own_adapter_{name}:pair", "own_adapter_{name}:give"])
async def test_its_settings_are_read_and_its_adapter_is_opened(
    install: Install, read: Load, tmp_path: Path, value: str
) -> None:
    install("acme", value)
    settings: AnyTarget = read('adapter = "acme"\nbox = "out"\npoll = 7')  # type: ignore[assignment]
    assert settings.poll == 7
    (tmp_path / "out").mkdir()
    adapter = open_adapter(settings, Surroundings("erp", tmp_path, {}))
    await adapter.check()
    await adapter.close()


def test_its_settings_are_checked_like_all(install: Install, read: Load) -> None:
    install("acme")
    told = wrong(read, 'adapter = "acme"\nbix = "out"')
    assert "receiver.toml:3: targets.erp.bix: unknown setting. Did you mean `box`?" in told
    assert "targets.erp: `box` is missing" in told


def test_what_no_target_names_is_not_imported(install: Install, read: Load) -> None:
    install("acme", "no_such_module:pair")
    read('adapter = "folder"\noutbox = "out"')
    told = wrong(read, 'adapter = "acmee"')
    assert 'receiver.toml:2: targets.erp.adapter: there is no adapter "acmee". Did you mean `acme`?' in told


def test_unknown_with_all_that_are_known(install: Install, read: Load) -> None:
    install("acme")
    told = wrong(read, 'adapter = "xyzzy"')
    assert 'there is no adapter "xyzzy". Known: `acme`, `amqp`, `folder`, `http`,' in told


@pytest.mark.parametrize(
    ("value", "tag", "words"),
    [
        (
            "no_such_module:pair",
            None,
            (
                "the adapter `acme` of the package own 1.2 (no_such_module:pair) cannot be imported: "
                "ModuleNotFoundError: No module named 'no_such_module'. Install the package again"
            ),
        ),
        ("own_adapter_acme:peer", None, "cannot be imported: AttributeError: module"),
        ("own_adapter_acme:nothing", None, "does not give a pair of settings (derived from Target) and opener. Ask"),
        ("own_adapter_acme:pair", "acne", "has settings for another adapter, `acne`. Ask its makers."),
    ],
)
def test_what_cannot_be_used(install: Install, read: Load, value: str, tag: str | None, words: str) -> None:
    install("acme", value, tag=tag)
    told = wrong(read, 'adapter = "acme"\nbox = "out"')
    assert "receiver.toml:2: targets.erp.adapter: " in told
    assert words in told


def test_one_name_from_two_packages(install: Install, read: Load) -> None:
    install("acme")
    install("acme", package="other")
    told = wrong(read, 'adapter = "acme"\nbox = "out"')
    assert "the adapter `acme` is not clear: 2 packages bring it, the package" in told
    assert "own 1.2" in told
    assert "other 1.2" in told


def test_the_reference_tells_its_settings(install: Install) -> None:
    install("acme")
    text = target_settings(InstalledAdapters().settings("acme"))
    assert '## `[targets.NAME]` with `adapter = "acme"`' in text
    assert "An ERP of our own." in text
    assert "| `box` | text | **required** |" in text


def test_settings_that_came_another_way_have_no_opener(install: Install, tmp_path: Path) -> None:
    from order_receiver.settings.targets import Target

    class Strange(Target, tag="strange-too", frozen=True, kw_only=True):
        pass

    with pytest.raises(NoAdapter, match="No adapter serves the target 'erp'"):
        open_adapter(Strange(), Surroundings("erp", tmp_path, {}))
