"""Strict reading of a call to Connect: headers, JSON, member names, types and either-or rules."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import NoReturn, TypeVar

import msgspec

from order_receiver.contract.codes import OrderStatus
from order_receiver.simulator.connect_messages import (
    CancelOrder,
    DeliveryNote,
    Invoice,
    SendOrderStatus,
    Strict,
)
from order_receiver.simulator.refusal import Refusal

M = TypeVar("M", bound=Strict)


def check_headers(headers: Mapping[str, str]) -> None:
    """Raise `Refusal` 400 unless application-id is an integer and the body is called JSON. (norce: headers per API)"""
    application = headers.get("application-id")
    if application is None or not (application.isascii() and application.isdigit()):
        raise Refusal(400, f"Header application-id must be an integer, not {application!r}.")
    media_type = headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type != "application/json":
        raise Refusal(400, f"Content-Type must be application/json, not {headers.get('content-type')!r}.")


def read(body: bytes, kind: type[M]) -> M:
    """The message in `body`. Raises `Refusal` 400 that names the member and what is wrong with it."""
    try:
        tree = json.loads(body, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_members_once)
        return msgspec.convert(tree, kind, builtin_types=(Decimal,))
    except (ValueError, RecursionError) as error:
        raise Refusal(400, f"{kind.__name__}: {error}") from error


def check_status(message: SendOrderStatus) -> OrderStatus:
    """The status named. Raises `Refusal` 400 for a status that is unknown or no order reference."""
    need_reference(message.ClientOrderRef, message.ErpOrderNo)
    for item in message.ItemStatuses or []:
        if item.ItemStatus is not None:
            _status(item.ItemStatus, "ItemStatus")
    return _status(message.OrderStatus, "OrderStatus")


def check_cancel(message: CancelOrder) -> None:
    """Raise `Refusal` 400 without an order reference or for a payment without `PaymentRef`."""
    need_reference(message.ClientOrderRef, message.ErpOrderNo)
    for place, payment in enumerate(message.Payments or []):
        if not payment.PaymentRef:
            raise Refusal(400, f"Payments[{place}].PaymentRef is missing: each payment to cancel needs it.")


def check_note(message: DeliveryNote) -> None:
    """Raise `Refusal` 400 for empty numbers or rows spelt in both ways at once."""
    for name in ("OrderNo", "NoteNo"):
        if not getattr(message, name):
            raise Refusal(400, f"{name} must not be empty.")
    if message.DeliveryNoteItems is not None and message.DeliverynoteItems is not None:
        raise Refusal(400, "DeliveryNoteItems and DeliverynoteItems are the same member: send one of them.")


def check_invoice(message: Invoice) -> None:
    """Raise `Refusal` 400 without `InvoiceNo` or an order reference."""
    need_reference(message.ClientOrderRef, message.ErpOrderNo)
    if not message.InvoiceNo:
        raise Refusal(400, "InvoiceNo must not be empty.")


def check_credit(message: Invoice) -> None:
    """As `check_invoice`, and `CreditedInvoiceNo` must say which invoice is credited."""
    check_invoice(message)
    if not message.CreditedInvoiceNo:
        raise Refusal(400, "CreditedInvoiceNo must name the invoice that is credited.")


def need_reference(client_order_ref: int | None, erp_order_no: str | None) -> None:
    """Raise `Refusal` 400 when neither reference is given; 0 and empty text count as absent, as in .NET."""
    if not client_order_ref and not erp_order_no:
        raise Refusal(400, "ClientOrderRef or ErpOrderNo must be given.")


def _status(name: str, member: str) -> OrderStatus:
    if name not in OrderStatus.__members__:
        raise Refusal(400, f"{member} {name!r} is unknown; known are {', '.join(OrderStatus.__members__)}.")
    return OrderStatus[name]


def _members_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members: dict[str, object] = {}
    for name, value in pairs:
        if name in members:
            raise ValueError(f"member {name!r} occurs twice")
        members[name] = value
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")
