"""Elements of a UBL document: made only where there is something to say, and exact."""

import re
from decimal import Decimal

from lxml import etree

from order_receiver.contract.personal import shorten
from order_receiver.mapping.model import MappingFailed
from order_receiver.mapping.written import number

ORDER = "urn:oasis:names:specification:ubl:schema:xsd:Order-2"
CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
EXT = "urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2"
EMPTY = f'<Order xmlns="{ORDER}" xmlns:cac="{CAC}" xmlns:cbc="{CBC}" xmlns:ext="{EXT}"/>'
"""An order with the namespaces in their usual prefixes."""


UNFIT = re.compile("[^\\t\\n\\r -\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def fit(text: str, field: str) -> str:
    """The text, if XML can hold it. Raises MappingFailed."""
    found = UNFIT.search(text)
    if found:
        raise MappingFailed(
            f"the text has the character {found[0]!a}, which XML cannot hold; correct the order", field=shorten(field)
        )
    return text


class Node:
    """One aggregate of the document. `currency` is that of every amount in it."""

    def __init__(self, element: etree._Element, currency: str, used: set[str]) -> None:
        self.element = element
        self.currency = currency
        self.used = used
        """The fields of the canonical order that have been written so far."""

    def group(self, *names: str) -> "Node":
        """A group within this one, through all the names."""
        element = self.element
        for name in names:
            element = etree.SubElement(element, f"{{{CAC}}}{name}")
        return Node(element, self.currency, self.used)

    def fixed(self, name: str, text: str | None, **attributes: str) -> None:
        """An element whose text does not come from the order; nothing for None."""
        if text is not None:
            etree.SubElement(self.element, f"{{{CBC}}}{name}", attributes).text = text

    def text(self, name: str, text: str | None, field: str, **attributes: str) -> None:
        """An element with a text of the order. Raises MappingFailed for what XML cannot hold."""
        if text is not None:
            self.fixed(name, fit(text, field), **attributes)
            self.used.add(field)

    def decimal(self, name: str, value: Decimal, field: str, **attributes: str) -> None:
        """An element with a number of the order."""
        self.fixed(name, number(value, field), **attributes)
        self.used.add(field)

    def amount(self, name: str, value: Decimal, field: str) -> None:
        """An element with an amount of the order."""
        self.decimal(name, value, field, currencyID=self.currency)

    def prune(self) -> bool:
        """Drop this group again if nothing came into it; UBL knows no empty elements. Say whether it stays."""
        for child in list(self.element):
            Node(child, self.currency, self.used).prune()
        parent = self.element.getparent()
        empty = not len(self.element) and not self.element.text
        if empty and parent is not None:
            parent.remove(self.element)
        return not empty
