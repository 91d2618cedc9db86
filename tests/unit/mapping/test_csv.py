import csv
import io
import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from msgspec.structs import replace
from tests.unit.mapping.formats import CONTEXT, orders, values_of, written

from order_receiver.contract.request import Discount, OrderItem, OrderRequest
from order_receiver.mapping import MappingContext, MappingFailed
from order_receiver.mapping.csv.columns import COLUMNS, column
from order_receiver.mapping.leaves import leaves
from order_receiver.orders import canonical
from order_receiver.settings.formats import CsvFormat, Formats

REFERENCE = Path(__file__).parents[3] / "docs/reference/csv.md"
LISTS = {"rows": "row", "fees": "fee", "discounts": "discount", "payments": "payment"}


def lines(content: bytes, separator: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=separator, strict=True))


def test_rows_then_payments_each_with_the_order(order: OrderRequest, context: MappingContext) -> None:
    document = written(order, "csv", context=context)
    assert (document.media_type, document.extension) == ("text/csv; charset=utf-8", "csv")
    read = lines(document.content)
    assert [line["record"] for line in read] == ["row", "row", "payment"]
    assert {line["reference"] for line in read} == {"100001"}
    assert [line["row_part_no"] for line in read] == ["A-1", "", ""]
    assert [line["payment_amount"] for line in read] == ["", "", "289.17"]
    assert (read[0]["row_unit_price_excl_vat"], read[0]["row_description"]) == ("79.9900", "Tyg; blått")
    assert json.loads(read[0]["row_info"]) == {"colour": "blue"}


def test_the_form_is_that_of_rfc_4180(order: OrderRequest, context: MappingContext) -> None:
    content = written(replace(order, CustomerOrderComment='two\nlines, "quoted"'), "csv", context=context).content
    assert not content.startswith(b"\xef\xbb\xbf")
    assert content.endswith(b"\r\n")
    assert b'"two\nlines, ""quoted"""' in content


def test_settings_for_excel_in_the_north(order: OrderRequest, context: MappingContext) -> None:
    formats = Formats(csv=CsvFormat(separator=";", decimal_sign=",", byte_order_mark=True))
    content = written(order, "csv", formats, context).content
    assert content.startswith(b"\xef\xbb\xbfrecord;")
    assert lines(content, ";")[0]["row_unit_price_excl_vat"] == "79,9900"


def test_separator_and_decimal_sign_must_differ() -> None:
    with pytest.raises(ValueError, match="same sign between columns and in numbers"):
        CsvFormat(decimal_sign=",")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_formulas_are_guarded_when_asked_for(order: OrderRequest, start: str) -> None:
    harmful = replace(order, CustomerOrderComment=f"{start}HYPERLINK(1)")
    guarded = written(harmful, "csv", Formats(csv=CsvFormat(guard_formulas=True))).content
    assert lines(guarded)[0]["comment"] == f"'{start}HYPERLINK(1)"
    assert lines(written(harmful, "csv").content)[0]["comment"] == f"{start}HYPERLINK(1)"


@pytest.mark.parametrize(("character", "shown"), [("\x0b", r"\\x0b"), ("\x00", r"\\x00"), ("\ud800", r"\\ud800")])
def test_an_unfit_character_is_refused_with_its_field(order: OrderRequest, character: str, shown: str) -> None:
    with pytest.raises(MappingFailed, match=f"at comment: the text has the character '{shown}', which CSV cannot hold"):
        written(replace(order, CustomerOrderComment=f"a{character}b"), "csv")


def test_a_number_without_a_plain_form_is_refused_with_its_field(order: OrderRequest) -> None:
    huge = OrderItem(UnitPriceOriginal=Decimal("1E+70"))
    with pytest.raises(MappingFailed, match=r"at rows\[0\]\.original_unit_price_excl_vat: 1\.000E\+70 has more"):
        written(replace(order, Items=[huge]), "csv")


