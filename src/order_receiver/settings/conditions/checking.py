"""Every name and every comparison of a condition is checked before an order is seen: nothing else is let through.

What is checked here is compiled as it stands, so this list of what may be written is also what makes it safe.
"""

import ast
from collections.abc import Callable, Mapping
from typing import TypeAlias

from order_receiver.settings.conditions.advice import on_name
from order_receiver.settings.conditions.faults import WrongCondition
from order_receiver.settings.conditions.kinds import (
    INFO_VALUE,
    NOTHING,
    NUMBER,
    TEXT,
    TRUTH,
    Kind,
    Word,
    fields_of,
)
from order_receiver.settings.problems import nearest

Scope: TypeAlias = Mapping[str, Kind]
"""The names that may be used, with what they hold."""

QUANTIFIERS = ("any", "all", "sum")
"""Functions over the entries of a list: `any(row.type == "Freight" for row in rows)`."""

FUNCTIONS = (*QUANTIFIERS, "len")
TEXT_METHODS = {"startswith": TRUTH, "endswith": TRUTH, "lower": TEXT, "upper": TEXT}
_ORDERED = {Word.TEXT, Word.NUMBER}
_COMPARED = {*_ORDERED, Word.TRUTH}
_HOW = "Conditions have fields, texts, numbers, comparisons, and, or, not, in, any, all, sum and len."


def check(tree: ast.expr, scope: Scope) -> None:
    """Check that a whole condition is true or false of an order. Raises WrongCondition."""
    _require_truth(tree, scope)


def kind_of(node: ast.expr, scope: Scope) -> Kind:
    """What a part of a condition holds. Raises WrongCondition."""
    read = _READERS.get(type(node))
    if read is None:
        raise WrongCondition(f"`{ast.unparse(node)}` cannot be used in a condition. {_HOW}")
    return read(node, scope)


def _require_truth(node: ast.expr, scope: Scope) -> None:
    """A number or a literal by itself is a slip, such as `currency == "SEK" or "EUR"`."""
    kind = kind_of(node, scope)
    slip = isinstance(node, ast.List | ast.Tuple | ast.Set)
    slip = slip or (isinstance(node, ast.Constant) and not isinstance(node.value, bool))
    if slip or kind.word in {Word.NUMBER, Word.INFO}:
        raise WrongCondition(
            f"`{ast.unparse(node)}` by itself is neither true nor false. Compare it with something: "
            f"`FIELD == {ast.unparse(node)}`."
            if slip
            else f"`{ast.unparse(node)}` is {kind.word}, neither true nor false. Compare it with something."
        )


def _constant(node: ast.Constant, _: Scope) -> Kind:
    for python_type, kind in ((bool, TRUTH), (str, TEXT), (int | float, NUMBER), (type(None), NOTHING)):
        if isinstance(node.value, python_type):
            return kind
    raise WrongCondition(f"`{ast.unparse(node)}` cannot be used in a condition. {_HOW}")


def _name(node: ast.Name, scope: Scope) -> Kind:
    if node.id in scope:
        return scope[node.id]
    if node.id in FUNCTIONS:
        raise WrongCondition(f"`{node.id}` is a function: write it like {_example(node.id)}.")
    raise WrongCondition(on_name(node.id, scope))


def _attribute(node: ast.Attribute, scope: Scope) -> Kind:
    owner = kind_of(node.value, scope)
    path = ast.unparse(node.value)
    if owner.struct is not None:
        fields = fields_of(owner.struct)
        if node.attr not in fields:
            advice = nearest(node.attr, sorted(fields)).replace("mean `", f"mean `{path}.")
            raise WrongCondition(f"there is no field `{path}.{node.attr}`. {advice}".rstrip())
        return fields[node.attr]
    if owner.word is Word.LIST:
        raise WrongCondition(
            f"`{path}` is a list, so it has no `{node.attr}`. Write "
            f"`any({_entry(path)}.{node.attr} == ... for {_entry(path)} in {path})`."
        )
    if owner.word is Word.INFO:
        raise WrongCondition(f'`{path}` has values by code. Write `{path}["{node.attr}"]`.')
    raise WrongCondition(f"`{path}` is {owner.word} and has no `{node.attr}`.{_methods(owner)}")


