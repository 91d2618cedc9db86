"""How a value is written into each kind of document, so that a template needs no escaping of its own."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType

from jinja2 import Undefined
from markupsafe import Markup, escape

from order_receiver.mapping.numbers import encode_json, plain

NEEDS_QUOTES = re.compile(r'[;,\t"\r\n]|^\s|\s$')


class WrongValue(Exception):
    """A template did something with a value that would lose or bend it; `str()` says what to write instead."""


class NotExact(WrongValue):
    """A float; `value` is what it is."""

    def __init__(self, value: float) -> None:
        super().__init__(f'{value!r} is a float and not exact; write "{value!r}"|decimal instead of {value!r}')
        self.value = value


class Written(str):
    """Text that is in the document's form already; Jinja2 puts it in as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of document. `write` turns any value into text of that kind."""

    extension: str
    media_type: str
    write: Callable[[object], str]

    def finish(self, value: object) -> object:
        """Write what a template put into {{ }}."""
        return value if isinstance(value, Written | Markup | Undefined) else Written(self.write(value))


def refuse_float(value: object) -> None:
    """Raise NotExact for a float: it has lost the exact amount already."""
    if isinstance(value, float):
        raise NotExact(value)


def as_text(value: object) -> str:
    """Write a value as plain text: nothing for None, true or false, decimals in plain notation, dates in ISO form."""
    refuse_float(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, str | int):
        return str(value)
    raise WrongValue(f"a value of type {type(value).__name__} cannot be written as text; name the member you mean")


def as_json(value: object) -> str:
    """Write a value as JSON: text in quotes, exact numbers, null for None."""
    return encode_json(jsonable(value)).decode()


def jsonable(value: object) -> object:
    """Check a value, inner ones too, and turn what a template makes (tuples, generators) into lists."""
    refuse_float(value)
    if isinstance(value, Undefined):
        str(value)
    if isinstance(value, Mapping):
        return {str(name): jsonable(member) for name, member in value.items()}
    if isinstance(value, list | tuple | set | frozenset | Iterator):
        return [jsonable(member) for member in value]
    if isinstance(value, str):
        return str(value)
    return value


def as_xml(value: object) -> str:
    """Write a value as text of an XML element or attribute."""
    return str(escape(as_text(value)))


def as_csv(value: object) -> str:
    """Write a value as one cell, in quotes where it holds a separator, a quote, a line end or outer spaces."""
    text = as_text(value)
    return '"{}"'.format(text.replace('"', '""')) if NEEDS_QUOTES.search(text) else text


FORMS = MappingProxyType(
    {
        "json": Form("json", "application/json", as_json),
        "xml": Form("xml", "application/xml", as_xml),
        "csv": Form("csv", "text/csv; charset=utf-8", as_csv),
        "txt": Form("txt", "text/plain; charset=utf-8", as_text),
    }
)
