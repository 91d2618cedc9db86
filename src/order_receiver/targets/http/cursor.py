"""Where a look for news ended, and which of two cursors of the ERP is the later one."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from order_receiver.settings.expressions import ExpressionFailed

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TEXT = "plain text"


class Cursor(msgspec.Struct, omit_defaults=True):
    """Where the next look goes on. `since` is the latest cursor seen by the last whole look, `latest` of this one.

    `page` is the address of the page that comes next, below `base`.
    """

    since: str = ""
    latest: str = ""
    page: str | None = None
    base: str = ""

    def go_back(self) -> None:
        """Begin the look anew."""
        self.latest, self.page, self.base = self.since, None, ""

    def go_on(self, page: str | None, base: str) -> None:
        """A page was read; without a next one, the look was whole."""
        self.page = page
        self.base = "" if page is None else base
        if page is None:
            self.since = self.latest


def read_cursor(text: str | None, start: str, base: str) -> Cursor:
    """What was stored, or a first look: for a cursor of another adapter too, and for one of another kind than `start`.

    Pages of another base_url are not gone on with.
    """
    first = Cursor(start, start)
    try:
        stored = first if text is None else msgspec.json.decode(text, type=Cursor)
    except msgspec.DecodeError:
        return first
    if start and stored.since and _read(start)[0] != _read(stored.since)[0]:
        return first
    if stored.base != base:
        stored.go_back()
    return stored


def later(one: str, other: str) -> str:
    """The later of two cursors of one kind: numbers, moments, or any other text. Raises ExpressionFailed.

    Text of no known form is not told: nobody knows what is in it.
    """
    if not one or not other:
        return one or other
    (kind, value), (other_kind, other_value) = _read(one), _read(other)
    if kind != other_kind:
        known = "the one before" if kind == _TEXT else one
        named = "the cursor" if other_kind == _TEXT else f"the cursor {other}"
        raise ExpressionFailed(
            f"{named} is {other_kind} and not {kind}, as {known} is; correct `cursor`, "
            "or set `start` to one of the kind that the ERP gives"
        )
    return max((value, one), (other_value, other))[1]


def _read(text: str) -> tuple[str, Decimal]:
    """Its kind, and what it is compared by before its text."""
    if _NUMBER.fullmatch(text):
        return "a number", Decimal(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _TEXT, Decimal()
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return "a moment", Decimal((aware - _EPOCH) // timedelta(microseconds=1))
