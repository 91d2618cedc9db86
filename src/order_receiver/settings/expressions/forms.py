"""How a value is written into each kind of text, so that a template needs no escaping of its own."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

import msgspec
from jinja2 import Undefined

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_QUOTES = {'"': "&quot;", "'": "&apos;"}


class WrongValue(Exception):
    """A value that cannot be written where it was put; `str()` is a clause without a full stop."""


def as_text(value: object) -> str:
    """Plain text: nothing for None, true or false, decimals in plain notation, dates in ISO form."""
    _refuse(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, str | int):
        return str(value)
    raise WrongValue(f"a value of type {type(value).__name__} cannot be written as text; name the member you mean")


def as_json(value: object) -> str:
    """JSON: text in quotes, exact numbers, null for None."""
    return _ENCODER.encode(_jsonable(value)).decode()


def as_segment(value: object) -> str:
    """A part of a path, percent-encoded: a slash in it does not lead elsewhere."""
    text = as_text(value)
    if text in ("", ".", ".."):
        raise WrongValue(f"{text!r} cannot be part of a path")
    return quote(text, safe="")


def as_form_field(value: object) -> str:
    """A value of application/x-www-form-urlencoded."""
    return quote_plus(as_text(value))


def as_xml(value: object) -> str:
    """Text of an XML element or attribute."""
    return escape(as_text(value), _QUOTES)


def _refuse(value: object) -> None:
    if isinstance(value, Undefined):
        str(value)
    if isinstance(value, float):
        raise WrongValue(f"{value!r} is a float and not exact")


def _jsonable(value: object) -> object:
    _refuse(value)
    if isinstance(value, Mapping):
        return {str(name): _jsonable(member) for name, member in value.items()}
    if isinstance(value, list | tuple | Iterator):
        return [_jsonable(member) for member in value]
    return value


FORMS: Mapping[str, Callable[[object], str]] = MappingProxyType(
    {"text": as_text, "json": as_json, "xml": as_xml, "segment": as_segment, "form": as_form_field}
)
"""Writers by the name of the form."""


def form_of(media_type: str) -> str:
    """The form of a body of this media type; `text` for those that need no escaping or are not known."""
    kind = media_type.partition(";")[0].strip().lower()
    if kind.endswith(("/json", "+json")):
        return "json"
    if kind.endswith(("/xml", "+xml")):
        return "xml"
    return "form" if kind == "application/x-www-form-urlencoded" else "text"
