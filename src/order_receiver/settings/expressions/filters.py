"""Filters of expressions beside Jinja2's own."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from jinja2 import Undefined

from order_receiver.settings.expressions.forms import WrongValue, as_json, as_text


def odata(value: object) -> str:
    """`reference|odata`: text as an OData literal, in quotes, with quotes in it doubled."""
    return "'" + as_text(value).replace("'", "''") + "'"


def search(value: object, pattern: str) -> str | None:
    """`headers.location|search("/orders/([0-9]+)")`: the first group of a regular expression, or None."""
    found = re.search(pattern, as_text(value))
    if found is None:
        return None
    return str(found[1]) if found.re.groups else found[0]


def fits(value: object, length: int) -> str:
    """`key|fits(40)`: the text, or a failure where it is longer; nothing is ever cut."""
    text = as_text(value)
    if len(text) > length:
        raise WrongValue(f"the text has {len(text)} characters and {length} are allowed; it is never cut")
    return text


def earlier(value: object, seconds: int) -> str:
    """`cursor|earlier(300)`: an ISO 8601 moment, so many seconds before, in the same form."""
    text = as_text(value)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise WrongValue("earlier needs a moment such as 2026-11-22T10:00:00Z") from None
    before = (moment - timedelta(seconds=seconds)).isoformat()
    return before.replace("+00:00", "Z") if text.endswith("Z") else before


def strict(function: Callable[..., object]) -> Callable[..., object]:
    """Let an undefined value itself say what is missing, before a filter says that it is of a wrong type."""

    def checked(*arguments: object, **named: object) -> object:
        for argument in arguments:
            if isinstance(argument, Undefined):
                str(argument)
        return function(*arguments, **named)

    return checked


FILTERS: Mapping[str, Callable[..., object]] = MappingProxyType(
    {
        "odata": strict(odata),
        "search": strict(search),
        "fits": strict(fits),
        "earlier": strict(earlier),
        "json": strict(as_json),
        "tojson": strict(as_json),
        "text": strict(as_text),
    }
)

LEFT_OUT = (
    *("float", "random", "filesizeformat", "pprint"),
    *("safe", "e", "escape", "forceescape", "xmlattr", "urlize"),
)
"""Filters of Jinja2 that would make a value inexact, different at each attempt, or badly formed."""