def test_no_column_is_there_twice() -> None:
    assert len(set(COLUMNS)) == len(COLUMNS)


def test_the_code_of_the_order_and_that_of_a_discount_are_apart(order: OrderRequest) -> None:
    reduced = replace(order, DiscountCode="SUMMER", Discounts=[Discount(Code="V-77", Amount=Decimal(50))])
    read = lines(written(reduced, "csv").content)
    assert {line["discount_code"] for line in read} == {"SUMMER"}
    assert [line["discount_own_code"] for line in read if line["record"] == "discount"] == ["V-77"]


def test_an_order_of_nothing_is_one_line() -> None:
    [line] = lines(written(OrderRequest(ClientOrderRef="1"), "csv").content)
    assert (line["record"], line["reference"]) == ("order", "1")


def test_the_reference_lists_the_columns_in_their_order() -> None:
    block = REFERENCE.read_text("utf-8").partition("```text\n")[2].partition("```")[0]
    assert tuple(re.split(r",\s*", block.strip())) == COLUMNS


def test_every_field_of_the_canonical_order_has_a_column() -> None:
    """Structs of the document, walked by their annotations: a new member needs a column at the end."""
    members = {
        *canonical.OrderPart.__struct_fields__,
        *(f"row_{name}" for name in canonical.RowPart.__struct_fields__),
        *(f"payment_{name}" for name in canonical.PaymentPart.__struct_fields__),
        *(f"fee_{name}" for name in canonical.FeePart.__struct_fields__),
        *(column("discount", name) for name in canonical.DiscountPart.__struct_fields__),
        *(f"totals_{name}" for name in canonical.TotalsPart.__struct_fields__),
        *(f"buyer_company_{name}" for name in canonical.CompanyPart.__struct_fields__),
        *(f"payer_person_{name}" for name in canonical.PersonPart.__struct_fields__),
        *(f"recipient_address_{name}" for name in canonical.AddressPart.__struct_fields__),
        *(f"shipping_{name}" for name in canonical.ShippingPart.__struct_fields__),
        *(f"shipping_pickup_{name}" for name in canonical.PickupPart.__struct_fields__),
    }
    without = {name for name in members if not any(each == name or each.startswith(f"{name}_") for each in COLUMNS)}
    assert without == {"rows", "fees", "discounts", "payments"}


def test_leaves_are_the_values_with_their_paths() -> None:
    assert dict(leaves({"a": [Decimal("1.50"), None], "b": True})) == {"a[0]": Decimal("1.50"), "b": True}


@settings(max_examples=60)
@given(order=orders())
def test_every_value_is_found_again(order: OrderRequest) -> None:
    read = lines(written(order, "csv").content)
    records = {name: [line for line in read if line["record"] == name] for name in LISTS.values()}
    for path, value in values_of(order).items():
        found = _cell(path, read, records)
        if isinstance(value, Decimal):
            assert Decimal(str(found)) == value, path
        else:
            assert found == (str(value).lower() if isinstance(value, bool) else value), path
    assert CONTEXT.key == read[0]["key"]


def _cell(path: str, read: list[dict[str, str]], records: dict[str, list[dict[str, str]]]) -> object:
    """The value at a path of the canonical order, as the columns have it."""
    names = re.findall(r"[^.\[\]]+", path)
    line, prefix = read[0], ""
    if names[0] in LISTS:
        prefix = LISTS[names[0]]
        line, names = records[prefix][int(names[1])], names[2:]
        names[0] = column(prefix, names[0])
    depth = next(depth for depth in range(len(names), 0, -1) if "_".join(names[:depth]) in line)
    cell = line["_".join(names[:depth])]
    found: object = cell
    if depth < len(names):
        found = json.loads(cell, parse_float=Decimal, parse_int=Decimal)
        for name in names[depth:]:
            found = found[int(name)] if isinstance(found, list) else found[name]  # type: ignore[index]
    return found
