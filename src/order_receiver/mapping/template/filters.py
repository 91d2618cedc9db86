"""Filters for templates. Each takes exact values and says plainly what it cannot do."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Protocol, runtime_checkable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2 import pass_context
from jinja2.runtime import Context, Undefined

from order_receiver.contract.request import CodeValue
from order_receiver.mapping.model import MappingContext
from order_receiver.mapping.template.values import Form, WrongValue, as_csv, as_json, as_text, as_xml, refuse_float

PLACES_LIMIT = 28


@runtime_checkable
class HasInfo(Protocol):
    """Anything of an order with an AdditionalInfo of its own."""

    AdditionalInfo: list[CodeValue] | None


def decimal(value: object) -> Decimal:
    """`"0.25"|decimal`: a number from text or an integer."""
    refuse_float(value)
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int | str) and not isinstance(value, bool):
        try:
            return Decimal(value)
        except InvalidOperation as error:
            raise WrongValue(f"{value!r} is not a decimal number; write it with digits and a dot") from error
    raise WrongValue(f"a value of type {type(value).__name__} is not a decimal number")


def money(value: object, places: int = 2) -> Decimal:
    """`row.UnitPrice|money`: rounded to two places, half a cent up (away from zero); `money(4)` keeps four."""
    if not 0 <= places <= PLACES_LIMIT:
        raise WrongValue(f"money({places}): places go from 0 to {PLACES_LIMIT}")
    try:
        return decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    except InvalidOperation as error:
        raise WrongValue(f"{value} has too many digits for money({places})") from error


def digits(value: object) -> str:
    """`person.CellPhone|digits`: only the digits 0 to 9 of a text."""
    return "".join(character for character in as_text(value) if character in "0123456789")


def cut(value: object, length: int, lose: bool = False) -> str:
    """`name|cut(50)`: fail where a text is longer than the ERP takes; `cut(50, lose=true)` shortens it instead."""
    text = as_text(value)
    if len(text) <= length or lose:
        return text[:length]
    raise WrongValue(
        f"the text has {len(text)} characters and {length} are allowed; correct the order. Never shorten a reference, "
        f"a number or a code; of other texts, cut({length}, lose=true) gives the beginning"
    )


def info(value: object, code: str, default: str | None = None) -> str | None:
    """`row|info("engraving")`: a value of AdditionalInfo by Code2, or by Code where Code2 is missing."""
    entries = value.AdditionalInfo if isinstance(value, HasInfo) else value
    if entries is None:
        return default
    if not isinstance(entries, list | tuple):
        raise WrongValue(f'info("{code}") needs the order, a row, a payment, or their AdditionalInfo')
    return next((entry.Value for entry in entries if isinstance(entry, CodeValue) and entry.key == code), default)


def mapping_context_of(context: Context) -> MappingContext:
    """The MappingContext that a template runs with. Raises WrongValue."""
    mapping_context = context["context"]
    if not isinstance(mapping_context, MappingContext):
        raise WrongValue("`context` was set to something else in this template; give it another name")
    return mapping_context


@pass_context
def local(context: Context, value: object, zone: str | None = None) -> datetime | None:
    """`order.SubmitDate|local`: the moment by the clocks of the application's zone, or of the named one."""
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise WrongValue(f"local needs a date with time, not a value of type {type(value).__name__}")
    mapping_context = mapping_context_of(context)
    moment = mapping_context.aware(value)
    try:
        return moment.astimezone(mapping_context.zone if zone is None else ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise WrongValue(f'there is no time zone "{zone}"; names are like Europe/Stockholm') from error


def iso(value: object) -> str | None:
    """`moment|iso`: 2026-11-21T20:00:00+01:00, to the second; of a date 2026-11-21."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    raise WrongValue(f"iso needs a date, not a value of type {type(value).__name__}")


def strict(function: Callable[..., object]) -> Callable[..., object]:
    """Let the undefined value itself say what is missing, before a filter says that it is of a wrong type."""

    def checked(*arguments: object, **named: object) -> object:
        for argument in arguments:
            if isinstance(argument, Undefined):
                str(argument)
        return function(*arguments, **named)

    if function is local:
        return pass_context(checked)
    return checked


def filters_for(form: Form) -> dict[str, Callable[..., object]]:
    """Return the filters of a template. The one named like the document gives finished text, the others plain text."""
    writers: dict[str, Callable[[object], str]] = {"json": as_json, "xml": as_xml, "csv": as_csv}
    filters: dict[str, Callable[..., object]] = {
        name: (form.finish if name == form.extension else writer) for name, writer in writers.items()
    }
    filters["tojson"] = filters["json"]
    own: Iterable[Callable[..., object]] = (decimal, money, digits, cut, info, local, iso)
    filters.update({function.__name__: function for function in own})
    return {name: strict(function) for name, function in filters.items()}
