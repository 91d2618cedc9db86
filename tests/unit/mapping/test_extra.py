"""What enrichments found, in every kind of mapping."""

import csv
import io
import json
from pathlib import Path

import pytest
from msgspec import structs

from order_receiver.contract.request import OrderRequest
from order_receiver.mapping import MappingContext, MappingFailed, open_mapping, open_tables
from order_receiver.settings.formats import EdifactFormat, Formats
from order_receiver.settings.values import ValueTable

FORMATS = Formats(edifact=EdifactFormat(sender="1", recipient="2"))


@pytest.fixture
def enriched(context: MappingContext) -> MappingContext:
    return structs.replace(context, extra={"customer_no": "K-4711", "segment": "gold"})


@pytest.mark.parametrize("spec", ["canonical", "csv", "ubl", "edifact"])
def test_built_in_mappings_write_it(order: OrderRequest, enriched: MappingContext, spec: str) -> None:
    content = open_mapping(spec, Path(), formats=FORMATS).map(order, enriched).content
    assert b"K-4711" in content
    assert b"gold" in content


def test_its_places_in_json_and_csv(order: OrderRequest, enriched: MappingContext) -> None:
    document = open_mapping("canonical", Path()).map(order, enriched)
    assert json.loads(document.content)["extra"] == enriched.extra
    text = open_mapping("csv", Path()).map(order, enriched).content.decode()
    assert [json.loads(row["extra"]) for row in csv.DictReader(io.StringIO(text))] == [enriched.extra] * 3


def test_without_enrichments_it_is_left_out(order: OrderRequest, context: MappingContext) -> None:
    assert "extra" not in json.loads(open_mapping("canonical", Path()).map(order, context).content)


def test_templates_and_functions_have_it(
    tmp_path: Path, order: OrderRequest, enriched: MappingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.path", __import__("sys").path[:])
    (tmp_path / "a.txt.j2").write_text("{{ context.extra.customer_no }}, {{ context.extra.limit|default('no limit') }}")
    assert open_mapping("a.txt.j2", tmp_path).map(order, enriched).content == b"K-4711, no limit"
    (tmp_path / "own_mapping_of_extra.py").write_text("def to(order, context): return context.extra['segment']")
    assert open_mapping("own_mapping_of_extra:to", tmp_path).map(order, enriched).content == b"gold"


def test_a_name_that_nobody_found_fails_in_a_template(
    tmp_path: Path, order: OrderRequest, enriched: MappingContext
) -> None:
    (tmp_path / "a.txt.j2").write_text("{{ context.extra.custmer_no }}")
    with pytest.raises(MappingFailed, match="has no attribute 'custmer_no'; give a value with "):
        open_mapping("a.txt.j2", tmp_path).map(order, enriched)


def test_value_tables_translate_it(tmp_path: Path, order: OrderRequest, enriched: MappingContext) -> None:
    (tmp_path / "segments.csv").write_text("crm;erp\ngold;G\n")
    tables = open_tables({"extra.segment": ValueTable(table="segments.csv")}, tmp_path)
    document = open_mapping("canonical", tmp_path, tables).map(order, enriched)
    assert json.loads(document.content)["extra"] == {"customer_no": "K-4711", "segment": "G"}
