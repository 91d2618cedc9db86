"""Decimals that stay exact and are written without an exponent."""

import re
from collections.abc import Mapping, Sequence
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow

import msgspec

EXACT = Context(prec=120, traps=[Inexact, InvalidOperation, Overflow])
"""Arithmetic that raises `decimal.Inexact` instead of dropping a digit: use it with `decimal.localcontext`."""

PLACES_LIMIT = 60
"""No amount or quantity has more places before or after its decimal point; 1E+999999 would fill the memory."""

CENT = Decimal("0.01")
_ROUNDING = Context(prec=120, traps=[])
_encoder = msgspec.json.Encoder(decimal_format="number")
_EXPONENT = re.compile(rb"E(?<=[0-9]E)[+-]")
"""An exponent as str() writes it; a digit before the E tells it from part numbers such as SE-100."""


class NotPlain(ValueError):
    """A number that cannot be written exactly and in plain notation; `str()` is a clause without a full stop."""


def plain(value: Decimal) -> str:
    """Return the decimal in plain notation with its digits kept: `1E+5` is `100000`. Raises NotPlain."""
    if not value.is_finite():
        raise NotPlain(f"{value} is not a number")
    exponent = value.as_tuple().exponent
    if value.adjusted() >= PLACES_LIMIT or (isinstance(exponent, int) and abs(exponent) > PLACES_LIMIT):
        raise NotPlain(f"{value:.3E} has more than {PLACES_LIMIT} places")
    return f"{value:f}"


def tidy(value: Decimal) -> Decimal:
    """Drop closing zeros of a computed amount, but keep two places: 600.00000 is 600.00."""
    rounded = value.quantize(CENT, context=_ROUNDING)
    return rounded if rounded == value else value.normalize(_ROUNDING)


def encode_json(value: object) -> bytes:
    """Encode Structs and plain values, each Decimal as a number with its digits kept and without an exponent.

    Raises NotPlain naming the member, TypeError for what JSON cannot hold.
    """
    content = _encoder.encode(value)
    # Only a decimal with an exponent needs rewriting, and that shows in the text; looking there is the fastest.
    if _may_show_trouble(content):
        return _encoder.encode(_rewrite(msgspec.to_builtins(value, builtin_types=(Decimal,)), ""))
    return content


def _may_show_trouble(content: bytes) -> bool:
    """Whether a decimal in the text may not be plain; a text that only looks like it costs time, nothing else."""
    return b"NaN" in content or b"Inf" in content or _EXPONENT.search(content) is not None


def _rewrite(value: object, path: str) -> object:
    if isinstance(value, Decimal):
        try:
            return msgspec.Raw(plain(value).encode("ascii"))
        except NotPlain as error:
            raise NotPlain(f"{path.lstrip('.') or 'the value'}: {error}") from None
    if isinstance(value, Mapping):
        return {name: _rewrite(member, f"{path}.{name}") for name, member in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return [_rewrite(member, f"{path}[{index}]") for index, member in enumerate(value)]
    return value
