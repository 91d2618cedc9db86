"""A glance at a message: who it is about, without reading the rest. It runs before every answer, so it is quick."""

import msgspec

from order_receiver.contract.reading import Glance


class _Row(msgspec.Struct, gc=False):
    pass


class _Header(msgspec.Struct, gc=False):
    ApplicationKey: str | None = None


class _Order(msgspec.Struct, gc=False):
    Header: _Header | None = None
    ClientOrderRef: str | int | float | None = None
    DoHold: bool | None = None
    Items: list[_Row] | None = None


_DECODER = msgspec.json.Decoder(_Order, strict=False)


def glance(body: bytes) -> Glance | None:
    """Look for the identity in UTF-8 JSON with exact member names; None means: use the tolerant reader.

    None is also the answer where a part of the identity or the rows are missing, since another spelling may hold
    them, and where the reference is a number that may lose digits here. What is not looked at is not checked: a message
    glanced at may still turn out to be unreadable.
    """
    try:
        order = _DECODER.decode(body)
    except (ValueError, RecursionError):
        return None
    if order.Items is None:
        return None
    key = order.Header.ApplicationKey if order.Header is not None else None
    reference = order.ClientOrderRef
    if not key or not isinstance(reference, str | int) or reference == "":
        return None
    return Glance(key, str(reference), bool(order.DoHold), len(order.Items or ()))
