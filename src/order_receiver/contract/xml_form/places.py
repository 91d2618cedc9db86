"""Where in an XML message something stands: the path of elements and the line."""

from order_receiver.contract.personal import shorten
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
        self._known: dict[Element, _Children] = {}

    def __call__(self, pointer: str) -> str:
        """The place of a JSON pointer into the order; the empty pointer is the order itself."""
        element: Element | None = self._order
        line = self._order.sourceline
        path = "".join(f"/{_shown(outer)}" for outer in (*reversed(list(self._order.iterancestors())), self._order))
        for part in parse_pointer(pointer):
            element, step = self._entry(element, int(part)) if _is_position(part) else self._member(element, part)
            path += f"/{step}"
            line = line if element is None else element.sourceline
        return f"{path} (line {line})"

    def _entry(self, element: Element | None, index: int) -> tuple[Element | None, str]:
        entries = [] if element is None else self._children(element).entries
        if index >= len(entries):
            return None, f"*[{index + 1}]"
        return entries[index], f"{_shown(entries[index])}[{index + 1}]"

    def _member(self, element: Element | None, name: str) -> tuple[Element | None, str]:
        """A member by exact name, else in other case, called as it is written."""
        if element is None:
            return None, name
        children = self._children(element)
        child = children.named.get(name)
        if child is None:
            child = children.folded.get(name.casefold())
        return child, name if child is None else _shown(child)

    def _children(self, element: Element) -> "_Children":
        """Looked through once: there may be many findings, and many children."""
        if element not in self._known:
            self._known[element] = _Children(element)
        return self._known[element]


class _Children:
    """An element's children in order, the first of each name, and the last of each name in one case."""

    def __init__(self, element: Element) -> None:
        self.entries = list(element)
        self.named: dict[str, Element] = {}
        self.folded: dict[str, Element] = {}
        for child in self.entries:
            name = local_name(child)
            self.named.setdefault(name, child)
            self.folded[name.casefold()] = child


def _shown(element: Element) -> str:
    """The name as it may be shown: any of them is the sender's."""
    return shorten(local_name(element))


def _is_position(part: str) -> bool:
    """Names may begin with digits too, of other scripts."""
    return part.isascii() and part.isdigit()
