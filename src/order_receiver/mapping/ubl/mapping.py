"""Writes an order as UBL 2.1 Order; see docs/reference/ubl.md."""

import re

from lxml import etree

from order_receiver.mapping.leaves import as_word, leaves
from order_receiver.mapping.model import MappingFailed
from order_receiver.mapping.sums import sums_of
from order_receiver.mapping.ubl.elements import CAC, EMPTY, EXT, Node, fit
from order_receiver.mapping.ubl.lines import write_discount, write_fee, write_means, write_row, write_terms
from order_receiver.mapping.ubl.parties import write_address, write_customer, write_recipient, write_seller
from order_receiver.orders.canonical import OrderPart
from order_receiver.orders.document import Document
from order_receiver.settings.formats import UblFormat

OWN = "urn:order-receiver:order:1"
"""The namespace of our extension."""

KEY = "Order key"
"""The type of the document reference that has the order's key."""

CURRENCY = re.compile(r"[A-Z]{3}")
NOT_SENT = re.compile(r"format$|.*\.personal_number$")
"""Fields that stay out of the document: nobody whom UBL is written for needs a personal number."""


def write_ubl(order: OrderPart, settings: UblFormat) -> Document:
    """Raises MappingFailed."""
    if order.currency is None or not CURRENCY.fullmatch(order.currency):
        raise MappingFailed("UBL needs a currency of three letters, such as SEK; correct the order", field="currency")
    root = Node(etree.fromstring(EMPTY), order.currency, set())
    _head(root, order, settings)
    _parties(root, order, settings)
    _money(root, order)
    for index, row in enumerate(order.rows):
        write_row(root, row, f"rows[{index}]")
    root.prune()
    _check_whole(root, order)
    if settings.extension:
        _extend(root, order)
    content = etree.tostring(root.element, xml_declaration=True, encoding="UTF-8")
    return Document(content, "application/xml", "xml")


def _check_whole(root: Node, order: OrderPart) -> None:
    """What the schema demands and an order may lack. Raises MappingFailed."""
    if root.element.find("cac:BuyerCustomerParty", {"cac": CAC}) is None:
        raise MappingFailed("UBL needs a buyer; correct the order, or write another format", field="buyer")
    if not order.rows:
        raise MappingFailed("UBL needs at least one row; correct the order, or write another format", field="rows")


def _money(root: Node, order: OrderPart) -> None:
    """Payments, fees, discounts and totals, in the order of the schema."""
    for index, payment in enumerate(order.payments):
        write_means(root, payment, index)
    for index, payment in enumerate(order.payments):
        write_terms(root, payment, index)
    for index, fee in enumerate(order.fees):
        write_fee(root, fee, f"fees[{index}]")
    for index, discount in enumerate(order.discounts):
        write_discount(root, discount, f"discounts[{index}]")
    _totals(root, order)


def _head(root: Node, order: OrderPart, settings: UblFormat) -> None:
    root.fixed("UBLVersionID", "2.1")
    root.fixed("CustomizationID", settings.customization)
    root.fixed("ProfileID", settings.profile)
    root.text("ID", order.reference, "reference")
    root.text("SalesOrderID", order.requested_order_no, "requested_order_no")
    root.text("IssueDate", order.order_date, "order_date")
    root.text("Note", order.comment, "comment")
    root.text("DocumentCurrencyCode", order.currency, "currency")
    root.text("CustomerReference", order.customer_reference, "customer_reference")
    root.text("AccountingCost", order.invoice_reference, "invoice_reference")
    key = root.group("AdditionalDocumentReference")
    key.text("ID", order.key, "key")
    key.fixed("DocumentType", KEY)


def _parties(root: Node, order: OrderPart, settings: UblFormat) -> None:
    write_customer(root, "BuyerCustomerParty", order.buyer, "buyer")
    write_seller(root, settings, order.application.name)
    write_customer(root, "AccountingCustomerParty", order.payer, "payer")
    delivery = root.group("Delivery")
    shipping = order.shipping
    if shipping is not None:
        delivery.text("TrackingID", shipping.tms_reference, "shipping.tms_reference")
    pickup = None if shipping is None else shipping.pickup
    if pickup is not None:
        place = delivery.group("DeliveryLocation")
        place.text("ID", pickup.code, "shipping.pickup.code")
        place.text("Name", pickup.name, "shipping.pickup.name")
        if pickup.address is not None:
            write_address(place.group("Address"), pickup.address, "shipping.pickup.address")
    if order.recipient is not None:
        write_recipient(delivery, order.recipient, "recipient")
    if shipping is not None:
        root.group("DeliveryTerms").text("ID", shipping.method, "shipping.method")


def _totals(root: Node, order: OrderPart) -> None:
    """VAT and totals with what fees and discounts add to them; what is to be paid can be paid in the currency."""
    sums = sums_of(order)
    root.group("TaxTotal").amount("TaxAmount", sums.vat, "totals.vat")
    group = root.group("AnticipatedMonetaryTotal")
    group.amount("LineExtensionAmount", order.totals.excl_vat, "totals.excl_vat")
    group.amount("TaxExclusiveAmount", sums.excl_vat, "totals.excl_vat")
    group.amount("TaxInclusiveAmount", sums.incl_vat, "totals.incl_vat")
    if order.discounts:
        group.amount("AllowanceTotalAmount", sums.allowances, "discounts")
    if order.fees:
        group.amount("ChargeTotalAmount", sums.charges, "fees")
    group.amount("PrepaidAmount", order.totals.paid, "totals.paid")
    if sums.rounding:
        group.amount("PayableRoundingAmount", sums.rounding, "totals.paid")
    group.amount("PayableAmount", sums.payable, "totals.paid")


def _extend(root: Node, order: OrderPart) -> None:
    """Say in an extension, field by field, what no element of UBL has said."""
    left = [(path, value) for path, value in leaves(order) if path not in root.used and not NOT_SENT.match(path)]
    if not left:
        return
    extensions = etree.Element(f"{{{EXT}}}UBLExtensions")
    content = etree.SubElement(etree.SubElement(extensions, f"{{{EXT}}}UBLExtension"), f"{{{EXT}}}ExtensionContent")
    own = etree.SubElement(content, f"{{{OWN}}}Order", nsmap={"own": OWN})
    for path, value in left:
        word = fit(as_word(value, path), path)
        etree.SubElement(own, f"{{{OWN}}}Value", {"field": fit(path, path)}).text = word
    root.element.insert(0, extensions)
