"""A condition: its text, checked and compiled once, then asked of every order."""

import ast
import re
import warnings
from collections.abc import Sequence
from enum import Enum
from functools import cache

from order_receiver.orders.canonical import OrderPart, RowPart
from order_receiver.settings.conditions import kinds
from order_receiver.settings.conditions.advice import on_writing
from order_receiver.settings.conditions.checking import Scope, check
from order_receiver.settings.conditions.compiling import CANNOT_BE_TOLD, ROW, Compiled, compiled
from order_receiver.settings.conditions.faults import WrongCondition
from order_receiver.settings.conditions.seeing import Doubt, Look, doubts, looks, seen

LENGTH_LIMIT = 2_000
"""Characters of one condition."""

_NOTHING_SEEN = "it looks at no field"

_SHOWN = 60
_OPENING = re.compile(r"opening parenthesis '(.)'")
_JOIN = " Join them with `and` or `or`."


class Verdict(Enum):
    """What a condition says of an order."""

    YES = "yes"
    NO = "no"
    CANNOT_BE_TOLD = "cannot be told"
    """Something that the condition needs is not in this order, so it does not hold."""


class Condition:
    """A condition over an order, such as `buyer.address.country in ["SE", "NO"]`. Raises WrongCondition."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._compiled, self._looks, self.doubts = _read(text, _order_scope())

    @property
    def extras(self) -> Sequence[str]:
        """The names of `extra` that it looks at."""
        return _extras(self._looks)

    def judge(self, order: OrderPart) -> Verdict:
        """Ask it of an order; never raises."""
        try:
            return Verdict.YES if self._compiled(order, None) else Verdict.NO
        except CANNOT_BE_TOLD:
            return Verdict.CANNOT_BE_TOLD

    def seen(self, order: OrderPart) -> str:
        """The values that decide over an order, for people; personal ones are masked."""
        return "; ".join([seen(look, order) for look in self._looks]) or _NOTHING_SEEN


class RowCondition:
    """A condition over one row, `row`, of an order: `row.type == "GiftCertificate"`. Raises WrongCondition."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._compiled, self._looks, self.doubts = _read(text, {**_order_scope(), ROW: kinds.ROW})

    @property
    def extras(self) -> Sequence[str]:
        """The names of `extra` that it looks at."""
        return _extras(self._looks)

    def holds(self, order: OrderPart, row: RowPart) -> bool:
        """Ask it of one row; never raises. A row of which it cannot be told does not fit."""
        try:
            return bool(self._compiled(order, row))
        except CANNOT_BE_TOLD:
            return False

    def seen(self, order: OrderPart, rows: Sequence[RowPart]) -> str:
        """The values that decide over some rows, for people; personal ones are masked."""
        return "; ".join([seen(look, order, rows) for look in self._looks]) or _NOTHING_SEEN


def condition_fault(text: str) -> str:
    """What is wrong with a condition over an order, or the empty text."""
    return _fault(text, _order_scope())


def rows_fault(text: str) -> str:
    """What is wrong with a condition over one row, or the empty text."""
    return _fault(text, {**_order_scope(), ROW: kinds.ROW})


def _extras(looks: Sequence[Look]) -> Sequence[str]:
    return [look.code for look in looks if look.steps == ("extra",) and look.code is not None]


def _fault(text: str, scope: Scope) -> str:
    try:
        _read(text, scope)
    except WrongCondition as error:
        return str(error)
    return ""


@cache
def _order_scope() -> Scope:
    return kinds.fields_of(OrderPart)


def _read(text: str, scope: Scope) -> tuple[Compiled, tuple[Look, ...], tuple[Doubt, ...]]:
    """Parse, check and compile. Python warns of what `check` tells in plainer words."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > LENGTH_LIMIT:
        raise WrongCondition(f"a condition has at most {LENGTH_LIMIT} characters; make two rules of it.")
    # Within brackets, lines go on by themselves and a comment ends with its line.
    source = f"[{text}\n]"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = _only(ast.parse(source, mode="eval").body, text)
            check(tree, scope)
            found, doubted = looks(tree, scope), doubts(tree, scope)
            return compiled(tree, source, _order_scope()), found, doubted
        except SyntaxError as error:
            raise WrongCondition(_syntax(text, error)) from None
        except (RecursionError, MemoryError, ValueError) as error:
            if isinstance(error, WrongCondition):
                raise
            raise WrongCondition("is nested too deeply, or has characters that no condition has.") from None


def _only(tree: ast.expr, text: str) -> ast.expr:
    """The one condition that stands between the brackets put around it."""
    entries = tree.elts if isinstance(tree, ast.List) else None
    if entries is None or len(entries) > 1:
        raise WrongCondition(f"`{_begin(text)}` is not one condition.{on_writing(text) or _JOIN}")
    if not entries:
        raise WrongCondition("is empty; leave it out where every order is meant.")
    return entries[0]


def _begin(text: str) -> str:
    line = text.partition("\n")[0]
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."


def _syntax(text: str, error: SyntaxError) -> str:
    lines = text.split("\n")
    number = min(error.lineno or 1, len(lines))
    # The bracket before the first line is not the writer's.
    start = max(0, (error.offset or 1) - 1 - (number == 1)) if number == error.lineno else len(lines[-1])
    near = lines[number - 1][start:][:20] or lines[number - 1][-20:]
    where = f"in its line {number}, near" if len(lines) > 1 else "near"
    what = on_writing(text).lstrip() or _said(error.msg, ended=number != error.lineno)
    return f"cannot be read {where} `{near}`: {what}"


def _said(words: str, *, ended: bool) -> str:
    """Python's own words, without those that are about the bracket that we put around the condition."""
    if ended and (opening := _OPENING.search(words)):
        return f"`{opening[1]}` is never closed."
    return "invalid syntax." if "comma" in words else f"{words.rstrip('.?')}."
