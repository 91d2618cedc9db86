"""A checked condition into a Python function: it costs what Python costs, well under a microsecond."""

import ast
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import TypeAlias

from order_receiver.orders.canonical import Info, OrderPart, RowPart
from order_receiver.settings.conditions.checking import QUANTIFIERS

ORDER = "order"
ROW = "row"

Compiled: TypeAlias = Callable[[OrderPart, RowPart | None], object]
"""A condition as a function of an order and, where it is about rows, of one row. May raise one of CANNOT_BE_TOLD."""


class CannotBeTold(Exception):
    """What a condition needs is not in this order, or in this row."""


CANNOT_BE_TOLD = (AttributeError, TypeError, ArithmeticError, CannotBeTold)
"""What comes of asking something that is not there for its parts, or of comparing it; and of numbers that are none."""


def compiled(tree: ast.expr, source: str, fields: Iterable[str]) -> Compiled:
    """Compile a tree that `checking.check` has let through; numbers keep the digits they have in `source`."""
    rewriting = _Rewriting(source, frozenset(fields))
    function = ast.Lambda(args=_parameters(ORDER, ROW), body=rewriting.visit(tree))
    code = compile(ast.fix_missing_locations(ast.Expression(function)), "<condition>", "eval")
    made: Compiled = eval(code, {**_KNOWN, **rewriting.numbers})  # noqa: S307 - what may be in it has been checked
    return made


def _parameters(*names: str) -> ast.arguments:
    return ast.arguments(
        posonlyargs=[], args=[ast.arg(name) for name in names], kwonlyargs=[], kw_defaults=[], defaults=[]
    )


class _Rewriting(ast.NodeTransformer):
    """Fields become members of the order, decimal numbers exact, and each entry of a list is judged by itself."""

    def __init__(self, source: str, fields: frozenset[str]) -> None:
        self.numbers: dict[str, Decimal] = {}
        self._source = source
        self._fields = fields

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self._fields:
            return node
        return ast.Attribute(ast.Name(ORDER, ast.Load()), node.id, ast.Load())

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if not isinstance(node.value, float):
            return node
        name = f"_number_{len(self.numbers)}"
        self.numbers[name] = Decimal(ast.get_source_segment(self._source, node) or repr(node.value))
        return ast.Name(name, ast.Load())

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        return ast.Call(ast.Name("_info", ast.Load()), [self.visit(node.value), node.slice], [])

    def visit_Call(self, node: ast.Call) -> ast.expr:
        generator = node.args[0] if node.args else None
        if not isinstance(node.func, ast.Name) or not isinstance(generator, ast.GeneratorExp):
            self.generic_visit(node)
            return node
        loop = generator.generators[0]
        name = loop.target.id if isinstance(loop.target, ast.Name) else ""
        body: ast.expr = self.visit(generator.elt)
        for condition in loop.ifs:
            body = ast.IfExp(self.visit(condition), body, ast.Constant(_LEFT_OUT[node.func.id]))
        judged = ast.Lambda(args=_parameters(name), body=body)
        return ast.Call(ast.Name(f"_{node.func.id}", ast.Load()), [judged, self.visit(loop.iter)], [])


_LEFT_OUT = {"any": False, "all": True, "sum": None}
"""What an entry that its `if` leaves out counts as."""

_Judge: TypeAlias = Callable[[object], object]


def _any(judge: _Judge, entries: Iterable[object]) -> bool:
    """Whether one entry fits; one of which it cannot be told does not."""
    for entry in entries:
        try:
            if judge(entry):
                return True
        except CANNOT_BE_TOLD:
            continue
    return False


def _all(judge: _Judge, entries: Iterable[object]) -> bool:
    """Whether every entry fits; one of which it cannot be told does not."""
    try:
        return all(map(judge, entries))
    except CANNOT_BE_TOLD:
        return False


def _sum(number: _Judge, entries: Iterable[object]) -> Decimal:
    """Add up what the entries have; one without a number adds nothing."""
    total = Decimal(0)
    for entry in entries:
        try:
            found = number(entry)
        except CANNOT_BE_TOLD:
            continue
        if isinstance(found, Decimal | int):
            total += found
    return total


def _info(info: Info | None, code: str) -> str | None:
    """A value by its code; what comes several times has no one value."""
    found = None if info is None else info.get(code)
    if isinstance(found, list):
        raise CannotBeTold
    return found


_KNOWN: Mapping[str, object] = {
    "__builtins__": {},
    "len": len,
    "_info": _info,
    **{f"_{name}": function for name, function in zip(QUANTIFIERS, (_any, _all, _sum), strict=True)},
}
