"""What a mapping is, what it is told besides the order, and how it fails."""

from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo

from msgspec import field

from order_receiver.contract.request import OrderRequest
from order_receiver.contract.value import Value
from order_receiver.mapping.tables.lookup import Lookup
from order_receiver.mapping.tables.table import Missing, ValueTables
from order_receiver.orders.document import Document

STOCKHOLM = ZoneInfo("Europe/Stockholm")


class MappingContext(Value, frozen=True):
    """What a mapping may need that is not in the order.

    `received_at` is aware; `zone` is the application's: dates are shown in it, and a SubmitDate without zone is in it.
    """

    key: str
    """The submission key, the same for life: the ERP should keep it and send it back with its number."""
    application: str
    """The application's name in the settings."""
    application_id: int | None
    received_at: datetime
    zone: tzinfo = STOCKHOLM
    extra: Dictionary[str, str] = field(default_factory=dict)
    """What enrichments found out about the order, by name."""
    lookup: Lookup = Lookup({})
    """Answers from the target's value tables; set by the mapping itself."""

    def value(self, table: str, key: object) -> str:
        """The target's value for a key of a value table. One that is missing holds the order after the mapping.

        Raises NoSuchValue for a table that the target does not have.
        """
        return self.lookup(table, key)

    def aware(self, moment: datetime) -> datetime:
        """Return the moment with its zone; without one it is taken to be in `zone`."""
        return moment.replace(tzinfo=self.zone) if moment.tzinfo is None else moment

    def local(self, moment: datetime) -> datetime:
        """Return the moment as the clocks in `zone` show it."""
        return self.aware(moment).astimezone(self.zone)


class Mapping(Protocol):
    """Turns an order into what a target takes. The same order and context give the same document."""

    def map(self, order: OrderRequest, context: MappingContext) -> Document:
        """Raises MappingFailed."""
        ...

    def with_tables(self, tables: ValueTables) -> "Mapping":
        """The same mapping with other contents of its value tables."""
        ...


class MappingFailed(Exception):
    """An order cannot be mapped; it is held until the mapping or the order is put right.

    `file` and `line` say where in the mapping, `field` which member or expression; what is not known is None.
    `str()` is a full sentence for operators; it may quote the order, so logs take `for_logs`.
    """

    def __init__(
        self, message: str, *, file: str | None = None, line: int | None = None, field: str | None = None
    ) -> None:
        self.message = message
        self.file = file
        self.line = line
        self.field = field
        super().__init__(f"{self._where()}: {message.rstrip('.')}.")

    @property
    def for_logs(self) -> str:
        """The place and the type of the error that caused it, without a word that may come from the order."""
        cause = "" if self.__cause__ is None else f": {type(self.__cause__).__name__}"
        return f"{self._where()}{cause}."

    def _where(self) -> str:
        place = "" if self.file is None else f" in {self.file}" + ("" if self.line is None else f", line {self.line}")
        about = "" if self.field is None else f" at {self.field}"
        return f"The order cannot be mapped{place}{about}"


class MissingValues(MappingFailed):
    """Value tables lack what this order needs; it is held until they have it. `causes` tell alike orders by."""

    def __init__(self, missing: Sequence[Missing]) -> None:
        self.missing = tuple(dict.fromkeys(missing))
        first, *others = self.missing
        more = f" (and {len(others)} more: {'; '.join(map(str, others))})" if others else ""
        super().__init__(f"{first}{more}. Add what is missing; the order then goes on by itself", field=None)

    @property
    def causes(self) -> Sequence[str]:
        """The cause of each missing value, such as `value:payment-methods:klarna`; each once."""
        return tuple(dict.fromkeys(each.cause for each in self.missing))

    @property
    def for_logs(self) -> str:
        """The tables only: a key may be anything that the order has."""
        return f"{self._where()}: values are missing in {', '.join(sorted({each.table for each in self.missing}))}."


class MappingUnusable(Exception):
    """A mapping cannot be opened at all (missing file, bad syntax, unknown function); `str()` says what to do."""
