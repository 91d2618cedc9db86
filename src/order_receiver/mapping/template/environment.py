"""The sandbox that templates run in: strict about names, kind about empty collections."""

import difflib
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from jinja2 import FileSystemLoader, StrictUndefined, Undefined, meta, nodes, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from order_receiver.contract.request import OrderRequest
from order_receiver.mapping.template.filters import filters_for, mapping_context_of
from order_receiver.mapping.template.values import Form

LEFT_OUT = (
    *("float", "random", "filesizeformat", "pprint"),
    *("safe", "e", "escape", "forceescape", "xmlattr", "urlize"),
)
"""Filters of Jinja2 that would make a document inexact, different at each attempt, or badly formed."""


class UnknownMember(Exception):
    """A template names a member that the contract does not have; `name` is that member."""

    def __init__(self, owner: str, name: str, members: list[str]) -> None:
        near = difflib.get_close_matches(name, members, n=1, cutoff=0.5)
        advice = f"did you mean {near[0]}?" if near else f"it has {', '.join(members)}"
        super().__init__(f"{owner} has no member {name}; {advice}")
        self.name = name


class Missing(StrictUndefined):
    """What is reached through an empty member: the way goes on, up to a `|default`; used as it is, it fails."""

    __slots__ = ()


class Sandbox(ImmutableSandboxedEnvironment):
    """Templates of one folder and one kind of document."""

    def __init__(self, folder: Path, form: Form) -> None:
        super().__init__(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_finalizer(form),
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
        )
        for name in LEFT_OUT:
            self.filters.pop(name, None)
        self.filters.update(filters_for(form))
        self.globals["value"] = value

    def getattr(self, obj: object, attribute: str) -> object:
        """Read a member. None collections are empty ones; a member that the contract lacks is an error at once."""
        if isinstance(obj, msgspec.Struct):
            return self._member(obj, attribute)
        if obj is None:
            return Missing(obj=None, name=attribute)
        return obj if isinstance(obj, Missing) else super().getattr(obj, attribute)

    def getitem(self, obj: object, argument: object) -> object:
        """Read `order["Items"]` like `order.Items`."""
        if isinstance(obj, msgspec.Struct) and isinstance(argument, str):
            return self._member(obj, argument)
        if obj is None and isinstance(argument, str):
            return Missing(obj=None, name=argument)
        return obj if isinstance(obj, Missing) else super().getitem(obj, argument)

    def _member(self, obj: msgspec.Struct, name: str) -> object:
        kind = type(obj)
        if name not in obj.__struct_fields__ and not isinstance(getattr(kind, name, None), property):
            raise UnknownMember(kind.__name__, name, list(obj.__struct_fields__))
        value = getattr(obj, name)
        return () if value is None and (kind.__name__, name) in COLLECTIONS else value


@pass_context
def value(context: Context, table: str, key: object) -> str:
    """`value("payment-methods", payment.PaymentMethodCode)`: the target's value from one of its value tables."""
    if isinstance(key, Undefined):
        str(key)
    return mapping_context_of(context).value(table, key)


def tables_asked(sandbox: Sandbox, source: str) -> Iterator[tuple[int, str]]:
    """Line and name of every value table that a template names as a text."""
    for call in sandbox.parse(source).find_all(nodes.Call):
        name = call.args[0] if call.args else None
        if isinstance(call.node, nodes.Name) and call.node.name == "value" and isinstance(name, nodes.Const):
            yield call.lineno, str(name.value)


GIVEN = ("order", "context")
"""What a template is given."""


def unknown_names(sandbox: Sandbox, source: str) -> Iterator[tuple[int, str]]:
    """Line and name of everything that a template reads and nobody gives it; its own variables are known.

    A template that extends another one may have names from there, so nothing is said of it.
    """
    tree = sandbox.parse(source)
    if tree.find(nodes.Extends) is not None:
        return
    names = list(tree.find_all(nodes.Name))
    # A block sees what is set outside of it only while it is rendered.
    own = {name.name for name in names if name.ctx != "load"} if tree.find(nodes.Block) is not None else set[str]()
    unknown = meta.find_undeclared_variables(tree) - {*GIVEN, *own, "self", "super"}
    for name in names:
        if name.name in unknown and name.ctx == "load":
            yield name.lineno, name.name


def _finalizer(form: Form) -> Callable[[Context, object], object]:
    """Taking the context keeps Jinja2 from writing constants at compile time, past the form."""

    @pass_context
    def finalize(_: Context, value: object) -> object:
        return form.finish(value)

    return finalize


def _collections() -> frozenset[tuple[str, str]]:
    """Find every member of the contract that holds a list, as (Struct, member)."""
    found: set[tuple[str, str]] = set()
    waiting: list[msgspec.inspect.Type] = [msgspec.inspect.type_info(OrderRequest)]
    seen: set[type] = set()
    while waiting:
        one = waiting.pop()
        if isinstance(one, msgspec.inspect.UnionType):
            waiting.extend(one.types)
        elif isinstance(one, msgspec.inspect.ListType):
            waiting.append(one.item_type)
        elif isinstance(one, msgspec.inspect.StructType) and one.cls not in seen:
            seen.add(one.cls)
            waiting.extend(field.type for field in one.fields)
            found.update((one.cls.__name__, field.name) for field in one.fields if _holds_list(field.type))
    return frozenset(found)


def _holds_list(kind: msgspec.inspect.Type) -> bool:
    options = kind.types if isinstance(kind, msgspec.inspect.UnionType) else (kind,)
    return any(isinstance(option, msgspec.inspect.ListType) for option in options)


COLLECTIONS = _collections()
"""Struct and member of everything in the contract that holds a list."""
