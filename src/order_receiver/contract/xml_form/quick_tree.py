"""XML that is written as .NET writes it, as a plain tree: the quick way, which gives up on anything unusual."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import cast

from lxml import etree

from order_receiver.contract.plan import Kind, Member, members
from order_receiver.contract.request import Message, OrderRequest
from order_receiver.contract.scalars import Tree
from order_receiver.contract.xml_form.names import PROMOTION, XSI, entry_name, namespace
from order_receiver.contract.xml_form.parser import Element

NIL = f"{{{XSI}}}nil"
TRUE = ("true", "1")

_sizes = etree.XPath("concat(count(.//*), ' ', count(.//@*), ' ', string-length(.))")


class Unusual(Exception):
    """Not as .NET writes it: read it with care."""


def quick_tree(order: Element) -> dict[str, Tree]:
    """The members of an order whose elements are all known, each once, and hold either text or elements.

    Raises Unusual for any other: also where elements, attributes and characters are more than were met at their places.
    """
    walk = _Walk()
    tree = walk.members(order, _shape(OrderRequest))
    if cast("str", _sizes(order)) != f"{walk.elements} {walk.nils} {walk.characters}":
        raise Unusual
    return tree


class _Walk:
    """Goes through the elements once, and counts what it meets."""

    def __init__(self) -> None:
        self.elements = 0
        self.nils = 0
        self.characters = 0

    def members(self, element: Element, shape: "_Shape") -> dict[str, Tree]:
        """The hot loop: more than half the time of reading XML is spent here."""
        values: dict[str, Tree] = {}
        met = nils = characters = 0
        for child in element:
            met += 1
            known = shape.get(child.tag)
            if known.__class__ is not str:
                self._compound(values, child, cast("_Compound | None", known))
            elif (text := child.text) is not None:
                values[known] = text
                characters += len(text)
            elif (nil := child.get(NIL)) is None:
                values[known] = ""
            elif nil in TRUE:
                nils += 1
                values[known] = None
            else:
                raise Unusual
        if met != len(values):
            raise Unusual
        self.elements += met
        self.nils += nils
        self.characters += characters
        return values

    def _compound(self, values: dict[str, Tree], child: Element, known: "_Compound | None") -> None:
        if known is None:
            raise Unusual
        name, read = known
        value = read(self, child)
        if not value and child.get(NIL) in TRUE:
            self.nils += 1
            value = None
        values[name] = value


_Reader = Callable[[_Walk, Element], Tree]
_Compound = tuple[str, _Reader]
_Shape = Mapping[str, "str | _Compound"]
"""What may stand in an element, by tag (the parser leaves the order namespace out).

The name of a member that is plain text; for others also how to read them.
"""


@cache
def _shape(struct: type[Message]) -> _Shape:
    around = f"{{{PROMOTION}}}" if namespace(struct) == PROMOTION else ""
    return {f"{around}{member.name}": _entry(member) for member in members(struct)}


def _entry(member: Member) -> str | _Compound:
    read = _reader(member)
    return member.name if read is None else (member.name, read)


def _reader(member: Member) -> _Reader | None:
    """How to read a member that is not plain text."""
    if member.kind is Kind.OBJECT and member.struct is not None:
        return _object(_shape(member.struct))
    if member.kind is Kind.LIST and member.struct is not None:
        return _list(_shape(member.struct), entry_name(member))
    if member.kind is Kind.TEXTS:
        return _texts(entry_name(member))
    return None if member.codes is None else _code({one.name: one.value for one in member.codes})


def _object(shape: _Shape) -> _Reader:
    return lambda walk, element: walk.members(element, shape)


def _list(shape: _Shape, tag: str) -> _Reader:
    def read(walk: _Walk, element: Element) -> Tree:
        entries: list[Tree] = []
        for one in element:
            if one.tag != tag:
                raise Unusual
            entries.append(walk.members(one, shape))
        walk.elements += len(entries)
        return entries

    return read


def _texts(tag: str) -> _Reader:
    def read(walk: _Walk, element: Element) -> Tree:
        texts: list[Tree] = []
        for one in element:
            if one.tag != tag or one.text is None:
                raise Unusual
            texts.append(one.text)
            walk.characters += len(one.text)
        walk.elements += len(texts)
        return texts

    return read


def _code(values: Mapping[str, int]) -> _Reader:
    def read(walk: _Walk, element: Element) -> Tree:
        text = element.text or ""
        walk.characters += len(text)
        return values.get(text, text)

    return read
