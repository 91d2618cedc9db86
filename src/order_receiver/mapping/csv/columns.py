"""The columns of the mapping `csv`, in their order. New ones go to the end: importers count columns."""

from typing import Final

_ADDRESS = ("care_of", "line1", "line2", "box", "postal_code", "city", "region", "country", "phone", "gln")
_PARTY = (
    *("code", "group", "name"),
    *(f"company.{name}" for name in ("code", "name", "vat_no", "phone", "email", "info")),
    *(f"person.{name}" for name in ("code", "first_name", "last_name", "title", "email")),
    *(f"person.{name}" for name in ("mobile", "private_phone", "work_phone", "personal_number", "info")),
    *(f"address.{name}" for name in _ADDRESS),
)
ORDER_FIELDS: Final = (
    *("format", "key", "reference", "application.name", "application.id", "application.key", "type", "source"),
    *("submitted_at", "received_at", "order_date", "currency", "customer_reference", "invoice_reference"),
    *("requested_order_no", "sales_contact", "sales_division", "discount_code", "refer_id", "comment", "hold"),
    *("totals.excl_vat", "totals.vat", "totals.incl_vat", "totals.paid", "info"),
    *(f"{party}.{name}" for party in ("buyer", "payer", "recipient") for name in _PARTY),
    *("shipping.method", "shipping.complete", "shipping.fee_once", "shipping.notify_by_sms"),
    *("shipping.pickup.code", "shipping.pickup.name", "shipping.pickup.drop_point", "shipping.pickup.info"),
    *(f"shipping.pickup.address.{name}" for name in _ADDRESS),
    *("shipping.advisor_order_code", "shipping.tms_reference", "extra"),
)
"""Fields of the order that every line repeats."""

_ROW = (
    *("line", "parent_line", "type", "group", "part_no", "erp_part_no", "manufacturer", "description", "quantity"),
    *("unit", "unit_price_excl_vat", "unit_vat", "vat_rate", "vat_code", "original_unit_price_excl_vat", "discount"),
    *("total_excl_vat", "total_vat", "total_incl_vat", "price_list", "promotions", "comment", "info"),
)
RECORDS: Final = (
    ("row", "rows", _ROW),
    ("fee", "fees", ("type", "description", "amount", "vat_rate", "vat_code")),
    ("discount", "discounts", ("type", "code", "amount")),
    ("payment", "payments", ("code", "method", "name", "reference", "amount", "currency", "info")),
)
"""What a line may be about: its name, the list of the order it comes from, and the fields of its own."""

RECORD: Final = "record"
"""The first column: what the line is about."""


def column(record: str, field: str) -> str:
    """The column of a field that a record has of its own; `discount_code` is the order's, what the customer entered."""
    return "discount_own_code" if (record, field) == ("discount", "code") else f"{record}_{field}"


COLUMNS: Final = (
    RECORD,
    *(field.replace(".", "_") for field in ORDER_FIELDS),
    *(column(name, field) for name, _, fields in RECORDS for field in fields),
)
"""The header line."""
