"""Value tables: their files, what they make of an order, and what they lack."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit import canonical_orders
from tests.unit.canonical_orders import a_row, an_order

from order_receiver.mapping import NO_TABLES, MappingUnusable, TablesUnusable, ValueTables, open_tables
from order_receiver.mapping.tables.table import Change, Table, as_key, by_number, solved
from order_receiver.mapping.tables.translating import translate
from order_receiver.orders.canonical import OrderPart, PaymentPart, PickupPart, ShippingPart
from order_receiver.settings.values import CODES, ValueTable, code_field

PAYMENTS = "norce;erp\ncard;KORT\nklarna;KL\n"


@pytest.fixture
def tables(tmp_path: Path) -> Callable[..., ValueTables]:
    """Open tables from texts by file name; `fields` are settings by field, or the table's file alone."""

    def opened(files: dict[str, str | bytes], **fields: Any) -> ValueTables:
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        settings = {
            field.replace("__", "."): ValueTable(table=given) if isinstance(given, str) else ValueTable(**given)
            for field, given in fields.items()
        }
        return open_tables(settings, tmp_path)

    return opened


ORDER = an_order(
    a_row(1, part_no="A-1", unit="pcs", price_list=4),
    a_row(2, part_no="A-2", unit="m", vat_rate=Decimal("12.0"), info={"colour": ["blue", "red"], "size": "L"}),
    a_row(3),
)


@pytest.mark.parametrize(
    "content",
    [
        PAYMENTS,
        PAYMENTS.encode("utf-8-sig"),
        PAYMENTS.replace(";", ","),
        PAYMENTS.replace("\n", "\r\n"),
        'norce;erp;;\n card ; KORT ;\n;;\n\n"klarna";KL',
        'a,b\n"card","KORT"\nklarna,KL\n',
    ],
)
def test_a_csv_file_as_spreadsheets_write_it(tables: Callable[..., ValueTables], content: str | bytes) -> None:
    found = tables({"payment-methods.csv": content}, payments__method="payment-methods.csv")
    assert dict(found.tables["payment-methods"].values) == {"card": "KORT", "klarna": "KL"}


def test_a_toml_file(tables: Callable[..., ValueTables]) -> None:
    text = '# units\npcs = "ST"\n"m.2" = "M2"\n'
    assert dict(tables({"erp/units.toml": text}, rows__unit="erp/units.toml").tables["erp/units"].values) == {
        "pcs": "ST",
        "m.2": "M2",
    }


FAULTS: list[tuple[str, str | bytes, str]] = [
    (
        "t.csv",
        "a;b\nx;1\ny;2\nx;3\n",
        't.csv:4: the key "x" stands in line 2 already, with "1". Keep one of the two lines.',
    ),
    ("t.csv", "a;b\nx;1\ny;\n", 't.csv:3: has no value for "y". Fill the cell, or drop the line.'),
    ("t.csv", "a;b\n;1\n", "t.csv:2: has no key. Fill the cell, or drop the line."),
    (
        "t.csv",
        "a;b\nx;1;2\ny\n",
        "t.csv:2: has 3 cells instead of 2. A line is: what Norce sends; what the target gets.",
    ),
    ("t.csv", "a\nx\n", "t.csv:1: has 1 cells instead of 2."),
    ("t.csv", "7;KORT\n3;FAKT\n", 't.csv:1: "7", "KORT" is a value. The first line is the header. Write one above it'),
    ("t.csv", "card,1\nklarna,2\n", 't.csv:1: "card", "1" is a value.'),
    ("t.csv", "a;b\n", "t.csv: has no values. Write a header line and below it one line for each value."),
    ("t.csv", "", "t.csv: has no values."),
    ("t.csv", 'a;b\nx;"1\n', "t.csv:2: is not valid CSV: "),
    (
        "t.csv",
        "a;b\nx;1\nå;2\n".encode("latin-1"),
        't.csv:3: is not UTF-8 text. Save it as UTF-8, in Excel as "CSV UTF-8".',
    ),
    ("t.toml", "x = ", "t.toml: is not valid TOML: "),
    ("t.toml", "x = '1'\nx = '2'\n", "t.toml:2: x: stands there already, further up. Keep one of the two."),
    ("t.toml", "x = '1'\ny = 2\na.b = 'c'\n", "t.toml:2: y: must be a text in quotes; a key with a dot needs quotes"),
    ("t.xlsx", "", "t.xlsx: is neither .csv nor .toml. Name a file with that ending."),
]


