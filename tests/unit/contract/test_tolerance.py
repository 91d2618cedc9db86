"""Every row of the tolerance table that concerns JSON, one by one. (norce: tolerance table)"""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from order_receiver.contract.codes import OrderType
from order_receiver.contract.findings import Finding, Severity
from order_receiver.contract.json_form import read
from order_receiver.contract.reading import Limits, Unreadable
from order_receiver.contract.request import Fee, OrderItem, OrderRequest


def read_clean(text: str) -> OrderRequest:
    reading = read(text.encode())
    assert reading.findings == ()
    return reading.order


def item(members: str) -> OrderItem:
    items = read_clean(f'{{"Items":[{{{members}}}]}}').Items
    assert items is not None
    return items[0]


def only_finding(text: str) -> Finding:
    (finding,) = read(text.encode()).findings
    return finding


@pytest.mark.parametrize("value", ["7", '"7"', '" 7 "', "7.0", '"7.0"'])
def test_payment_code_as_number_or_text(value: str) -> None:
    payments = read_clean(f'{{"Payments":[{{"PaymentCode":{value}}}]}}').Payments
    assert payments is not None
    assert payments[0].PaymentCode == 7


@pytest.mark.parametrize("value", ["10001", '"10001"'])
def test_internal_product_id_as_number_or_text(value: str) -> None:
    assert item(f'"InternalProductId":{value}').InternalProductId == 10001


@pytest.mark.parametrize("value", ["3", '"3"', '"RecurringOrder"', '"recurringorder"', '" RECURRINGORDER "', "3.0"])
def test_order_type_by_number_or_name(value: str) -> None:
    assert read_clean(f'{{"OrderType":{value}}}').OrderType is OrderType.RecurringOrder


@pytest.mark.parametrize(
    ("value", "severity"),
    [
        *((value, Severity.NOTE) for value in ("9", '"9"', '"Basket"', "0", "1.5")),
        *((value, Severity.PROBLEM) for value in ("true", "[]")),
    ],
)
def test_an_unknown_order_type_is_noted_and_taken_as_an_order(value: str, severity: Severity) -> None:
    finding = only_finding(f'{{"OrderType":{value}}}')
    assert (finding.where, finding.rule, finding.severity) == ("/OrderType", "unknown-code", severity)
    assert "Taken as Order" in finding.advice
    assert "3 RecurringOrder" in finding.advice


@pytest.mark.parametrize(("value", "kept"), [("5", "5"), ('"5"', "5"), ('"summer"', "summer"), ("5.5", "5.5")])
def test_promotion_id_is_kept_as_text(value: str, kept: str) -> None:
    promotions = item(f'"Promotions":[{{"Id":{value}}}]').Promotions
    assert promotions is not None
    assert promotions[0].Id == kept


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("0", "Shipping"),
        ("1", "Invoice"),
        ('"1"', "Invoice"),
        ('"shipping"', "Shipping"),
        ('"Frakt"', "Frakt"),
        ("7", "7"),
        ("null", None),
    ],
)
def test_fee_type_by_number_or_name(value: str, kept: str | None) -> None:
    assert read_clean(f'{{"Fees":[{{"Type":{value}}}]}}').Fees == [Fee(Type=kept)]


@pytest.mark.parametrize("name", ["PricelistCodes", "PriceListCodes", "priceListCodes"])
def test_price_list_names_of_companies(name: str) -> None:
    limit = name.replace("Codes", "Limit")
    order = read_clean(f'{{"SellTo":{{"Company":{{"{name}":["A",7,null],"{limit}":true}}}}}}')
    assert order.SellTo is not None
    assert order.SellTo.Company is not None
    assert order.SellTo.Company.PricelistCodes == ["A", "7", ""]
    assert order.SellTo.Company.PricelistLimit is True


@pytest.mark.parametrize("name", ["ClientOrderRef", "clientOrderRef", "CLIENTORDERREF", "clientorderref"])
def test_names_in_any_case(name: str) -> None:
    assert read_clean(f'{{"{name}":"1"}}').ClientOrderRef == "1"


