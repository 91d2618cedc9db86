"""What `new adapter` writes works as it is, and its tests notice when it is broken."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import order_receiver
from order_receiver.cli.main import application
from order_receiver.targets.starter import adapter_files

SOURCE = Path(order_receiver.__file__).parents[1]
SETTINGS = """
[targets.erp]
adapter = "acme-erp"
url = "http://127.0.0.1:1/api"
token = { env = "ERP_TOKEN" }
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "order-receiver-acme-erp"
    run = CliRunner().invoke(application, ["new", "adapter", "acme-erp", "--into", str(folder)])
    assert run.exit_code == 0, run.output
    return folder


def passes(project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environ["PYTHONPATH"] = str(SOURCE)
    return subprocess.run(command, cwd=project, env=environ, capture_output=True, text=True, timeout=120, check=False)


def test_its_own_tests_pass(project: Path) -> None:
    run = passes(project, "-rs")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "27 passed, 1 skipped" in run.stdout, run.stdout


@pytest.mark.parametrize(
    ("file", "right", "wrong", "test", "words"),
    [
        ("client.py", "raise UnknownOutcome(f\"{said}: no", "raise TransientFailure(f\"{said}: no", "without_an_answer",
         "the adapter says that nothing happened"),
        ("adapter.py", 'erp_id = submission.step.get("id")', "erp_id = None; submission = _other(submission)",
         "same_key", "assert 2 == 1"),
        ("adapter.py", "cursor=str(lines[-1].at) if lines else cursor", "cursor=cursor", "acknowledge",
         "the same news for ever"),
    ],
)  # fmt: skip
def test_what_is_broken_is_found(project: Path, file: str, right: str, wrong: str, test: str, words: str) -> None:
    path = project / "src" / "order_receiver_acme_erp" / file
    text = path.read_text("utf-8")
    assert right in text
    other = (
        "\n\nimport secrets\nimport msgspec\n\n\ndef _other(submission):\n"
        "    return msgspec.structs.replace(submission, key=submission.key + secrets.token_hex(2))\n"
    )
    path.write_text(text.replace(right, wrong) + (other if "_other" in wrong else ""), "utf-8")
    if "_other" in wrong:
        contract = project / "tests" / "test_contract.py"
        told = contract.read_text("utf-8")
        contract.write_text(told.replace("if each == key", "if each.startswith(key)"), "utf-8")
    run = passes(project, "-x", "-k", test)
    assert run.returncode == 1, run.stdout + run.stderr
    assert words in run.stdout


def test_the_program_finds_it_by_its_entry_point(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Laid out as an installer does it, without one."""
    info = project / "src" / "order_receiver_acme_erp-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: order-receiver-acme-erp\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text("[order_receiver.adapters]\nacme-erp = order_receiver_acme_erp:entry\n")
    (project / "receiver.toml").write_text(SETTINGS)
    monkeypatch.syspath_prepend(project / "src")
    monkeypatch.setenv("ERP_TOKEN", "a token")
    check = CliRunner().invoke(application, ["check", "--json", "--config", str(project / "receiver.toml")])
    [target] = [each for each in json.loads(check.output) if each["what"] == "target erp"]
    assert target["state"] == "error"
    assert "http://127.0.0.1:1/api/news?after=0: the ERP cannot be reached" in target["text"]
    listed = CliRunner().invoke(application, ["adapters"]).output
    assert "acme-erp    of the package order-receiver-acme-erp 0.1.0" in listed
    assert "folder      of this program" in listed
    shown = CliRunner().invoke(application, ["adapters", "acme-erp"]).output
    assert "| `timeout` | a number above 0 | `30.0` | seconds for one call |" in shown
    unknown = CliRunner().invoke(application, ["adapters", "acme"])
    assert unknown.exit_code == 1
    assert "Did you mean `acme-erp`?" in unknown.output


@pytest.mark.parametrize(("name", "words"), [("Acme", "cannot be one of an adapter"), ("folder", "take another name")])
def test_names_that_cannot_be(tmp_path: Path, name: str, words: str) -> None:
    run = CliRunner().invoke(application, ["new", "adapter", name, "--into", str(tmp_path / "new")])
    assert run.exit_code == 1
    assert words in " ".join(run.output.split())
    assert not (tmp_path / "new").exists()


def test_nothing_is_written_over(project: Path) -> None:
    run = CliRunner().invoke(application, ["new", "adapter", "acme-erp", "--into", str(project)])
    assert run.exit_code == 1
    assert "is not empty" in " ".join(run.output.split())


def test_names_are_spelled_for_python() -> None:
    texts = adapter_files("acme-2-erp")
    assert "class Acme2ErpTarget(Target" in texts["src/order_receiver_acme_2_erp/settings.py"]
    assert not [path for path, text in texts.items() if any(place in text for place in ("@NAME@", "@CLASS@", "@MOD"))]
