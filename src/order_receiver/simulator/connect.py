"""The order operations of simulated Norce Connect 4.0. (norce: outgoing calls)"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from order_receiver.contract.codes import OrderStatus
from order_receiver.simulator import connect_checks as checks
from order_receiver.simulator import connect_rules as rules
from order_receiver.simulator.connect_messages import CancelOrder, DeliveryNote, Invoice, SendOrderStatus
from order_receiver.simulator.identity import Identity
from order_receiver.simulator.refusal import Refusal
from order_receiver.simulator.state import NorceOrder, NorceState

_SHOWN = 500
"""Characters of a call's body that are kept in an order's story."""


class Connect:
    """Takes calls, checks them strictly and changes the state. Knows nothing of HTTP but headers and status."""

    def __init__(self, state: NorceState, identity: Identity) -> None:
        self._state = state
        self._identity = identity

    def call(self, operation: str, headers: Mapping[str, str], body: bytes) -> None:
        """Do what the call asks. Raises `Refusal` with 400, 401 or 404; header names are lower case."""
        try:
            work = _OPERATIONS.get(operation)
            if work is None:
                raise Refusal(404, f"There is no operation {operation!r}.")
            self._identity.check(headers.get("authorization"))
            checks.check_headers(headers)
            work(self._state, body)
        except Refusal as refusal:
            self._count(operation, refusal)
            raise
        self._state.calls[f"{operation} 200"] += 1

    def _count(self, operation: str, refusal: Refusal) -> None:
        self._state.calls[f"{operation} {refusal.status}"] += 1
        if not refusal.told:
            self._state.tell_unattributed(f"{operation}: {refusal.status} {refusal}")


@contextmanager
def _told(state: NorceState, order: NorceOrder, operation: str, body: bytes) -> Iterator[None]:
    """Write the call and its outcome into the order's story."""
    call = f"{operation} {body.decode('utf-8', 'replace')[:_SHOWN]}"
    try:
        yield
    except Refusal as refusal:
        refusal.told = True
        state.tell(order, f"{call}: {refusal.status} {refusal}")
        raise
    state.tell(order, f"{call}: 200")


def _send_order_status(state: NorceState, body: bytes) -> None:
    message = checks.read(body, SendOrderStatus)
    status = checks.check_status(message)
    order = rules.find(state, message.ClientOrderRef, message.ErpOrderNo)
    with _told(state, order, "SendOrderStatus", body):
        rules.set_status(state, order, message, status)


def _cancel_order(state: NorceState, body: bytes) -> None:
    message = checks.read(body, CancelOrder)
    checks.check_cancel(message)
    order = rules.find(state, message.ClientOrderRef, message.ErpOrderNo)
    with _told(state, order, "CancelOrder", body):
        rules.cancel(state, order, message)


def _create_delivery_note(state: NorceState, body: bytes) -> None:
    message = checks.read(body, DeliveryNote)
    checks.check_note(message)
    order = rules.find_for_note(state, message)
    with _told(state, order, "CreateDeliveryNote", body):
        rules.follow(order, OrderStatus.Delivered)


def _create_invoice(state: NorceState, body: bytes) -> None:
    message = checks.read(body, Invoice)
    checks.check_invoice(message)
    order = rules.find(state, message.ClientOrderRef, message.ErpOrderNo)
    with _told(state, order, "CreateInvoice", body):
        rules.need_same_number(state, order, message.ErpOrderNo)
        rules.follow(order, OrderStatus.Invoiced)


def _credit_payment(state: NorceState, body: bytes) -> None:
    message = checks.read(body, Invoice)
    checks.check_credit(message)
    order = rules.find(state, message.ClientOrderRef, message.ErpOrderNo)
    with _told(state, order, "CreditPayment", body):
        rules.need_same_number(state, order, message.ErpOrderNo)


_OPERATIONS: dict[str, Callable[[NorceState, bytes], None]] = {
    "SendOrderStatus": _send_order_status,
    "CancelOrder": _cancel_order,
    "CreateDeliveryNote": _create_delivery_note,
    "CreateInvoice": _create_invoice,
    "CreditPayment": _credit_payment,
}
