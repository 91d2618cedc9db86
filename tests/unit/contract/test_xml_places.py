"""Findings in XML name their place as an XPath with its line, and show no personal values."""

import re
from decimal import Decimal

import pytest
from tests.unit.contract.xml_messages import order_xml, read

from order_receiver.contract.findings import Finding
from order_receiver.contract.json_form import read as read_json
from order_receiver.contract.notes import notes
from order_receiver.contract.xml_form.names import ORDER, SOAP11, SOAP12
from order_receiver.orders.checks import check

ORDER_LINES = """<?xml version="1.0"?>
<OrderRequest
    xmlns:i="http://www.w3.org/2001/XMLSchema-instance"
    xmlns="Enferno.Services.StormConnect.Contracts.Order">
  <SellTo>
    <Person>
      <SSN><Hidden/></SSN>
      <Email>kalle@example.com<b/></Email>
    </Person>
  </SellTo>
  <DoHold>maybe</DoHold>
  <Items>
    <OrderItem><LineNo>1</LineNo></OrderItem>
    <OrderItem>
      <LineNo>1</LineNo>
      <Quantity>two</Quantity>
      <Type>Rent</Type>
    </OrderItem>
  </Items>
  <New/>
  <CurrencyCode>KRONOR</CurrencyCode>
</OrderRequest>
"""
AT = [
    "/OrderRequest/SellTo/Person/SSN (line 7)",
    "/OrderRequest/SellTo/Person/Email (line 8)",
    "/OrderRequest/DoHold (line 11)",
    "/OrderRequest/Items/OrderItem[2]/Quantity (line 16)",
    "/OrderRequest/New (line 20)",
]


def further_down(lines: int) -> list[str]:
    """The same places some lines further down."""
    return [re.sub(r"\d+(?=\)$)", lambda match: str(int(match[0]) + lines), where) for where in AT]


def places(message: str | bytes) -> list[str]:
    reading = read(message)
    return [finding.where for finding in reading.located(reading.findings)]


def place(message: str | bytes, pointer: str) -> str:
    (finding,) = read(message).located([Finding(pointer, "rule", "seen", "Advice.")])
    return finding.where


def enveloped(text: str, namespace: str) -> str:
    start, end = f'<s:Envelope xmlns:s="{namespace}">\n<s:Body><CreateOrder>', "</CreateOrder></s:Body></s:Envelope>"
    return start + text.partition("?>\n")[2].replace("OrderRequest", "request") + end


def test_findings_are_placed_by_element_and_line() -> None:
    assert places(ORDER_LINES) == AT


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_lines_count_in_any_encoding(encoding: str) -> None:
    assert places(ORDER_LINES.encode(encoding)) == AT


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_lines_count_with_any_line_end(ending: str) -> None:
    assert places(ORDER_LINES.replace("\n", ending)) == AT


@pytest.mark.parametrize("start", ["\n\n", "\r\n \r\n", "<!-- a\nb -->\n<?c\nd?>"])
def test_lines_count_from_the_first_of_the_message(start: str) -> None:
    bare = ORDER_LINES.partition("\n")[2]
    assert places(start + bare) == further_down(start.count("\n") - 1)


def test_lines_count_before_a_declaration_too() -> None:
    assert places("\n\n" + ORDER_LINES) == further_down(2)


def test_lines_count_where_the_order_has_to_be_mended() -> None:
    assert places(ORDER_LINES.replace("maybe", "may&#x1;be")) == AT


@pytest.mark.parametrize("namespace", [SOAP11, SOAP12])
def test_places_in_an_envelope_start_there(namespace: str) -> None:
    first, *_, last = places(enveloped(ORDER_LINES, namespace))
    assert first == "/Envelope/Body/CreateOrder/request/SellTo/Person/SSN (line 7)"
    assert last == "/Envelope/Body/CreateOrder/request/New (line 20)"


def test_prefixes_do_not_show() -> None:
    message = (
        f'<q:OrderRequest xmlns:q="{ORDER}"><q:Items>\n<q:OrderItem><q:LineNo>x</q:LineNo></q:OrderItem></q:Items>'
    )
    assert places(message + "</q:OrderRequest>") == ["/OrderRequest/Items/OrderItem[1]/LineNo (line 2)"]


