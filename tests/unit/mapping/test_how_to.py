"""The mapping guide works as printed: its files, run by the program, give what it shows."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from typer.testing import CliRunner

from order_receiver.cli.main import application
from order_receiver.contract.json_form import read
from order_receiver.contract.request import ClientCustomer, OrderItem, OrderRequest, Person
from order_receiver.mapping import MappingContext, MappingFailed, MissingValues, ValueTables, open_mapping, open_tables
from order_receiver.settings.values import ValueTable

GUIDE = (Path(__file__).parents[3] / "docs/how-to/write-a-mapping.md").read_text("utf-8")
SHOP = """\
mode = "development"
[[applications]]
key = "123e4567-e89b-12d3-a456-426614174000"
name = "Sweden"
id = 1042
"""
NAMES = """\
{% set row = order.Items[0] %}{% set kit = order.Items[1] %}
{% set payment = order.Payments[0] %}{% set person = order.SellTo.Person %}
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)


def files() -> Iterator[tuple[str, str]]:
    """Every file of the guide: its name stands in the first line, before it, or at the head of the sample order."""
    for text in (*blocks("jinja"), *blocks("python"), *blocks("toml")):
        named = re.match(r"(?:\{# |# )([\w.]+)(?: #\})?\n", text)
        assert named is not None, text
        yield named[1], text
    yield from re.findall(r"^`([\w-]+\.csv)`:\n\n```text\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
    yield "order.json", blocks("json")[0]


def expressions() -> list[tuple[str, str]]:
    """What the tables say that an expression gives."""
    tables = re.findall(r"^\| write \| gives \|\n\| --- \| --- \|\n((?:\|.*\n)+)", GUIDE, re.MULTILINE)
    rows = [re.fullmatch(r"\| `(.+)` \| `(.*)` \|", line) for table in tables for line in table.splitlines()]
    assert len(tables) == 3
    return [(row[1].replace("\\|", "|"), row[2]) for row in rows if row is not None]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The files of the guide, as a reader would write them."""
    folder, path, modules = tmp_path_factory.mktemp("guide"), sys.path[:], set(sys.modules)
    for name, text in files():
        (folder / name).write_text((SHOP if name == "receiver.toml" else "") + text, "utf-8")
    yield folder
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith("our_"):
            del sys.modules[name]


@pytest.fixture
def sample(folder: Path) -> OrderRequest:
    return read((folder / "order.json").read_bytes(), zone=ZoneInfo("Europe/Stockholm")).order


@pytest.fixture
def tables(folder: Path) -> ValueTables:
    return open_tables(
        {
            "mapping.payments": ValueTable(table="payment-methods.csv"),
            "mapping.delivery": ValueTable(table="delivery-methods.csv", default="POST"),
        },
        folder,
    )


def test_the_files_are_all_there(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} >= {
        *("order.json", "receiver.toml", "orders.json.j2", "orders.xml.j2", "our_cards.py", "our_groups.py"),
        *("payment-methods.csv", "delivery-methods.csv", "test_our_cards.py"),
    }


def test_the_first_template(folder: Path, sample: OrderRequest, context: MappingContext) -> None:
    document = msgspec.json.decode(open_mapping("orders.json.j2", folder).map(sample, context).content)
    assert (document["orderDate"], document["customer"]) == ("2026-11-22", "C1001")
    assert document["lines"][0] == {"item": "TYG-BLA", "quantity": 2.5, "price": 79.99, "engraving": None}
    assert document["lines"][1]["engraving"] == "Till Åsa"


@pytest.mark.parametrize(("expression", "result"), expressions())
def test_an_expression_gives_what_the_table_says(
    tmp_path: Path, sample: OrderRequest, context: MappingContext, expression: str, result: str
) -> None:
    (tmp_path / "one.txt.j2").write_text(f"{NAMES}{{{{ {expression} }}}}", "utf-8")
    assert open_mapping("one.txt.j2", tmp_path).map(sample, context).content.decode().strip() == result


def test_the_whole_order_is_tried_and_gives_what_is_shown(folder: Path) -> None:
    said = CliRunner().invoke(
        application, ["map", "try", str(folder / "order.json"), "--config", str(folder / "receiver.toml")]
    )
    assert said.exit_code == 0, said.output
    heads = re.findall(r"^For .*:$", said.stdout, re.MULTILINE)
    assert heads == ["For cards (1 of its rows):", "For erp (4 of its rows, gives Norce its number):"]
    cards, erp = re.split(r"^For .*:\n", said.stdout, flags=re.MULTILINE)[1:]
    assert erp.strip() == blocks("xml")[0].strip()
    assert msgspec.json.decode(cards) == msgspec.json.decode(blocks("json")[1])


def test_a_private_customer_with_little_else(folder: Path, tables: ValueTables, context: MappingContext) -> None:
    person = Person(FirstName="Åsa", LastName="Öberg")
    row = OrderItem(LineNo=1, ParentLineNo=7, PartNo="A-1", Quantity=1)
    order = OrderRequest(ClientOrderRef="1", SellTo=ClientCustomer(Person=person), Items=[row])
    plain = msgspec.json.decode(open_mapping("orders.json.j2", folder).map(order, context).content)
    assert (plain["customer"], plain["yourReference"]) == ("WEB", "")
    document = open_mapping("orders.xml.j2", folder, tables).map(order, context).content.decode()
    assert '<customer code="WEB" group="RETAIL">\n    <name>Åsa Öberg</name>' in document
    assert '<row no="1">' in document
    assert '<delivery method="POST">' in document


def test_failures_are_told_as_shown(
    folder: Path, sample: OrderRequest, tables: ValueTables, context: MappingContext
) -> None:
    failed, missing = (text.strip() for text in blocks("text") if text.startswith("The order cannot be mapped"))
    sample.CustomerOrderRef = "x" * 41
    with pytest.raises(MappingFailed) as error:
        open_mapping("orders.json.j2", folder).map(sample, context)
    assert str(error.value) == failed
    sample.CustomerOrderRef = None
    for payment in sample.Payments or ():
        payment.PaymentMethodCode = "klarna"
    with pytest.raises(MissingValues) as error:
        open_mapping("orders.xml.j2", folder, tables).map(sample, context)
    assert str(error.value) == missing


def test_the_test_passes(folder: Path) -> None:
    scope: dict[str, object] = {"__file__": str(folder / "test_our_cards.py")}
    exec(compile((folder / "test_our_cards.py").read_text("utf-8"), "test_our_cards.py", "exec"), scope)
    [check] = [found for name, found in scope.items() if name.startswith("test_") and callable(found)]
    check()
