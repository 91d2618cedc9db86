"""The JSON form of an order: quickly where the sender keeps to the contract, tolerantly where not.

Both ways give the same order for the same message. (norce: tolerance table)
"""

import re
from datetime import tzinfo
from zoneinfo import ZoneInfo

import msgspec

from order_receiver.contract.amounts import amounts_are_plain
from order_receiver.contract.codes import FeeType
from order_receiver.contract.dates import settle_date
from order_receiver.contract.json_tree import json_object
from order_receiver.contract.notebook import Notebook
from order_receiver.contract.reading import Limits, Reading, unreadable
from order_receiver.contract.request import OrderRequest
from order_receiver.contract.tolerant import Converter

DEFAULT_LIMITS = Limits()
DEFAULT_ZONE: tzinfo = ZoneInfo("Europe/Stockholm")

_DECODER = msgspec.json.Decoder(OrderRequest, strict=False)
_DATE_TEXT = re.compile(rb'"SubmitDate"\s*:\s*"\d{4}-')
_FEE_NAMES = {key: kind.name for kind in FeeType for key in (str(kind.value), kind.name.casefold())}


def read(
    body: bytes, *, charset: str | None = None, zone: tzinfo = DEFAULT_ZONE, limits: Limits = DEFAULT_LIMITS
) -> Reading:
    """Read an order from JSON.

    `charset` is what Content-Type names, `zone` counts for a SubmitDate that names none. Raises Unreadable when the
    body is no JSON object, or is nested deeper or has more rows than `limits` allow; everything else is a finding.
    """
    order = _read_fast(body, zone)
    if order is not None:
        _check_rows(order, limits)
        return Reading(order, (), lengths_fit=True)
    tree = json_object(body, charset, limits)
    notebook = Notebook()
    order = Converter(notebook, zone).convert(OrderRequest, tree)
    _check_rows(order, limits)
    _name_fees(order)
    return Reading(order, notebook.findings())


def _read_fast(body: bytes, zone: tzinfo) -> OrderRequest | None:
    """The order of a message that keeps to the contract; None for any that asks for care."""
    try:
        order = _DECODER.decode(body)
        if order.SubmitDate is not None:
            if _DATE_TEXT.search(body) is None:
                return None
            order.SubmitDate = settle_date(order.SubmitDate, zone)
    except (ValueError, ArithmeticError, RecursionError):
        return None
    if not amounts_are_plain(order):
        return None
    _name_fees(order)
    return order


def _check_rows(order: OrderRequest, limits: Limits) -> None:
    rows = len(order.Items or ())
    if rows > limits.items:
        seen = f"it has {rows} rows, and {limits.items} are allowed"
        raise unreadable("too-many-rows", seen, "Split the order, or raise the limit.")


def _name_fees(order: OrderRequest) -> None:
    for fee in order.Fees or ():
        if fee.Type is not None:
            fee.Type = _FEE_NAMES.get(fee.Type.strip().casefold(), fee.Type)
