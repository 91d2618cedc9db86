"""Rows, payments, fees and their sums in the canonical order. The caller sets the context EXACT."""

from collections.abc import Sequence
from decimal import DecimalException

from order_receiver.contract.request import Discount, Fee, OrderItem, Payment, Promotion
from order_receiver.mapping.canonical.parties import info_part
from order_receiver.mapping.model import MappingFailed
from order_receiver.orders.canonical import (
    DiscountPart,
    FeePart,
    PaymentPart,
    PromotionPart,
    RowPart,
    TotalsPart,
)
from order_receiver.orders.totals import tidy, totals_of


def row_parts(items: Sequence[OrderItem] | None) -> list[RowPart]:
    """Return the rows with their totals. Raises MappingFailed naming the row whose numbers are unusable."""
    rows: list[RowPart] = []
    try:
        rows.extend(map(_row, items or ()))
    except DecimalException as error:
        raise MappingFailed(
            "quantity times price cannot be computed exactly; correct the row", field=f"Items[{len(rows)}]"
        ) from error
    return rows


def _row(item: OrderItem) -> RowPart:
    quantity = item.quantity
    excl_vat = tidy(quantity * item.UnitPrice)
    vat = tidy(quantity * item.UnitVat)
    return RowPart(
        line=item.LineNo,
        parent_line=item.ParentLineNo,
        type=item.Type or None,
        group=item.TypeGroup or None,
        part_no=item.PartNo or None,
        erp_part_no=item.ErpPartNo or None,
        manufacturer=item.ManufacturerCode or None,
        description=item.Description or None,
        quantity=quantity,
        unit=item.UnitOfMeasure or None,
        unit_price_excl_vat=item.UnitPrice,
        unit_vat=item.UnitVat,
        vat_rate=item.VatRate,
        original_unit_price_excl_vat=item.UnitPriceOriginal,
        discount=item.Discount or None,
        total_excl_vat=excl_vat,
        total_vat=vat,
        total_incl_vat=excl_vat + vat,
        price_list=item.PriceListNo,
        promotions=[_promotion(promotion) for promotion in item.Promotions] if item.Promotions else [],
        comment=item.Comment or None,
        info=info_part(item.AdditionalInfo),
    )


def _promotion(promotion: Promotion) -> PromotionPart:
    return PromotionPart(
        id=promotion.Id or None,
        name=promotion.Name or None,
        discount_code=promotion.DiscountCode or None,
        amount=promotion.AppliedAmount,
    )


def payment_part(payment: Payment) -> PaymentPart:
    """Return one payment."""
    return PaymentPart(
        code=payment.PaymentCode,
        method=payment.PaymentMethodCode or None,
        name=payment.PaymentName or None,
        reference=payment.PaymentRef or None,
        amount=payment.Amount,
        currency=payment.CurrencyCode or None,
        info=info_part(payment.AdditionalInfo),
    )


def fee_part(fee: Fee) -> FeePart:
    """Return one fee that no row represents."""
    return FeePart(type=fee.Type or None, description=fee.Description or None, amount=fee.Amount, vat_rate=fee.VatRate)


def discount_part(discount: Discount) -> DiscountPart:
    """Return one discount that no row represents."""
    return DiscountPart(type=discount.Type or None, code=discount.Code or None, amount=discount.Amount)


def totals_part(rows: Sequence[RowPart], payments: Sequence[PaymentPart]) -> TotalsPart:
    """Sum up the order. Raises MappingFailed."""
    try:
        return totals_of(rows, payments)
    except DecimalException as error:
        raise MappingFailed("the totals cannot be computed exactly; correct the amounts", field="Items") from error
