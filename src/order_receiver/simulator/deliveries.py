"""What the receiver's answers do to Norce's orders."""

from order_receiver.contract.codes import OrderStatus
from order_receiver.simulator.connect_rules import advance
from order_receiver.simulator.state import Delivery, NorceOrder, NorceState
from order_receiver.simulator.verdict import Outcome, Verdict


def record_answer(state: NorceState, order: NorceOrder, verdict: Verdict) -> None:
    """Norce has read an answer: Allocation or Confirmed, refused, or tried again later.

    A final answer stands: a later one that says otherwise is noted as a contradiction.
    """
    state.tell(order, verdict.sentence)
    match verdict.outcome:
        case Outcome.TAKEN_OVER:
            _take_over(state, order, verdict.erp_order_no)
        case Outcome.REFUSED if order.delivery is Delivery.TAKEN_OVER:
            if not order.changed:
                order.contradictions.append("refused after it had been taken over")
        case Outcome.REFUSED:
            order.delivery = Delivery.REFUSED
        case Outcome.RETRY:
            pass


def record_give_up(state: NorceState, order: NorceOrder) -> None:
    """Six hours are over."""
    order.delivery = Delivery.GIVEN_UP
    state.tell(order, "Given up after 6 hours: Norce support is alerted.")


def _take_over(state: NorceState, order: NorceOrder, erp_order_no: str | None) -> None:
    if order.delivery is Delivery.REFUSED:
        order.contradictions.append("taken over after it had been refused")
    order.delivery = Delivery.TAKEN_OVER
    if order.stage == 0:
        advance(order, OrderStatus.Allocation)
    if erp_order_no is not None:
        _confirm(state, order, erp_order_no)


def _confirm(state: NorceState, order: NorceOrder, erp_order_no: str) -> None:
    if order.erp_order_no not in {None, erp_order_no}:
        order.contradictions.append(f"answered ErpOrderNo {erp_order_no!r} after {order.erp_order_no!r}")
        return
    other = state.find_by_erp_order_no(erp_order_no)
    if other is not None and other is not order:
        order.contradictions.append(f"answered ErpOrderNo {erp_order_no!r} of order {other.reference}")
        return
    state.link(order, erp_order_no)
    if order.stage <= 1:
        advance(order, OrderStatus.Confirmed)