@pytest.mark.parametrize(
    "text",
    [
        '{"clientOrderRef":"2","ClientOrderRef":"1","CLIENTORDERREF":"3"}',
        '{"ClientOrderRef":"1","clientOrderRef":"2"}',
        '{"clientOrderRef":"2","clientorderref":"1"}',
    ],
)
def test_exact_spelling_wins_else_the_last(text: str) -> None:
    assert read_clean(text).ClientOrderRef == "1"


@pytest.mark.parametrize(
    ("value", "kept"), [("100001", "100001"), ("12.50", "12.50"), ("1e3", "1000"), ("true", "true"), ("false", "false")]
)
def test_numbers_and_booleans_as_text(value: str, kept: str) -> None:
    assert read_clean(f'{{"ClientOrderRef":{value}}}').ClientOrderRef == kept


@pytest.mark.parametrize("value", ["true", '"true"', '"True"', '" TRUE "', "1", '"1"', "1.0"])
def test_booleans_that_mean_true(value: str) -> None:
    assert read(f'{{"DoHold":{value},"x":0}}'.encode()).order.DoHold is (value != "1.0")


@pytest.mark.parametrize("value", ["false", '"false"', '"FALSE"', "0", '"0"', "null"])
def test_booleans_that_mean_false(value: str) -> None:
    assert read_clean(f'{{"DoHold":{value},"extensiondata":1}}').DoHold is False


@pytest.mark.parametrize("value", ['"yes"', "2", '""', "[]", "1.0"])
def test_what_is_no_boolean(value: str) -> None:
    assert only_finding(f'{{"DoHold":{value}}}').rule == "not-a-boolean"


def test_null_for_what_cannot_be_null_is_the_default() -> None:
    row = item('"LineNo":null,"UnitPrice":null,"PartNo":null,"Quantity2":null')
    assert row == OrderItem()
    assert read_clean('{"OrderType":null,"DoHold":null}') == OrderRequest()


@pytest.mark.parametrize("value", ["null", "[]", '""'])
def test_empty_collections(value: str) -> None:
    order = read_clean(f'{{"Payments":{value},"ClientOrderRef":"1"}}')
    assert not order.Payments


@pytest.mark.parametrize("value", ['""', '" "', '"null"', "null"])
def test_nothing_in_nullable_numbers(value: str) -> None:
    row = item(f'"PriceListNo":{value},"Quantity2":{value}')
    assert row.PriceListNo is None
    assert row.Quantity2 is None


@pytest.mark.parametrize(
    "members", ['"ExtensionData":null', '"ExtensionData":{"a":1}', '"extensionData":[1]', '"__type":"Order"']
)
def test_what_serializers_add_is_ignored(members: str) -> None:
    assert read_clean(f'{{"ClientOrderRef":"1","Header":{{{members}}},{members}}}').ClientOrderRef == "1"


def test_unknown_members_are_noted_once_without_their_values() -> None:
    reading = read(b'{"Secret":"1","Items":[{"New":"a"},{"New":"b"}]}')
    assert [(one.where, one.rule, one.seen, one.severity) for one in reading.findings] == [
        ("/Secret", "unknown-member", "Secret", Severity.NOTE),
        ("/Items/0/New", "unknown-member", "New", Severity.NOTE),
    ]


@pytest.mark.parametrize(("name", "seen"), [("x" * 101, "x" * 59 + "…"), ("a\nb", "a\\nb")])
def test_unknown_names_do_not_flood_or_forge(name: str, seen: str) -> None:
    (finding,) = read(json.dumps({"Header": {name: 1}}).encode()).findings
    assert (finding.where, finding.seen) == ("/Header", seen)


def test_unknown_members_are_bounded() -> None:
    body = json.dumps({f"x{number}": number for number in range(500)}).encode()
    assert len(read(body).findings) == 20


def test_findings_are_bounded_and_say_so() -> None:
    body = json.dumps({"Items": [{"UnitPrice": "much"}] * 150}).encode()
    findings = read(body).findings
    assert len(findings) == 101
    assert (findings[-1].where, findings[-1].rule, findings[-1].seen) == ("", "more-findings", "50 more")


