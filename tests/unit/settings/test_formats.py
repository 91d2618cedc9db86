"""Settings of the built-in mappings in receiver.toml, and what is said of wrong ones."""

from pathlib import Path

import pytest

from order_receiver.mapping import open_mapping
from order_receiver.settings.load import load
from order_receiver.settings.problems import SettingsError

START = """\
mode = "development"
[[door.credentials]]
user = "norce"
password_hash = "x"
[[applications]]
key = "11111111-2222-3333-4444-555555555555"
name = "Shop SE"
[norce]
slug = "shop"
client_id = "c"
client_secret = { env = "NORCE_SECRET" }
[targets.my-erp]
adapter = "folder"
outbox = "out"
"""


def loaded(tmp_path: Path, text: str) -> object:
    file = tmp_path / "receiver.toml"
    file.write_text(START + text, "utf-8")
    return load(file, {"NORCE_SECRET": "s"})


@pytest.mark.parametrize("name", ["csv", "ubl", "edifact"])
def test_the_settings_of_a_reference_page_open_its_mapping(tmp_path: Path, name: str) -> None:
    page = (Path(__file__).parents[3] / f"docs/reference/{name}.md").read_text("utf-8")
    table = page.partition("```toml\n")[2].partition("```")[0].partition('outbox = "outbox"\n')[2]
    file = tmp_path / "receiver.toml"
    file.write_text(START + table.replace("targets.erp", "targets.my-erp"), "utf-8")
    target = load(file, {"NORCE_SECRET": "s"}).targets["my-erp"]
    assert target.mapping == name
    open_mapping(target.mapping, tmp_path, formats=target.formats)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('csv = { decimal_sign = "," }', "same sign between columns and in numbers"),
        ('csv = { separater = ";" }', "separator"),
        ('edifact = { sender = "S" }', "recipient"),
        ('edifact = { sender = "Å", recipient = "R" }', "sender"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, table: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        loaded(tmp_path, f"[targets.my-erp.formats]\n{table}\n")
