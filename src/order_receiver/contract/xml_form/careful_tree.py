"""XML as a plain tree by local names, whoever wrote it: nothing is dropped without a note."""

from order_receiver.contract.notebook import Notebook
from order_receiver.contract.personal import shorten, shown
from order_receiver.contract.plan import Kind, Member, folded_names
from order_receiver.contract.reading import TOO_DEEP_ADVICE, unreadable
from order_receiver.contract.request import Message, OrderRequest
from order_receiver.contract.scalars import Tree
from order_receiver.contract.xml_form.names import XSI, entry_name
from order_receiver.contract.xml_form.parser import Element

NIL = f"{{{XSI}}}nil"
INFRASTRUCTURE = (
    XSI,
    "http://schemas.microsoft.com/2003/10/Serialization/",
    "http://www.w3.org/XML/1998/namespace",
)
"""Namespaces of attributes that say something about the writing, not about the order."""


def careful_tree(order: Element, notebook: Notebook, depth: int) -> dict[str, Tree]:
    """The members of an order, also of one that no .NET sender would write.

    Of a member that comes twice the first counts, as in .NET. Raises Unreadable when elements are nested deeper than
    `depth`.
    """
    _check_depth(order, depth)
    return _Walk(notebook).members(order, OrderRequest)


class _Walk:
    def __init__(self, notebook: Notebook) -> None:
        self._notebook = notebook

    def members(self, element: Element, struct: type[Message]) -> dict[str, Tree]:
        values: dict[str, Tree] = {}
        self._look_around(element)
        for child in element:
            name = local_name(child)
            if name in values:
                advice = "It comes more than once; the first one counts, as in .NET, and the others were not used."
                self._note(name, "repeated-member", shorten(name), advice)
                continue
            member = folded_names(struct).get(name.casefold())
            values[name] = "" if member is None else self._at(name, child, member)
        return values

    def _at(self, name: str, child: Element, member: Member) -> Tree:
        self._notebook.path.append(name)
        try:
            return self._value(child, member)
        finally:
            self._notebook.path.pop()

    def _value(self, element: Element, member: Member) -> Tree:
        if is_nil(element):
            if len(element) or (element.text or "").strip():
                self._note(None, "not-empty", "content", "It says nil, so it was taken as null, as in .NET.")
            return None
        if member.kind is Kind.LIST and member.struct is not None:
            return self._entries(element, entry_name(member), member.struct)
        if member.kind is Kind.TEXTS:
            return self._texts(element, entry_name(member))
        if member.kind is Kind.OBJECT and member.struct is not None:
            return self._object(element, member.struct)
        return self._leaf(element)

    def _object(self, element: Element, struct: type[Message]) -> Tree:
        if len(element) == 0 and (element.text or "").strip():
            return element.text
        return self.members(element, struct)

    def _entries(self, element: Element, name: str, struct: type[Message]) -> Tree:
        if len(element) == 0 and (element.text or "").strip():
            return element.text
        self._look_around(element)
        self._look_at_names(element, name)
        entries: list[Tree] = []
        for index, entry in enumerate(element):
            self._notebook.path.append(index)
            entries.append(None if is_nil(entry) else self._object(entry, struct))
            self._notebook.path.pop()
        return entries

    def _texts(self, element: Element, name: str) -> Tree:
        if len(element) == 0 and (element.text or "").strip():
            return element.text
        self._look_around(element)
        self._look_at_names(element, name)
        return [None if is_nil(entry) else _text(entry) for entry in element]

    def _leaf(self, element: Element) -> Tree:
        self._look_at_attributes(element)
        return _text(element)

    def _look_around(self, element: Element) -> None:
        """Note what stands beside the members: text between them, attributes."""
        self._look_at_attributes(element)
        stray = [element.text, *(child.tail for child in element)]
        met = next((text.strip() for text in stray if text and text.strip()), None)
        if met is not None:
            self._note(None, "stray-text", shown(met, "personal"), "Text between members belongs to none; not used.")

    def _look_at_names(self, element: Element, name: str) -> None:
        """Entries count whatever they are called; the first that has another name is noted."""
        for index, entry in enumerate(element):
            if local_name(entry) != name:
                seen = shorten(local_name(entry))
                self._note(index, "unexpected-entry", seen, f"Entries are called {name} here; it was taken as one.")
                return

    def _look_at_attributes(self, element: Element) -> None:
        for attribute in element.attrib:
            namespace, _, name = str(attribute).rpartition("}")
            if namespace.removeprefix("{") not in INFRASTRUCTURE:
                advice = "The contract has no attributes; it was not used, but it is kept in the raw message."
                self._note(None, "unknown-attribute", shorten(name), advice)
                return

    def _note(self, name: str | int | None, rule: str, seen: str, advice: str) -> None:
        """What one row has, all may have: noted once."""
        kind = tuple(part for part in self._notebook.path if isinstance(part, str))
        self._notebook.note_once((*kind, seen), name, rule, seen, advice)


def local_name(element: Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def is_nil(element: Element) -> bool:
    """Whether an element says that it is null; in xs:boolean's words, white space around them allowed."""
    return (element.get(NIL) or "").strip() in {"true", "1"}


def _text(element: Element) -> Tree:
    """The text of a plain member; one with elements inside becomes an object, which no plain member can be."""
    return {local_name(child): "" for child in element} if len(element) else element.text or ""


def _check_depth(order: Element, limit: int) -> None:
    level = list(order)
    depth = 1
    while level:
        depth += 1
        if depth > limit:
            raise unreadable("too-deep", f"it is nested deeper than {limit} levels", TOO_DEEP_ADVICE)
        level = [inner for outer in level for inner in outer]
