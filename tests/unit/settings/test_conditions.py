"""Conditions over orders: what may be written, what it means, and how a slip is told."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit import canonical_orders
from tests.unit.canonical_orders import a_row, an_order

from order_receiver.orders.canonical import OrderPart, PaymentPart
from order_receiver.settings.conditions import (
    Condition,
    RowCondition,
    Verdict,
    WrongCondition,
    condition_fault,
    rows_fault,
)

ORDER = an_order(
    a_row(1, part_no="A-1", discount=Decimal("5.00"), info={"engraving": "Åsa"}),
    a_row(2, "49.00", type="Freight", group="Fee"),
    a_row(3, "500.10", type="GiftCertificate", part_no="GC-500"),
)

TRUE = [
    'currency == "SEK"',
    'application.name == "Sweden" and application.id == 1042',
    'currency in ["SEK", "NOK"] and currency not in ("EUR", "USD")',
    "buyer.address.country == 'SE'",
    'type != "external_order" and source == "WEB"',
    'source.lower() == "web" and source.startswith("W") and source.endswith("EB")',
    "totals.incl_vat > 800 and totals.paid < totals.incl_vat",
    "totals.excl_vat == 649.10",
    "0 < totals.paid <= 250.00",
    "-1 < totals.paid",
    "len(rows) == 3 and len(payments) == 1",
    'any(row.type == "GiftCertificate" for row in rows)',
    'any(row.part_no.startswith("GC-") for row in rows)',
    "any(row.discount > 4 for row in rows)",
    'all(row.vat_rate == 25 for row in rows if row.type != "Freight")',
    "not all(row.discount > 4 for row in rows)",
    "sum(row.total_excl_vat for row in rows) == totals.excl_vat",
    'sum(row.quantity for row in rows if row.group == "Fee") == 1',
    "sum(row.discount for row in rows) == 5",
    'any(payment.method == "card" and payment.code == 7 for payment in payments)',
    'not any(any(promotion.id == "5" for promotion in row.promotions) for row in rows)',
    'info["Gift"] == "yes" and info["none"] is None',
    'buyer.company.info["group"] == "gold"',
    'any(row.info["engraving"] is not None for row in rows)',
    'info["none"] != "yes"',
    "buyer.company and not payer and payer is None and sales_division",
    "not hold",
    'hold or currency == "SEK"',
    'currency == "SEK" or payer.code == "C1"',
    'sales_contact != "A"',
    'order_date >= "2026-11-01"',
    'currency == "SEK"\n  and type == "order"',
    'currency == "SEK"  # in Sweden\r\n# "and" nothing else\n  and type == "order"  # at last',
    'source != "Lager #9"',
]


@pytest.mark.parametrize("text", TRUE)
def test_what_holds(text: str) -> None:
    assert condition_fault(text) == ""
    assert Condition(text).judge(ORDER) is Verdict.YES
    assert Condition(f"not ({text}\n)").judge(ORDER) is Verdict.NO


def test_a_comment_ends_with_its_line() -> None:
    text = 'currency == "SEK"  # Swedish\nand totals.incl_vat > 100000.50'
    condition = Condition(text)
    assert condition.judge(ORDER) is Verdict.NO
    assert condition.seen(ORDER) == 'currency is "SEK"; totals.incl_vat is 811.37'


def test_a_row_is_named_where_rows_are_picked() -> None:
    assert rows_fault('part_no == "A"') == "there is no field `part_no`. It is one of the rows: write `row.part_no`."


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ('payer.address.country == "SE"', "payer is not there"),
        ('recipient.code != "1"', "recipient is not there"),
        ('not (payer.address.country == "SE")', "payer is not there"),
        ('buyer.person.code == "1"', "buyer.person is not there"),
        ('sales_contact.startswith("A")', "sales_contact is empty"),
        ("refer_id > 5", "refer_id is empty"),
        ('info["Twice"] == "a"', 'info["Twice"] is a list of 2'),
    ],
)
def test_what_needs_a_missing_part_does_not_hold(text: str, seen: str) -> None:
    condition = Condition(text)
    assert condition.judge(ORDER) is Verdict.CANNOT_BE_TOLD
    assert condition.seen(ORDER) == seen


def test_an_amount_that_is_none_does_not_hold() -> None:
    order = an_order(a_row(1), payments=[PaymentPart(code=1, amount=Decimal("NaN"))])
    assert Condition("totals.paid > 5").judge(order) is Verdict.CANNOT_BE_TOLD
    assert Condition("any(payment.amount > 5 for payment in payments)").judge(order) is Verdict.NO


def test_amounts_keep_the_digits_they_are_written_with() -> None:
    order = an_order(a_row(1, "0.10"), a_row(2, "0.20"))
    assert Condition("totals.excl_vat == 0.3").judge(order) is Verdict.YES
    assert Condition("totals.excl_vat == 0.30000000000000000000000001").judge(order) is Verdict.NO


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ('currency == "EUR" and totals.paid > 1', 'currency is "SEK"; totals.paid is 250.00'),
        ("currency == currency.upper()", 'currency is "SEK"'),
        ('any(row.type == "x" for row in rows)', 'rows.type is empty, "Freight", "GiftCertificate"'),
        ("any(payment.code == 1 and hold for payment in payments)", "payments.code is 7; hold is false"),
        (
            'any(any(p.id == "x" for p in row.promotions) for row in rows)',
            "rows.promotions.id is nowhere: there are no ",
        ),
        ("sum(row.vat_rate for row in rows) == 5", "rows.vat_rate is 25.00"),
        ("len(rows) > 5", "rows is a list of 3"),
        ("any(True for row in rows)", "rows is a list of 3"),
        ("any(row for row in rows)", "rows is a list of 3"),
        ("not buyer.company", "buyer.company is there"),
        ('buyer.name == "Bolaget"', 'buyer.name is "B***"'),
        ('buyer.address.line1 == "x"', 'buyer.address.line1 is "S***"'),
        ('info["Gift"] == "no"', 'info["Gift"] is "y***"'),
        ("1 == 2", "it looks at no field"),
    ],
)
def test_the_values_seen(text: str, seen: str) -> None:
    assert Condition(text).seen(ORDER).startswith(seen)
    assert len(Condition(text).seen(ORDER)) < len(seen) + 12


def test_many_values_are_not_all_told() -> None:
    order = an_order(*(a_row(line, part_no=f"A-{line}") for line in range(9)))
    assert Condition('any(row.part_no == "B" for row in rows)').seen(order) == (
        'rows.part_no is "A-0", "A-1", "A-2", "A-3", and 5 more'
    )


def test_a_condition_over_rows() -> None:
    condition = RowCondition('row.type == "GiftCertificate" or row.part_no.startswith("A") and currency == "SEK"')
    assert [condition.holds(ORDER, row) for row in ORDER.rows] == [True, False, True]
    assert condition.seen(ORDER, ORDER.rows[:2]) == (
        'row.type is empty, "Freight"; row.part_no is "A-1", empty; currency is "SEK"'
    )


WRONG = [
    ("curency == 'SEK'", "there is no field `curency`. Did you mean `currency`?"),
    ("buyer.adress.country == 'SE'", "there is no field `buyer.adress`. Did you mean `buyer.address`?"),
    ("any(row.typ == 'x' for row in rows)", "there is no field `row.typ`. Did you mean `row.type`?"),
    (
        "row.type == 'x'",
        (
            "there is no field `row` here. Write `any(row.FIELD == ... for row in rows)`, "
            "or write it as `lines` without `any`."
        ),
    ),
    ("'GC-' in row.part_no", "there is no field `row` here. Write `any(row.FIELD == ... for row in rows)`, or "),
    (
        "payment.code == 1",
        "there is no field `payment` here. Write `any(payment.FIELD == ... for payment in payments)`.",
    ),
    ("part_no == 'A'", "there is no field `part_no`. It is one of the rows: write `any(row.part_no == ... for row in "),
    ("order.currency == 'SEK'", "conditions name the fields of the order without `order.`, such as `currency`."),
    ("hold == true", "there is no field `true`. Write `True`."),
    ("payer is null", "there is no field `null`. Write `None`."),
    ("currency is not 'SEK'", "`is` can only be followed by None. Write `currency != 'SEK'`."),
    ("currency == ['SEK', 'NOK']", "A field is not equal to a list. Write `currency in ['SEK', 'NOK']`."),
    ("currency != ['SEK', 'NOK']", "A field is not equal to a list. Write `currency not in ['SEK', 'NOK']`."),
    ("rows.type == 'x'", "`rows` is a list, so it has no `type`. Write `any(row.type == ... for row in rows)`."),
    ("'x' in rows", "`rows` is a list. Write `any(row.FIELD == ... for row in rows)`."),
    ("rows[0].type == 'x'", "`rows[0]`: only `info` and `extra` have values by code in brackets; `rows` has not."),
    ("info.Gift == 'yes'", '`info` has values by code. Write `info["Gift"]`.'),
    ("info == 'yes'", '`info` has values by code. Name one, as in `info["Gift"]`.'),
    ("info", "`info` is values by code, neither true nor false. Compare it with something."),
    ("info[5] == 'yes'", '`info[5]`: name the code as a text, such as `info["Gift"]`.'),
    ("application == 'Sweden'", "`application` is a group of fields. Name one: `application.name`, `application.id`, "),
    ("totals.paid == '5'", "`totals.paid` is a number and `'5'` is text; they cannot be compared so."),
    ("currency in ['SEK', 1]", "`['SEK', 1]` must be a list of texts, or of numbers, written out."),
    ("currency in [1, 2]", "`currency` is text and `[1, 2]` is a list, each a number; they cannot be compared so."),
    ("currency in 'SEK'", "`in` is followed by a list. Write `currency in ['SEK']`."),
    ("currency is 'SEK'", "`is` can only be followed by None. Write `currency == 'SEK'`."),
    ("hold < True", "`hold` is true or false and `True` is true or false; they cannot be compared so."),
    ("currency == 'SEK' or 'EUR'", "`'EUR'` by itself is neither true nor false. Compare it with something: "),
    ("totals.paid", "`totals.paid` is a number, neither true nor false. Compare it with something."),
    ("['SEK']", "`['SEK']` by itself is neither true nor false."),
    ("currency = 'SEK'", "cannot be read near `currency = 'SEK'`: Compare with `==`."),
    ("(hold", "cannot be read near `(hold`: `(` is never closed."),
    ("hold hold", "cannot be read near `hold hold`: invalid syntax."),
    ("currency ==", "cannot be read near `"),
    ("", "is empty; leave it out where every order is meant."),
    (" ", "is empty; leave it out where every order is meant."),
    ("# all of them", "is empty; leave it out where every order is meant."),
    ("hold) or (hold", "cannot be read near `) or (hold`: "),
    ("hold] or [hold", "`hold] or [hold` is not one condition. Join them with `and` or `or`."),
    ("hold, not hold", "`hold, not hold` is not one condition. Join them with `and` or `or`."),
    (
        "totals.paid > 1,000",
        (
            "`totals.paid > 1,000` is not one condition. Write a number without separators and with a dot: "
            "`1000`, `12.50`."
        ),
    ),
    ("totals.paid > 1 000", "cannot be read near `"),
    (
        "hold AND currency == 'SEK'",
        "cannot be read near `hold AND currency ==`: Write `and`, `or`, `not` and `in` in small letters.",
    ),
    ("hold && hold", "cannot be read near `& hold`: Write `and`, `or`, `not` and `!=`."),
    ("!hold", "cannot be read near `!hold`: "),
    ("hold\nand currency = 'SEK'", "cannot be read in its line 2, near `"),
    ("hold and\n  currency ==", "cannot be read in its line 2, near `"),
    ("any", '`any` is a function: write it like `any(row.type == "Freight" for row in rows)`.'),
    ("any(rows)", '`any(rows)`: write it like `any(row.type == "Freight" for row in rows)`.'),
    ("sum(1, 2) > 1", "`sum(1, 2)`: write it like `sum(row.quantity for row in rows)`."),
    ("len(currency) > 2", "`len(currency)`: write it like `len(rows) > 10`."),
    ("ayn(row.type for row in rows)", "there is no function `ayn`. Did you mean `any`?"),
    ("sum(row.type for row in rows) > 1", "`row.type` is no number, so `sum` cannot add it up."),
    ("any(x == 'a' for x in currency)", "`currency` is text; go through a list such as `rows`."),
    ("any(x == 'a' for x in ['a'])", "`['a']` is a list, each text; go through a list such as `rows`."),
    ("any(type == 'a' for type in rows)", "the name `type` in `for type in` is taken; choose another one."),
    ("any(_x.type == 'a' for _x in rows)", "the name `_x` in `for _x in` is taken; choose another one."),
    (
        "any(a.line == b.line for a in rows for b in rows)",
        "`(a.line == b.line for a in rows for b in rows)`: write it ",
    ),
    ("currency.startwith('S')", "`currency` is text and has no `startwith()`. Did you mean `startswith`?"),
    ("currency.startswith(1)", "`currency.startswith(1)`: `startswith()` takes one text between its brackets."),
    ("currency.lower('a') == 's'", "`currency.lower('a')`: `lower()` takes nothing between its brackets."),
    ("currency.length > 3", "`currency` is text and has no `length`. There are startswith(), endswith(), lower(), "),
    ("totals.paid.real > 3", "`totals.paid` is a number and has no `real`."),
    ("totals.paid + 1 > 3", "`totals.paid + 1` cannot be used in a condition. Conditions have fields, texts, "),
    ("-totals.paid > 3", "`-totals.paid` cannot be used in a condition."),
    ("currency == f'{type}'", "`f'{type}'` cannot be used in a condition."),
    ("currency == b'SEK'", "`b'SEK'` cannot be used in a condition."),
    ("currency if hold else source", "`currency if hold else source` cannot be used in a condition."),
    ("(x := hold)", "`(x := hold)` cannot be used in a condition."),
    ("not " * 490 + "hold", "is nested too deeply, or has characters that no condition has."),
    ("hold\0", ""),
    ("hold or " * 400 + "hold", "a condition has at most 2000 characters; make two rules of it."),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_a_slip_is_told(text: str, message: str) -> None:
    fault = condition_fault(text)
    assert fault.startswith(message)
    assert fault
    with pytest.raises(WrongCondition):
        Condition(text)


@pytest.mark.parametrize(
    "text",
    [
        "currency.__class__.__mro__",
        "().__class__.__bases__[0].__subclasses__()",
        "__import__('os').system('true')",
        "any(row.__init__ for row in rows)",
        "info.__class__",
        "_info(info, 'x')",
        "(lambda: hold)()",
        "currency.format(type) == 'x'",
        "rows.clear()",
        "[row for row in rows]",
        "open('/etc/passwd')",
        "'a' * 1000000000 == currency",
        "2 ** 2 ** 30 > 1",
        "order",
        "order.currency == 'SEK'",
    ],
)
def test_nothing_leads_out_of_the_language(text: str) -> None:
    assert condition_fault(text)
    assert rows_fault(text)


@pytest.mark.parametrize("text", [text for text, _ in WRONG[:4]])
def test_slips_in_conditions_over_rows(text: str) -> None:
    assert bool(rows_fault(text)) == (text != "row.type == 'x'" and bool(condition_fault(text)))


def test_row_is_taken_in_a_condition_over_rows() -> None:
    assert "`row` in `for row in` is taken" in rows_fault("any(row.type == 'x' for row in rows)")
    assert rows_fault("any(other.parent_line == row.line for other in rows)") == ""


fields = st.sampled_from(
    [
        "currency",
        "source",
        "buyer.code",
        "buyer.address.country",
        "payer.company.code",
        "recipient.person.email",
        "shipping.pickup.code",
        'info["Gift"]',
        'buyer.company.info["group"]',
    ]
)
numbers = st.sampled_from(
    ["totals.paid", "refer_id", "len(rows)", "sum(row.discount for row in rows)", "sum(row.vat_rate for row in rows)"]
)
comparisons = st.one_of(
    st.builds(
        "{} {} {!r}".format, fields, st.sampled_from(["==", "!=", "<", ">="]), st.sampled_from(["SE", "yes", ""])
    ),
    st.builds("{}.startswith({!r})".format, fields, st.just("S")),
    st.builds("{} in ['SE', 'NO']".format, fields),
    st.builds("{} is {}".format, fields, st.sampled_from(["None", "not None"])),
    st.builds("{} {} {}".format, numbers, st.sampled_from(["==", "<", ">="]), st.sampled_from(["0", "-5", "12.50"])),
    st.builds(
        "{}(row.{} for row in rows)".format,
        st.sampled_from(["any", "all"]),
        st.sampled_from(["discount > 1", "vat_rate < 20", "part_no.endswith('1')", "info['Gift'] == 'yes'", "unit"]),
    ),
)
conditions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("(not {})".format, inner),
    ),
    max_leaves=5,
)


@given(conditions, canonical_orders.orders)
def test_every_condition_can_be_asked_of_every_order(text: str, order: OrderPart) -> None:
    condition = Condition(text)
    verdict = condition.judge(order)
    assert verdict in Verdict
    assert condition.seen(order)
    assert condition.judge(order) is verdict


@given(st.text(st.characters(max_codepoint=255), max_size=40) | st.text("rowsanyifo.()[]'\"=<>!, 01", max_size=40))
def test_any_text_is_a_condition_or_a_fault(text: str) -> None:
    if condition_fault(text):
        with pytest.raises(WrongCondition):
            Condition(text)
    else:
        assert Condition(text).judge(ORDER) in Verdict
