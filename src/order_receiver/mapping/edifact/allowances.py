"""Fees and discounts that no row represents: ALC."""

from decimal import Decimal

from order_receiver.mapping.edifact.segments import AMOUNT, Message
from order_receiver.mapping.model import MappingFailed
from order_receiver.mapping.sums import vat_of
from order_receiver.orders.canonical import OrderPart

CHARGE, ALLOWANCE = "C", "A"
IDENTITY, DESCRIPTION, CODE, DIGITS_OF_RATE, LIMIT = 35, 35, 3, 15, 15


def write_allowances(message: Message, order: OrderPart, currency: str) -> None:
    """ALC and MOA+8 for each, TAX and MOA+124 for fees. Raises MappingFailed for more than ORDERS takes."""
    if len(order.fees) + len(order.discounts) > LIMIT:
        raise MappingFailed(f"ORDERS takes {LIMIT} fees and discounts beside the rows, and no more", field="fees")
    for index, fee in enumerate(order.fees):
        field = f"fees[{index}]"
        identity = message.text(fee.type, IDENTITY, f"{field}.type")
        words = message.parts(fee.description, DESCRIPTION, 2, f"{field}.description")
        message.add("ALC", CHARGE, [identity], "", "", ["", "", "", *words])
        _amount(message, "8", fee.amount, f"{field}.amount", currency)
        rate = message.number(fee.vat_rate, DIGITS_OF_RATE, f"{field}.vat_rate")
        code = message.text(fee.vat_code, CODE, f"{field}.vat_code")
        message.add("TAX", "7", "VAT", "", "", ["", "", "", rate], code)
        _amount(message, "124", vat_of(fee, field), f"{field}.amount", currency)
    for index, discount in enumerate(order.discounts):
        field = f"discounts[{index}]"
        message.add("ALC", ALLOWANCE, [message.text(discount.code, IDENTITY, f"{field}.code")])
        _amount(message, "8", discount.amount, f"{field}.amount", currency)


def _amount(message: Message, qualifier: str, amount: Decimal, field: str, currency: str) -> None:
    message.add("MOA", [qualifier, message.number(amount, AMOUNT, field), currency])
