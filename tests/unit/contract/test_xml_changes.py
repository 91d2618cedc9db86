"""XML over random orders: however an order is written, it stays the same order."""

import re
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject, SearchStrategy
from lxml import etree
from lxml.etree import _Element

from order_receiver.contract import forms
from order_receiver.contract.media import media_type
from order_receiver.contract.plan import Kind, members
from order_receiver.contract.request import Message, OrderRequest
from order_receiver.contract.xml_form.names import entry_name
from order_receiver.orders.fingerprint import differences, fingerprint
from order_receiver.simulator.order_xml import write_xml

Orders = SearchStrategy[OrderRequest]

few = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def entry_names() -> set[str]:
    """What entries of lists are called; the elements that hold them keep their order."""
    found: set[str] = set()
    waiting: list[type[Message]] = [OrderRequest]
    while waiting:
        inner = [member for member in members(waiting.pop()) if member.struct or member.kind is Kind.TEXTS]
        waiting.extend(member.struct for member in inner if member.struct is not None)
        found.update(entry_name(member) for member in inner if member.kind is not Kind.OBJECT)
    return found


ENTRIES = entry_names()
BOOLEANS = {"true": " TRUE\n", "false": "0"}


def local(element: _Element) -> str:
    return etree.QName(element).localname


def is_list(element: _Element) -> bool:
    """A CodeValue's first member is no Value, so that a list of Values is told from it."""
    return len(element) > 0 and local(element[0]) in ENTRIES


def in_tree(change: Callable[[_Element], None]) -> Callable[[bytes], bytes]:
    """A change to each element of a message."""

    def changed(body: bytes) -> bytes:
        root = etree.fromstring(body)
        for element in list(root.iter(etree.Element)):
            change(element)
        return etree.tostring(root, encoding="utf-8")

    return changed


def backwards(element: _Element) -> None:
    if not is_list(element):
        element[:] = reversed(element)


def without_namespace(element: _Element) -> None:
    element.tag = local(element)


def in_lower_case(element: _Element) -> None:
    if local(element) not in ENTRIES | {"OrderRequest"}:
        element.tag = element.tag.replace(local(element), local(element).lower())


def without_nulls(element: _Element) -> None:
    if not is_list(element):
        for child in list(element):
            if child.attrib:
                element.remove(child)


def with_extension_data(element: _Element) -> None:
    if len(element) > 0 and not is_list(element):
        etree.SubElement(element, "ExtensionData").text = "x"


def booleans_otherwise(element: _Element) -> None:
    if local(element).startswith(("Is", "Do")) and element.text in BOOLEANS:
        element.text = BOOLEANS[element.text]


def numbers_in_white_space(element: _Element) -> None:
    if local(element) in ("LineNo", "UnitPrice", "Quantity2", "ReferId", "SubmitDate", "OrderType") and element.text:
        element.text = f"\n  {element.text}\t"


def indented(body: bytes) -> bytes:
    root = etree.fromstring(body)
    etree.indent(root)
    return etree.tostring(root, encoding="utf-8")


def prefixed(body: bytes) -> bytes:
    return re.sub(rb"<(/?)(?=\w+[ />])", rb"<\1q:", body).replace(b"xmlns=", b"xmlns:q=", 1)


def with_comments(body: bytes) -> bytes:
    """Behind every tag: the writer leaves no other sign that ends one."""
    return body.replace(b">", b"><!-- <a> & --><?b c?>")


def in_sections(body: bytes) -> bytes:
    return re.sub(rb">([^<>&]+)<", rb"><![CDATA[\1]]><", body)


def as_references(body: bytes) -> bytes:
    return re.sub("[^\x00-\x7f]", lambda match: f"&#{ord(match[0])};", body.decode()).encode()


def as_halves(body: bytes) -> bytes:
    """Characters beyond 16 bits as some .NET writers send them."""

    def halves(match: re.Match[str]) -> str:
        pair = match[0].encode("utf-16-be")
        return f"&#x{pair[:2].hex()};&#x{pair[2:].hex().upper()};"

    return re.sub("[\U00010000-\U0010ffff]", halves, body.decode()).encode()


def in_utf16(body: bytes) -> bytes:
    return ('<?xml version="1.0" encoding="utf-16"?>' + body.decode()).encode("utf-16")


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "backwards": in_tree(backwards),
    "without namespaces": in_tree(without_namespace),
    "in lower case": in_tree(in_lower_case),
    "without nulls": in_tree(without_nulls),
    "with ExtensionData": in_tree(with_extension_data),
    "booleans otherwise": in_tree(booleans_otherwise),
    "numbers in white space": in_tree(numbers_in_white_space),
    "indented": indented,
    "prefixed": prefixed,
    "with comments": with_comments,
    "in sections": in_sections,
    "as references": as_references,
    "as halves of pairs": as_halves,
    "in utf-16": in_utf16,
    "nulls as 1": lambda body: body.replace(b'i:nil="true"', b"i:nil='1'"),
    "line feeds as references": lambda body: body.replace(b"\n", b"&#xA;"),
    "Windows line ends": lambda body: re.sub(rb"(?<!&#xD;)\n", b"\r\n", body),
    "attributes of serializers": lambda body: body.replace(
        b"<Header>", b'<Header i:type="Header" xml:space="preserve">'
    ),
    "blank lines around": lambda body: b"\xef\xbb\xbf\r\n <?xml version='1.0'?>\n" + body + b"\n\n",
}


@pytest.mark.parametrize("change", CHANGES)
@few
@given(data=st.data())
def test_tolerance_does_not_change_the_order(data: DataObject, xml_orders: Orders, change: str) -> None:
    order = data.draw(xml_orders)
    reading = forms.read(CHANGES[change](write_xml(order)), media_type("application/xml"))
    assert reading.findings == ()
    assert differences(order, reading.order) == ()
    assert fingerprint(order) == fingerprint(reading.order)
