"""Expressions and templates within settings."""

import json
from decimal import Decimal
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_receiver.settings.expressions import BadExpression, ExpressionFailed, Undecided, expression, template
from order_receiver.settings.expressions.forms import form_of

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
exact = st.decimals(allow_nan=False, allow_infinity=False, places=4)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts | exact,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)


@given(values)
def test_json_holds_what_was_put_in(value: object) -> None:
    written = template('{"value": {{ value }}}', "json").text({"value": value})
    assert json.loads(written, parse_float=Decimal)["value"] == value


@given(texts.filter(lambda text: text not in ("", ".", "..")))
def test_a_value_stays_one_part_of_a_path(text: str) -> None:
    written = template("a/{{ value }}/b", "segment").text({"value": text})
    before, part, after = written.split("/")
    assert (before, unquote(part), after) == ("a", text, "b")
    assert part.isascii()
    assert not set(part) & set(" ?#%2F\\\r\n") - set("%2F")


@given(texts)
def test_an_odata_literal_ends_where_it_ends(text: str) -> None:
    written = str(expression("value|odata").value({"value": text}))
    assert written.startswith("'")
    assert written.endswith("'")
    inner = written[1:-1]
    assert inner.replace("''", "").count("'") == 0
    assert inner.replace("''", "'") == text


@given(texts, st.integers(0, 60))
def test_what_fits_is_never_cut(text: str, length: int) -> None:
    try:
        assert expression(f"value|fits({length})").value({"value": text}) == text
        assert len(text) <= length
    except ExpressionFailed:
        assert len(text) > length


@given(st.datetimes(), st.integers(0, 1_000_000))
def test_earlier_keeps_the_form(moment: object, seconds: int) -> None:
    text = str(moment).replace(" ", "T") + "Z"
    try:
        before = str(expression(f"value|earlier({seconds})").value({"value": text}))
    except ExpressionFailed:
        return  # before the year 1
    assert before.endswith("Z")
    assert before <= text


@pytest.mark.parametrize(
    ("source", "known", "value"),
    [
        ("body.items", {"body": {"items": [1]}}, [1]),
        ("body['a b'].get", {"body": {"a b": {"get": 2}}}, 2),
        ("body.a is defined", {"body": None}, False),
        ("body.a|default('x')", {"body": {}}, "x"),
        ("text|search('no')", {"text": "yes"}, None),
        ("text|search('y.')", {"text": "yes"}, "ye"),
        ("text|search('y(.)')", {"text": "yes"}, "e"),
        ("[body]", {"body": 1}, [1]),
        ("'SO-' ~ number", {"number": Decimal("1.50")}, "SO-1.50"),
        ("value|json", {"value": {"a": Decimal("1.50")}}, '{"a":1.50}'),
        ("value|text", {"value": Decimal("1E+3")}, "1000"),
    ],
)
def test_expressions(source: str, known: dict[str, object], value: object) -> None:
    assert expression(source).value(known) == value


@pytest.mark.parametrize("source", ["body.a", "body.a.b", "body[3]", "other", "body|json|search('(')", "x.__class__"])
def test_what_is_not_there(source: str) -> None:
    with pytest.raises(ExpressionFailed):
        expression(source).value({"body": {}, "x": ""})


def test_a_test_on_what_is_not_there_is_not_true() -> None:
    assert not expression("body.error.code == 3").holds({"body": {}})
    assert expression("body.code == 3").holds({"body": {"code": 3}})
    with pytest.raises(Undecided):
        expression("body.code").value({"body": {}})
    with pytest.raises(ExpressionFailed, match="it fails with TypeError"):
        expression("body.code < 3").holds({"body": {"code": "personal"}})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1.5, "1.5 is a float and not exact"),
        ({"a": 1}, "a value of type dict cannot be written as text; name the member you mean"),
    ],
)
def test_what_cannot_be_written(value: object, words: str) -> None:
    with pytest.raises(ExpressionFailed, match=words):
        template("{{ value }}", "text").text({"value": value})


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (True, "true"), (Decimal("1E+2"), "100"), ("å", "å"), (7, "7")],
)
def test_text(value: object, text: str) -> None:
    assert template("<{{ value }}>", "text").text({"value": value}) == f"<{text}>"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("body.", "cannot be read: expected name or number"),
        ("a b", "cannot be read: chunk after expression"),
        ("a|sidefect", "cannot be read: No filter named 'sidefect'"),
        ("a|random", "cannot be read: No filter named 'random'"),
        ("", "cannot be read: unexpected 'end of template'"),
    ],
)
def test_what_cannot_be_read(source: str, words: str) -> None:
    with pytest.raises(BadExpression, match=words):
        expression(source)


def test_what_cannot_be_read_in_a_template() -> None:
    with pytest.raises(BadExpression, match="cannot be read: unexpected '}'"):
        template("{{ a }", "text")


def test_names() -> None:
    assert expression("saved.id ~ body['x'].y ~ item").names == {"saved", "saved.id", "body", "body.x", "item"}
    source = "{% for row in document.lines %}{{ row.no }}{% endfor %}{{ saved['n'] }}"
    assert template(source, "json").names == {"document", "document.lines", "saved", "saved.n"}


@pytest.mark.parametrize(
    ("media_type", "form"),
    [
        ("application/json; charset=utf-8", "json"),
        ("application/vnd.api+json", "json"),
        ("text/xml", "xml"),
        ("application/soap+xml", "xml"),
        ("application/x-www-form-urlencoded", "form"),
        ("text/plain", "text"),
        ("", "text"),
    ],
)
def test_the_form_follows_the_media_type(media_type: str, form: str) -> None:
    assert form_of(media_type) == form
