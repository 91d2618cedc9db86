"""The messages of the order service: typed, read tolerantly, written exactly. Knows nothing of the other parts."""

from order_receiver.contract.codes import FeeType, OrderStatus, OrderType, StatusCode
from order_receiver.contract.findings import Finding, Severity
from order_receiver.contract.notes import notes
from order_receiver.contract.outgoing import OrderInfo, SendOrderStatusRequest
from order_receiver.contract.personal import mask, personal_kind, shorten, shown, shown_at
from order_receiver.contract.reading import Glance, Limits, Reading, Unreadable
from order_receiver.contract.request import OrderItem, OrderRequest
from order_receiver.contract.response import OrderResponse, order_response

__all__ = [
    "FeeType",
    "Finding",
    "Glance",
    "Limits",
    "OrderInfo",
    "OrderItem",
    "OrderRequest",
    "OrderResponse",
    "OrderStatus",
    "OrderType",
    "Reading",
    "SendOrderStatusRequest",
    "Severity",
    "StatusCode",
    "Unreadable",
    "mask",
    "notes",
    "order_response",
    "personal_kind",
    "shorten",
    "shown",
    "shown_at",
]
