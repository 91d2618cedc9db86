"""The language itself: what may be written, which names it uses, and how it fails."""

import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import NoReturn, TypeVar

from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined, UndefinedError, meta, nodes
from jinja2 import Template as JinjaTemplate
from jinja2.environment import TemplateExpression
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from order_receiver.settings.expressions.filters import FILTERS, LEFT_OUT
from order_receiver.settings.expressions.forms import FORMS, WrongValue
from order_receiver.settings.problems import nearest

AnyNode = TypeVar("AnyNode", bound=nodes.Node)

_GLOBALS = ("range", "dict", "namespace")


class BadExpression(ValueError):
    """An expression or template that can never work; `str()` is the end of a sentence without a full stop.

    `advice` is a whole sentence, or empty.
    """

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(what)
        self.advice = advice


class ExpressionFailed(Exception):
    """It could not be worked out for the values at hand; `str()` is a clause without a full stop."""


class Undecided(ExpressionFailed):
    """It names something that is not there."""


class _Sandbox(ImmutableSandboxedEnvironment):
    """`body.items` is the member of the document that has this name, never a method of Python's."""

    def getattr(self, obj: object, attribute: str) -> object:
        if isinstance(obj, Mapping):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)


def _environment(write: Callable[[object], str] | None) -> _Sandbox:
    made = _Sandbox(undefined=StrictUndefined, finalize=write, keep_trailing_newline=False, auto_reload=False)
    for name in LEFT_OUT:
        made.filters.pop(name, None)
    made.filters.update(FILTERS)
    made.globals = {name: made.globals[name] for name in _GLOBALS}
    return made


_PLAIN = _environment(None)
_WRITERS = {form: _environment(write) for form, write in FORMS.items()}


class Expression:
    """One value, worked out from names: `body.value[0].number`."""

    def __init__(self, source: str, tree: nodes.Node, compiled: TemplateExpression) -> None:
        self.source = source
        self.names = frozenset(_names(tree))
        self.ways = frozenset(_ways(tree))
        self._compiled = compiled

    def value(self, values: Mapping[str, object]) -> object:
        """Raises Undecided where something it names is missing, ExpressionFailed for any other trouble."""
        try:
            result: object = self._compiled(**values)
            if isinstance(result, Undefined):
                str(result)
        except Exception as error:
            _fail(error)
        return result

    def holds(self, values: Mapping[str, object]) -> bool:
        """Whether it is true. What names something that is not there is not true. Raises ExpressionFailed."""
        try:
            return bool(self.value(values))
        except Undecided:
            return False


class Template:
    """A text with values in it: `salesOrders({{ saved.id }})`."""

    def __init__(self, source: str, tree: nodes.Template, compiled: JinjaTemplate) -> None:
        free = meta.find_undeclared_variables(tree)
        self.source = source
        self.names = frozenset(name for name in _names(tree) if name.partition(".")[0] in free)
        self.ways = frozenset(way for way in _ways(tree) if way[0] in free)
        self._compiled = compiled

    def text(self, values: Mapping[str, object]) -> str:
        """Raises Undecided where something it names is missing, ExpressionFailed for any other trouble."""
        try:
            return self._compiled.render(values)
        except Exception as error:
            _fail(error)


@cache
def expression(source: str) -> Expression:
    """Compile an expression. Raises BadExpression."""
    with _readable():
        tree = Parser(_PLAIN, source, state="variable").parse_expression()
        tree.set_environment(_PLAIN)
        compiled = _PLAIN.compile_expression(source, undefined_to_none=False)
    return Expression(source, tree, compiled)


@cache
def template(source: str, form: str) -> Template:
    """Compile a template; `form` (a key of FORMS) says how values are written into it. Raises BadExpression."""
    environment = _WRITERS[form]
    with _readable():
        tree = environment.parse(source)
        compiled = environment.from_string(source)
    return Template(source, tree, compiled)


def check_names(found: Collection[str], known: Collection[str], saved: Collection[str]) -> None:
    """Raise BadExpression for the first name that is not among `known`, or member of `saved` that is never saved."""
    for name in sorted(found):
        root, _, member = name.partition(".")
        if root not in known and root not in _GLOBALS:
            raise BadExpression(f"there is no `{root}` here", nearest(root, sorted(known)))
        if root == "saved" and member and member not in saved:
            advice = nearest(member, sorted(saved)) or "No earlier call saves anything."
            raise BadExpression(f"no earlier call saves `{member}`", advice)


def _names(tree: nodes.Node) -> Iterator[str]:
    """Every name that is read, and every member that is read of a name: `saved` and `saved.id`."""
    for name in _all(tree, nodes.Name):
        if name.ctx == "load":
            yield name.name
    for member in _all(tree, nodes.Getattr):
        if isinstance(member.node, nodes.Name):
            yield f"{member.node.name}.{member.attr}"
    for item in _all(tree, nodes.Getitem):
        if isinstance(item.node, nodes.Name) and isinstance(item.arg, nodes.Const) and isinstance(item.arg.value, str):
            yield f"{item.node.name}.{item.arg.value}"


def _ways(tree: nodes.Node) -> Iterator[tuple[str, ...]]:
    """Every way of members that is read from a name: `buyer.person.email`, and its beginnings."""
    for end in (*_all(tree, nodes.Getattr), *_all(tree, nodes.Getitem)):
        way = _way(end)
        if way is not None:
            yield way


def _way(node: nodes.Node) -> tuple[str, ...] | None:
    """The names up to here; None where one of them is not written out."""
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        before, step = _way(node.node), node.attr
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        before, step = _way(node.node), node.arg.value
    else:
        return None
    return None if before is None else (*before, step)


def _all(tree: nodes.Node, kind: type[AnyNode]) -> Iterator[AnyNode]:
    if isinstance(tree, kind):
        yield tree
    yield from tree.find_all(kind)


@contextmanager
def _readable() -> Iterator[None]:
    """What Python only warns of, such as a backslash that escapes nothing, is an error here."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            yield
    except TemplateSyntaxError as error:
        raise BadExpression(f"cannot be read: {(error.message or 'it is no expression').rstrip('.')}") from None


def _fail(error: Exception) -> NoReturn:
    """Only words of our own and Jinja2's: an error of Python's may quote a value, and that may be personal."""
    if isinstance(error, UndefinedError):
        raise Undecided(str(error)) from None
    if isinstance(error, WrongValue):
        raise ExpressionFailed(str(error)) from None
    raise ExpressionFailed(f"it fails with {type(error).__name__}") from None
