"""Which order a body is about: by a glance where possible, by the tolerant reader where not."""

from datetime import UTC

from order_receiver.contract.glance import Glance, glance
from order_receiver.contract.json_form import read
from order_receiver.contract.media import MediaType
from order_receiver.contract.reading import Limits, Unreadable
from order_receiver.contract.value import Value
from order_receiver.door.answers import Situation
from order_receiver.orders.identity import OrderKey, identify


class Identified(Value, frozen=True):
    """The order's key and what the door may decide on."""

    key: OrderKey
    do_hold: bool
    rows: int


class Unidentified(Value, frozen=True):
    """No order can be named; `reason` is a plain sentence."""

    situation: Situation
    reason: str


def identify_body(
    body: bytes, media: MediaType, limits: Limits, default_application: str | None
) -> Identified | Unidentified:
    """Find the key of the order in a body; a glance first, and only where that finds nothing the whole message."""
    seen = glance(body) if (media.charset or "utf-8").lower() == "utf-8" else None
    if seen is None:
        try:
            seen = _glance_of_all(body, media, limits)
        except Unreadable as error:
            return Unidentified(Situation.NOT_PARSEABLE, str(error))
    key = identify(seen.application_key, seen.client_order_ref, default_application)
    if key is None:
        return Unidentified(Situation.NOT_IDENTIFIABLE, _why(seen))
    return Identified(key, seen.do_hold, seen.rows)


def _glance_of_all(body: bytes, media: MediaType, limits: Limits) -> Glance:
    order = read(body, charset=media.charset, zone=UTC, limits=limits).order
    application_key = None if order.Header is None else order.Header.ApplicationKey
    return Glance(application_key, order.ClientOrderRef, order.DoHold, len(order.Items or ()))


def _why(seen: Glance) -> str:
    if not (seen.client_order_ref or "").strip():
        return "The message has no ClientOrderRef, so there is no telling which order it is."
    if not (seen.application_key or "").strip():
        return "The message has no Header.ApplicationKey, and no default_application is configured."
    return "ClientOrderRef or Header.ApplicationKey cannot be used: too long, or with control characters."
