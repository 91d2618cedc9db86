"""Rows: LIN and what belongs to it."""

from order_receiver.mapping.edifact.rest import write_rest
from order_receiver.mapping.edifact.segments import AMOUNT, QUANTITY, Message
from order_receiver.orders.canonical import RowPart

PART_NUMBER, DESCRIPTION, CODE, LINE = 35, 35, 3, 6
DIGITS_OF_RATE = 15


def write_row(message: Message, row: RowPart, number: int, currency: str, field: str) -> None:
    """LIN, PIA, IMD, QTY, MOA, FTX, PRI, RFF, TAX: in the order of group 25 of ORDERS D.96A."""
    erp = row.erp_part_no is not None
    start = len(message.segments)
    main = message.text(
        row.erp_part_no if erp else row.part_no, PART_NUMBER, f"{field}.{'erp_part_no' if erp else 'part_no'}"
    )
    message.add("LIN", message.text(str(number), LINE, f"{field}.line"), "", [main, "SA"] if main else [])
    if erp and row.part_no is not None:
        message.add("PIA", "1", [message.text(row.part_no, PART_NUMBER, f"{field}.part_no"), "SA"])
    description = message.parts(row.description, DESCRIPTION, 2, f"{field}.description") if row.description else []
    if description:
        message.add("IMD", "F", "", ["", "", "", *description])
    unit = message.text(row.unit, CODE, f"{field}.unit")
    message.add("QTY", ["21", message.number(row.quantity, QUANTITY, f"{field}.quantity"), unit])
    message.add("MOA", ["203", message.number(row.total_excl_vat, AMOUNT, f"{field}.total_excl_vat"), currency])
    message.free_text("LIN", row.comment, f"{field}.comment")
    _rest_of_row(message, row, field)
    message.check_texts(start, field)
    price = message.number(row.unit_price_excl_vat, QUANTITY, f"{field}.unit_price_excl_vat")
    message.add("PRI", ["AAA", price, "", "", "1", unit])
    message.add("RFF", ["LI", str(row.line)])
    rate = message.number(row.vat_rate, DIGITS_OF_RATE, f"{field}.vat_rate")
    message.add("TAX", "7", "VAT", "", "", ["", "", "", rate], message.text(row.vat_code, CODE, f"{field}.vat_code"))
    message.add("MOA", ["124", message.number(row.total_vat, AMOUNT, f"{field}.total_vat"), currency])


def _rest_of_row(message: Message, row: RowPart, field: str) -> None:
    """Fields without a segment; this is their place in the group."""
    written_below = {"unit_price_excl_vat", "vat_rate", "vat_code", "total_vat", "line"}
    message.used.update(f"{field}.{name}" for name in written_below)
    write_rest(message, row, field)
