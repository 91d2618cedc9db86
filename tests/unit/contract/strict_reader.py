"""Answers as the strictest known .NET reader takes them, written from its behaviour and with another parser than ours.

(norce: samples, how DataContractSerializer reads answers, SOAP answers)
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.parsers import expat

from order_receiver.contract.xml_form.names import ORDER, XSI

TEXT_LIMIT = 8_192
MESSAGE_LIMIT = 65_536
WHOLE = True


@dataclass
class Node:
    """An element: its namespace and name, its attributes likewise, its text and its children."""

    name: tuple[str, str]
    attributes: dict[tuple[str, str], str]
    text: str = ""
    children: "list[Node]" = field(default_factory=list)


def parse(body: bytes) -> Node:
    """The root element of a message that starts with it, without anything that an answer must not have."""
    assert body.startswith(b"<")
    assert not body.startswith(b"<?")
    assert len(body) < MESSAGE_LIMIT
    body.decode("utf-8", errors="strict")
    top = Node(("", ""), {})
    open_nodes = [top]

    def start(name: str, attributes: dict[str, str]) -> None:
        node = Node(split(name), {split(one): value for one, value in attributes.items()})
        open_nodes[-1].children.append(node)
        open_nodes.append(node)

    def end(_: str) -> None:
        assert len(open_nodes.pop().text) < TEXT_LIMIT

    def text(data: str) -> None:
        open_nodes[-1].text += data

    def never(*_: object) -> None:
        raise AssertionError("an answer has no DOCTYPE, comments or processing instructions")

    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.StartDoctypeDeclHandler = parser.ProcessingInstructionHandler = parser.CommentHandler = never
    parser.Parse(body, WHOLE)
    (root,) = top.children
    return root


def split(name: str) -> tuple[str, str]:
    namespace, _, local = name.rpartition(" ")
    return namespace, local


def only_child(node: Node, name: tuple[str, str]) -> Node:
    """The one child, which has this name; nothing stands beside it."""
    (child,) = children(node, [name])
    return child


def children(node: Node, names: Sequence[tuple[str, str]]) -> list[Node]:
    """The children, which have exactly these names in this order; nothing stands between them."""
    assert node.text == ""
    assert [child.name for child in node.children] == list(names)
    return node.children


def order_response(node: Node) -> tuple[str | None, str | None, bool, str | None]:
    """StatusCode, Description, HasErpOrderNo and ErpOrderNo; members out of order would be lost without a word."""
    assert node.attributes == {}
    names = [(ORDER, name) for name in ("StatusCode", "Description", "HasErpOrderNo", "ErpOrderNo")]
    status, description, has, number = children(node, names)
    assert has.attributes == {}
    return value(status), value(description), {"true": True, "false": False}[has.text], value(number)


def value(node: Node) -> str | None:
    """The text of a member, or None where it says that it is null."""
    assert node.children == []
    if node.attributes == {(XSI, "nil"): "true"}:
        assert node.text == ""
        return None
    assert node.attributes == {}
    return node.text
