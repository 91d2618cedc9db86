"""OrderResponse: our answer to an OrderRequest."""

import msgspec

from order_receiver.contract.codes import StatusCode

DESCRIPTION_LENGTH = 255
ERP_ORDER_NO_LENGTH = 50


class OrderResponse(msgspec.Struct, frozen=True):
    """The answer of the door, always with all four members. (norce: OrderResponse)

    `HasErpOrderNo` is true exactly when `ErpOrderNo` is a non-empty text. `Description` may be cut at 255
    characters; an order number may never be cut, so one over 50 characters is not sent at all.
    """

    StatusCode: StatusCode
    Description: str | None
    HasErpOrderNo: bool
    ErpOrderNo: str | None


def order_response(status: StatusCode, description: str | None, erp_order_no: str | None = None) -> OrderResponse:
    """Build a consistent answer: the description cut at 255, the number whole or absent."""
    fits = bool(erp_order_no) and len(erp_order_no or "") <= ERP_ORDER_NO_LENGTH
    return OrderResponse(
        StatusCode=status,
        Description=description[:DESCRIPTION_LENGTH] if description is not None else None,
        HasErpOrderNo=fits,
        ErpOrderNo=erp_order_no if fits else None,
    )
