"""Messages to Norce Connect, in contract order; exact in what we send. (norce: outgoing calls)"""

import msgspec


class OrderInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A code and value for an order info type configured in Norce Admin. (norce: OrderInfo)"""

    Code: str
    Value: str | None = None


class SendOrderStatusRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Tells Norce an order's status; the first `Confirmed` with `ErpOrderNo` links the ERP's number.

    At least one of the references must be given. `ClientOrderRef` is an int32 here although it is text in
    OrderRequest: left out when it is not one. `OrderStatus` is sent by name. (norce: SendOrderStatusRequest)
    """

    ClientOrderRef: int | None = None
    ErpOrderNo: str | None = None
    Infos: list[OrderInfo] | None = None
    OrderStatus: str
    AccountId: int | None = None
