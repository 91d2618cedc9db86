"""Single values in XML, in every way of writing them that is still understood. (norce: tolerance table, samples)"""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from tests.unit.contract.xml_messages import (
    only_finding,
    order_xml,
    read,
    read_clean,
    read_company,
    read_row,
)

from order_receiver.contract.codes import OrderType
from order_receiver.contract.findings import Severity
from order_receiver.contract.json_form import read as read_json
from order_receiver.contract.request import Fee, OrderItem
from order_receiver.contract.xml_form.names import ORDER
from order_receiver.orders.fingerprint import fingerprint

STOCKHOLM = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        *((value, True) for value in ("true", "1", "TRUE", "True", " true\n", "\t1 ")),
        *((value, False) for value in ("false", "0", "FALSE", " 0 ")),
    ],
)
def test_booleans(value: str, meant: bool) -> None:
    assert read_clean(f"<DoHold>{value}</DoHold>").DoHold is meant
    assert read_company(f"<IsActive>{value}</IsActive>").IsActive is meant


@pytest.mark.parametrize("value", ["yes", "2", "", "tru e"])
def test_what_is_no_boolean(value: str) -> None:
    assert only_finding(f"<DoHold>{value}</DoHold>").rule == "not-a-boolean"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("25", "25"),
        ("25.0", "25.0"),
        ("25.00", "25.00"),
        ("-0.333333", "-0.333333"),
        ("0.0000001", "1E-7"),
        ("1234567890123456789012345678", "1234567890123456789012345678"),
        ("123456789012345678901234567.8", "123456789012345678901234567.8"),
        ("0.1234567890123456789012345678", "0.1234567890123456789012345678"),
        (" 1.50\n", "1.50"),
        ("\t1.50", "1.50"),
        ("1.5e3", "1.5E+3"),
        ("+.5", "0.5"),
    ],
)
def test_amounts_keep_their_digits(value: str, kept: str) -> None:
    assert str(read_row(f"<UnitPrice>{value}</UnitPrice>").UnitPrice) == kept
    assert str(read_row(f"<Quantity2>{value}</Quantity2>").Quantity2) == kept


@pytest.mark.parametrize("value", ["NaN", "INF", "-Infinity", "12,50", "1 000", "much", "1e400", "1" * 29])
def test_what_is_no_amount(value: str) -> None:
    finding = only_finding(f"<Items><OrderItem><UnitPrice>{value}</UnitPrice></OrderItem></Items>")
    assert (finding.where, finding.rule, finding.seen) == ("/Items/0/UnitPrice", "not-an-amount", value)


@pytest.mark.parametrize("value", ["7", " 7 ", "\n7", "+7", "007", "7.0", "7.00", "70e-1", "0.7e1"])
def test_whole_numbers(value: str) -> None:
    assert read_row(f"<LineNo>{value}</LineNo><PriceListNo>{value}</PriceListNo>") == OrderItem(LineNo=7, PriceListNo=7)


@pytest.mark.parametrize("value", ["7.5", "7 7", "seven", "0x7", "7e-1"])
def test_what_is_no_whole_number(value: str) -> None:
    assert only_finding(f"<ReferId>{value}</ReferId>").rule == "not-a-number"


