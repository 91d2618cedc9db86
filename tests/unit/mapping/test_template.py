import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from order_receiver.contract.request import OrderItem, OrderRequest
from order_receiver.mapping import MappingContext, MappingFailed, MappingUnusable, open_mapping
from order_receiver.mapping.template.environment import COLLECTIONS
from order_receiver.orders.document import Document

Render = Callable[..., Document]


def text(document: Document) -> str:
    return document.content.decode()


JSON = """{
  "ref": {{ order.ClientOrderRef }}, "comment": {{ order.CustomerOrderComment }}, "refer": {{ order.ReferId }},
  "hold": {{ order.DoHold }}, "type": {{ order.OrderType }}, "key": {{ context.key }}, "fixed": {{ "a" }},
  "date": {{ order.SubmitDate|local|iso }}, "name": {{ order.SellTo.Person.FirstName ~ " " ~ "x" }},
  "rows": [
{% for row in order.Items %}
    {"no": {{ row.LineNo }}, "price": {{ row.UnitPrice|money }}, "sum": {{ row.quantity * row.UnitPrice }},
     "colour": {{ row|info("colour") }}}{% if not loop.last %},{% endif %}

{% endfor %}
  ]
}
"""


def test_values_in_json_bring_their_own_quotes(render: Render) -> None:
    document = render(JSON, "json")
    assert (document.media_type, document.extension) == ("application/json", "json")
    assert json.loads(document.content, parse_float=Decimal) == {
        "ref": "100001",
        "comment": 'Ring "Åsa" <först> & sedan',
        "refer": None,
        "hold": False,
        "type": 1,
        "key": "123e4567-e89b-12d3-a456-426614174000-100001",
        "fixed": "a",
        "date": "2026-11-22T00:30:00+01:00",
        "name": "Åsa x",
        "rows": [
            {"no": 1, "price": Decimal("79.99"), "sum": Decimal("199.9750000"), "colour": "blue"},
            {"no": 2, "price": Decimal("39.20"), "sum": Decimal("39.20"), "colour": None},
        ],
    }


def test_xml_is_escaped_and_keeps_the_declared_encoding(render: Render) -> None:
    source = (
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n<o c="{{ order.CustomerOrderComment }}">{{ order.ReferId }}</o>'
    )
    document = render(source, "xml")
    assert (document.media_type, document.extension) == ("application/xml", "xml")
    assert document.content.decode("iso-8859-1").endswith('Ring &#34;Åsa&#34; &lt;först&gt; &amp; sedan"></o>')
    assert b"\xc5sa" in document.content
    assert text(render("<o>{{ order.DoHold }}</o>", "xml")) == "<o>false</o>"


def test_csv_cells_are_quoted_where_they_must_be(render: Render) -> None:
    rows = "{% for row in order.Items %}{{ row.PartNo }};{{ row.Description }};{{ row.UnitPrice|money }}\n{% endfor %}"
    document = render(rows, "csv")
    assert (text(document), document.extension) == ('A-1;"Tyg; blått";79.99\n;;39.20\n', "csv")


def test_text_is_left_as_it_is(render: Render) -> None:
    assert text(render("{{ order.CustomerOrderComment }}")) == 'Ring "Åsa" <först> & sedan'


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ '2.345'|decimal|money }}", "2.35"),
        ("{{ '-2.345'|decimal|money }}", "-2.35"),
        ("{{ 3|money(4) }}", "3.0000"),
        ("{{ ('1E+3'|decimal) * 2 }}", "2000"),
        ("{{ order.Items[0].UnitPrice * 2 }}", "159.9800"),
        ("{{ order.Items|sum(attribute='UnitPrice') }}", "119.1900"),
        ("{{ order.SellTo.Person.CellPhone|digits }}", "46701234567"),
        ("{{ order.SellTo.Person.FirstName|cut(3) }}", "Åsa"),
        ("{{ order.CustomerOrderComment|cut(4, lose=true) }}", "Ring"),
        ("{{ order|info('Gift') }}", "yes"),
        ("{{ order.AdditionalInfo|info('Gift') }}", "yes"),
        ("x{{ order.Items[0]|info('Colour') }}", "x"),
        ("{{ order.Items[1]|info('colour', 'none') }}", "none"),
        ("{{ none|info('x', 'none') }}", "none"),
        ("{{ order.SubmitDate|iso }}", "2026-11-21T23:30:00+00:00"),
        ("{{ (order.SubmitDate|local).date() }}", "2026-11-22"),
        ("{{ (order.SubmitDate|local).date()|iso }}", "2026-11-22"),
        ("{{ order.SubmitDate|local('Asia/Tokyo')|iso }}", "2026-11-22T08:30:00+09:00"),
        ("x{{ none|local }}{{ none|iso }}", "x"),
        ("{{ {'a': order.Items[1].UnitPrice, 'b': [1, none]}|json }}", '{"a":39.20,"b":[1,null]}'),
        ("{{ order.Items|map(attribute='LineNo')|json }}", "[1,2]"),
        ("{{ 'a<b'|xml }} {{ 'a;b'|csv }} {{ 'a'|tojson }}", 'a&lt;b "a;b" "a"'),
        ("{{ order['ClientOrderRef'] }} {{ order.Items[0].quantity }}", "100001 2.500"),
        ("{{ order.BillTo.Company.Name|default('nobody') }}", "nobody"),
        ("{{ order['BillTo']['Company']['Name']|default('nobody') }}", "nobody"),
        ("{{ order.BillTo.Company.Addresses[0].City|default('nowhere') }}", "nowhere"),
        ("{{ {'a': 1}['a'] }}{{ {'a': 1}.a }}", "11"),
    ],
)
def test_filters_and_members(render: Render, source: str, expected: str) -> None:
    assert text(render(source)) == expected


