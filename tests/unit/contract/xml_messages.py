"""Orders as XML, and both ways of reading them."""

from functools import partial

from order_receiver.contract import forms
from order_receiver.contract.conversion import DEFAULT_LIMITS, DEFAULT_ZONE, carefully, quickly
from order_receiver.contract.findings import Finding
from order_receiver.contract.media import media_type
from order_receiver.contract.notebook import Notebook
from order_receiver.contract.reading import Reading
from order_receiver.contract.request import Company, OrderItem, OrderRequest
from order_receiver.contract.xml_form import Element, reader
from order_receiver.contract.xml_form.careful_tree import careful_tree
from order_receiver.contract.xml_form.names import ORDER, PROMOTION, XSI

XML = "application/xml; charset=utf-8"
START = f'<OrderRequest xmlns="{ORDER}" xmlns:i="{XSI}" xmlns:p="{PROMOTION}">'
END = "</OrderRequest>"


def order_xml(members: str) -> str:
    """An order with these members."""
    return START + members + END


def read(message: str | bytes, content_type: str | None = XML) -> Reading:
    """A whole message, read as the receiver does."""
    return forms.read(message.encode() if isinstance(message, str) else message, media_type(content_type))


def read_clean(members: str) -> OrderRequest:
    """The order with these members, which must be read without findings."""
    reading = read(order_xml(members))
    assert reading.findings == ()
    return reading.order


def only_finding(members: str) -> Finding:
    """The one finding of the order with these members."""
    (finding,) = read(order_xml(members)).findings
    return finding


def read_row(members: str) -> OrderItem:
    """The one row of an order, with these members, which must be read without findings."""
    items = read_clean(f"<Items><OrderItem>{members}</OrderItem></Items>").Items
    assert items is not None
    (item,) = items
    return item


def read_company(members: str) -> Company:
    """The buying company of an order, with these members, which must be read without findings."""
    order = read_clean(f"<SellTo><Company>{members}</Company></SellTo>")
    assert order.SellTo is not None
    assert order.SellTo.Company is not None
    return order.SellTo.Company


def opened(body: bytes) -> Element:
    """The element that holds the members, bare or in an envelope."""
    element, _ = forms.open_message(body, media_type(XML))
    return element


def read_quickly(body: bytes) -> Reading | None:
    """By the quick way alone; None where it gives up."""
    return quickly(partial(reader._decode, opened(body)), DEFAULT_ZONE, DEFAULT_LIMITS)


def read_carefully(body: bytes) -> Reading:
    """By the careful way alone."""
    notebook = Notebook()
    tree = careful_tree(opened(body), notebook, DEFAULT_LIMITS.depth)
    return carefully(tree, notebook, DEFAULT_ZONE, DEFAULT_LIMITS)