def test_whole_numbers_beyond_32_bits_are_kept_and_noted() -> None:
    reading = read(order_xml("<ReferId>3000000000</ReferId>"))
    (finding,) = reading.findings
    assert reading.order.ReferId == 3_000_000_000
    assert (finding.rule, finding.severity) == ("beyond-32-bits", Severity.NOTE)


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("2024-12-18T12:00:00+01:00", datetime(2024, 12, 18, 12, tzinfo=STOCKHOLM)),
        ("2024-12-18T11:00:00Z", datetime(2024, 12, 18, 11, tzinfo=UTC)),
        ("2024-12-18T12:00:00", datetime(2024, 12, 18, 12, tzinfo=STOCKHOLM)),
        ("2024-12-18T12:00:00.1204567+01:00", datetime(2024, 12, 18, 12, 0, 0, 120457, tzinfo=STOCKHOLM)),
        ("2024-12-18T12:00:00.1204567Z", datetime(2024, 12, 18, 12, 0, 0, 120457, tzinfo=UTC)),
        ("2024-12-18T12:00:00.1204567", datetime(2024, 12, 18, 12, 0, 0, 120457, tzinfo=STOCKHOLM)),
        ("2024-12-18T12:00:00.5", datetime(2024, 12, 18, 12, 0, 0, 500000, tzinfo=STOCKHOLM)),
        ("2024-12-18T12:00:00.9999999Z", datetime(2024, 12, 18, 12, 0, 1, tzinfo=UTC)),
        ("2020-07-17 14:19", datetime(2020, 7, 17, 14, 19, tzinfo=timezone(timedelta(hours=2)))),
        ("2024-12-18", datetime(2024, 12, 18, tzinfo=STOCKHOLM)),
        ("\n2024-12-18T11:00:00Z ", datetime(2024, 12, 18, 11, tzinfo=UTC)),
        ("/Date(1734519600000+0100)/", datetime(2024, 12, 18, 12, tzinfo=STOCKHOLM)),
    ],
)
def test_dates(value: str, meant: datetime) -> None:
    date = read_clean(f"<SubmitDate>{value}</SubmitDate>").SubmitDate
    assert date is not None
    assert (date, date.utcoffset()) == (meant, meant.utcoffset())


@pytest.mark.parametrize("value", ["", " ", "0001-01-01T00:00:00", "0001-01-01T00:00:00Z"])
def test_no_date(value: str) -> None:
    assert read_clean(f"<SubmitDate>{value}</SubmitDate>").SubmitDate is None


@pytest.mark.parametrize("value", ["1734519600", "1734519600.5", "soon", "2024-02-30", "1604-01-01T00:00:00"])
def test_what_is_no_date(value: str) -> None:
    assert only_finding(f"<SubmitDate>{value}</SubmitDate>").rule == "not-a-date"


@pytest.mark.parametrize("written", ["a\nb", "a\r\nb", "a\rb", "a&#xD;\nb", "a&#xD;&#xA;b", "a&#13;&#10;b", "a&#xA;b"])
def test_line_ends_compare_equal(written: str) -> None:
    order = read_clean(f"<CustomerOrderComment>{written}</CustomerOrderComment>")
    assert order.CustomerOrderComment in ("a\nb", "a\r\nb")
    for same in (rb"a\r\nb", rb"a\nb"):
        assert fingerprint(order) == fingerprint(read_json(b'{"CustomerOrderComment":"' + same + b'"}').order)


@pytest.mark.parametrize("text", [" ", "  a  b ", "\t", "a\n"])
def test_white_space_in_text_is_kept(text: str) -> None:
    assert read_clean(f"<Source>{text}</Source>").Source == text


@pytest.mark.parametrize("text", ["null", "NULL", "true", "0", "NaN"])
def test_words_in_text_are_text(text: str) -> None:
    assert read_clean(f"<Source>{text}</Source>").Source == text


def test_a_section_is_text_whatever_it_looks_like() -> None:
    text = f'<OrderRequest xmlns="{ORDER}">&amp;</OrderRequest><!DOCTYPE a>'
    message = f"<OrderRequest><CustomerOrderComment><![CDATA[{text}]]></CustomerOrderComment></OrderRequest>"
    assert read(message).order.CustomerOrderComment == text


@pytest.mark.parametrize(
    "value", ["RecurringOrder", "3", "recurringorder", " RecurringOrder ", "RECURRINGORDER", "3.0"]
)
def test_order_type_by_name_or_number(value: str) -> None:
    assert read_clean(f"<OrderType>{value}</OrderType>").OrderType is OrderType.RecurringOrder


@pytest.mark.parametrize("value", ["Basket", "9", "0", "-3"])
def test_an_unknown_order_type_is_noted_and_taken_as_an_order(value: str) -> None:
    reading = read(order_xml(f"<OrderType>{value}</OrderType>"))
    (finding,) = reading.findings
    assert reading.order.OrderType is OrderType.Order
    assert (finding.rule, finding.seen, finding.severity) == ("unknown-code", value, Severity.NOTE)


@pytest.mark.parametrize(("value", "kept"), [("0", "Shipping"), ("1", "Invoice"), ("shipping", "Shipping"), ("x", "x")])
def test_fee_type_by_number_or_name(value: str, kept: str) -> None:
    assert read_clean(f"<Fees><Fee><Type>{value}</Type></Fee></Fees>").Fees == [Fee(Type=kept)]
