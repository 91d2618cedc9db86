"""Where in an XML message something stands: the path of elements and the line."""

from order_receiver.contract.places import parse_pointer
from order_receiver.contract.xml_form.careful_tree import local_name
from order_receiver.contract.xml_form.parser import Element


class Places:
    """Names places of one order: `/OrderRequest/Items/OrderItem[2]/PartNo (line 7)`.

    A place is an XPath of local names from the root of the message; a place that the message does not have ends in the
    name that is missed, with the line of what would hold it.
    """

    def __init__(self, order: Element) -> None:
        self._order = order

    def __call__(self, pointer: str) -> str:
        """The place of a JSON pointer into the order; the empty pointer is the order itself."""
        element: Element | None = self._order
        line = self._order.sourceline
        path = "".join(f"/{local_name(outer)}" for outer in (*reversed(list(self._order.iterancestors())), self._order))
        for part in parse_pointer(pointer):
            element, step = _step(element, part)
            path += f"/{step}"
            line = line if element is None else element.sourceline
        return f"{path} (line {line})"


def _step(element: Element | None, part: str) -> tuple[Element | None, str]:
    if element is None:
        return None, part
    if part.isdigit():
        children = list(element)
        if int(part) >= len(children):
            return None, f"*[{int(part) + 1}]"
        child = children[int(part)]
        return child, f"{local_name(child)}[{int(part) + 1}]"
    return next((child for child in element if local_name(child) == part), None), part
