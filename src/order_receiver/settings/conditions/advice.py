"""What to write instead of what people write who know other languages, or templates."""

import re
from collections.abc import Mapping

from order_receiver.orders.canonical import RowPart
from order_receiver.settings.conditions.kinds import Kind, Word, fields_of
from order_receiver.settings.problems import nearest

_TEXTS = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|#[^\n]*")
_SLIPS = (
    (re.compile(r"(?<=\d)[, ]\d{2,}"), "Write a number without separators and with a dot: `1000`, `12.50`."),
    (re.compile(r"(?<![=!<>])=(?!=)"), "Compare with `==`."),
    (re.compile(r"\b(AND|OR|NOT|IN)\b"), "Write `and`, `or`, `not` and `in` in small letters."),
    (re.compile(r"&&|\|\||!(?!=)|<>"), "Write `and`, `or`, `not` and `!=`."),
)
_WORDS = {"true": "True", "false": "False", "null": "None", "none": "None", "nil": "None"}


def on_writing(source: str) -> str:
    """A sentence on what cannot be read, with a blank before it; empty where nothing is known."""
    bare = _TEXTS.sub('""', source)
    return next((f" {advice}" for slip, advice in _SLIPS if slip.search(bare)), "")


def on_name(name: str, scope: Mapping[str, Kind]) -> str:
    """What is wrong with a name that stands for no field."""
    if name == "order":
        return "conditions name the fields of the order without `order.`, such as `currency`."
    many = scope.get(f"{name}s")
    if many is not None and many.word is Word.LIST:
        lines = ", or write it as `lines` without `any`" if name == "row" else ""
        return f"there is no field `{name}` here. Write `any({name}.FIELD == ... for {name} in {name}s)`{lines}."
    if name in fields_of(RowPart):
        write = f"`row.{name}`" if "row" in scope else f"`any(row.{name} == ... for row in rows)`"
        return f"there is no field `{name}`. It is one of the rows: write {write}."
    if name.lower() in _WORDS:
        return f"there is no field `{name}`. Write `{_WORDS[name.lower()]}`."
    return f"there is no field `{name}`. {nearest(name, sorted(scope))}".rstrip()
