"""Writes an order in the canonical form; see docs/reference/canonical-order.md."""

from decimal import localcontext
from types import MappingProxyType

from order_receiver.contract.codes import OrderType
from order_receiver.contract.request import OrderRequest, PickupStore, ShippingAdvice
from order_receiver.mapping.canonical.parties import address_part, info_part, party_part
from order_receiver.mapping.canonical.rows import discount_part, fee_part, payment_part, row_parts, totals_part
from order_receiver.mapping.model import MappingContext, MappingFailed, MissingValues
from order_receiver.mapping.numbers import NotPlain, encode_json
from order_receiver.mapping.sums import check_currency
from order_receiver.mapping.tables.table import NO_TABLES, ValueTables
from order_receiver.mapping.tables.translating import translate
from order_receiver.orders.canonical import FORMAT, ApplicationPart, OrderPart, PickupPart, ShippingPart
from order_receiver.orders.document import Document
from order_receiver.orders.totals import EXACT

TYPES = MappingProxyType(
    {
        OrderType.Order: "order",
        OrderType.PurchaseOrder: "purchase_order",
        OrderType.RecurringOrder: "recurring_order",
        OrderType.RecurringOrderTemplate: "recurring_order_template",
        OrderType.ExternalOrder: "external_order",
    }
)


class CanonicalMapping:
    """The mapping named `canonical`, with the codes of the target where its value tables have them."""

    def __init__(self, tables: ValueTables = NO_TABLES) -> None:
        self._tables = tables

    def with_tables(self, tables: ValueTables) -> "CanonicalMapping":
        return CanonicalMapping(tables)

    def map(self, order: OrderRequest, context: MappingContext) -> Document:
        """Write everything the order says.

        Raises MissingValues, and MappingFailed for payments in two currencies and a number that is not plain.
        """
        part = order_part(order, context)
        check_currency(part)
        part, missing = translate(part, self._tables)
        if missing:
            raise MissingValues(missing)
        try:
            content = encode_json(part)
        except NotPlain as error:
            path, _, trouble = str(error).partition(": ")
            raise MappingFailed(f"{trouble}; correct the number", field=path) from error
        return Document(content, "application/json", "json")


def order_part(order: OrderRequest, context: MappingContext) -> OrderPart:
    """Return the whole document as Structs."""
    if not order.ClientOrderRef:
        raise MappingFailed("the order has no reference", field="ClientOrderRef")
    payments = [payment_part(payment) for payment in order.Payments or ()]
    with localcontext(EXACT):
        rows = row_parts(order.Items)
        totals = totals_part(rows, payments)
    submitted = None if order.SubmitDate is None else context.aware(order.SubmitDate)
    return OrderPart(
        format=FORMAT,
        key=context.key,
        reference=order.ClientOrderRef,
        application=ApplicationPart(
            name=context.application,
            id=context.application_id,
            key=None if order.Header is None else order.Header.ApplicationKey or None,
        ),
        type=TYPES[order.OrderType],
        source=order.Source or None,
        submitted_at=None if submitted is None else submitted.isoformat(),
        received_at=context.received_at.isoformat(timespec="seconds"),
        order_date=context.local(submitted or context.received_at).date().isoformat(),
        currency=order.CurrencyCode or None,
        customer_reference=order.CustomerOrderRef or None,
        invoice_reference=order.CustomerInvoiceRef or None,
        requested_order_no=order.ErpOrderNo or None,
        sales_contact=order.SalesContactCode or None,
        sales_division=order.SalesContactDivision or None,
        discount_code=order.DiscountCode or None,
        refer_id=order.ReferId,
        comment=order.CustomerOrderComment or None,
        hold=order.DoHold,
        buyer=party_part(order.SellTo),
        payer=party_part(order.BillTo),
        recipient=party_part(order.ShipTo),
        rows=rows,
        fees=[fee_part(fee) for fee in order.Fees or ()],
        discounts=[discount_part(discount) for discount in order.Discounts or ()],
        totals=totals,
        payments=payments,
        shipping=_shipping(order.ShippingAdvice),
        info=info_part(order.AdditionalInfo),
        extra=dict(context.extra) or None,
    )


def _shipping(advice: ShippingAdvice | None) -> ShippingPart | None:
    if advice is None:
        return None
    return ShippingPart(
        method=advice.DeliveryMethodCode or None,
        complete=advice.IsComplete,
        fee_once=advice.IsFeeChargedOnce,
        notify_by_sms=advice.DoSMSNotify,
        pickup=_pickup(advice.PickupStore),
        advisor_order_code=advice.ShipAdvisorOrderCode or None,
        tms_reference=advice.TmsReference or None,
    )


def _pickup(store: PickupStore | None) -> PickupPart | None:
    if store is None:
        return None
    return PickupPart(
        code=store.Code or None,
        name=store.Name or None,
        drop_point=store.IsDropPoint,
        address=address_part(store.Address),
        info=info_part(store.AdditionalInfo),
    )