@pytest.mark.parametrize(("name", "content", "message"), FAULTS)
def test_a_file_that_cannot_be_used(
    tables: Callable[..., ValueTables], name: str, content: str | bytes, message: str
) -> None:
    with pytest.raises(TablesUnusable) as failed:
        tables({name: content}, rows__unit=name)
    assert str(failed.value).startswith(message)
    assert isinstance(failed.value, MappingUnusable)


def test_a_file_that_is_not_there_or_is_a_folder(tables: Callable[..., ValueTables], tmp_path: Path) -> None:
    with pytest.raises(TablesUnusable, match=r"^u\.csv: there is no such file\. Files are looked for beside"):
        tables({}, rows__unit="u.csv")
    (tmp_path / "u.csv").mkdir()
    with pytest.raises(TablesUnusable, match=r"^u\.csv: cannot be read: Is a directory\."):
        tables({}, rows__unit="u.csv")


def test_every_problem_is_told_once(tables: Callable[..., ValueTables]) -> None:
    with pytest.raises(TablesUnusable) as failed:
        tables({"t.csv": "a;b\nx;\ny;\n"}, rows__unit="t.csv", rows__type="t.csv", shipping__method="none.csv")
    assert [str(each)[:8] for each in failed.value.problems] == ["t.csv:2:", "t.csv:3:", "none.csv"]


@pytest.mark.parametrize(
    ("field", "given", "content", "message"),
    [
        (
            "rows.vat_rate",
            {},
            "a;b\nnormal;1\n",
            't.csv:2: "normal" is no number, and rows.vat_rate is one. Write it with',
        ),
        ("rows.vat_rate", {}, 'a;b\n"25,00";1\n', 't.csv:2: "25,00" is no number'),
        ("rows.vat_rate", {}, "a;b\n25;1\n25.00;2\n", "t.csv:3: 25.00 is the same number as 25 in line 2. Keep one"),
        (
            "payments.code",
            {},
            "a;b\n7;card\n",
            't.csv:2: "card" is no whole number, and payments.code is one. Name a text',
        ),
        ("payments.code", {"default": "x"}, "a;b\n7;8\n", 'receiver.toml: payments.code: the default "x" is no whole'),
        (
            "payments.metod",
            {},
            "a;b\n7;8\n",
            "receiver.toml: payments.metod: there is no code of an order with this name.",
        ),
    ],
)
def test_what_does_not_fit_the_field(
    tables: Callable[..., ValueTables], field: str, given: dict[str, str], content: str, message: str
) -> None:
    with pytest.raises(TablesUnusable) as failed:
        tables({"t.csv": content}, **{field.replace(".", "__"): {"table": "t.csv", **given}})
    assert str(failed.value).startswith(message)


