"""What of an order has no field of its own in Odoo: it becomes the sale's note."""

from collections.abc import Iterator
from html import escape

from order_receiver.orders.canonical import OrderPart, PaymentPart


def note_of(order: OrderPart, *, html: bool) -> str:
    """The customer's comment, references, pick-up point and payments, a line each; `html` from Odoo 15 on."""
    lines = [line for text in _texts(order) for line in text.splitlines()]
    return "<br>".join(escape(line) for line in lines) if html else "\n".join(lines)


def payment_references(order: OrderPart) -> str:
    """The references of the payments, for the field that Odoo copies to the invoice."""
    found = [payment.reference for payment in _paid(order) if payment.reference]
    return ", ".join(dict.fromkeys(found))


def _texts(order: OrderPart) -> Iterator[str]:
    if order.comment:
        yield order.comment
    if order.invoice_reference:
        yield f"Invoice reference: {order.invoice_reference}"
    pickup = order.shipping.pickup if order.shipping is not None else None
    if pickup is not None:
        yield f"Pick-up: {' '.join(filter(None, (pickup.code, pickup.name)))}"
    for payment in _paid(order):
        amount = f"{payment.amount:f} {payment.currency or order.currency}"
        reference = "" if not payment.reference else f", reference {payment.reference}"
        yield f"Payment: {payment.name or payment.method or payment.code} {amount}{reference}"


def _paid(order: OrderPart) -> list[PaymentPart]:
    return [payment for payment in order.payments if payment.amount != 0]
