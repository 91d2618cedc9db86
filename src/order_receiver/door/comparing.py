"""A known key with other bytes: the same order written another way, or a conflict?"""

from datetime import tzinfo

from order_receiver.contract.forms import read
from order_receiver.contract.media import media_type
from order_receiver.contract.reading import Limits, Reading, Unreadable
from order_receiver.orders.fingerprint import differences
from order_receiver.store.values import Message

UNREADABLE = "One of the two messages cannot be read in full, so they are compared by their bytes, which differ."

ODD = "What is not known here, or cannot be read, differs"

NOTHING = "nothing"


def compare(first: Message, second: Message, zone: tzinfo, limits: Limits) -> str | None:
    """None when both say the same, in whatever forms; otherwise the differences in words, one a line, masked."""
    old, new = _read(first, zone, limits), _read(second, zone, limits)
    if old is None or new is None:
        return UNREADABLE
    found = differences(old.order, new.order)
    if found:
        return "\n".join(f"{each.pointer}: {each.first or NOTHING} became {each.second or NOTHING}" for each in found)
    odd = sorted({finding.where or "message" for finding in {*old.findings} ^ {*new.findings}})
    return f"{ODD}: {', '.join(odd)}" if odd else None


def _read(message: Message, zone: tzinfo, limits: Limits) -> Reading | None:
    try:
        return read(message.body, media_type(message.media_type), zone=zone, limits=limits)
    except Unreadable:
        return None
