"""What the docs show can be read by the program."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from order_receiver.targets.files.answers import Answer, read_answer


def blocks(text: str, language: str) -> list[str]:
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in found]


@pytest.mark.parametrize("page", ["docs/reference/answer-files.md", "docs/how-to/connect-an-erp-by-files.md"])
def test_answer_files(root: Path, page: str) -> None:
    examples = blocks((root / page).read_text("utf-8"), "json")
    updates = [read_answer(msgspec.json.decode(example, type=Answer), "example.json") for example in examples]
    assert len(updates) >= 2
    assert {update.kind.value for update in updates} == {"confirmed", "refused"}


def test_every_member_of_an_answer_file_is_told(root: Path) -> None:
    page = (root / "docs/reference/answer-files.md").read_text("utf-8")
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == list(Answer.__struct_fields__)


def test_settings(texts: Mapping[Path, str]) -> None:
    examples = [block for text in texts.values() for block in blocks(text, "toml")]
    known = {"mode", "door", "applications", "store", "work", "targets", "enrichments", "routes", "norce", "log"}
    assert len(examples) >= 4
    for example in examples:
        assert set(tomllib.loads(example)) <= known