STOCKHOLM = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("2024-12-18T12:00:00+01:00", datetime(2024, 12, 18, 12, tzinfo=STOCKHOLM)),
        ("2024-12-18T12:00:00+0100", datetime(2024, 12, 18, 12, tzinfo=STOCKHOLM)),
        ("2024-12-18T12:00:00+01", datetime(2024, 12, 18, 12, tzinfo=STOCKHOLM)),
        ("2024-12-18T11:00:00Z", datetime(2024, 12, 18, 11, tzinfo=UTC)),
        ("2024-12-18t11:00:00z", datetime(2024, 12, 18, 11, tzinfo=UTC)),
        ("2024-12-18T12:00:00", datetime(2024, 12, 18, 12, tzinfo=STOCKHOLM)),
        ("2024-12-18T12:00:00.1204567", datetime(2024, 12, 18, 12, 0, 0, 120457, tzinfo=STOCKHOLM)),
        ("2024-12-18T12:00:00.1204567+01:00", datetime(2024, 12, 18, 12, 0, 0, 120457, tzinfo=STOCKHOLM)),
        ("2024-12-18T12:00:00.5Z", datetime(2024, 12, 18, 12, 0, 0, 500000, tzinfo=UTC)),
        ("2024-12-18T12:00:00.9999999Z", datetime(2024, 12, 18, 12, 0, 1, tzinfo=UTC)),
        ("2020-11-17 14:19:47", datetime(2020, 11, 17, 14, 19, 47, tzinfo=STOCKHOLM)),
        ("2020-07-17 14:19", datetime(2020, 7, 17, 14, 19, tzinfo=timezone(timedelta(hours=2)))),
        ("2024-12-18", datetime(2024, 12, 18, tzinfo=STOCKHOLM)),
        (" 2024-12-18 ", datetime(2024, 12, 18, tzinfo=STOCKHOLM)),
        (r"\/Date(1734519600000+0100)\/", datetime(2024, 12, 18, 12, tzinfo=STOCKHOLM)),
        (r"/Date(1734519600000)/", datetime(2024, 12, 18, 11, tzinfo=UTC)),
        (
            r"/Date(1734519600000-0530)/",
            datetime(2024, 12, 18, 5, 30, tzinfo=timezone(-timedelta(hours=5, minutes=30))),
        ),
    ],
)
@pytest.mark.parametrize("more", ["", ',"OrderType":"Order"'], ids=["alone", "tolerantly"])
def test_submit_date_in_all_forms(value: str, meant: datetime, more: str) -> None:
    date = read_clean(f'{{"SubmitDate":"{value}"{more}}}').SubmitDate
    assert date == meant
    assert date is not None
    assert date.utcoffset() == meant.utcoffset()


def test_a_date_without_offset_takes_the_given_zone() -> None:
    date = read(b'{"SubmitDate":"2024-12-18 12:00:00"}', zone=ZoneInfo("Europe/Helsinki")).order.SubmitDate
    assert date == datetime(2024, 12, 18, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "null",
        '""',
        '"0001-01-01T00:00:00"',
        '"0001-01-01T00:00:00+01:00"',
        '"0001-01-01"',
        r'"\/Date(-62135596800000)\/"',
        r'"/Date(-62135600400000+0100)/"',
    ],
)
def test_no_submit_date(value: str) -> None:
    assert read_clean(f'{{"SubmitDate":{value}}}').SubmitDate is None


@pytest.mark.parametrize(
    "value",
    [
        "1734519600",
        '"1734519600"',
        "1734519600.5",
        '"soon"',
        '"2024-02-30"',
        '"2024-12-18T25:00:00"',
        '"18/12/2024"',
        '"1604-01-01"',
        '"9999-12-31T23:59:59.9999999"',
        '"/Date(999999999999999)/"',
        '"/Date(0+9900)/"',
        "[]",
        "true",
    ],
)
def test_what_is_no_date(value: str) -> None:
    finding = only_finding(f'{{"SubmitDate":{value}}}')
    assert (finding.where, finding.rule) == ("/SubmitDate", "not-a-date")


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("25", "25"),
        ("25.0", "25.0"),
        ("25.00", "25.00"),
        ('"25.00"', "25.00"),
        ('" -0.333333 "', "-0.333333"),
        ("1.5e3", "1.5E+3"),
        ("0.0000001", "1E-7"),
        ("1234567890123456789012345678", "1234567890123456789012345678"),
        ("123456789012345678.99", "123456789012345678.99"),
        ("0.1234567890123456789012345678", "0.1234567890123456789012345678"),
    ],
)
def test_amounts_keep_their_digits(value: str, kept: str) -> None:
    assert str(item(f'"UnitPrice":{value}').UnitPrice) == kept


