"""Writes an order as EDIFACT ORDERS D.96A; see docs/reference/edifact.md."""

import hashlib
import re
from datetime import datetime

from msgspec import structs
from pydifact.control.characters import Characters
from pydifact.segments import Segment
from pydifact.serializer import Serializer

from order_receiver.mapping.edifact.allowances import write_allowances
from order_receiver.mapping.edifact.lines import write_row
from order_receiver.mapping.edifact.parties import write_party
from order_receiver.mapping.edifact.rest import write_rest
from order_receiver.mapping.edifact.segments import AMOUNT, CHARSET, Message
from order_receiver.mapping.model import MappingFailed
from order_receiver.mapping.sums import sums_of
from order_receiver.orders.canonical import OrderPart
from order_receiver.orders.document import Document
from order_receiver.settings.formats import EdifactFormat

SIGNS = Characters.from_str(":+.? '")
REFERENCE = 35
CURRENCY = re.compile(r"[A-Z]{3}")
MESSAGE_NUMBER = "1"


def write_edifact(order: OrderPart, settings: EdifactFormat) -> Document:
    """One interchange with one message. Raises MappingFailed."""
    if order.currency is None or not CURRENCY.fullmatch(order.currency):
        raise MappingFailed(
            "EDIFACT needs a currency of three letters, such as SEK; correct the order", field="currency"
        )
    if not order.rows:
        raise MappingFailed("ORDERS needs at least one row; correct the order, or write another format", field="rows")
    message = Message()
    _identity(message, order)
    tail = _below_texts(order, order.currency)
    message.used |= tail.used
    message.free_text("AAI", order.comment, "comment")
    write_rest(message, structs.replace(order, rows=[]), "")
    message.check_texts(0, "comment")
    segments = _enclosed([*message.segments, *tail.segments], order, settings)
    content = Serializer(SIGNS).serialize(segments).encode(CHARSET)
    return Document(content, "application/EDIFACT; charset=iso-8859-1", "edi")


def _identity(message: Message, order: OrderPart) -> None:
    """BGM and DTM."""
    message.add("BGM", "220", message.text(order.reference, REFERENCE, "reference"), "9")
    message.add("DTM", ["137", order.order_date.replace("-", ""), "102"])
    message.used.update(("order_date", "totals.incl_vat"))


def _below_texts(order: OrderPart, currency: str) -> Message:
    """All that comes after the texts of the order: references, parties, currency, rows, sums."""
    message = Message()
    references = (
        ("CR", "customer_reference", order.customer_reference),
        ("VN", "requested_order_no", order.requested_order_no),
    )
    for qualifier, field, value in references:
        if value is not None:
            message.add("RFF", [qualifier, message.text(value, REFERENCE, field)])
    for function, field, party in (
        ("BY", "buyer", order.buyer), ("IV", "payer", order.payer), ("DP", "recipient", order.recipient),
    ):  # fmt: skip
        if party is not None:
            write_party(message, function, party, field)
    message.add("CUX", ["2", message.text(currency, 3, "currency"), "9"])
    write_allowances(message, order, currency)
    for index, row in enumerate(order.rows):
        write_row(message, row, index + 1, currency, f"rows[{index}]")
    _sums(message, order, currency)
    return message


def _sums(message: Message, order: OrderPart, currency: str) -> None:
    """UNS, MOA and CNT: the rows, what fees and discounts add to them, VAT and total with these, what was paid."""
    sums, totals = sums_of(order), order.totals
    message.add("UNS", "S")
    amounts = [("79", "totals.excl_vat", totals.excl_vat)]
    amounts += [("259", "fees", sums.charges)] if order.fees else []
    amounts += [("260", "discounts", sums.allowances)] if order.discounts else []
    amounts += [
        ("176", "totals.vat", sums.vat), ("128", "totals.incl_vat", sums.incl_vat), ("113", "totals.paid", totals.paid),
    ]  # fmt: skip
    for qualifier, field, value in amounts:
        message.add("MOA", [qualifier, message.number(value, AMOUNT, field), currency])
    message.add("CNT", ["2", str(len(order.rows))])


def _enclosed(segments: list[Segment], order: OrderPart, settings: EdifactFormat) -> list[Segment]:
    """UNB to UNZ. The control reference is made of the key, so that a repeat is told by it."""
    reference = hashlib.sha256(order.key.encode()).hexdigest()[:14].upper()
    made = datetime.fromisoformat(order.received_at)
    outer = Message()
    outer.add(
        "UNB", ["UNOC", "3"], [settings.sender, settings.sender_qualifier or ""],
        [settings.recipient, settings.recipient_qualifier or ""], [f"{made:%y%m%d}", f"{made:%H%M}"], reference,
        "", "ORDERS", "", "", "", "1" if settings.test else "",
    )  # fmt: skip
    outer.add("UNH", MESSAGE_NUMBER, ["ORDERS", "D", "96A", "UN", settings.association or ""])
    outer.segments += segments
    outer.add("UNT", str(len(segments) + 2), MESSAGE_NUMBER)
    outer.add("UNZ", "1", reference)
    return outer.segments
