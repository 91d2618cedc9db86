"""The canonical order: every member of the document, in the order they are written.

A member without a value is left out (null is never written, empty text counts as no value); lists are always there.
Decimals are exact and in plain notation. Members may be added within a format number, never removed or changed.
`Personal` marks what is masked where people are shown a value of it, as in the contract.
"""

from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from order_receiver.contract.request import Personal, PersonalNumber

FORMAT = "order-receiver/order/1"

Info: TypeAlias = dict[str, str | list[str]]
"""AdditionalInfo: value by code. A code that comes several times has the list of its values."""


class Part(Struct, omit_defaults=True, kw_only=True, gc=False, frozen=True):
    """Base of all parts of the document."""


class ApplicationPart(Part, kw_only=True, frozen=True):
    """The Norce application (shop) the order comes from."""

    name: str
    id: int | None = None
    key: str | None = None


class AddressPart(Part, kw_only=True, frozen=True):
    """A postal address; `country` is ISO 3166-1 alpha-2."""

    care_of: Personal | None = None
    line1: Personal | None = None
    line2: Personal | None = None
    box: Personal | None = None
    postal_code: Personal | None = None
    city: Personal | None = None
    region: str | None = None
    country: str | None = None
    phone: Personal | None = None
    gln: str | None = None


class CompanyPart(Part, kw_only=True, frozen=True):
    """The company of a party; there only in business trade."""

    code: str | None = None
    name: str | None = None
    vat_no: Personal | None = None
    phone: Personal | None = None
    email: Personal | None = None
    info: Info | None = None


class PersonPart(Part, kw_only=True, frozen=True):
    """The person of a party. `personal_number` must be kept from anyone who does not need it."""

    code: str | None = None
    first_name: Personal | None = None
    last_name: Personal | None = None
    title: str | None = None
    email: Personal | None = None
    mobile: Personal | None = None
    private_phone: Personal | None = None
    work_phone: Personal | None = None
    personal_number: PersonalNumber | None = None
    info: Info | None = None


class PartyPart(Part, kw_only=True, frozen=True):
    """Buyer, payer or recipient. `code` is the ERP's own number where the customer is known already."""

    code: str | None = None
    group: str | None = None
    """The customer group that the target knows, from its value table."""
    name: Personal | None = None
    company: CompanyPart | None = None
    person: PersonPart | None = None
    address: AddressPart | None = None


class PromotionPart(Part, kw_only=True, frozen=True):
    """A promotion that is already in the price of the row."""

    id: str | None = None
    name: str | None = None
    discount_code: str | None = None
    amount: Decimal


class RowPart(Part, kw_only=True, frozen=True):
    """One row: an article, freight or a fee. Prices are those sold at; nothing is left to be subtracted."""

    line: int
    parent_line: int | None = None
    type: str | None = None
    group: str | None = None
    part_no: str | None = None
    erp_part_no: str | None = None
    manufacturer: str | None = None
    description: str | None = None
    quantity: Decimal
    unit: str | None = None
    unit_price_excl_vat: Decimal
    unit_vat: Decimal
    vat_rate: Decimal
    vat_code: str | None = None
    """The target's own code for `vat_rate`, from its value table."""
    original_unit_price_excl_vat: Decimal
    discount: Decimal | None = None
    total_excl_vat: Decimal
    total_vat: Decimal
    total_incl_vat: Decimal
    price_list: int | None = None
    promotions: list[PromotionPart]
    comment: Personal | None = None
    info: Info | None = None


class PaymentPart(Part, kw_only=True, frozen=True):
    """One payment; `amount` includes VAT and is in `currency`, or in the order's where that is left out."""

    code: int
    method: str | None = None
    name: str | None = None
    reference: str | None = None
    amount: Decimal
    currency: str | None = None
    info: Info | None = None


class FeePart(Part, kw_only=True, frozen=True):
    """A fee that no row represents; not in the totals, as its VAT is not defined. `vat_rate` is percent."""

    type: str | None = None
    description: str | None = None
    amount: Decimal
    vat_rate: Decimal
    vat_code: str | None = None


class DiscountPart(Part, kw_only=True, frozen=True):
    """A discount that no row represents; not in the totals, as its VAT is not defined."""

    type: str | None = None
    code: str | None = None
    amount: Decimal


class PickupPart(Part, kw_only=True, frozen=True):
    """A store, or a carrier's drop point, where the buyer fetches the goods."""

    code: str | None = None
    name: str | None = None
    drop_point: bool | None = None
    address: AddressPart | None = None
    info: Info | None = None


class ShippingPart(Part, kw_only=True, frozen=True):
    """How the order is to be shipped."""

    method: str | None = None
    complete: bool
    """All in one shipment."""
    fee_once: bool
    """Freight is charged once, even with several shipments."""
    notify_by_sms: bool
    pickup: PickupPart | None = None
    advisor_order_code: str | None = None
    tms_reference: str | None = None


class TotalsPart(Part, kw_only=True, frozen=True):
    """Sums over all rows, unrounded, and over all payments, which may differ from them by a rounding."""

    excl_vat: Decimal
    vat: Decimal
    incl_vat: Decimal
    paid: Decimal


class OrderPart(Part, kw_only=True, frozen=True):
    """The document."""

    format: str
    key: str
    reference: str
    application: ApplicationPart
    type: str
    source: str | None = None
    submitted_at: str | None = None
    received_at: str
    order_date: str
    currency: str | None = None
    customer_reference: Personal | None = None
    invoice_reference: Personal | None = None
    requested_order_no: str | None = None
    sales_contact: str | None = None
    sales_division: str | None = None
    discount_code: str | None = None
    refer_id: int | None = None
    comment: Personal | None = None
    hold: bool
    buyer: PartyPart | None = None
    payer: PartyPart | None = None
    recipient: PartyPart | None = None
    rows: list[RowPart]
    fees: list[FeePart]
    discounts: list[DiscountPart]
    totals: TotalsPart
    payments: list[PaymentPart]
    shipping: ShippingPart | None = None
    info: Info | None = None
    extra: dict[str, str] | None = None
    """What enrichments found out about the order, by the names of the configuration."""