@pytest.mark.parametrize("name", ["Items", "Payments", "Fees", "Discounts", "AdditionalInfo"])
def test_missing_collections_are_empty_ones(render: Render, name: str) -> None:
    source = f"{{% for one in order.{name} %}}x{{% endfor %}}{{{{ order.{name}|length }}}}"
    assert text(render(source, changed=OrderRequest())) == "0"
    assert ("OrderItem", "Promotions") in COLLECTIONS
    assert ("OrderRequest", "SellTo") not in COLLECTIONS


def test_a_macro_writes_into_the_document(render: Render) -> None:
    source = '{% macro who(p) %}{"first": {{ p.FirstName }}}{% endmacro %}[{{ who(order.SellTo.Person) }}]'
    assert text(render(source, "json")) == '[{"first": "Åsa"}]'


def test_templates_of_one_folder_include_each_other(render: Render, tmp_path: Path) -> None:
    (tmp_path / "head.j2").write_text("{{ order.ClientOrderRef }}!")
    assert text(render('{% include "head.j2" %}')) == "100001!"


def test_names_of_its_own_are_known(render: Render, tmp_path: Path) -> None:
    (tmp_path / "base.j2").write_text("{% set given = 1 %}{% block body %}{% endblock %}")
    (tmp_path / "parts.j2").write_text("{% macro who(p) %}{{ p }}{% endmacro %}")
    assert text(render('{% extends "base.j2" %}{% block body %}{{ given }}{% endblock %}')) == "1"
    assert (
        text(render('{% from "parts.j2" import who %}{{ who(2) }}{% import "parts.j2" as p %}{{ p.who(3) }}')) == "23"
    )
    assert (
        text(
            render(
                "{% set own = 4 %}{% block body %}{{ own }}{{ self.other() }}{% endblock %}"
                "{% block other %}5{% endblock %}"
            )
        )
        == "455"
    )
    assert text(render("{% for n in range(2) %}{{ loop.index }}{{ n }}{% endfor %}")) == "1021"


def test_a_naive_date_is_in_the_zone_of_the_application(render: Render) -> None:
    naive = OrderRequest(SubmitDate=datetime.fromisoformat("2026-07-01T12:00:00"))
    assert text(render("{{ order.SubmitDate|local|iso }}", changed=naive)) == "2026-07-01T12:00:00+02:00"