def test_codes_become_those_of_the_target(tables: Callable[..., ValueTables]) -> None:
    found = tables(
        {
            "pay.csv": "a;b\ncard;KORT\n",
            "code.csv": "a;b\n7;70\n",
            "vat.csv": "a;b\n25;MP1\n12.00;MP2\n",
            "unit.csv": "a;b\npcs;ST\nm;MTR\n",
            "parts.csv": "a;b\nA-1;1000\n",
            "group.csv": "a;b\ngold;G\n",
            "colour.csv": "a;b\nblue;BL\n",
            "shops.csv": "a;b\nSweden;10\n",
        },
        payments__method="pay.csv",
        payments__code="code.csv",
        rows__vat_rate="vat.csv",
        rows__unit="unit.csv",
        rows__part_no={"table": "parts.csv", "to": "rows.erp_part_no", "missing": "keep"},
        rows__info__colour={"table": "colour.csv", "missing": "keep"},
        rows__info__size={"table": "colour.csv", "missing": "keep", "to": "rows.info.width"},
        buyer__company__info__group={"table": "group.csv", "to": "buyer.company.code"},
        buyer__code={"table": "group.csv", "default": "N", "to": "buyer.group"},
        application__name="shops.csv",
        shipping__pickup__code="pay.csv",
        currency={"table": "pay.csv", "missing": "keep"},
    )
    changed, missing = translate(ORDER, found)
    assert missing == ()
    assert changed.payments == [PaymentPart(code=70, method="KORT", amount=Decimal("250.00"))]
    assert [row.vat_code for row in changed.rows] == ["MP1", "MP2", "MP1"]
    assert [row.vat_rate for row in changed.rows] == [row.vat_rate for row in ORDER.rows]
    assert [row.unit for row in changed.rows] == ["ST", "MTR", None]
    assert [(row.part_no, row.erp_part_no) for row in changed.rows] == [("A-1", "1000"), ("A-2", None), (None, None)]
    assert changed.rows[1].info == {"colour": ["BL", "red"], "size": "L"}
    assert changed.buyer is not None
    assert changed.buyer.company is not None
    assert (changed.buyer.code, changed.buyer.group, changed.buyer.company.code) == ("C1", "N", "G")
    assert changed.application.name == "10"
    assert changed.currency == "SEK"
    assert changed.totals == ORDER.totals


def test_tables_see_the_order_as_norce_sent_it(tables: Callable[..., ValueTables]) -> None:
    found = tables(
        {"t.csv": "a;b\nA;B\nB;C\n"},
        rows__part_no={"table": "t.csv", "to": "rows.erp_part_no"},
        rows__erp_part_no={"table": "t.csv", "to": "rows.part_no"},
    )
    changed, _ = translate(an_order(a_row(1, part_no="A", erp_part_no="B")), found)
    assert (changed.rows[0].part_no, changed.rows[0].erp_part_no) == ("C", "B")


def test_what_is_missing_is_told_once_with_its_cause(tables: Callable[..., ValueTables]) -> None:
    found = tables(
        {"erp/units.csv": "a;b\nx;1\n", "vat.csv": "a;b\n6;1\n"},
        rows__unit="erp/units.csv",
        rows__vat_rate="vat.csv",
        shipping__pickup__code="erp/units.csv",
        info__Twice="erp/units.csv",
    )
    pickup = ShippingPart(complete=True, fee_once=False, notify_by_sms=False, pickup=PickupPart(code="S1"))
    order = an_order(*ORDER.rows, shipping=pickup)
    changed, missing = translate(order, found)
    assert changed == order
    assert [(each.cause, each.field, each.where) for each in missing] == [
        ("value:erp/units:pcs", "rows.unit", "rows[0].unit"),
        ("value:vat:25", "rows.vat_rate", "rows[0].vat_rate"),
        ("value:erp/units:m", "rows.unit", "rows[1].unit"),
        ("value:vat:12", "rows.vat_rate", "rows[1].vat_rate"),
        ("value:vat:25", "rows.vat_rate", "rows[2].vat_rate"),
        ("value:erp/units:S1", "shipping.pickup.code", "shipping.pickup.code"),
        ("value:erp/units:a", "info.Twice", "info.Twice"),
        ("value:erp/units:b", "info.Twice", "info.Twice"),
    ]
    assert str(missing[0]) == 'the table erp/units has no value for "pcs" (rows[0].unit)'


def test_several_values_where_one_is_wanted(tables: Callable[..., ValueTables]) -> None:
    field = {"table": "t.csv", "to": "sales_division"}
    order = an_order(a_row(1))
    _, missing = translate(order, tables({"t.csv": "a;b\na;1\n"}, info__Twice=field))
    assert [each.cause for each in missing] == ["value:t:a;b"]
    changed, _ = translate(order, tables({"t.csv": 'a,b\n"a;b",both\n'}, info__Twice=field))
    assert changed.sales_division == "both"


