"""Decimals that stay exact and are written without an exponent."""

import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from types import MappingProxyType

import msgspec

PLACES_LIMIT = 60
"""No amount or quantity has more places before or after its decimal point; 1E+999999 would fill the memory."""

_ROUNDING = Context(prec=2 * PLACES_LIMIT, rounding=ROUND_HALF_UP, traps=[])
_DECIMALS = MappingProxyType(
    {
        currency: decimals
        for decimals, currencies in (
            (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
            (3, "BHD IQD JOD KWD LYD OMR TND"),
            (4, "CLF UYW"),
        )
        for currency in currencies.split()
    }
)
"""Decimals of the currencies that ISO 4217 does not give two."""

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


def rounded(value: Decimal, currency: str) -> Decimal:
    """The amount with the decimals that its currency has, half a unit away from zero; never minus zero."""
    return _ROUNDING.plus(value.quantize(Decimal(1).scaleb(-_DECIMALS.get(currency, 2)), context=_ROUNDING))


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