FAILURES = [
    ("{{ order.Itms }}", "order.Itms", "OrderRequest has no member Itms; did you mean Items?"),
    ("{{ order.Header.Zzz }}", "order.Header.Zzz", "Header has no member Zzz; it has ApplicationKey"),
    ("{{ order.BillTo.Company }}", "order.BillTo.Company", "what Company is asked of is empty in this order"),
    ("{{ order.Items[7].LineNo }}", "order.Items[7].LineNo", "give a value with |default"),
    ("{{ dict().a|cut(3) }}", "dict().a|cut(3)", "has no attribute 'a'"),
    ("{{ order.ClientOrderRef|cut(3) }}", "order.ClientOrderRef|cut(3)", "the text has 6 characters and 3 are allowed"),
    ("{{ order.Items[0].UnitPrice * 0.25 }}", "order.Items[0].UnitPrice * 0.25", 'write "0.25"|decimal instead'),
    ("{{ 0.25 }}", "0.25", "0.25 is a float and not exact"),
    ("{{ 0.25|money }}", "0.25|money", "0.25 is a float and not exact"),
    ("{{ [0.25]|json }}", "[0.25]|json", "0.25 is a float and not exact"),
    ("{{ [dict().a]|json }}", "[dict().a]|json", "has no attribute 'a'"),
    ("{{ '1,5'|decimal }}", "'1,5'|decimal", "'1,5' is not a decimal number"),
    ("{{ none|decimal }}", "none|decimal", "a value of type NoneType is not a decimal number"),
    ("{{ 1|money(99) }}", "1|money(99)", "places go from 0 to 28"),
    ("{{ '1E+28'|decimal|money }}", "'1E+28'|decimal|money", "has too many digits for money(2)"),
    ("{{ 'NaN'|decimal }}", "'NaN'|decimal", "NaN is not a number"),
    (
        "{{ order.Header }}",
        "order.Header",
        "a value of type Header cannot be written as text; name the member you mean",
    ),
    ("{{ 'x'|info('y') }}", "'x'|info('y')", 'info("y") needs the order, a row'),
    ("{{ 'x'|local }}", "'x'|local", "local needs a date with time, not a value of type str"),
    ("{{ order.SubmitDate|local('Mars') }}", "order.SubmitDate|local('Mars')", 'there is no time zone "Mars"'),
    ("{{ 'x'|iso }}", "'x'|iso", "iso needs a date, not a value of type str"),
    (
        "{% set context = 1 %}{{ order.SubmitDate|local }}",
        "order.SubmitDate|local",
        "`context` was set to something else",
    ),
    ("{{ order.Items.append(1) }}", "order.Items.append(1)", "unsafe"),
    ("{{ order.__class__ }}", "order.__class__", "has no member __class__"),
    ("{{ ''.__class__.__mro__ }}", "''.__class__.__mro__", "unsafe"),
    ("{{ 1 / 0 }}", "1 / 0", "division by zero"),
]


@pytest.mark.parametrize(("source", "field", "message"), FAILURES)
def test_failures_name_file_line_and_field(render: Render, source: str, field: str, message: str) -> None:
    with pytest.raises(MappingFailed) as failed:
        render(f"first {{{{ order.ClientOrderRef }}}}\n\n  {source}\n")
    assert (failed.value.file, failed.value.line, failed.value.field) == ("orders.txt.j2", 3, field)
    assert message in failed.value.message
    assert str(failed.value).startswith(f"The order cannot be mapped in orders.txt.j2, line 3 at {field}: ")
    assert str(failed.value).endswith(".")


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("{{ order.DoHold }} {{ order.Itms }}", "order.Itms"),
        ("{{ order.DoHold }} {{ order.ClientOrderRef|cut(1) }}", "order.ClientOrderRef|cut(1)"),
        ("{{ order.DoHold }} {{ order.BillTo.Company }}", "order.BillTo.Company"),
        ("{{ order.DoHold }} {{ 1 * 0.5 }}", "1 * 0.5"),
        ("{{ order.DoHold }} {{ 1 / 0 }}", None),
        ("{{ order.DoHold\n|digits|cut(2) }}", None),
        ("{{ '1'|decimal }} {{ order.ClientOrderRef ~ 'x'|money }}", "order.ClientOrderRef ~ 'x'|money"),
        ("{{ order.DoHold|cut(9) }} {{ order.ClientOrderRef|cut(1) }}", None),
        ("{{ 'Itms' }} {{ order.Itms }}", None),
        ("{{ order.DoHold }} {{ order['Itms'] }}", None),
        ("{{ 1|money }} {{ ['x']|map('money')|list }}", None),
        ("{{ none }} {{ order.BillTo.Company }} {{ order.SellTo.Company }}", None),
        ("{% set half = 1 / 2 %}\n{{ 'v1.5' }} {{ order.Items[0].UnitPrice * half }}", None),
        ("{{ order.DoHold|cut(9) }} {{ order.ClientOrderRef\n|cut(1) }}", "order.ClientOrderRef |cut(1)"),
        ("{{ order.DoHold|cut(9) }} {# {{ order.Itms }} #} {{ order.Itms }}", "order.Itms"),
        ('{"a": {"b": {{ order.DoHold }}, "c": {{ order.Itms }}}}', "order.Itms"),
        ("{% if order.DoHold %}{% else %}{{ 1 / 0 }}{% endif %}", None),
        ("{% raw %}{{ order.Itms }}{% endraw %}{{ order.Itms }}", "order.Itms"),
    ],
)
def test_the_field_is_found_among_several_or_left_open(render: Render, line: str, field: str | None) -> None:
    with pytest.raises(MappingFailed) as failed:
        render(line)
    assert failed.value.field == field