def _methods(owner: Kind) -> str:
    return f" There are {', '.join(f'{each}()' for each in TEXT_METHODS)}." if owner.word is Word.TEXT else ""


def _entry(path: str) -> str:
    """A name for one entry of a list: `row` for `rows`."""
    return path.rpartition(".")[2].removesuffix("s")


def _example(function: str) -> str:
    if function == "len":
        return "`len(rows) > 10`"
    inner = "row.quantity" if function == "sum" else 'row.type == "Freight"'
    return f"`{function}({inner} for row in rows)`"


def _subscript(node: ast.Subscript, scope: Scope) -> Kind:
    owner = kind_of(node.value, scope)
    path = ast.unparse(node.value)
    if owner.word is not Word.INFO:
        raise WrongCondition(
            f"`{ast.unparse(node)}`: only `info` and `extra` have values by code in brackets; `{path}` has not."
        )
    if not isinstance(node.slice, ast.Constant) or not isinstance(node.slice.value, str):
        raise WrongCondition(f'`{ast.unparse(node)}`: name the code as a text, such as `{path}["Gift"]`.')
    return INFO_VALUE


def _compare(node: ast.Compare, scope: Scope) -> Kind:
    sides = [node.left, *node.comparators]
    for operator, left, right in zip(node.ops, sides, sides[1:], strict=False):
        pair = kind_of(left, scope), kind_of(right, scope)
        if isinstance(operator, ast.In | ast.NotIn) and isinstance(right, ast.Constant):
            raise WrongCondition(f"`in` is followed by a list. Write `{ast.unparse(left)} in [{ast.unparse(right)}]`.")
        if not _fits(operator, *pair):
            raise WrongCondition(_unfit(operator, (left, right), pair))
    return TRUTH


def _fits(operator: ast.cmpop, left: Kind, right: Kind) -> bool:
    if isinstance(operator, ast.Is | ast.IsNot):
        return right.word is Word.NOTHING
    if isinstance(operator, ast.Eq | ast.NotEq):
        return Word.NOTHING in {left.word, right.word} or (left.word is right.word and left.word in _COMPARED)
    if isinstance(operator, ast.In | ast.NotIn):
        member = right.item if right.word is Word.LIST else right
        return member is not None and member.word is left.word and left.word in _ORDERED
    return left.word is right.word and left.word in _ORDERED


def _unfit(operator: ast.cmpop, sides: tuple[ast.expr, ast.expr], kinds: tuple[Kind, Kind]) -> str:
    left, right = (ast.unparse(side) for side in sides)
    if isinstance(operator, ast.Is | ast.IsNot):
        sign = "==" if isinstance(operator, ast.Is) else "!="
        return f"`is` can only be followed by None. Write `{left} {sign} {right}`."
    if isinstance(operator, ast.Eq | ast.NotEq) and isinstance(sides[1], ast.List | ast.Tuple | ast.Set):
        member = "in" if isinstance(operator, ast.Eq) else "not in"
        return f"A field is not equal to a list. Write `{left} {member} {right}`."
    if Word.INFO in {kind.word for kind in kinds}:
        return f'`{right if kinds[1].word is Word.INFO else left}` has values by code. Name one, as in `info["Gift"]`.'
    for side, kind in zip((left, right), kinds, strict=True):
        if kind.word is Word.LIST and kind.item is not None and kind.item.struct is not None:
            entry = _entry(side)
            return f"`{side}` is a list. Write `any({entry}.FIELD == ... for {entry} in {side})`."
        if kind.struct is not None:
            known = ", ".join(f"`{side}.{name}`" for name in fields_of(kind.struct))
            return f"`{side}` is a group of fields. Name one: {known}."
    return f"`{left}` is {_in_words(kinds[0])} and `{right}` is {_in_words(kinds[1])}; they cannot be compared so."


def _in_words(kind: Kind) -> str:
    if kind.word is Word.LIST and kind.item is not None:
        return f"a list, each {kind.item.word}"
    return kind.word


def _bool_op(node: ast.BoolOp, scope: Scope) -> Kind:
    for value in node.values:
        _require_truth(value, scope)
    return TRUTH


