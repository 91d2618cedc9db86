"""The XML form of an order: quickly where it is written as .NET writes it, with care where not."""

from datetime import tzinfo
from functools import partial

import msgspec

from order_receiver.contract.conversion import DEFAULT_LIMITS, DEFAULT_ZONE, carefully, quickly
from order_receiver.contract.notebook import Notebook
from order_receiver.contract.reading import Glance, Limits, Reading
from order_receiver.contract.request import OrderRequest
from order_receiver.contract.scalars import Misfit, read_boolean
from order_receiver.contract.xml_form.careful_tree import careful_tree, is_nil, local_name
from order_receiver.contract.xml_form.parser import Element
from order_receiver.contract.xml_form.places import Places
from order_receiver.contract.xml_form.quick_tree import Unusual, quick_tree


def read_element(order: Element, *, zone: tzinfo = DEFAULT_ZONE, limits: Limits = DEFAULT_LIMITS) -> Reading:
    """Read an order from the element whose children are its members.

    `zone` counts for a SubmitDate that names none. Raises Unreadable when the message is nested deeper or has more rows
    than `limits` allow; everything else is a finding.
    """
    place = Places(order)
    reading = quickly(partial(_decode, order), zone, limits)
    if reading is None:
        notebook = Notebook()
        reading = carefully(careful_tree(order, notebook, limits.depth), notebook, zone, limits)
    return msgspec.structs.replace(reading, place=place)


def _decode(order: Element) -> OrderRequest:
    """Raises ValueError also for a date that is no text of a date: the converter would take a number for seconds."""
    try:
        tree = quick_tree(order)
    except Unusual:
        raise ValueError("not as .NET writes it") from None
    date = tree.get("SubmitDate")
    if isinstance(date, str) and date[4:5] != "-":
        raise ValueError("not a date as text")
    return msgspec.convert(tree, OrderRequest, strict=False)


def glance_element(order: Element) -> Glance:
    """What the door needs of an order, by local names in whatever case; of a member that comes twice the first counts.

    What is not looked at is not checked.
    """
    found: dict[str, Element] = {}
    for child in order:
        found.setdefault(local_name(child), child)
    header = _child(found, "Header")
    items = _child(found, "Items")
    inner: dict[str, Element] = {}
    for child in header if header is not None and not is_nil(header) else ():
        inner.setdefault(local_name(child), child)
    return Glance(
        application_key=_text(_child(inner, "ApplicationKey")),
        client_order_ref=_text(_child(found, "ClientOrderRef")),
        do_hold=_is_true(_text(_child(found, "DoHold"))),
        rows=0 if items is None or is_nil(items) else len(items),
    )


def _child(found: dict[str, Element], name: str) -> Element | None:
    """By exact name, else the last in other case that is not null: as the tolerant reader chooses."""
    if name in found:
        return found[name]
    alike = [child for spelling, child in found.items() if spelling.casefold() == name.casefold()]
    return next((child for child in reversed(alike) if not is_nil(child)), None)


def _text(element: Element | None) -> str | None:
    return None if element is None or is_nil(element) or len(element) else element.text or ""


def _is_true(text: str | None) -> bool:
    try:
        return read_boolean(text)
    except Misfit:
        return False