def test_what_is_too_long_is_not_advised_to_be_cut_where_it_must_be_whole(render: Render) -> None:
    with pytest.raises(MappingFailed) as failed:
        render("{{ order.ClientOrderRef|cut(3) }}")
    assert failed.value.message == (
        "the text has 6 characters and 3 are allowed; correct the order. Never shorten a reference, a number or a "
        "code; of other texts, cut(3, lose=true) gives the beginning"
    )


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (
            "{{ order.DoHold }} {{ order.ClientOrderRef ~ 'x'|decimal }}",
            ", line 1 at order.ClientOrderRef ~ 'x'|decimal: WrongValue.",
        ),
        ("{{ {}['a'][order.ClientOrderRef] }}", ", line 1 at {}['a'][order.ClientOrderRef]: UndefinedError."),
        ("", ": BadOutput."),
    ],
)
def test_logs_are_told_where_but_nothing_that_the_order_says(render: Render, source: str, shown: str) -> None:
    with pytest.raises(MappingFailed) as failed:
        render(source)
    assert failed.value.for_logs == f"The order cannot be mapped in orders.txt.j2{shown}"


def test_a_failure_in_an_included_file_names_that_file(render: Render, tmp_path: Path) -> None:
    (tmp_path / "head.j2").write_text("\n{{ order.Itms }}")
    with pytest.raises(MappingFailed, match=r"in head\.j2, line 2 at order\.Itms"):
        render('{% include "head.j2" %}')


@pytest.mark.parametrize(
    ("kind", "source", "message"),
    [
        ("json", '{"a":\n "{{ order.ClientOrderRef }}"}', "the document is not JSON, see its line 2"),
        ("json", "{{ order.ClientOrderRef }} x", "the document is not JSON, see its line 1"),
        ("json", '{"a": 1', "the document is not JSON, see its line 1"),
        ("xml", "<a>\n<b></a>", "the document is not well-formed XML, see its line 2: mismatched tag"),
        ("xml", "<a>{{ '\\x01' }}</a>", "not well-formed XML"),
        ("xml", "<!DOCTYPE a><a/>", "has a DOCTYPE"),
        ("xml", '<?xml version="1.0" encoding="ascii"?><a>{{ "å" }}</a>', "cannot be written in ascii"),
        ("xml", '<?xml version="1.0" encoding="klingon"?><a/>', "nobody knows the encoding klingon"),
        ("txt", " {# nothing #}\n", "the template gave an empty document"),
    ],
)
def test_documents_that_nobody_could_read(render: Render, kind: str, source: str, message: str) -> None:
    with pytest.raises(MappingFailed) as failed:
        render(source, kind)
    assert message in str(failed.value)
    assert (failed.value.file, failed.value.line) == (f"orders.{kind}.j2", None)


@pytest.mark.parametrize("name", ["float", "safe", "random", "escape"])
def test_filters_that_would_bend_a_document_are_not_there(render: Render, name: str) -> None:
    with pytest.raises(MappingUnusable, match=f"No filter named '{name}'"):
        render(f"{{{{ 1|{name} }}}}")


def test_a_template_that_cannot_be_opened(tmp_path: Path, context: MappingContext) -> None:
    with pytest.raises(MappingUnusable, match=r"There is no mapping file .*orders\.json\.j2"):
        open_mapping("orders.json.j2", tmp_path)
    with pytest.raises(MappingUnusable, match=r"orders\.pdf\.j2 must end in \.json\.j2, \.xml\.j2"):
        open_mapping("orders.pdf.j2", tmp_path)
    (tmp_path / "orders.json.j2").write_text("\n{% for %}")
    with pytest.raises(MappingUnusable, match=r"orders\.json\.j2 has an error in line 2: Expected an expression"):
        open_mapping("orders.json.j2", tmp_path)
    (tmp_path / "orders.json.j2").write_text("{{ order.Items }}\n{% if true %}{{ odrer.Items }}{% endif %}")
    with pytest.raises(MappingUnusable, match=r"in line 2: there is no `odrer` here\. Did you mean `order`\?$"):
        open_mapping("orders.json.j2", tmp_path)
    (tmp_path / "orders.json.j2").write_bytes("å".encode("latin-1"))
    with pytest.raises(MappingUnusable, match="is not text in UTF-8"):
        open_mapping("orders.json.j2", tmp_path)


def test_a_template_outside_the_folder_of_the_settings(tmp_path: Path, context: MappingContext) -> None:
    (tmp_path / "settings").mkdir()
    (tmp_path / "orders.txt.j2").write_text("{{ order.Itms }}")
    with pytest.raises(MappingFailed) as failed:
        open_mapping("../orders.txt.j2", tmp_path / "settings").map(OrderRequest(Items=[OrderItem()]), context)
    assert failed.value.file == str((tmp_path / "orders.txt.j2").resolve())
