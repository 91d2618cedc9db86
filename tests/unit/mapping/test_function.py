import json
from collections.abc import Callable
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest

from order_receiver.contract.request import OrderRequest
from order_receiver.mapping import Mapping, MappingContext, MappingFailed, MappingUnusable, open_mapping
from order_receiver.orders.document import Document

Open = Callable[[str], Mapping]
numbers = count(1)


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Open the function `to_erp` of a module with the given source; each module has a name of its own."""
    monkeypatch.setattr("sys.path", __import__("sys").path[:])

    def open_source(source: str) -> Mapping:
        name = f"own_mapping_{next(numbers)}"
        (tmp_path / f"{name}.py").write_text(source)
        return open_mapping(f"{name}:to_erp", tmp_path)

    return open_source


def test_a_dict_becomes_json(opened: Open, order: OrderRequest, context: MappingContext) -> None:
    source = "def to_erp(order, context):\n    return {'k': context.key, 'p': [i.UnitPrice * 2 for i in order.Items]}"
    document = opened(source).map(order, context)
    assert document.extension == "json"
    assert json.loads(document.content, parse_float=Decimal)["p"] == [Decimal("159.98"), Decimal("78.40")]


@pytest.mark.parametrize(
    ("result", "document"),
    [
        ("'å'", Document("å".encode(), "text/plain; charset=utf-8", "txt")),
        ("b'x'", Document(b"x", "application/octet-stream", "bin")),
        ("[1]", Document(b"[1]", "application/json", "json")),
        ("Document(b'<a/>', 'application/xml', 'xml')", Document(b"<a/>", "application/xml", "xml")),
    ],
)
def test_other_results(
    opened: Open, order: OrderRequest, context: MappingContext, result: str, document: Document
) -> None:
    source = f"from order_receiver.orders.document import Document\ndef to_erp(order, context):\n    return {result}"
    assert opened(source).map(order, context) == document


@pytest.mark.parametrize(
    ("body", "line", "field", "message"),
    [
        ("return order.Itms", 2, "Itms", "raised AttributeError"),
        ("return help_out({})", 5, None, "raised KeyError: 'colour'"),
        ("return int('x')", 2, None, "raised ValueError"),
        ("import sys; sys.exit('no')", 2, None, "raised RuntimeError: it raised SystemExit"),
        ("return 7", None, None, "the function returned a value of type int; return a dict, text, bytes or a Document"),
        ("return {'a': 0.5}", None, None, '0.5 is a float and not exact; return Decimal("0.5") instead.'),
        ("return {'a': Decimal('NaN')}", None, None, "a: NaN is not a number"),
        ("return {'a': object()}", None, None, "raised TypeError: Encoding objects of type object is unsupported"),
    ],
)
def test_its_exceptions_name_file_and_line(
    opened: Open,
    order: OrderRequest,
    context: MappingContext,
    body: str,
    line: int | None,
    field: str | None,
    message: str,
) -> None:
    helper = "def help_out(row):\n    return row['colour']\n\nfrom decimal import Decimal"
    source = f"def to_erp(order, context):\n    {body}\n\n{helper}"
    mapping = opened(source)
    with pytest.raises(MappingFailed) as failed:
        mapping.map(order, context)
    assert (failed.value.line, failed.value.field) == (line, field)
    assert failed.value.file is not None
    assert failed.value.file.startswith("own_mapping_")
    assert message in str(failed.value)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("return {}['Anna Svensson']", "in {file}, line 2: KeyError."),
        ("return int('19121212-1212')", "in {file}, line 2: ValueError."),
        ("return order.Itms", "in {file}, line 2 at Itms: AttributeError."),
        ("raise Named('Anna Svensson')", "in {file}, line 2: Named."),
        ("return {'Anna Svensson': Decimal('NaN')}", "in {file}: NotPlain."),
    ],
)
def test_logs_are_told_where_but_nothing_that_the_order_says(
    opened: Open, order: OrderRequest, context: MappingContext, body: str, shown: str
) -> None:
    named = "class Named(Exception):\n    def __init__(self, name):\n        self.name = name"
    mapping = opened(f"def to_erp(order, context):\n    {body}\n\nfrom decimal import Decimal\n{named}")
    with pytest.raises(MappingFailed) as failed:
        mapping.map(order, context)
    assert failed.value.for_logs == f"The order cannot be mapped {shown.format(file=failed.value.file)}"


def test_it_may_raise_mapping_failed_itself(opened: Open, order: OrderRequest, context: MappingContext) -> None:
    mapping = opened(
        "from order_receiver.mapping import MappingFailed\n"
        "def to_erp(order, context):\n    raise MappingFailed('no such unit', field='Items[0].UnitOfMeasure')"
    )
    with pytest.raises(MappingFailed) as failed:
        mapping.map(order, context)
    assert str(failed.value) == "The order cannot be mapped at Items[0].UnitOfMeasure: no such unit."
    assert failed.value.for_logs == "The order cannot be mapped at Items[0].UnitOfMeasure."


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import sys\nsys.exit(3)", "cannot be imported: RuntimeError in line 2: it raised SystemExit"),
        ("def to_erb(order, context): ...", "has no function to_erp; did you mean to_erb?"),
        ("def another(): ...", "has no function to_erp; it has another."),
        ("", "has no function to_erp; it has no function."),
        ("to_erp = 7", "must be a plain function"),
        ("async def to_erp(order, context): ...", "must be a plain function"),
        ("def to_erp(order): ...", "must take two arguments, the order and the context"),
        ("\ndef to_erp(:", "cannot be imported: SyntaxError in line 2"),
        ("\n1 / 0", "cannot be imported: ZeroDivisionError in line 2: division by zero"),
        ("import not_there_at_all", "needs not_there_at_all, which is not installed"),
    ],
)
def test_functions_that_cannot_be_opened(opened: Open, source: str, message: str) -> None:
    with pytest.raises(MappingUnusable) as unusable:
        opened(source)
    assert message in str(unusable.value)


def test_modules_that_are_not_there(tmp_path: Path) -> None:
    (tmp_path / "our_orders.py").write_text("")
    with pytest.raises(
        MappingUnusable, match=r"There is no module our_order for the mapping; did you mean our_orders\?"
    ):
        open_mapping("our_order:to_erp", tmp_path)
    with pytest.raises(
        MappingUnusable, match=r"There is no module zzz_q\.x for the mapping; put it beside the settings"
    ):
        open_mapping("zzz_q.x:to_erp", tmp_path)
    with pytest.raises(MappingUnusable, match="has no function"):
        open_mapping("our_orders:to_erp", tmp_path)


def test_code_from_elsewhere_is_placed_in_the_module(
    tmp_path: Path, order: OrderRequest, context: MappingContext
) -> None:
    """A function that only re-exports one of a library: no line of the module takes part."""
    with pytest.raises(MappingFailed) as failed:
        open_mapping("operator:add", tmp_path).map(order, context)
    assert failed.value.line is None
    assert "operator:add raised TypeError" in str(failed.value)


@pytest.mark.parametrize(
    ("spec", "advice"),
    [
        ("cannonical", "Did you mean canonical?"),
        ("order.json", "Did you mean orders.json.j2?"),
        ("a b:c", "package.module:function"),
        ("", "is no mapping"),
    ],
)
def test_what_is_no_mapping(tmp_path: Path, spec: str, advice: str) -> None:
    (tmp_path / "orders.json.j2").write_text("{}")
    with pytest.raises(MappingUnusable) as unusable:
        open_mapping(spec, tmp_path)
    assert advice in str(unusable.value)
    with pytest.raises(MappingUnusable, match="is no mapping"):
        open_mapping(spec, tmp_path / "nowhere")
