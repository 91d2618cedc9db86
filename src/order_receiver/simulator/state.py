"""What simulated Norce knows of its orders, in memory: status, ERP number, the receiver's answers, calls to Connect."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from order_receiver.contract.codes import OrderStatus
from order_receiver.contract.request import OrderRequest
from order_receiver.simulator.order_rows import rows_total

UNATTRIBUTED_LIMIT = 1000
"""Calls to Connect that name no known order are remembered up to this many."""


class Delivery(StrEnum):
    """How far Norce got with handing an order to the receiver."""

    SENDING = "sending"
    """Not taken over yet; Norce comes back."""
    TAKEN_OVER = "taken over"
    REFUSED = "refused"
    """Answered `Failed`: final."""
    GIVEN_UP = "given up"
    """Six hours without success; support is alerted."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of an order's story."""

    at: datetime
    what: str


@dataclass(slots=True)
class NorceOrder:
    """One order as Norce knows it. `total` includes VAT. Changed only through `NorceState` and `connect_rules`."""

    reference: str
    application_key: str
    currency: str
    total: Decimal
    rows: int
    do_hold: bool
    status: OrderStatus = OrderStatus.Created
    stage: int = 0
    erp_order_no: str | None = None
    delivery: Delivery = Delivery.SENDING
    attempts: int = 0
    sent_whole: int = 0
    """Times that all of it went out with the right credentials."""
    changed: bool = False
    """It was sent again with other content."""
    contradictions: list[str] = field(default_factory=list)
    """What the receiver told that cannot all be true."""
    story: list[Moment] = field(default_factory=list)


class NorceState:
    """All orders of one simulated Norce; shared by its server, its sender and whoever looks on.

    Belongs to one event loop and is not locked. `now` gives aware times and can be replaced in tests.
    """

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._orders: dict[str, NorceOrder] = {}
        self._by_erp_order_no: dict[str, str] = {}
        self.calls: Counter[str] = Counter()
        """Calls to Connect and the identity server: "operation status" -> how many."""
        self.unattributed: deque[Moment] = deque(maxlen=UNATTRIBUTED_LIMIT)

    def __len__(self) -> int:
        return len(self._orders)

    def __iter__(self) -> Iterator[NorceOrder]:
        return iter(self._orders.values())

    def get(self, reference: str) -> NorceOrder | None:
        return self._orders.get(reference)

    def find_by_erp_order_no(self, erp_order_no: str) -> NorceOrder | None:
        reference = self._by_erp_order_no.get(erp_order_no)
        return self._orders[reference] if reference is not None else None

    def newest(self, count: int) -> list[NorceOrder]:
        """The orders registered last, newest first."""
        return [order for order, _ in zip(reversed(self._orders.values()), range(count), strict=False)]

    def register(self, order: OrderRequest) -> NorceOrder:
        """Norce has a new order (`Created`). Raises `ValueError` for a reference that is taken or missing."""
        reference = order.ClientOrderRef
        if not reference or reference in self._orders:
            raise ValueError(
                f"Norce has an order {reference!r} already." if reference else "The order has no reference."
            )
        known = NorceOrder(
            reference=reference,
            application_key=(order.Header.ApplicationKey if order.Header else None) or "",
            currency=order.CurrencyCode or "",
            total=rows_total(order.Items or []),
            rows=len(order.Items or []),
            do_hold=order.DoHold,
        )
        self._orders[reference] = known
        return known

    def tell(self, order: NorceOrder, what: str) -> None:
        """Add a line to the order's story."""
        order.story.append(Moment(self._now(), what))

    def tell_unattributed(self, what: str) -> None:
        """Remember a call that names no known order."""
        self.unattributed.append(Moment(self._now(), what))

    def link(self, order: NorceOrder, erp_order_no: str) -> None:
        """The ERP's number of the order is known from now on."""
        order.erp_order_no = erp_order_no
        self._by_erp_order_no[erp_order_no] = order.reference
