"""What `init` writes works as it is: the settings load, and the test for the mapping passes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from order_receiver.settings.credentials import Credentials, hash_password
from order_receiver.settings.load import load
from order_receiver.settings.rules import troubles
from order_receiver.settings.starter import starter_files


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in starter_files(hash_password("secret")).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path


async def test_the_settings_load_and_only_norce_is_missing(project: Path) -> None:
    settings = load(project / "receiver.toml", {})
    assert [(each.severity, each.where) for each in troubles(settings)] == [("warning", "norce")]
    assert await Credentials(settings.door.credentials).verify(b"Basic bm9yY2U6c2VjcmV0") == "norce"


def test_the_commented_settings_are_right_too(project: Path) -> None:
    path = project / "receiver.toml"
    text = re.sub(r"^# (\[norce]|\w+ = )", r"\1", path.read_text("utf-8"), flags=re.MULTILINE)
    path.write_text(text.replace('mode = "development"', 'mode = "production"'), "utf-8")
    settings = load(path, {})
    assert troubles(settings) == []
    assert settings.norce is not None
    assert settings.door.behind_proxy


def test_its_own_test_passes(project: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", str(project)]
    run = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 passed" in run.stdout


def test_a_password_never_gets_into_the_file() -> None:
    with pytest.raises(ValueError, match="takes the hash of a password"):
        starter_files("hunter2")
