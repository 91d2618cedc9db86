"""Report: tell Norce what became of an order."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

from order_receiver.contract.codes import OrderStatus
from order_receiver.contract.outgoing import SendOrderStatusRequest
from order_receiver.norce.references import client_order_ref_number
from order_receiver.orders.states import OrderState
from order_receiver.settings.model import Application
from order_receiver.store import changes
from order_receiver.store.errors import NotPossible
from order_receiver.store.session import Session
from order_receiver.store.store import Store
from order_receiver.store.values import NewTask, OrderRow, Task
from order_receiver.telemetry import Gathered
from order_receiver.work.results import Done

ACTOR = "norce"


class StatusCalls(Protocol):
    """What reporting needs of Norce Connect."""

    async def send_order_status(self, request: SendOrderStatusRequest, application_id: int | None) -> None:
        """Raises the failures of `orders.outcomes`. (norce: SendOrderStatus)"""
        ...


class ReportConfirmed:
    """Sends `Confirmed` with the ERP's number, which links the two. Safe to repeat: the same fact says the same."""

    def __init__(
        self,
        store: Store,
        norce: StatusCalls,
        applications: Mapping[str, Application],
        account_id: int | None = None,
    ) -> None:
        self._store = store
        self._norce = norce
        self._ids = {key: application.id for key, application in applications.items()}
        self._account_id = account_id
        self._told = Gathered("order.confirmed")

    async def __call__(self, task: Task) -> Done:
        """Raises the failures of the Norce client."""
        order = task.known if isinstance(task.known, OrderRow) else await self._look_up(task.order_id or 0)
        if order.state is not OrderState.PLACED:
            return Done()
        request = SendOrderStatusRequest(
            ClientOrderRef=client_order_ref_number(order.key.client_order_ref),
            ErpOrderNo=order.erp_order_no,
            OrderStatus=OrderStatus.Confirmed.name,
            AccountId=self._account_id,
        )
        await self._norce.send_order_status(request, self._ids.get(order.key.application_key))
        return Done(
            partial(_confirmed, order=order),
            lambda: self._told.tell(order=order.key.client_order_ref, erp_order_no=order.erp_order_no),
        )

    async def _look_up(self, order_id: int) -> OrderRow:
        return await self._store.read(partial(changes.order_row, order_id=order_id))


def _confirmed(session: Session, at: datetime, *, order: OrderRow) -> Sequence[NewTask]:
    """A hold may have come meanwhile: another part of the order was refused. Norce knows the number all the same."""
    try:
        _move(session, at, order)
    except NotPossible:
        _move(session, at, changes.order_row(session, order.id))
    return ()


def _move(session: Session, at: datetime, order: OrderRow) -> None:
    changes.move(session, order, OrderState.CONFIRMED, at, ACTOR, why="Norce was told Confirmed with the order number")
