"""The how-to shows mappings; they must work as printed."""

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from order_receiver.contract.request import OrderRequest
from order_receiver.mapping import MappingContext, open_mapping
from order_receiver.orders.document import Document

HOW_TO = (Path(__file__).parents[3] / "docs/how-to/write-a-mapping.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", HOW_TO, re.DOTALL)


def test_the_template(render: Callable[..., Document]) -> None:
    [source] = blocks("jinja")
    read = msgspec.json.decode(render(source, "json").content)
    assert (read["orderDate"], read["customer"], read["yourReference"]) == ("2026-11-22", "C1", "PO 7")
    assert read["lines"][0] == {"item": "A-1", "quantity": 2.5, "price": 79.99, "engraving": None}


def test_the_function_and_its_test(
    tmp_path: Path, order: OrderRequest, context: MappingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    function, test = blocks("python")
    (tmp_path / "our_erp.py").write_text(function)
    monkeypatch.setattr("sys.path", __import__("sys").path[:])
    document = open_mapping("our_erp:to_order", tmp_path).map(order, context)
    assert len(msgspec.json.decode(document.content)["lines"]) == 1
    names: dict[str, object] = {"__file__": str(tmp_path / "test_our_mapping.py")}
    exec(compile(test, "test_our_mapping.py", "exec"), names)
    check = names["test_a_row"]
    assert callable(check)
    check()