@pytest.mark.parametrize(
    "value",
    [
        '"NaN"',
        '"-Infinity"',
        '"sNaN"',
        '"12,50"',
        '"much"',
        '""',
        "1e400",
        "1e-400",
        "1e99999999999999999999",
        '"1e99999999999999999999"',
        "12345678901234567890123456789",
        "true",
        "[1]",
        "{}",
    ],
)
def test_what_is_no_amount(value: str) -> None:
    reading = read(f'{{"Items":[{{"UnitPrice":{value}}}]}}'.encode())
    (finding,) = reading.findings
    assert (finding.where, finding.rule) == ("/Items/0/UnitPrice", "not-an-amount")
    assert reading.order.Items == [OrderItem()]


@pytest.mark.parametrize("value", ["3000000000", '"3000000000"'])
def test_whole_numbers_beyond_32_bits_are_kept_and_noted(value: str) -> None:
    reading = read(f'{{"ReferId":{value}}}'.encode())
    (finding,) = reading.findings
    assert reading.order.ReferId == 3_000_000_000
    assert (finding.rule, finding.severity) == ("beyond-32-bits", Severity.NOTE)


@pytest.mark.parametrize("value", ["1.5", '"1.5"', '"x"', "99999999999999999999", "1e400", "true", "{}", '"1 000"'])
def test_what_is_no_whole_number(value: str) -> None:
    finding = only_finding(f'{{"ReferId":{value}}}')
    assert (finding.where, finding.rule) == ("/ReferId", "not-a-number")


@pytest.mark.parametrize(
    ("text", "where", "rule", "seen"),
    [
        ('{"ClientOrderRef":["a"]}', "/ClientOrderRef", "not-a-text", "a list with 1 entries"),
        ('{"ClientOrderRef":{"a":1}}', "/ClientOrderRef", "not-a-text", "an object with 1 members"),
        ('{"SellTo":"Kalle"}', "/SellTo", "not-an-object", "Kalle"),
        ('{"SellTo":[]}', "/SellTo", "not-an-object", "a list with 0 entries"),
        ('{"Items":{"LineNo":1}}', "/Items", "not-a-list", "an object with 1 members"),
        ('{"Items":[null]}', "/Items/0", "not-an-object", "null"),
        ('{"Items":[{},7]}', "/Items/1", "not-an-object", "7"),
        (
            '{"SellTo":{"Company":{"PaymentCodes":[[]]}}}',
            "/SellTo/Company/PaymentCodes/0",
            "not-a-text",
            "a list with 0 entries",
        ),
        ('{"SellTo":{"Person":{"SSN":["8"]}}}', "/SellTo/Person/SSN", "not-a-text", "***"),
        ('{"items":[{"unitprice":"x y"}]}', "/items/0/unitprice", "not-an-amount", "x y"),
    ],
)
def test_wrong_types_cost_only_their_member(text: str, where: str, rule: str, seen: str) -> None:
    finding = only_finding(text)
    shown = "a list with 1 entries" if seen == "***" else seen
    assert (finding.where, finding.rule, finding.seen) == (where, rule, shown)
    assert finding.severity is Severity.PROBLEM
    assert finding.advice.endswith(".")


def test_missing_additional_info_code2_falls_back_to_code() -> None:
    entries = read_clean('{"AdditionalInfo":[{"Code":"A","Code2":""},{"Code":"A","Code2":"b"}]}').AdditionalInfo
    assert entries is not None
    assert [entry.key for entry in entries] == ["A", "b"]


def test_quantity2_wins() -> None:
    assert item('"Quantity":1,"Quantity2":2.5').quantity == Decimal("2.5")
    assert item('"Quantity":3,"Quantity2":null').quantity == Decimal(3)


def test_too_many_rows_cannot_be_read() -> None:
    limits = Limits(items=2)
    assert read(b'{"Items":[{},{}]}', limits=limits).order.Items
    for more in (b"", b',"x":1'):
        with pytest.raises(Unreadable) as caught:
            read(b'{"Items":[{},{},{}]' + more + b"}", limits=limits)
        assert caught.value.finding.rule == "too-many-rows"
        assert "3 rows" in str(caught.value)
