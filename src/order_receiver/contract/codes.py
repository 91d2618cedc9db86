"""Code words of the order service. (norce: contract, enums)"""

from enum import IntEnum, StrEnum


class OrderType(IntEnum):
    """What kind of order a message is; JSON carries the number, XML the name. (norce: OrderTypes)

    Norce sends `Order`, `RecurringOrder` and `ExternalOrder` to an order receiver.
    """

    Order = 1
    PurchaseOrder = 2
    RecurringOrder = 3
    RecurringOrderTemplate = 4
    ExternalOrder = 5


class OrderStatus(IntEnum):
    """Status of an order in Norce; sent by name. (norce: OrderStatus)

    The platform's prose calls `Allocation` "Allocated". `Created` is late and never sent by us.
    """

    Created = 0
    Allocation = 1
    Confirmed = 2
    BackOrder = 3
    Delivered = 4
    Invoiced = 5
    Cancelled = 6
    CreditControl = 7
    PartlyDelivered = 8
    Acknowledged = 9
    ErpConfirmed = 10
    ReadyForPickup = 11
    PickedUp = 12
    NotPickedUp = 13
    OnHold = 14
    WaitingForCancel = 15
    WaitingForOnHoldRemoved = 16
    CancelError = 17
    AcknowledgementError = 18
    ReadyForReservation = 19
    Reserved = 20


class FeeType(IntEnum):
    """Kind of an order fee: a number in the reference, text in the contract. (norce: FeeType)"""

    Shipping = 0
    Invoice = 1


class StatusCode(StrEnum):
    """The two words that Norce understands in an OrderResponse. (norce: OrderResponseStatusCode)"""

    OK = "OK"
    FAILED = "Failed"


ITEM_TYPES = frozenset(
    {
        "Undefined",
        "ErpStandard",
        "Refurbished",
        "Freight",
        "Insurance",
        "GiftCertificate",
        "Bid",
        "Download",
        "Structure",
        "Invoice",
        "Demo",
        "Service",
        "Installation",
        "Accumulation",
        "Standard",
        "StandardAfterCreated",
        "Donation",
        "Brand",
        "EnvironmentalFee",
        "PackingFee",
    }
)
"""Known words of `OrderItem.Type`; others are noted, never refused. (norce: OrderItemType)"""

ITEM_TYPE_GROUPS = frozenset({"Undefined", "Physical", "Virtual", "Fee", "Service", "AddedFee"})
"""Known words of `OrderItem.TypeGroup`; others are noted. (norce: OrderItemTypeGroup)"""
