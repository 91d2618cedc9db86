"""Rows, fees, discounts and payments in UBL."""

from order_receiver.mapping.sums import vat_of
from order_receiver.mapping.ubl.elements import Node, fit
from order_receiver.mapping.ubl.parties import VAT
from order_receiver.orders.canonical import DiscountPart, FeePart, PaymentPart, RowPart

CHARGE, ALLOWANCE = "true", "false"
DEFINED_BY_PARTIES = "ZZZ"


def write_row(node: Node, row: RowPart, field: str) -> None:
    """One OrderLine."""
    line = node.group("OrderLine", "LineItem")
    line.fixed("ID", str(row.line))
    line.used.add(f"{field}.line")
    line.text("Note", row.comment, f"{field}.comment")
    unit = {} if row.unit is None else {"unitCode": fit(row.unit, f"{field}.unit")}
    line.decimal("Quantity", row.quantity, f"{field}.quantity", **unit)
    line.used.update(() if row.unit is None else (f"{field}.unit",))
    line.amount("LineExtensionAmount", row.total_excl_vat, f"{field}.total_excl_vat")
    line.amount("TotalTaxAmount", row.total_vat, f"{field}.total_vat")
    line.group("Price").amount("PriceAmount", row.unit_price_excl_vat, f"{field}.unit_price_excl_vat")
    _item(line.group("Item"), row, field)


def _item(item: Node, row: RowPart, field: str) -> None:
    item.text("Name", row.description, f"{field}.description")
    erp = row.erp_part_no is not None
    seller = item.group("SellersItemIdentification")
    seller.text("ID", row.erp_part_no if erp else row.part_no, f"{field}.{'erp_part_no' if erp else 'part_no'}")
    category = item.group("ClassifiedTaxCategory")
    category.text("ID", row.vat_code, f"{field}.vat_code")
    category.decimal("Percent", row.vat_rate, f"{field}.vat_rate")
    category.group("TaxScheme").fixed("ID", VAT)
    for code, value in (row.info or {}).items():
        if isinstance(value, str):
            place = f"{field}.info.{code}"
            extra = item.group("AdditionalItemProperty")
            extra.text("Name", code, place)
            extra.text("Value", value, place)


def write_fee(node: Node, fee: FeePart, field: str) -> None:
    """A charge that no row represents."""
    charge = node.group("AllowanceCharge")
    charge.fixed("ChargeIndicator", CHARGE)
    charge.text("AllowanceChargeReasonCode", fee.type, f"{field}.type")
    charge.text("AllowanceChargeReason", fee.description, f"{field}.description")
    charge.amount("Amount", fee.amount, f"{field}.amount")
    category = charge.group("TaxCategory")
    category.text("ID", fee.vat_code, f"{field}.vat_code")
    category.decimal("Percent", fee.vat_rate, f"{field}.vat_rate")
    category.group("TaxScheme").fixed("ID", VAT)
    charge.group("TaxTotal").amount("TaxAmount", vat_of(fee, field), f"{field}.amount")


def write_discount(node: Node, discount: DiscountPart, field: str) -> None:
    """An allowance that no row represents."""
    allowance = node.group("AllowanceCharge")
    allowance.fixed("ChargeIndicator", ALLOWANCE)
    allowance.text("AllowanceChargeReasonCode", discount.type, f"{field}.type")
    allowance.text("AllowanceChargeReason", discount.code, f"{field}.code")
    allowance.amount("Amount", discount.amount, f"{field}.amount")


def write_means(node: Node, payment: PaymentPart, index: int) -> None:
    """How something was paid; what was paid is in the terms of the same number."""
    field = f"payments[{index}]"
    means = node.group("PaymentMeans")
    means.fixed("ID", str(index + 1))
    means.fixed("PaymentMeansCode", DEFINED_BY_PARTIES)
    means.text("PaymentChannelCode", payment.method, f"{field}.method")
    means.text("InstructionID", payment.reference, f"{field}.reference")
    means.text("InstructionNote", payment.name, f"{field}.name")


def write_terms(node: Node, payment: PaymentPart, index: int) -> None:
    """The amount of one payment."""
    field = f"payments[{index}]"
    terms = node.group("PaymentTerms")
    terms.fixed("ID", str(payment.code))
    terms.used.add(f"{field}.code")
    if payment.currency == terms.currency:
        terms.used.add(f"{field}.currency")
    terms.fixed("PaymentMeansID", str(index + 1))
    terms.amount("Amount", payment.amount, f"{field}.amount")
