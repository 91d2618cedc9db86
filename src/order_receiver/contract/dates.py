"""Dates in every form that senders are known to write. (norce: receiving-orders, formats to tolerate)"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND_DAY = datetime(1, 1, 2, tzinfo=UTC)
SANE_YEARS = range(1900, 9999)

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s?(Z|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII | re.IGNORECASE,
)
_DCJS = re.compile(r"\\?/Date\((-?\d{1,18})([+-]\d{4})?\)\\?/", re.ASCII)


def read_date(text: str, zone: tzinfo) -> datetime | None:
    """The instant that a text means; `zone` counts where the text names none; .NET's default date means absent.

    Accepts ISO 8601 with offset, Z or neither, with up to any number of fraction digits, with a space for the T, the
    date alone, and `/Date(ms+zone)/`, whose zone is only display. Raises ValueError for anything else.
    """
    if (match := _DCJS.fullmatch(text.strip())) is not None:
        return settle_date(_from_milliseconds(int(match[1]), match[2]), zone)
    if (match := _ISO.fullmatch(text.strip())) is not None:
        return settle_date(_from_iso(match), zone)
    raise ValueError("no known form of a date")


def settle_date(value: datetime, zone: tzinfo) -> datetime | None:
    """Give a date without offset that of `zone`; .NET's default date (year 1, January 1) becomes None.

    Raises ValueError for years that no order has.
    """
    if (value.year, value.month, value.day) == (1, 1, 1):
        return None
    if value.year not in SANE_YEARS:
        raise ValueError("no year of an order")
    if value.tzinfo is not None:
        return value
    offset = value.replace(tzinfo=zone).utcoffset()
    return value.replace(tzinfo=timezone(offset or timedelta()))


def _from_milliseconds(milliseconds: int, zone: str | None) -> datetime:
    if milliseconds < (SECOND_DAY - EPOCH) // timedelta(milliseconds=1):
        return datetime.min.replace(tzinfo=UTC)
    try:
        return (EPOCH + timedelta(milliseconds=milliseconds)).astimezone(_offset(zone or "Z"))
    except OverflowError:
        raise ValueError("no year of an order") from None


def _from_iso(match: re.Match[str]) -> datetime:
    year, month, day, hour, minute, second = (int(match[group] or 0) for group in range(1, 7))
    digits = (match[7] or "").ljust(7, "0")
    zone = None if match[8] is None else _offset(match[8])
    whole = datetime(year, month, day, hour, minute, second, int(digits[:6]), tzinfo=zone)
    # The seventh digit is rounded as msgspec rounds it, so that both readers agree.
    return whole + timedelta(microseconds=1) if digits[6] >= "5" and year < SANE_YEARS.stop else whole


def _offset(text: str) -> timezone:
    if text in "Zz":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-size if text[0] == "-" else size)
