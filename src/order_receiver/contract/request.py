"""OrderRequest: a new order from Norce, with every entity and field it reaches.

Members are named and ordered as in the contract, which is the order .NET writes them in XML. Lengths and
code words are facts about the platform kept in `Meta`: an order that breaks them is read with care and noted, never
refused.
`personal` marks what may tell about a person: the one home of that fact, which masking follows everywhere.
Amounts and quantities are `Decimal`. (norce: OrderRequest)
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from order_receiver.contract import codes

ZERO = Decimal(0)

Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
"""A .NET int; the tolerant reader keeps a greater number and notes it."""

Text10 = Annotated[str, Meta(max_length=10)]
Text50 = Annotated[str, Meta(max_length=50)]
Text100 = Annotated[str, Meta(max_length=100)]
Text255 = Annotated[str, Meta(max_length=255)]
Currency = Annotated[str, Meta(max_length=3, extra={"format": "currency"})]
"""ISO 4217, three letters."""
CountryCode = Annotated[str, Meta(max_length=2, extra={"format": "country"})]
"""ISO 3166-1 alpha-2."""
Guid = Annotated[str, Meta(extra={"format": "guid"})]
ItemType = Annotated[str, Meta(extra={"words": codes.ITEM_TYPES})]
ItemTypeGroup = Annotated[str, Meta(extra={"words": codes.ITEM_TYPE_GROUPS})]

Personal = Annotated[str, Meta(extra={"personal": "personal"})]
"""Text that may tell about a person, free text included: shown by its first character only."""
Personal50 = Annotated[str, Meta(max_length=50, extra={"personal": "personal"})]
Personal100 = Annotated[str, Meta(max_length=100, extra={"personal": "personal"})]
Personal255 = Annotated[str, Meta(max_length=255, extra={"personal": "personal"})]
PersonalNumber = Annotated[str, Meta(max_length=50, extra={"personal": "secret"})]
"""Personal identity number: masked as a whole wherever it is shown."""


class Message(Struct, forbid_unknown_fields=True):
    """Base of everything that Norce sends; unknown members are for the tolerant reader to note."""


class CodeValue(Message, kw_only=True, gc=False):
    """One entry of an AdditionalInfo. Match on `Code2`: `Code` carries the info type's name. (norce: CodeValue)"""

    Id: Int32 = 0
    Code: str | None = None
    Value: Personal | None = None
    Code2: str | None = None

    @property
    def key(self) -> str | None:
        """The code to match on: `Code2`, or `Code` only where `Code2` is missing or empty."""
        return self.Code2 or self.Code


class Address(Message, kw_only=True, gc=False):
    """A postal address. (norce: Address)"""

    Type: str | None = None
    Line1: Personal100 | None = None
    Line2: Personal100 | None = None
    Box: Personal100 | None = None
    ZipCode: Personal50 | None = None
    City: Personal50 | None = None
    Region: Text50 | None = None
    Country: CountryCode | None = None
    CareOf: Personal100 | None = None
    ShippingPhoneNumber: Personal50 | None = None
    Gln: Text50 | None = None
    ExtensionData: None = None


MaybeAddress = Address | None


class Company(Message, kw_only=True, gc=False):
    """The company of a customer. All but `Code`, `Name` and `VatNo` are always null or false. (norce: Company)"""

    Code: Text50 | None = None
    Name: Text100 | None = None
    VatNo: Personal50 | None = None
    Phone: Personal | None = None
    Fax: Personal | None = None
    Email: Personal | None = None
    Addresses: list[Address] | None = None
    PricelistCodes: list[str] | None = None
    PricelistLimit: bool = False
    PaymentCodes: list[str] | None = None
    PaymentCodeLimit: bool = False
    DeliveryCodes: list[str] | None = None
    DeliveryCodeLimit: bool = False
    IsActive: bool | None = None
    AdditionalInfo: list[CodeValue] | None = None


MaybeCompany = Company | None


class Person(Message, kw_only=True, gc=False):
    """The person of a customer, and the address of a company customer too. (norce: Person, class Customer)"""

    CustomerCode: Text50 | None = None
    CompanyCode: str | None = None
    FirstName: Personal50 | None = None
    LastName: Personal50 | None = None
    JobTitle: Text10 | None = None
    PrivatePhone: Personal50 | None = None
    CellPhone: Personal50 | None = None
    WorkPhone: Personal50 | None = None
    Email: Personal255 | None = None
    SSN: PersonalNumber | None = None
    Address: MaybeAddress = None
    AdditionalInfo: list[CodeValue] | None = None
    IsActive: bool | None = None


MaybePerson = Person | None


class ClientCustomer(Message, kw_only=True, gc=False):
    """A buyer, payer or recipient; `Company` is set in business trade. (norce: ClientCustomer)"""

    Company: MaybeCompany = None
    Person: MaybePerson = None


class Payment(Message, kw_only=True, gc=False):
    """One payment. `Amount` is paid or reserved, including VAT, after rounding rules. (norce: Payment)"""

    PaymentCode: Int32 = 0
    PaymentMethodCode: str | None = None
    PaymentRef: str | None = None
    Amount: Decimal = ZERO
    CurrencyCode: Currency | None = None
    AdditionalInfo: list[CodeValue] | None = None
    PaymentName: str | None = None


