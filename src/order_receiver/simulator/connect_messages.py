"""What Norce Connect takes, said a second time and strictly, independent of the program's own outgoing messages.

Members are named exactly as in the contract and unknown ones are errors, so that this is an honest second opinion.
(norce: contract, entities of direction out)
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
Text3 = Annotated[str, Meta(max_length=3)]
Text50 = Annotated[str, Meta(max_length=50)]
Text100 = Annotated[str, Meta(max_length=100)]
Text255 = Annotated[str, Meta(max_length=255)]
Number = Decimal | int
"""A JSON number with or without fraction; never text."""
Guid = Annotated[str, Meta(pattern="^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]


class Strict(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all: a misspelt or unknown member is an error that names it."""


class OrderInfo(Strict, frozen=True, kw_only=True):
    """A value for an order info type. (norce: OrderInfo)"""

    Code: str
    Value: str | None = None


class OrderItemStatus(Strict, frozen=True, kw_only=True):
    """The status of one row; `LineNo` is text here. (norce: OrderItemStatus)"""

    LineNo: str | None = None
    ItemStatus: str | None = None


class SendOrderStatus(Strict, frozen=True, kw_only=True):
    """A new status of an order, by name. (norce: SendOrderStatusRequest)"""

    ClientOrderRef: Int32 | None = None
    ErpOrderNo: Text50 | None = None
    Infos: list[OrderInfo] | None = None
    OrderStatus: str
    AccountId: Int32 | None = None
    ItemStatuses: list[OrderItemStatus] | None = None


class CodeValue(Strict, frozen=True, kw_only=True):
    """One entry of an AdditionalInfo. (norce: CodeValue)"""

    Id: Int32 = 0
    Code: str | None = None
    Value: str | None = None
    Code2: str | None = None


class Payment(Strict, frozen=True, kw_only=True):
    """A payment to cancel, capture or credit. (norce: Payment)"""

    PaymentCode: Int32 = 0
    PaymentMethodCode: str | None = None
    PaymentRef: str | None = None
    Amount: Number = 0
    CurrencyCode: Text3 | None = None
    AdditionalInfo: list[CodeValue] | None = None
    PaymentName: str | None = None


class CancelOrder(Strict, frozen=True, kw_only=True):
    """Cancels an order; each payment listed is cancelled at its provider. (norce: CancelOrderRequest)"""

    ClientOrderRef: Int32 | None = None
    ErpOrderNo: Text50 | None = None
    Payments: list[Payment] | None = None


class Address(Strict, frozen=True, kw_only=True):
    """A postal address. (norce: Address)"""

    Type: str | None = None
    Line1: Text255 | None = None
    Line2: Text255 | None = None
    Box: Text255 | None = None
    ZipCode: Text50 | None = None
    City: Text50 | None = None
    Region: Text50 | None = None
    Country: Text3 | None = None
    CareOf: Text100 | None = None
    ShippingPhoneNumber: Text50 | None = None
    Gln: Text50 | None = None


class DeliveryNoteItem(Strict, frozen=True, kw_only=True):
    """A delivered row. (norce: DeliveryNoteItem)"""

    Id: Int32 | None = None
    RowNumber: Number
    ItemNo: str
    Description: str | None = None
    Qty: Number
    Comment: Text255 | None = None


class DeliveryNotePackage(Strict, frozen=True, kw_only=True):
    """A parcel. (norce: DeliveryNotePackage)"""

    Id: Int32 | None = None
    ParcelNumber: Text255 | None = None
    StatusId: Int32 = 0


class DeliveryNote(Strict, frozen=True, kw_only=True):
    """What was dispatched; the rows may be spelt as in the contract or as in the reference. (norce: DeliveryNote)"""

    OrderNo: str
    NoteNo: Text50
    BuyerCompanyCode: str | None = None
    BuyerCustomerCode: str | None = None
    DeliveryAddress: Address | None = None
    DeliveryDate: datetime
    IsPrinted: bool | None = None
    DeliveryName: Text100 | None = None
    DeliveryAttention: Text100 | None = None
    DeliveryMode: Text50 | None = None
    NoteText: Text255 | None = None
    DivisionCode: Text50 | None = None
    StatusId: Int32 = 0
    DeliveryNotePackages: list[DeliveryNotePackage] | None = None
    DeliveryNoteItems: list[DeliveryNoteItem] | None = None
    DeliverynoteItems: list[DeliveryNoteItem] | None = None


class InvoiceItem(Strict, frozen=True, kw_only=True):
    """An invoiced row; whole quantities only. (norce: InvoiceItem)"""

    LineNo: Number = 0
    PartNo: str
    Description: str | None = None
    Quantity: Int32
    UnitPrice: Number
    SalePrice: Number | None = None
    LineAmount: Number = 0
    UnitVat: Number = 0
    PriceList: str | None = None
    VatRate: Number = 0
    Discount: Number | None = None
    ProductName: str | None = None


OnePayment = Payment | None


class Invoice(Strict, frozen=True, kw_only=True):
    """An invoice (CreateInvoice) or a credit (CreditPayment). (norce: Invoice)"""

    InvoiceNo: Text50 | None = None
    ClientOrderRef: Int32 | None = None
    ErpOrderNo: Text50 | None = None
    DeliveryDate: datetime | None = None
    InvoiceDate: datetime
    InvoiceDueDate: datetime | None = None
    Payment: OnePayment = None
    CurrencyCode: Text3
    TotalAmount: Number = 0
    InvoiceRoundOff: Number = 0
    Vat: Number = 0
    VatRoundOff: Number | None = None
    Items: list[InvoiceItem] | None = None
    Name: str | None = None
    AddressLine1: str | None = None
    AddressLine2: str | None = None
    ZipCode: str | None = None
    City: str | None = None
    ApplicationKey: Guid | None = None
    IsLastInvoiceForOrder: bool | None = None
    CreditedInvoiceNo: str | None = None
    Comment: str | None = None
    Attention: str | None = None
    CareOf: str | None = None
    Region: str | None = None
    Country: str | None = None
    GroupCode: Text50 | None = None
    Gln: str | None = None
    PaymentMethodCode: str | None = None
    PaymentMethodName: str | None = None
    SuppressPspCall: bool = False
    CultureCode: str | None = None
    CountryCode: str | None = None
