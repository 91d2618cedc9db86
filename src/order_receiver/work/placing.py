"""Placing: an ERP's order number has come, by whatever way, and Norce is to be told."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from order_receiver.orders.identity import OrderKey
from order_receiver.orders.states import HoldReason, OrderState
from order_receiver.store import changes, holding
from order_receiver.store.holding import Held
from order_receiver.store.session import Session
from order_receiver.store.store import Store
from order_receiver.store.values import NewTask, OrderRow
from order_receiver.telemetry import Gathered
from order_receiver.work.kinds import NORCE, REPORT_CONFIRMED, target_system

SETTLED_BY_A_NUMBER = frozenset({HoldReason.ERP_REFUSED, HoldReason.PARKED})
"""Holds that end by themselves when the ERP that made them names a number: it has the order."""


class Placing:
    """Writes an order's number once, whoever brings it, and queues the report to Norce.

    Where no Norce is configured the report waits until one is: an order is never forgotten for want of a setting.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._placed = Gathered("order.placed")

    def place(self, session: Session, order: OrderRow, number: str, at: datetime, actor: str) -> Sequence[NewTask]:
        """Take down a number that the target `actor` gives.

        The same number again changes nothing; another one is held: somebody must look.
        """
        system = target_system(actor)
        if order.erp_order_no == number:
            holding.settle(session, order, (HoldReason.ERP_REFUSED,), system, at)
            return ()
        if order.erp_order_no is not None:
            text = (
                f"{actor} names order number {number}, but we know {order.erp_order_no} and may have told Norce so. "
                "Find out in the ERP which one counts and cancel the other there."
            )
            if Held(system, HoldReason.NUMBERS_DIFFER, text) not in holding.holds_of(session, order):
                holding.hold(session, order, HoldReason.NUMBERS_DIFFER, text, at, actor, system=system)
            return ()
        order = holding.settle(session, order, SETTLED_BY_A_NUMBER, system, at)
        placed = changes.move(session, order, OrderState.PLACED, at, actor, number=number)
        return (NewTask(system=NORCE, kind=REPORT_CONFIRMED, order_id=order.id, known=placed),)

    def announce(self, order_id: int, key: OrderKey, numbers: Iterable[str]) -> None:
        """Tell doors that wait, and the log, of a number that is news; after the commit."""
        for number in numbers:
            self._store.announce_number(order_id)
            self._placed.tell(order=key.client_order_ref, erp_order_no=number)