class Discount(Message, kw_only=True, gc=False):
    """An order discount that no row represents; rarely used. (norce: Discount)"""

    Type: str | None = None
    Code: str | None = None
    Amount: Decimal = ZERO


class Fee(Message, kw_only=True, gc=False):
    """An order fee that no row represents; rarely used. `VatRate` is percent. (norce: Fee)"""

    Type: str | None = None
    Description: str | None = None
    Amount: Decimal = ZERO
    VatRate: Decimal = ZERO


class PickupStore(Message, kw_only=True, gc=False):
    """A store, or a carrier's drop point, where the buyer fetches the goods. (norce: PickupStore)"""

    Code: str | None = None
    Name: str | None = None
    AdditionalInfo: list[CodeValue] | None = None
    IsDropPoint: bool = False
    Address: MaybeAddress = None


MaybePickupStore = PickupStore | None


class ShippingAdvice(Message, kw_only=True, gc=False):
    """How the order is to be shipped. (norce: ShippingAdvice)"""

    DeliveryMethodCode: str | None = None
    DoSMSNotify: bool = False
    PickupStore: MaybePickupStore = None
    IsFeeChargedOnce: bool = False
    IsComplete: bool = False
    ShipAdvisorOrderCode: str | None = None
    TmsReference: str | None = None


MaybeShippingAdvice = ShippingAdvice | None


class PriceListItem(Message, kw_only=True, gc=False):
    """A price list that applied to a row; `UnitPrice` is excluding VAT. (norce: PriceListItem)"""

    PriceListName: Text50 | None = None
    QtyBreak: Int32 = 0
    UnitPrice: Decimal = ZERO
    IsStandardPriceList: bool = False
    IsActive: bool = False
    UnitPriceVat: Decimal | None = None


class Promotion(Message, kw_only=True, gc=False):
    """A promotion that applied to a row; an integer or text `Id`, kept as text. (norce: Promotion)"""

    Id: str | None = None
    Name: Text255 | None = None
    DiscountCode: Text50 | None = None
    AppliedAmount: Decimal = ZERO


class OrderItem(Message, kw_only=True, gc=False):
    """One row: an article, freight or a fee.

    `UnitPrice` is the sale price of ONE unit excluding VAT, `UnitVat` the VAT of one unit, `VatRate` percent.
    `Quantity2` is the exact quantity and wins over the integer `Quantity`. (norce: OrderItem)
    """

    LineNo: Int32 = 0
    ParentLineNo: Int32 | None = None
    Type: ItemType | None = None
    TypeGroup: ItemTypeGroup | None = None
    PartNo: str | None = None
    ErpPartNo: str | None = None
    InternalProductId: Int32 = 0
    Description: str | None = None
    Quantity: Int32 = 0
    UnitOfMeasure: str | None = None
    UnitPrice: Decimal = ZERO
    UnitPriceOriginal: Decimal = ZERO
    Discount: Decimal = ZERO
    UnitVat: Decimal = ZERO
    PriceListNo: Int32 | None = None
    VatRate: Decimal = ZERO
    Comment: Personal | None = None
    AdditionalInfo: list[CodeValue] | None = None
    PriceLists: list[PriceListItem] | None = None
    Promotions: list[Promotion] | None = None
    ManufacturerCode: str | None = None
    Quantity2: Decimal | None = None
    UnitPriceOriginalVat: Decimal | None = None

    @property
    def quantity(self) -> Decimal:
        """The exact quantity: `Quantity2` where present, else `Quantity`. (norce: receiving-orders, quantities)"""
        return Decimal(self.Quantity) if self.Quantity2 is None else self.Quantity2


class Header(Message, kw_only=True, gc=False):
    """Names the Norce application (shop) that made the order. (norce: Header)"""

    ApplicationKey: Guid | None = None


MaybeHeader = Header | None


class OrderRequest(Message, kw_only=True, gc=False):
    """A new order. `Items` holds articles plus freight and fee rows. (norce: OrderRequest)"""

    SellTo: ClientCustomer | None = None
    BillTo: ClientCustomer | None = None
    ShipTo: ClientCustomer | None = None
    SalesContactCode: Text50 | None = None
    SalesContactDivision: Text50 | None = None
    DoHold: bool = False
    ClientOrderRef: Text50 | None = None
    ErpOrderNo: Text50 | None = None
    CustomerOrderRef: Personal50 | None = None
    CustomerOrderComment: Personal | None = None
    SubmitDate: datetime | None = None
    CurrencyCode: Currency | None = None
    ReferId: Int32 | None = None
    Payments: list[Payment] | None = None
    Discounts: list[Discount] | None = None
    ShippingAdvice: MaybeShippingAdvice = None
    Items: list[OrderItem] | None = None
    Fees: list[Fee] | None = None
    AdditionalInfo: list[CodeValue] | None = None
    Header: MaybeHeader = None
    OrderType: codes.OrderType = codes.OrderType.Order
    Source: str | None = None
    CustomerInvoiceRef: Personal | None = None
    DiscountCode: str | None = None
    ExtensionData: None = None
