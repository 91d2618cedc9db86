"""Typing a plain tree member by member, so that one bad member never costs the others.

It goes by the plan of the message Structs and knows nothing of JSON or XML: both hand it the same kind of tree.
(norce: tolerance table)
"""

from collections.abc import Callable, Mapping
from datetime import tzinfo
from functools import cache, partial
from typing import TypeVar, cast

from order_receiver.contract.dates import read_date
from order_receiver.contract.notebook import Notebook
from order_receiver.contract.personal import shown
from order_receiver.contract.plan import Kind, Member, folded_names, member_names
from order_receiver.contract.request import Message
from order_receiver.contract.scalars import (
    Misfit,
    Tree,
    read_amount,
    read_boolean,
    read_code,
    read_integer,
    read_text,
)

M = TypeVar("M", bound=Message)

_Scalar = Callable[[Tree], object]
_Known = tuple[Member, _Scalar | None]

SILENT = frozenset({"extensiondata", "__type"})
"""What .NET serializers add of themselves, in one case."""


class Converter:
    """Turns plain trees into message Structs, writing what does not fit into a notebook.

    `zone` counts for dates that name none.
    """

    def __init__(self, notebook: Notebook, zone: tzinfo) -> None:
        self._notebook = notebook
        self._zone = zone
        self._compounds: Mapping[Kind, Callable[[Member, Tree], object]] = {
            Kind.OBJECT: self._object,
            Kind.LIST: self._list,
            Kind.TEXTS: self._texts,
            Kind.DATE: self._date,
        }

    def convert(self, struct: type[M], tree: dict[str, Tree]) -> M:
        """Build the Struct from an object; members that do not fit stand at their defaults, with a finding."""
        exact = _compiled(struct)
        values: dict[str, object] = {}
        for spelling, value in tree.items():
            known = exact.get(spelling) or self._in_other_case(struct, spelling, tree)
            if known is None or value is None:
                continue
            member, scalar = known
            try:
                values[member.name] = scalar(value) if scalar is not None else self._compound(member, spelling, value)
            except Misfit as misfit:
                values[member.name] = member.default if misfit.kept is None else misfit.kept
                seen = shown(value, member.personal)
                self._notebook.add(spelling, misfit.rule, seen, misfit.advice, misfit.severity)
        return struct(**values)

    def _in_other_case(self, struct: type[Message], spelling: str, tree: dict[str, Tree]) -> _Known | None:
        """The member meant by a name that is not spelled exactly; None where the exact spelling is there too."""
        folded = spelling.casefold()
        member = folded_names(struct).get(folded)
        if member is None:
            if folded not in SILENT:
                self._notebook.unknown(struct.__name__, spelling)
            return None
        return None if member.name in tree else _compiled(struct)[member.name]

    def _compound(self, member: Member, spelling: str, value: Tree) -> object:
        self._notebook.path.append(spelling)
        try:
            return self._compounds[member.kind](member, value)
        finally:
            self._notebook.path.pop()

    def _object(self, member: Member, value: Tree) -> Message:
        if not isinstance(value, dict) or member.struct is None:
            raise Misfit("not-an-object", "Send an object, or null, here.")
        return self.convert(member.struct, value)

    def _list(self, member: Member, value: Tree) -> list[Message]:
        struct = cast("type[Message]", member.struct)
        return [self._entry(struct, index, entry) for index, entry in enumerate(_entries(value))]

    def _entry(self, struct: type[Message], index: int, entry: Tree) -> Message:
        """One entry; what is no object becomes an empty one, so that the positions of the others stay true."""
        if not isinstance(entry, dict):
            self._notebook.add(index, "not-an-object", shown(entry), "Send an object for each entry of the list.")
            return struct()
        self._notebook.path.append(index)
        try:
            return self.convert(struct, entry)
        finally:
            self._notebook.path.pop()

    def _texts(self, member: Member, value: Tree) -> list[str]:
        texts = []
        for index, entry in enumerate(_entries(value)):
            try:
                texts.append("" if entry is None else read_text(entry))
            except Misfit as misfit:
                texts.append("")
                self._notebook.add(index, misfit.rule, shown(entry, member.personal), misfit.advice)
        return texts

    def _date(self, member: Member, value: Tree) -> object:
        if isinstance(value, str) and not value.strip():
            return member.default
        try:
            return read_date(value if isinstance(value, str) else "", self._zone)
        except ValueError:
            raise Misfit("not-a-date", "Send a date such as 2024-12-18T12:00:00+01:00.") from None


_SCALARS: Mapping[Kind, _Scalar] = {
    Kind.TEXT: read_text,
    Kind.INTEGER: read_integer,
    Kind.AMOUNT: read_amount,
    Kind.BOOLEAN: read_boolean,
    Kind.IGNORED: lambda _: None,
}


@cache
def _compiled(struct: type[Message]) -> Mapping[str, _Known]:
    """The members by exact name, each with its reader where it is a single value."""
    return {name: (member, _scalar(member)) for name, member in member_names(struct).items()}


def _scalar(member: Member) -> _Scalar | None:
    if member.codes is not None:
        return partial(read_code, member.codes)
    scalar = _SCALARS.get(member.kind)
    if scalar is None or member.kind is Kind.TEXT or not member.nullable:
        return scalar
    return partial(_or_nothing, scalar)


def _or_nothing(scalar: _Scalar, value: Tree) -> object:
    """A nullable value that is not text; an empty text and the word null stand for null."""
    if isinstance(value, str) and value.strip().casefold() in ("", "null"):
        return None
    return scalar(value)


def _entries(value: Tree) -> list[Tree]:
    if isinstance(value, list):
        return value
    if isinstance(value, str) and not value.strip():
        return []
    raise Misfit("not-a-list", "Send a list, or null, here.")
