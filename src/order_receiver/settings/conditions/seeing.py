"""The values that a condition looked at, in words: what a rule is explained with."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise

from msgspec import Struct

from order_receiver.contract.personal import shown
from order_receiver.orders.canonical import OrderPart, RowPart
from order_receiver.settings.conditions.compiling import ROW
from order_receiver.settings.conditions.kinds import INFO_VALUE, Kind, fields_of

MOST_SHOWN = 4
"""Values of one field over all rows that are told."""

ALIKE = 0.5
"""How much a known word must be like another one to be offered for it: `GiftCertificate` for `GiftCard`."""


@dataclass(frozen=True, slots=True)
class Look:
    """One field that a condition looks at: the way to it from the order or the row, and how its value is masked."""

    text: str
    steps: tuple[str, ...]
    code: str | None = None
    personal: str | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """A code compared with a word that is not known for it: Norce may send new ones, but it is mostly a slip."""

    field: str
    word: str
    nearest: str | None


def doubts(tree: ast.expr, scope: Mapping[str, Kind]) -> tuple[Doubt, ...]:
    """What is doubtful in a checked condition."""
    found = _Looking(scope)
    found.visit(tree)
    return tuple(dict.fromkeys(found.doubts))


def looks(tree: ast.expr, scope: Mapping[str, Kind]) -> tuple[Look, ...]:
    """The fields that a checked condition looks at, each once, in the order they are written."""
    found = _Looking(scope)
    found.visit(tree)
    return tuple(dict.fromkeys(found.looks))


class _Looking(ast.NodeVisitor):
    """Follows each way of names to its end; a name that goes through a list stands for all of its entries."""

    def __init__(self, scope: Mapping[str, Kind]) -> None:
        self.looks: list[Look] = []
        self.doubts: list[Doubt] = []
        self._roots: dict[str, tuple[tuple[str, ...], Kind]] = {name: ((name,), kind) for name, kind in scope.items()}

    def visit_Name(self, node: ast.Name) -> None:
        self._look(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._look(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self._look(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        self.generic_visit(node)
        for left, right in pairwise([node.left, *node.comparators]):
            self._doubt(left, right)
            self._doubt(right, left)

    def _doubt(self, field: ast.expr, other: ast.expr) -> None:
        words = self._way(field)[1].words if isinstance(field, ast.Name | ast.Attribute) else frozenset[str]()
        unknown = [word for word in _texts(other) if word not in words] if words else []
        for word in unknown:
            names = {each.lower(): each for each in sorted(words)}
            near = get_close_matches(word.lower(), names, n=1, cutoff=ALIKE)
            self.doubts.append(Doubt(ast.unparse(field), word, names[near[0]] if near else None))

    def visit_Call(self, node: ast.Call) -> None:
        """Past the names of functions, to what they are given."""
        if isinstance(node.func, ast.Attribute):
            self.visit(node.func.value)
        for argument in node.args:
            self.visit(argument)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        loop = node.generators[0]
        steps, kind, _ = self._way(loop.iter)
        before, known = dict(self._roots), len(self.looks)
        if isinstance(loop.target, ast.Name) and kind.item is not None:
            self._roots[loop.target.id] = (steps, kind.item)
        for inner in (node.elt, *loop.ifs):
            self.visit(inner)
        if len(self.looks) == known:
            self._look(loop.iter)
        self._roots = before

    def _look(self, node: ast.expr) -> None:
        steps, kind, code = self._way(node)
        text = ".".join(steps) + ("" if code is None else f'["{code}"]')
        self.looks.append(Look(text, steps, code, kind.personal))

    def _way(self, node: ast.expr) -> tuple[tuple[str, ...], Kind, str | None]:
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            return self._way(node.value)[0], INFO_VALUE, str(node.slice.value)
        if isinstance(node, ast.Attribute):
            steps, kind, _ = self._way(node.value)
            return (*steps, node.attr), fields_of(kind.struct or Struct)[node.attr], None
        steps, kind = self._roots[node.id if isinstance(node, ast.Name) else ""]
        return steps, kind, None


def _texts(node: ast.expr) -> Iterator[str]:
    """The texts that are written out here, by themselves or in a list."""
    for each in node.elts if isinstance(node, ast.List | ast.Tuple | ast.Set) else [node]:
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def seen(look: Look, order: OrderPart, rows: Sequence[RowPart] = ()) -> str:
    """What an order has at a field: `buyer.address.country is "SE"`; `rows` are those that `row` stands for."""
    many = look.steps[0] == ROW
    found: list[object] = [*rows] if many else [order]
    for index, step in enumerate(look.steps[many:], many):
        there = [each for each in found if each is not None]
        if found and not there:
            return f"{'.'.join(look.steps[:index])} is not there"
        found = [getattr(each, step) for each in there]
        if index < len(look.steps) - 1 and any(isinstance(each, list) for each in found):
            many, found = True, [entry for entries in found if isinstance(entries, list) for entry in entries]
    return f"{look.text} {_told(look, found)}"


def _told(look: Look, found: Sequence[object]) -> str:
    values = list(dict.fromkeys(_in_words(look, each) for each in found))
    if not values:
        return "is nowhere: there are no entries"
    rest = [f"and {len(values) - MOST_SHOWN} more"] if len(values) > MOST_SHOWN else []
    return "is " + ", ".join([*values[:MOST_SHOWN], *rest])


def _in_words(look: Look, value: object) -> str:
    if look.code is not None:
        value = value.get(look.code) if isinstance(value, dict) else None
    if isinstance(value, Struct):
        return "there"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if value is None:
        return "empty"
    text = shown(value, look.personal)
    return f'"{text}"' if isinstance(value, str) else text
