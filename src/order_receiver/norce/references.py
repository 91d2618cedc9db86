"""An order's references as Norce takes them back."""

import re

from order_receiver.contract.codes import OrderStatus
from order_receiver.contract.outgoing import SendOrderStatusRequest

_INT32_MAX = 2_147_483_647
_PLAIN = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)


def client_order_ref_number(ref: str) -> int | None:
    """The reference as the int32 that outgoing messages want, or None where it is not one.

    The number must give back the very same text: no sign, no blanks, no leading zeros. 0 counts as absent at Norce.
    (norce: outgoing calls, identifying the order)
    """
    if not _PLAIN.fullmatch(ref):
        return None
    number = int(ref)
    return number if number <= _INT32_MAX else None


def confirmed(client_order_ref: str, erp_order_no: str, account_id: int | None = None) -> SendOrderStatusRequest:
    """The report that links the ERP's number to the order. (norce: SendOrderStatus)"""
    return SendOrderStatusRequest(
        ClientOrderRef=client_order_ref_number(client_order_ref),
        ErpOrderNo=erp_order_no,
        OrderStatus=OrderStatus.Confirmed.name,
        AccountId=account_id,
    )