def _unary(node: ast.UnaryOp, scope: Scope) -> Kind:
    if isinstance(node.op, ast.Not):
        _require_truth(node.operand, scope)
        return TRUTH
    if (
        isinstance(node.op, ast.USub)
        and isinstance(node.operand, ast.Constant)
        and _constant(node.operand, scope) is NUMBER
    ):
        return NUMBER
    raise WrongCondition(f"`{ast.unparse(node)}` cannot be used in a condition. {_HOW}")


def _literals(node: ast.List | ast.Tuple | ast.Set, scope: Scope) -> Kind:
    kinds = {kind_of(each, scope) for each in node.elts}
    if len(kinds) != 1 or not all(isinstance(each, ast.Constant | ast.UnaryOp) for each in node.elts):
        raise WrongCondition(f"`{ast.unparse(node)}` must be a list of texts, or of numbers, written out.")
    return Kind(Word.LIST, item=kinds.pop())


def _call(node: ast.Call, scope: Scope) -> Kind:
    argument = node.args[0] if len(node.args) == 1 and not node.keywords else None
    if isinstance(node.func, ast.Attribute):
        return _text_method(node, node.func, argument, scope)
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in FUNCTIONS:
        raise WrongCondition(f"there is no function `{ast.unparse(node.func)}`. {nearest(name, FUNCTIONS)}".rstrip())
    if name == "len" and argument is not None and kind_of(argument, scope).word is Word.LIST:
        return NUMBER
    if name == "len" or not isinstance(argument, ast.GeneratorExp):
        raise WrongCondition(f"`{ast.unparse(node)}`: write it like {_example(name)}.")
    return _quantified(name, argument, scope)


def _text_method(node: ast.Call, method: ast.Attribute, argument: ast.expr | None, scope: Scope) -> Kind:
    owner = kind_of(method.value, scope)
    if owner.word is not Word.TEXT or method.attr not in TEXT_METHODS:
        known = nearest(method.attr, list(TEXT_METHODS))
        raise WrongCondition(
            f"`{ast.unparse(method.value)}` is {owner.word} and has no `{method.attr}()`. "
            f"{known if owner.word is Word.TEXT else ''}".rstrip()
        )
    given = TEXT_METHODS[method.attr]
    if given is TEXT and not node.args and not node.keywords:
        return TEXT
    if given is TRUTH and argument is not None and kind_of(argument, scope).word is Word.TEXT:
        return TRUTH
    takes = "one text" if given is TRUTH else "nothing"
    raise WrongCondition(f"`{ast.unparse(node)}`: `{method.attr}()` takes {takes} between its brackets.")


def _quantified(function: str, generator: ast.GeneratorExp, scope: Scope) -> Kind:
    """`any(CONDITION for NAME in LIST if CONDITION)`, and `sum(NUMBER for ...)`."""
    loop = generator.generators[0]
    if len(generator.generators) > 1 or not isinstance(loop.target, ast.Name) or loop.is_async:
        raise WrongCondition(f"`{ast.unparse(generator)}`: write it like {_example(function)}, with one `for`.")
    many = kind_of(loop.iter, scope)
    if many.item is None or many.item.struct is None:
        raise WrongCondition(f"`{ast.unparse(loop.iter)}` is {_in_words(many)}; go through a list such as `rows`.")
    name = loop.target.id
    if name in scope or name in FUNCTIONS or name == "order" or name.startswith("_"):
        raise WrongCondition(f"the name `{name}` in `for {name} in` is taken; choose another one.")
    inner = {**scope, name: many.item}
    for condition in loop.ifs:
        _require_truth(condition, inner)
    if function != "sum":
        _require_truth(generator.elt, inner)
        return TRUTH
    if kind_of(generator.elt, inner).word is not Word.NUMBER:
        raise WrongCondition(f"`{ast.unparse(generator.elt)}` is no number, so `sum` cannot add it up.")
    return NUMBER


_Reader: TypeAlias = Callable[..., Kind]

_READERS: Mapping[type[ast.expr], _Reader] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Compare: _compare,
    ast.BoolOp: _bool_op,
    ast.UnaryOp: _unary,
    ast.List: _literals,
    ast.Tuple: _literals,
    ast.Set: _literals,
    ast.Call: _call,
}