def test_notes_and_checks_are_placed_too() -> None:
    reading = read(ORDER_LINES)
    noted = {finding.rule: finding.where for finding in reading.located(notes(reading.order))}
    assert noted["unknown-word"] == "/OrderRequest/Items/OrderItem[2]/Type (line 17)"
    assert noted["not-a-currency"] == "/OrderRequest/CurrencyCode (line 21)"
    checked = {finding.rule: finding.where for finding in reading.located(check(reading.order, Decimal(0)))}
    assert checked["repeated-line"] == "/OrderRequest/Items/OrderItem[2]/LineNo (line 15)"
    assert checked["no-part-no"] == "/OrderRequest/Items/OrderItem[2]/PartNo (line 14)"


@pytest.mark.parametrize(
    ("pointer", "where"),
    [
        ("", "/OrderRequest (line 1)"),
        ("/Items", "/OrderRequest/Items (line 2)"),
        ("/Items/1", "/OrderRequest/Items/OrderItem[2] (line 3)"),
        ("/Items/1/PartNo", "/OrderRequest/Items/OrderItem[2]/partNo (line 4)"),
        ("/Items/1/Quantity", "/OrderRequest/Items/OrderItem[2]/Quantity (line 3)"),
        ("/Items/2", "/OrderRequest/Items/*[3] (line 2)"),
        ("/Items/2/PartNo", "/OrderRequest/Items/*[3]/PartNo (line 2)"),
        ("/Payments/0/Amount", "/OrderRequest/Payments/*[1]/Amount (line 1)"),
        ("/SubmitDate", "/OrderRequest/SUBMITDATE (line 5)"),
        ("/Source", "/OrderRequest/Source (line 6)"),
    ],
)
def test_place_of_what_is_missing_or_spelled_otherwise(pointer: str, where: str) -> None:
    message = order_xml(
        "\n<Items><OrderItem/>\n<OrderItem>\n<partNo/></OrderItem></Items>\n"
        "<SUBMITDATE/>\n<Source>1</Source>\n<Source>2</Source><source/>"
    )
    assert place(message, pointer) == where


@pytest.mark.parametrize("name", ["\u2082", "\u0661", "\u0661\u0662", "\u1369", "_1", "a.1-b\u00b7c"])
def test_a_name_with_digits_is_no_position(name: str) -> None:
    """XML names may begin with digits of other scripts, some of which are no numbers to Python."""
    assert places(order_xml(f"<{name}/>")) == [f"/OrderRequest/{name} (line 1)"]


def test_a_json_message_is_placed_by_pointers() -> None:
    reading = read_json(b'{"DoHold":"maybe"}')
    assert reading.located(reading.findings) == reading.findings


def test_many_children_are_looked_through_once() -> None:
    """300 findings behind 50,000 elements: by a walk for each it would be a matter of minutes."""
    rows = "<OrderItem><UnitPrice>x</UnitPrice></OrderItem>" * 100
    message = order_xml(f"{'<New/>' * 50_000}<Items>{'<OrderItem/>' * 4_000}{rows}</Items>")
    assert places(message)[-2] == "/OrderRequest/Items/OrderItem[4098]/UnitPrice (line 1)"


@pytest.mark.parametrize(
    ("members", "seen"),
    [
        ("<SellTo><Person><IsActive>Kalle</IsActive></Person></SellTo>", "Kalle"),
        ("<SellTo><Person>Kalle<SSN/></Person></SellTo>", "K***"),
        ("<SellTo><Person><Address><Line1>a<b/></Line1></Address></Person></SellTo>", "an object with 1 members"),
        ("<SellTo><Person><SSN>8<b/></SSN></Person></SellTo>", "an object with 1 members"),
        ("<SellTo><Person><SSN>1</SSN><SSN>2</SSN></Person></SellTo>", "SSN"),
    ],
)
def test_values_are_shown_masked(members: str, seen: str) -> None:
    reading = read(order_xml(members))
    assert [finding.seen for finding in reading.located(reading.findings)] == [seen]


@pytest.mark.parametrize("length", [51, 300])
def test_notes_about_personal_texts_are_masked(length: int) -> None:
    reading = read(order_xml(f"<BillTo><Person><SSN>{'1' * length}</SSN></Person></BillTo>"))
    (note,) = reading.located(notes(reading.order, lengths_fit=reading.lengths_fit))
    assert (note.where, note.seen) == ("/OrderRequest/BillTo/Person/SSN (line 1)", f"*** ({length} characters)")
