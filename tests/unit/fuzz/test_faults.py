"""Faults that fuzzing found, or that its rules found by hand; each message is in the corpus too."""

import pytest

from order_receiver.contract import forms
from order_receiver.contract.media import MediaType
from order_receiver.contract.reading import Reading
from order_receiver.contract.request import ClientCustomer

JSON, XML = MediaType("application/json"), MediaType("application/xml")
NIL = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil'


def read_json(members: str) -> Reading:
    return forms.read(f"{{{members}}}".encode(), JSON)


def read_xml(members: str) -> Reading:
    return forms.read(f"<OrderRequest>{members}</OrderRequest>".encode(), XML)


@pytest.mark.parametrize("said", ["false", "0", "no", ""])
def test_an_empty_element_that_is_not_nil_is_not_null(said: str) -> None:
    """The quick reader took any i:nil for null, whatever it said."""
    order = read_xml(f'<SellTo {NIL}="{said}"/><ClientOrderRef {NIL}="{said}"/><Items {NIL}="{said}"/>').order
    assert (order.SellTo, order.ClientOrderRef, order.Items) == (ClientCustomer(), "", [])


def test_the_door_takes_no_key_from_a_header_that_is_nil() -> None:
    body = f'<OrderRequest><Header {NIL}="true"><ApplicationKey>k</ApplicationKey></Header></OrderRequest>'.encode()
    seen, _ = forms.glance(body, XML)
    assert seen.application_key is None
    assert forms.read(body, XML).order.Header is None


def test_no_finding_shows_a_whole_name_that_a_sender_made_up() -> None:
    reading = read_xml(f"<Items><{'a' * 40_000}/></Items>")
    assert reading.findings
    assert all(len(finding.where) < 200 for finding in reading.located(reading.findings))


@pytest.mark.parametrize(("first", "shown"), [("\x7f", "\\x7f***"), ("\x9b", "\\x9b***")])
def test_a_masked_value_shows_no_control_character(first: str, shown: str) -> None:
    """A personal value was shown by its first character, whatever that was."""
    (finding,) = read_xml(f"{first}secret<Source/>").findings
    assert (finding.rule, finding.seen) == ("stray-text", shown)


@pytest.mark.parametrize("name", ["SubmitDate", "Submit\\u0044ate"])
def test_a_second_date_is_read_as_closely_as_a_first(name: str) -> None:
    """The quick reader was content with one date that was text, and took the other for seconds."""
    reading = read_json(f'"SubmitDate":"2026-01-01T00:00:00Z","{name}":1734519600')
    assert [finding.rule for finding in reading.findings] == ["not-a-date"]


def test_a_date_may_have_any_number_of_digits() -> None:
    date = f"2026-01-01T00:00:00.{'2' * 40}Z"
    readings = read_json(f'"SubmitDate":"{date}"'), read_json(f'"submitdate":"{date}"')
    assert readings[0].order == readings[1].order
    assert readings[1].findings == ()


@pytest.mark.parametrize("number", ["1.0", "1e3", "0.1234567890123456789", "18446744073709551616"])
def test_door_and_worker_read_the_same_reference_from_a_number(number: str) -> None:
    body = f'{{"ClientOrderRef":{number},"Items":[],"Header":{{"ApplicationKey":"k"}}}}'.encode()
    seen, _ = forms.glance(body, JSON)
    assert seen.client_order_ref == forms.read(body, JSON).order.ClientOrderRef
