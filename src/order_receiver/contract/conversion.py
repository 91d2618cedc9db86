"""From a plain tree, or straight from bytes, to the typed order: what all forms have in common.

The quick way takes what keeps to the contract and gives up on the rest, the careful way takes everything; both give the
same order for the same message. (norce: tolerance table)
"""

from collections.abc import Callable
from datetime import tzinfo
from zoneinfo import ZoneInfo

from order_receiver.contract.amounts import amounts_are_plain
from order_receiver.contract.codes import FeeType
from order_receiver.contract.dates import settle_date
from order_receiver.contract.notebook import Notebook
from order_receiver.contract.reading import Limits, Reading, unreadable
from order_receiver.contract.request import OrderRequest
from order_receiver.contract.scalars import Tree
from order_receiver.contract.tolerant import Converter

DEFAULT_LIMITS = Limits()
DEFAULT_ZONE: tzinfo = ZoneInfo("Europe/Stockholm")

_FEE_NAMES = {key: kind.name for kind in FeeType for key in (str(kind.value), kind.name.casefold())}


def quickly(decode: Callable[[], OrderRequest], zone: tzinfo, limits: Limits) -> Reading | None:
    """The order that `decode` gives, settled; None for any message that asks for care.

    `decode` may raise ValueError, RecursionError or ArithmeticError. Raises Unreadable for too many rows.
    """
    try:
        order = decode()
        if order.SubmitDate is not None:
            order.SubmitDate = settle_date(order.SubmitDate, zone)
    except (ValueError, ArithmeticError, RecursionError):
        return None
    if not amounts_are_plain(order):
        return None
    return Reading(_finished(order, limits), (), lengths_fit=True)


def carefully(tree: dict[str, Tree], notebook: Notebook, zone: tzinfo, limits: Limits) -> Reading:
    """The order that a plain tree holds, member by member; what does not fit becomes a finding.

    Raises Unreadable for too many rows.
    """
    order = _finished(Converter(notebook, zone).convert(OrderRequest, tree), limits)
    return Reading(order, notebook.findings())


def _finished(order: OrderRequest, limits: Limits) -> OrderRequest:
    rows = len(order.Items or ())
    if rows > limits.items:
        seen = f"it has {rows} rows, and {limits.items} are allowed"
        raise unreadable("too-many-rows", seen, "Split the order, or raise the limit.")
    for fee in order.Fees or ():
        if fee.Type is not None:
            fee.Type = _FEE_NAMES.get(fee.Type.strip().casefold(), fee.Type)
    return order
