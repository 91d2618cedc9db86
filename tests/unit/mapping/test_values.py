"""Value tables at work in each form of a mapping."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from order_receiver.contract.request import OrderRequest
from order_receiver.mapping import (
    Mapping,
    MappingContext,
    MappingFailed,
    MappingUnusable,
    MissingValues,
    open_mapping,
    open_tables,
)
from order_receiver.settings.values import ValueTable


@pytest.fixture
def mapping(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., Mapping]:
    """Open a mapping with tables given as settings by field; the one named `pay` knows cards."""
    (tmp_path / "pay.csv").write_text("norce;erp\ncard;KORT\n25;MP1\n")
    (tmp_path / "units.toml").write_text('m = "MTR"\n')

    def opened(spec: str | None = None, text: str = "", **fields: Any) -> Mapping:
        module = "".join(each if each.isalnum() else "_" for each in request.node.name)
        if spec == "function":
            (tmp_path / f"{module}.py").write_text(f"def to_erp(order, context):\n    {text}\n")
            spec = f"{module}:to_erp"
        elif spec is not None:
            (tmp_path / spec).write_text(text)
        settings = {field.replace("__", "."): ValueTable(**given) for field, given in fields.items()}
        return open_mapping(spec, tmp_path, open_tables(settings, tmp_path))

    return opened


PAY = {"payments__method": {"table": "pay.csv"}, "mapping__units": {"table": "units.toml"}}


def test_the_canonical_order_has_the_codes_of_the_target(
    mapping: Callable[..., Mapping], order: OrderRequest, context: MappingContext
) -> None:
    document = mapping(**PAY).map(order, context)
    found = msgspec.json.decode(document.content)
    assert found["payments"][0]["method"] == "KORT"


def test_the_canonical_order_lacks_values(
    mapping: Callable[..., Mapping], order: OrderRequest, context: MappingContext
) -> None:
    with pytest.raises(MissingValues) as failed:
        mapping(shipping__method={"table": "pay.csv"}, rows__unit={"table": "pay.csv"}).map(order, context)
    assert failed.value.causes == ("value:pay:DHL", "value:pay:m")
    assert str(failed.value) == (
        'The order cannot be mapped: the table pay has no value for "DHL" (shipping.method) (and 1 more: the table pay '
        'has no value for "m" (rows[0].unit)). Add what is missing; the order then goes on by itself.'
    )
    assert failed.value.for_logs == "The order cannot be mapped: values are missing in pay."
    assert isinstance(failed.value, MappingFailed)


def test_a_template_asks_a_table(mapping: Callable[..., Mapping], order: OrderRequest, context: MappingContext) -> None:
    text = (
        '{{ value("pay", order.Payments[0].PaymentMethodCode) }} '
        '{{ value("units", order.Items[0].UnitOfMeasure)|lower }} {{ value("pay", order.Items[0].VatRate) }}'
    )
    assert mapping("orders.txt.j2", text, **PAY).map(order, context).content == b"KORT mtr MP1"


def test_a_template_is_told_all_that_is_missing_before_what_comes_of_it(
    mapping: Callable[..., Mapping], order: OrderRequest, context: MappingContext
) -> None:
    text = '{{ value("pay", "klarna") }}{{ value("pay", "klarna") }}{{ value("units", "kg")|decimal }}'
    with pytest.raises(MissingValues) as failed:
        mapping("orders.txt.j2", text, **PAY).map(order, context)
    assert failed.value.causes == ("value:pay:klarna", "value:units:kg")
    found = mapping("orders.txt.j2", '{{ value("units", "kg") }}', **PAY)
    with pytest.raises(MissingValues):
        found.map(order, context)
    with pytest.raises(MissingValues):
        found.map(order, context)


@pytest.mark.parametrize(("policy", "content"), [({"default": "?"}, b"?"), ({"missing": "keep"}, b"kg")])
def test_a_template_gets_the_default_or_the_key(
    mapping: Callable[..., Mapping],
    order: OrderRequest,
    context: MappingContext,
    policy: dict[str, str],
    content: bytes,
) -> None:
    units = {"mapping__units": {"table": "units.toml", **policy}}
    assert mapping("orders.txt.j2", '{{ value("units", "kg") }}', **units).map(order, context).content == content


def test_a_template_names_a_table_that_is_not_there(
    mapping: Callable[..., Mapping], order: OrderRequest, context: MappingContext
) -> None:
    message = r'orders\.txt\.j2 has an error in line 2: there is no value table "unit" \(did you mean `units`\?\)\.$'
    with pytest.raises(MappingUnusable, match=message):
        mapping("orders.txt.j2", '\n{{ value("unit", "m") }}', **PAY)
    with pytest.raises(MappingUnusable, match="this target has no tables in its `values`"):
        mapping("orders.txt.j2", '{{ value("unit", "m") }}')
    late = mapping("orders.txt.j2", '{{ value("un" ~ "it", "m") }}', **PAY)
    with pytest.raises(
        MappingFailed, match=r'line 1 at value.*: there is no value table "unit" \(did you mean `units`'
    ):
        late.map(order, context)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('value("pay", order.Payments)', r'value\("pay", \.\.\.\) needs a text or a number as key; it is of type list'),
        ('value("pay", order.Source2)', "OrderRequest has no member Source2; did you mean Source"),
        ('value("pay", order.BillTo.Person)', "give a value with \\|default"),
        ('value("pay", none)', "needs a text or a number as key; it is empty"),
    ],
)
def test_a_template_asks_with_what_is_no_key(
    mapping: Callable[..., Mapping], order: OrderRequest, context: MappingContext, expression: str, message: str
) -> None:
    with pytest.raises(MappingFailed, match=message):
        mapping("orders.txt.j2", f"{{{{ {expression} }}}}", **PAY).map(order, context)


def test_a_function_asks_a_table(mapping: Callable[..., Mapping], order: OrderRequest, context: MappingContext) -> None:
    text = 'return {"method": context.value("pay", order.Payments[0].PaymentMethodCode)}'
    assert mapping("function", text, **PAY).map(order, context).content == b'{"method":"KORT"}'
    assert context.lookup.missing == []


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ('return {"a": context.value("pay", "x"), "b": context.value("units", "y")}', MissingValues, '"x" (and 1 more'),
        ('return {"a": 1 / len(context.value("pay", "x"))}', MissingValues, "the table pay has no value"),
        (
            'return {"a": context.value("pai", "x")}',
            MappingFailed,
            'there is no value table "pai" (did you mean `pay`?).',
        ),
    ],
)
def test_a_function_lacks_values(
    mapping: Callable[..., Mapping],
    order: OrderRequest,
    context: MappingContext,
    text: str,
    error: type[MappingFailed],
    message: str,
) -> None:
    with pytest.raises(MappingFailed) as failed:
        mapping("function", text, **PAY).map(order, context)
    assert type(failed.value) is error
    assert message in str(failed.value)


def test_a_mapping_fails_for_its_own_reasons_too(
    mapping: Callable[..., Mapping], order: OrderRequest, context: MappingContext
) -> None:
    with pytest.raises(MappingFailed, match="ZeroDivisionError") as failed:
        mapping("function", "return 1 / 0", **PAY).map(order, context)
    assert not isinstance(failed.value, MissingValues)