def test_an_info_that_is_not_there_can_be_written(tables: Callable[..., ValueTables]) -> None:
    found = tables({"t.csv": "a;b\nSEK;1\n"}, currency={"table": "t.csv", "to": "info.money"})
    order = an_order(a_row(1), info=None)
    assert translate(order, found)[0].info == {"money": "1"}


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("007", "007"),
        (7, "7"),
        (100, "100"),
        (Decimal("25.00"), "25"),
        (Decimal("0.10"), "0.1"),
        (Decimal("1E+2"), "100"),
        (Decimal("0.1234567890123456789012345678901"), "0.1234567890123456789012345678901"),
        (Decimal("1E+999999"), "1E+999999"),
        (Decimal("sNaN"), "sNaN"),
    ],
)
def test_a_key_is_told_as_it_is_written_in_the_file(key: str | int | Decimal, text: str) -> None:
    assert as_key(key) == text
    table = Table("t", {text: "value"}, by_number({text: "value"}))
    assert table.find(key) == (None if text == "sNaN" else "value")


def test_a_great_file_is_refused(tables: Callable[..., ValueTables], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("order_receiver.mapping.tables.reading.SIZE_LIMIT", 10)
    with pytest.raises(TablesUnusable, match=r"^t\.csv: has more than 10 bytes\.$"):
        tables({"t.csv": PAYMENTS}, rows__unit="t.csv")


def test_causes_that_are_none_any_more() -> None:
    table = Table("pay", {"card": "K", "25": "M", "a:b": "c"}, {Decimal(25): "M"})
    named = {"pay": table, "kept": Table("kept", {}, {}, keeps=True), "any": Table("any", {}, {}, default="d")}
    done = ["value:pay:card", "value:pay:25.00", "value:pay:a:b", "value:any:x", "value:kept:x"]
    assert solved([*done, "value:pay:klarna", "value:gone:card", "x:pay:card", "mapping"], [named, {}]) == done


def test_a_cause_stands_until_every_target_with_such_a_table_has_the_value() -> None:
    """One of them does without: that tells nothing about the other, which holds."""
    lenient, strict = Table("pay", {}, {}, default="OTHER"), Table("pay", {"card": "K"}, {})
    assert solved(["value:pay:klarna", "value:pay:card"], [{"pay": lenient}, {"pay": strict}]) == ["value:pay:card"]


def test_without_tables_the_order_stays_the_same_object() -> None:
    assert translate(ORDER, NO_TABLES) == (ORDER, ())
    assert translate(ORDER, NO_TABLES)[0] is ORDER


def test_every_code_can_be_a_field() -> None:
    for path in CODES:
        field = code_field(f"{path}.x" if path.endswith(("info", "extra")) else path)
        assert field is not None
        assert field.kind.personal is None


def _changes(paths: list[str], table: Table) -> ValueTables:
    changes: dict[tuple[str, ...], list[Change]] = {}
    for path in paths:
        source = code_field(path)
        assert source is not None
        changes.setdefault(source.owner, []).append(Change(source, source, table))
    return ValueTables({table.name: table}, changes)


TEXT_FIELDS = sorted(path for path in CODES if not path.endswith(("info", "extra", "vat_rate", "code", "price_list")))


@given(canonical_orders.orders, st.lists(st.sampled_from([*TEXT_FIELDS, "info.Gift", "rows.info.Gift"]), unique=True))
def test_a_table_with_every_value_lacks_none_and_one_without_any_lacks_all(order: OrderPart, paths: list[str]) -> None:
    nothing = Table("t", {}, by_number({}))
    same, missing = translate(order, _changes(paths, nothing))
    assert same == order
    full = Table("t", {each.key: "X" for each in missing}, {})
    changed, left = translate(order, _changes(paths, full))
    assert left == ()
    assert (changed == order) == (not missing)
    assert changed.totals == order.totals
    kept, none = translate(order, _changes(paths, Table("t", {}, {}, keeps=True)))
    assert (kept, none) == (order, ())
    assert {each.cause for each in missing} == {f"value:t:{each.key}" for each in missing}
