"""Single values from whatever a sender wrote them as.

Every reader here takes a plain value and returns the value meant, or raises `Misfit`.
"""

import re
from decimal import Decimal, InvalidOperation
from enum import IntEnum

from order_receiver.contract.findings import Severity

Tree = None | bool | int | Decimal | str | list["Tree"] | dict[str, "Tree"]
"""A message before it is typed: what JSON can say, with exact numbers."""

AMOUNT_DIGITS = 28
"""Significant digits of a .NET decimal; also the greatest exponent, either way, that is believed."""

INT32 = range(-(2**31), 2**31)
INT64 = range(-(2**63), 2**63)
_NUMBER = re.compile(r"[+-]?\d{1,19}(?:\.\d{0,28})?(?:[eE][+-]?\d{1,2})?", re.ASCII)
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class Misfit(Exception):
    """A value is not what its member asks for; `kept` is used all the same where it is not None."""

    def __init__(self, rule: str, advice: str, kept: int | None = None) -> None:
        super().__init__(rule)
        self.rule = rule
        self.advice = advice
        self.kept = kept

    @property
    def severity(self) -> Severity:
        """A note where the value was kept, else a problem."""
        return Severity.PROBLEM if self.kept is None else Severity.NOTE


def read_text(value: Tree) -> str:
    """A text; a number or a boolean is taken as the text it would be written as."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal) and is_amount(value):
        return f"{value:f}"
    raise Misfit("not-a-text", "Send text, or a number, here.")


def read_integer(value: Tree) -> int:
    """A whole number, also as text or with a fraction of nothing. Beyond 32 bits it is kept and noted."""
    number = _whole(value)
    if number not in INT64:
        raise Misfit("not-a-number", "Send a whole number that fits 32 bits.")
    if number not in INT32:
        raise Misfit("beyond-32-bits", "The number was kept; send one that fits 32 bits.", kept=number)
    return number


def _whole(value: Tree) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()) is not None:
        value = Decimal(value)
    if isinstance(value, Decimal) and is_amount(value) and value == value.to_integral_value():
        return int(value)
    raise Misfit("not-a-number", "Send a whole number, without thousands separators.")


def read_amount(value: Tree) -> Decimal:
    """A decimal number, also as text, with its digits kept."""
    if isinstance(value, str | int | Decimal) and not isinstance(value, bool):
        amount = _decimal(value)
        if amount is not None and is_amount(amount):
            return amount
    raise Misfit("not-an-amount", "Send a decimal number with a dot and at most 28 digits.")


def _decimal(value: str | int | Decimal) -> Decimal | None:
    try:
        return Decimal(value)
    except (InvalidOperation, ValueError):
        return None


def is_amount(value: Decimal) -> bool:
    """Whether a decimal can be meant: finite, at most 28 significant digits, no absurd exponent."""
    _, digits, exponent = value.as_tuple()
    return isinstance(exponent, int) and len(digits) <= AMOUNT_DIGITS and abs(exponent) <= AMOUNT_DIGITS


def read_boolean(value: Tree) -> bool:
    """True or false, also as text in any case and as 1 or 0."""
    if isinstance(value, bool | int | str):
        meant = _BOOLEANS.get(str(value).strip().casefold()) if value not in (0, 1) else bool(value)
        if meant is not None:
            return meant
    raise Misfit("not-a-boolean", "Send true or false.")


def read_code(codes: type[IntEnum], value: Tree) -> IntEnum:
    """An enum value by number, by number as text, or by name in any case."""
    named = _named(codes, value) if isinstance(value, str) else None
    if named is not None:
        return named
    try:
        return codes(_whole(value))
    except (ValueError, Misfit):
        usual = next(iter(codes))
        known = ", ".join(f"{one.value} {one.name}" for one in codes)
        kept = usual if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else None
        raise Misfit("unknown-code", f"Taken as {usual.name}; known are {known}.", kept) from None


def _named(codes: type[IntEnum], text: str) -> IntEnum | None:
    wanted = text.strip().casefold()
    return next((one for one in codes if one.name.casefold() == wanted), None)
