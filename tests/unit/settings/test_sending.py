"""Routes and value tables in receiver.toml: what is read, and every message about them."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from order_receiver.mapping.canonical.mapping import TYPES
from order_receiver.orders.canonical import OrderPart
from order_receiver.settings.conditions.kinds import fields_of
from order_receiver.settings.load import load
from order_receiver.settings.model import Application, Settings
from order_receiver.settings.problems import SettingsError
from order_receiver.settings.routes import Route
from order_receiver.settings.rules import troubles
from order_receiver.settings.sending_rules import route_troubles, value_troubles
from order_receiver.settings.values import CODES, code_field, field_fault

GOOD = """\
[targets.erp]
adapter = "folder"
outbox = "out"

[targets.erp.values]
"payments.method" = { table = "payment-methods.csv" }
"rows.vat_rate" = { table = "vat.csv", default = "MP1" }
"rows.part_no" = { table = "parts.csv", missing = "keep", to = "rows.erp_part_no" }
"buyer.company.info.group" = { table = "groups.toml", to = "buyer.company.info.erp" }
"mapping.units" = { table = "units.csv" }

[[routes]]
name = "gift cards"
to = ["erp"]
lines = 'row.type == "GiftCertificate"'

[[routes]]
when = '''
buyer.address.country == "SE"
  and totals.incl_vat >= 1000
'''
to = ["erp"]
number_from = "erp"
"""


def problems(tmp_path: Path, text: str, **environ: str) -> list[str]:
    file = tmp_path / "receiver.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(SettingsError) as failed:
        load(file, environ)
    return [line.removeprefix(f"{file}:") for line in str(failed.value).splitlines()]


def test_routes_and_values_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "receiver.toml").write_text(GOOD, "utf-8")
    settings = load(tmp_path / "receiver.toml", {})
    assert [(rule.name, rule.to, rule.number_from) for rule in settings.routes] == [
        ("gift cards", ["erp"], None),
        (None, ["erp"], "erp"),
    ]
    values = settings.targets["erp"].values
    assert [table.name for table in values.values()] == ["payment-methods", "vat", "parts", "groups", "units"]
    assert [table.policy for table in values.values()][:3] == [("hold", None), ("hold", "MP1"), ("keep", None)]
    assert [*route_troubles(settings), *value_troubles(settings)] == []


VALUES = "[targets.erp]\nadapter = 'folder'\noutbox = 'o'\n[targets.erp.values]\n"
WRONG = [
    (
        "[[routes]]\nto = ['erp']\nwhen = 'curency == \"SEK\"'",
        "3: routes[0].when: there is no field `curency`. Did you mean `currency`?",
    ),
    (
        "[[routes]]\nto = ['erp']\n\n[[routes]]\nto = ['erp']\nlines = 'row.typ == \"GiftCertificate\"'",
        "6: routes[1].lines: there is no field `row.typ`. Did you mean `row.type`?",
    ),
    ("[[routes]]\nto = ['erp']\nwhen = ''", "3: routes[0].when: is empty; leave it out where every order is meant."),
    (
        "[[routes]]\nwhen = 'hold'",
        "1: routes[0]: `to` is missing: targets that get the order, or the rows that `lines` picks.",
    ),
    ("[[routes]]\nto = 'erp'", '2: routes[0].to: must be a list, each text; it is "erp".'),
    ("[[routes]]\nto = ['erp']\nwen = 'hold'", "3: routes[0].wen: unknown setting. Did you mean `when`?"),
    (
        f'{VALUES}"payments.metod" = {{ table = "t.csv" }}',
        (
            "5: targets.erp.values.payments.metod: there is no code of an order with this name. "
            "Did you mean `payments.method`?"
        ),
    ),
    (
        f'{VALUES}payments.method = {{ table = "t.csv" }}',
        (
            "4: targets.erp.values.payments: is a group of fields. Write the whole name in quotes, "
            'such as "payments.code".'
        ),
    ),
    (
        f'{VALUES}"rows.unit" = {{ table = "t.csv", missing = "keep", default = "x" }}',
        "5: targets.erp.values.rows.unit: has either `missing` or `default`, not both.",
    ),
    (
        f'{VALUES}"rows.unit" = {{ table = "t.csv", missing = "hodl" }}',
        '5: targets.erp.values.rows.unit.missing: must be `hold` or `keep`; it is "hodl". Did you mean `hold`?',
    ),
    (
        f'{VALUES}"rows.unit" = {{ table = "C:t.csv" }}',
        (
            "5: targets.erp.values.rows.unit: names a file without a colon, as causes of holds have the name "
            "between colons."
        ),
    ),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_a_slip_is_told_with_line_and_nearest_word(tmp_path: Path, text: str, message: str) -> None:
    assert message in problems(tmp_path, text)


def test_a_slip_in_the_environment_is_told_too(tmp_path: Path) -> None:
    variable = "ORDER_RECEIVER__ROUTES__0__WHEN"
    assert problems(tmp_path, "[[routes]]\nto = ['erp']", **{variable: "hodl"}) == [
        f"environment: {variable}: there is no field `hodl`. Did you mean `hold`?"
    ]


@pytest.mark.parametrize(
    "path", ["", "mapping.", "info", "rows.info", "rows.info.", "totals.paid", "buyer.name", "key"]
)
def test_what_no_table_translates(path: str) -> None:
    assert code_field(path) is None
    assert field_fault(path)


def test_every_code_is_a_field_of_the_canonical_order() -> None:
    for path in CODES:
        assert field_fault(f"{path}.CODE" if path.endswith(("info", "extra")) else path) == ""


def settings(**members: Any) -> Settings:
    targets = {name: {"adapter": "folder", "outbox": name, "inbox": f"{name}-in"} for name in ("erp", "gifts")}
    targets["wh"] = {"adapter": "folder", "outbox": "wh"}
    return msgspec.convert({"targets": targets, **members}, Settings)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([Route(to=["epr"])], 'error: routes[0].to: there is no target "epr". Did you mean `erp`?'),
        ([Route(to=[])], "error: routes[0].to: names no target. Known: `erp`, `gifts`, `wh`."),
        ([Route(to=["erp", "erp"])], 'error: routes[0].to: names the target "erp" more than once.'),
        (
            [Route(to=["erp"], when="hold", number_from="gifts")],
            'error: routes[0].number_from: "gifts" is none of the targets in `to`. Known: `erp`.',
        ),
        (
            [Route(to=["erp", "gifts"], payments_to="gift")],
            'error: routes[0].payments_to: "gift" is none of the targets in `to`. Did you mean `gifts`?',
        ),
        (
            [Route(to=["wh", "erp"])],
            (
                'error: routes[0].to: Norce gets the number of "wh" (the first one), which has none without `inbox`. '
                'Write number_from = "erp".'
            ),
        ),
        (
            [Route(to=["erp", "wh"], number_from="wh")],
            (
                'error: routes[0].number_from: Norce gets the number of "wh", which has none without `inbox`. '
                'Write number_from = "erp".'
            ),
        ),
        (
            [Route(to=["erp"]), Route(to=["gifts"], when="hold")],
            (
                "warning: routes[1]: is never asked: routes[0] takes every order whole, as it has neither `when` nor "
                "`lines`. "
                "Put it before that rule."
            ),
        ),
    ],
)
def test_rules_that_do_not_fit_the_rest(rules: list[Route], message: str) -> None:
    made = msgspec.structs.replace(settings(), routes=rules)
    assert message in [str(each) for each in route_troubles(made)]


@pytest.mark.parametrize(
    "rule",
    [Route(to=["wh"]), Route(to=["erp", "wh"]), Route(to=["wh", "erp"], lines="row.line > 1"), Route(to=["wh", "er"])],
)
def test_a_number_that_comes_or_that_nobody_has(rule: Route) -> None:
    made = msgspec.structs.replace(settings(), routes=[rule])
    assert not any("Norce gets" in str(each) for each in route_troubles(made))


def test_a_target_of_an_application_has_no_effect_beside_routes() -> None:
    shops = [Application(key="k", name="Sweden", target="erp")]
    made = msgspec.structs.replace(settings(), applications=shops, routes=[Route(to=["erp"])])
    assert [str(each) for each in route_troubles(made)] == [
        (
            "warning: applications[0].target: has no effect, as [[routes]] say where orders go. Write a rule: when = "
            "'application.name == \"Sweden\"'."
        )
    ]
    assert [*route_troubles(msgspec.structs.replace(made, routes=[]))] == []


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"rows.part_no": {"table": "t.csv", "to": "rows.nr"}},
            (
                'error: targets.erp.values."rows.part_no".to: "rows.nr" is no field that a table can write into. '
                "docs/how-to/translate-values.md has them."
            ),
        ),
        (
            {"rows.type": {"table": "t.csv", "to": "rows.vat_rate"}},
            (
                'error: targets.erp.values."rows.type".to: "rows.vat_rate" is no field that a table can write into. '
                "Write `rows.vat_code`."
            ),
        ),
        (
            {"rows.type": {"table": "t.csv", "to": "buyer.code"}},
            (
                'error: targets.erp.values."rows.type".to: "buyer.code" is not in the same group of fields. Name a '
                "field of "
                "`rows`."
            ),
        ),
        (
            {"currency": {"table": "t.csv", "to": "buyer.code"}},
            (
                'error: targets.erp.values."currency".to: "buyer.code" is not in the same group of fields. Name a '
                "field of "
                "the order itself, one without a dot."
            ),
        ),
        (
            {"mapping.x": {"table": "t.csv", "to": "buyer.code"}},
            (
                'error: targets.erp.values."mapping.x".to: a table for the mapping translates no field by itself. '
                "Leave `to` out."
            ),
        ),
        (
            {"rows.part_no": {"table": "t.csv", "to": "rows.unit"}, "rows.unit": {"table": "u.csv"}},
            (
                'error: targets.erp.values."rows.unit": is written into `rows.unit`, as "rows.part_no" is. '
                "Give each its own `to`."
            ),
        ),
        (
            {"mapping.units": {"table": "units.toml"}, "mapping.units2": {"table": "units.csv"}},
            (
                'error: targets.erp.values."mapping.units2": has the table units.csv, and "mapping.units" has '
                "units.toml: both are called `units`. Rename one of the files."
            ),
        ),
        (
            {"rows.unit": {"table": "t.csv"}, "rows.type": {"table": "t.csv", "default": "x"}},
            (
                'error: targets.erp.values."rows.type": has another `missing` or `default` for t.csv than '
                '"rows.unit" has. '
                "Make them the same, or copy the table."
            ),
        ),
    ],
)
def test_tables_that_do_not_fit_one_another(values: dict[str, Any], message: str) -> None:
    folder = {"adapter": "folder", "outbox": "o", "values": values}
    assert [str(each) for each in value_troubles(settings(targets={"erp": folder}))] == [message]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (
            {"lines": 'row.type == "GiftCard" or row.type in ["Freight", "Fright"]'},
            [
                ("routes[0].lines", "row.type", "GiftCard", " Did you mean `GiftCertificate`?"),
                ("routes[0].lines", "row.type", "Fright", " Did you mean `Freight`?"),
            ],
        ),
        (
            {"when": 'any("fee" != each.group for each in rows) and type == "Quotation"'},
            [
                ("routes[0].when", "each.group", "fee", " Did you mean `Fee`?"),
                ("routes[0].when", "type", "Quotation", ""),
            ],
        ),
        ({"when": 'type in ["external_order", "recurring_order"] and source == "web" and payer is None'}, []),
        ({"lines": 'row.type.lower() == "voucher" or row.group is None or row.type == row.group'}, []),
    ],
)
def test_a_word_that_is_not_known_is_doubted(rule: dict[str, str], told: list[tuple[str, str, str, str]]) -> None:
    found = route_troubles(settings(routes=[{"to": ["erp"], **rule}]))
    assert [str(trouble) for trouble in found] == [
        f'warning: {where}: compares `{field}` with "{word}", which is not known to be one of its words.{advice}'
        for where, field, word, advice in told
    ]


def test_the_words_for_the_kind_of_an_order_are_those_that_are_written() -> None:
    assert fields_of(OrderPart)["type"].words == set(TYPES.values())


def test_what_does_not_fit_together_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "receiver.toml"
    text = f"{GOOD}\n[targets.gifts]\nadapter = 'folder'\noutbox = 'out'\ninbox = 'in'\n"
    text = text.replace('to = ["erp"]\nlines', 'to = ["epr"]\nlines')
    file.write_text(
        text.replace('missing = "keep", to', 'missing = "keep", "to"').replace("rows.erp_part_no", "rows.x")
    )
    found = [str(each) for each in troubles(load(file, {"ORDER_RECEIVER__ROUTES__1__NUMBER_FROM": "gifts"}))]
    assert [each.partition(": there")[0].partition(": is")[0].partition(': "')[0] for each in found][3:7] == [
        f"error: {file}:27: targets.gifts.outbox",
        f"error: {file}:14: routes[0].to",
        "error: environment: ORDER_RECEIVER__ROUTES__1__NUMBER_FROM",
        f'error: {file}:8: targets.erp.values."rows.part_no".to',
    ]
