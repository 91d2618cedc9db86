"""What a checked call to Connect does to an order, and which calls Norce refuses.

Norce documents no rules for transitions. These are stricter than anything known, on purpose: a status never goes
back, and a confirmed order keeps its number. (norce: SendOrderStatus)
"""

from order_receiver.contract.codes import OrderStatus
from order_receiver.simulator.connect_messages import CancelOrder, DeliveryNote, SendOrderStatus
from order_receiver.simulator.refusal import Refusal
from order_receiver.simulator.state import NorceOrder, NorceState

_STAGES = {
    OrderStatus.Created: 0,
    OrderStatus.Allocation: 1,
    OrderStatus.Acknowledged: 1,
    OrderStatus.ReadyForReservation: 1,
    OrderStatus.Reserved: 1,
    OrderStatus.ErpConfirmed: 2,
    OrderStatus.Confirmed: 2,
    OrderStatus.BackOrder: 2,
    OrderStatus.PartlyDelivered: 4,
    OrderStatus.ReadyForPickup: 4,
    OrderStatus.Delivered: 5,
    OrderStatus.PickedUp: 5,
    OrderStatus.NotPickedUp: 5,
    OrderStatus.Invoiced: 6,
    OrderStatus.Cancelled: 9,
}
"""How far an order is; statuses that are not listed may come at any time and change nothing about that."""

_CANCELLED = _STAGES[OrderStatus.Cancelled]


def find(state: NorceState, client_order_ref: int | None, erp_order_no: str | None) -> NorceOrder:
    """The order that a call names. Raises `Refusal` 400 for one that Norce does not know."""
    if client_order_ref:
        order = state.get(str(client_order_ref))
        named = f"ClientOrderRef {client_order_ref}"
    else:
        order = state.find_by_erp_order_no(erp_order_no or "")
        named = f"ErpOrderNo {erp_order_no!r}"
    if order is None:
        raise Refusal(400, f"{named}: Norce knows no such order.")
    return order


def set_status(state: NorceState, order: NorceOrder, message: SendOrderStatus, status: OrderStatus) -> None:
    """Raise `Refusal` 400 for a step back, another ERP number, or a confirmation without any number."""
    need_same_number(state, order, message.ErpOrderNo)
    stage = _STAGES.get(status)
    if order.stage == _CANCELLED and status is not OrderStatus.Cancelled:
        raise Refusal(400, f"Order {order.reference} is cancelled; {status.name} cannot follow.")
    if stage is not None and stage < order.stage:
        raise Refusal(400, f"Order {order.reference} is {order.status.name}; {status.name} would be a step back.")
    if status is OrderStatus.Confirmed and not (message.ErpOrderNo or order.erp_order_no):
        raise Refusal(400, f"Order {order.reference}: Confirmed needs the ErpOrderNo.")
    if message.ErpOrderNo:
        state.link(order, message.ErpOrderNo)
    advance(order, status)


def cancel(state: NorceState, order: NorceOrder, message: CancelOrder) -> None:
    """The order is cancelled from now on; repeating it changes nothing. Raises `Refusal` 400 once it is delivered."""
    need_same_number(state, order, message.ErpOrderNo)
    if _STAGES[OrderStatus.Delivered] <= order.stage < _CANCELLED:
        raise Refusal(400, f"Order {order.reference} is {order.status.name} and cannot be cancelled any more.")
    advance(order, OrderStatus.Cancelled)


def find_for_note(state: NorceState, message: DeliveryNote) -> NorceOrder:
    """By the ERP's number, or the basket's number while there is none. Raises `Refusal` 400. (norce: OrderNo)"""
    order = state.find_by_erp_order_no(message.OrderNo) or state.get(message.OrderNo)
    if order is None:
        raise Refusal(400, f"OrderNo {message.OrderNo!r}: Norce knows no such order.")
    if order.erp_order_no and message.OrderNo != order.erp_order_no:
        raise Refusal(400, f"OrderNo {message.OrderNo!r}: the order is known by its number {order.erp_order_no!r}.")
    return order


def follow(order: NorceOrder, status: OrderStatus) -> None:
    """A note or an invoice sets the status itself. Raises `Refusal` 400 when the order is cancelled."""
    if order.stage == _CANCELLED:
        raise Refusal(400, f"Order {order.reference} is cancelled; {status.name} cannot follow.")
    if _STAGES[status] >= order.stage:
        advance(order, status)


def advance(order: NorceOrder, status: OrderStatus) -> None:
    """Set a status; statuses beside the way of an order leave its stage as it is."""
    order.status = status
    order.stage = max(order.stage, _STAGES.get(status, order.stage))


def need_same_number(state: NorceState, order: NorceOrder, erp_order_no: str | None) -> None:
    """Raise `Refusal` 400 and note a contradiction when the number is not the order's own."""
    if not erp_order_no:
        return
    if order.erp_order_no not in {None, erp_order_no}:
        order.contradictions.append(f"ErpOrderNo {erp_order_no!r} told after {order.erp_order_no!r}")
        raise Refusal(400, f"Order {order.reference} has ErpOrderNo {order.erp_order_no!r}, not {erp_order_no!r}.")
    other = state.find_by_erp_order_no(erp_order_no)
    if other is not None and other is not order:
        order.contradictions.append(f"ErpOrderNo {erp_order_no!r} belongs to order {other.reference}")
        raise Refusal(400, f"ErpOrderNo {erp_order_no!r} belongs to order {other.reference} already.")
