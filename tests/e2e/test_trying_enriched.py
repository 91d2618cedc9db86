"""`check`, `explain`, `map try` and `map compare` with enrichments: what they ask, and what they leave out."""

import json
import sys
from itertools import count
from pathlib import Path

import pytest
from tests.e2e.conftest import Command, Installation
from tests.e2e.test_cli_orders import at_work
from tests.e2e.test_trying import order

numbers = count(1)

SETTINGS = """
[targets.gold]
adapter = "folder"
outbox = "gold/outbox"
[[enrichments]]
name = "customer"
kind = "function"
function = "MODULE:find"
save = ["group"]
[[routes]]
when = 'extra["group"] == "gold"'
to = ["gold"]
[[routes]]
to = ["erp"]
"""
SOURCE = """
def find(order, context):
    with open(FILE, "a") as asked:
        asked.write(order.reference + "\\n")
    return {"group": "gold" if order.reference == "100001" else None}
"""


@pytest.fixture
def asked(folder: Installation, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which the enrichment writes down what it was asked about."""
    monkeypatch.setattr("sys.path", sys.path[:])
    file = folder.base / "asked.txt"
    module = f"own_enrichment_tried_{next(numbers)}"
    (folder.base / f"{module}.py").write_text(SOURCE.replace("FILE", repr(str(file))))
    (folder.base / "gold" / "outbox").mkdir(parents=True)
    folder.configure(more=SETTINGS.replace("MODULE", module))
    return file


def test_orders_are_tried_with_their_enrichments(folder: Installation, command: Command, asked: Path) -> None:
    at_work(folder, order("100001", "A"))
    said = command.configured("explain", "100001")
    assert "Goes to gold (all rows, gives Norce its number)" in said.out
    assert '"extra":{"group":"gold"}' in command.configured("map", "try", "100001").out
    assert asked.read_text() == "100001\n" * 2
    for arguments in (("explain", "100001"), ("map", "try", "100001")):
        assert "gold" not in command.configured(*arguments, "--no-enrich").out
    assert asked.read_text() == "100001\n" * 2


def test_compare_asks_only_when_told_to(folder: Installation, command: Command, asked: Path) -> None:
    outboxes = [folder.base / "gold" / "outbox", folder.base / "erp" / "outbox"]
    at_work(
        folder,
        *(order("100001", "A"), order("100002", "A")),
        work=True,
        until_true=lambda: sum(len(list(each.glob("*.json"))) for each in outboxes) == 2,
    )
    asked.unlink()
    said = command.configured("map", "compare")
    assert said.code == 1
    assert "Without what enrichments find: --enrich asks them." in said.out
    assert "- gold would not get it any more" in said.out
    assert "2 orders compared, 1 would differ." in said.out
    assert not asked.exists()
    said = command.configured("map", "compare", "--enrich")
    assert (said.code, said.out.splitlines()) == (0, ["2 orders compared, 0 would differ."])
    assert sorted(asked.read_text().split()) == ["100001", "100002"]


def test_what_enrichments_found_is_no_difference_where_they_are_not_asked(
    folder: Installation, command: Command, asked: Path
) -> None:
    file = next(folder.base.glob("own_enrichment_tried_*.py"))
    file.write_text(SOURCE.replace("FILE", repr(str(asked))).replace("else None", 'else "silver"'))
    folder.configuration.write_text(
        folder.configuration.read_text().replace('when = \'extra["group"] == "gold"\'\n', "")
    )
    at_work(
        folder,
        order("100002", "A"),
        work=True,
        until_true=lambda: len(list((folder.base / "gold" / "outbox").glob("*.json"))) == 1,
    )
    assert folder.rows("SELECT instr(document, 'silver') > 0 FROM submissions") == [(1,)]
    said = command.configured("map", "compare")
    assert (said.code, said.out.splitlines()) == (
        0,
        [
            "Without what enrichments find: --enrich asks them. `extra` is not compared, and rules see none.",
            "1 orders compared, 0 would differ.",
        ],
    )


def test_an_order_released_past_an_enrichment_is_tried_past_it(
    folder: Installation, command: Command, asked: Path
) -> None:
    asked.mkdir()
    held, sent = "SELECT count(*) FROM orders WHERE hold IS NOT NULL", "SELECT count(*) FROM submissions"
    failing = SOURCE.replace("with open(FILE", "raise ValueError(order.reference)\n    with open(FILE")
    module = next(folder.base.glob("own_enrichment_tried_*.py"))
    module.write_text(failing.replace("FILE", "None"))
    at_work(folder, order("100001", "A"), work=True, until_true=lambda: folder.rows(held) == [(1,)])
    assert command.configured("map", "compare").out.splitlines()[-1] == "0 orders compared, 0 would differ."
    assert command.configured("map", "compare", "--enrich").out == "1 orders compared, 0 would differ.\n"
    said = command.configured("explain", "100001", "--no-enrich")
    assert "Held: enrichment" in said.out
    assert "any more" not in said.out
    assert command.configured("orders", "release", "100001").code == 0
    at_work(folder, work=True, until_true=lambda: folder.rows(sent) == [(1,)])
    said = command.configured("map", "compare", "--enrich")
    assert (said.code, said.out) == (0, "1 orders compared, 0 would differ.\n")


def test_a_failure_is_told(folder: Installation, command: Command, asked: Path) -> None:
    at_work(folder, order("100001", "A"))
    asked.mkdir()
    said = command.configured("map", "try", "100001")
    assert said.code == 1
    assert "The order goes nowhere: Enrichment customer: " in said.err
    assert "IsADirectoryError" in said.err


def test_check_loads_functions_and_knows_names(folder: Installation, command: Command, asked: Path) -> None:
    lines = {line["what"]: line for line in command.configured("check", "--offline", "--json").data()}
    assert lines["enrichments"] == {"what": "enrichments", "state": "ok", "text": "1 can be used"}
    text = folder.configuration.read_text()
    folder.configuration.write_text(text.replace(":find", ":fnd").replace('extra["group"]', 'extra["grp"]'))
    said = command.configured("check", "--offline", "--json")
    told = json.dumps(said.data())
    assert said.code == 1
    assert "has no function fnd; did you mean find?" in told
    assert "No enrichment saves `grp`. Did you mean `group`?" in told
    assert not asked.exists()
