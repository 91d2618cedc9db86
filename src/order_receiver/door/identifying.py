"""Which order a body is about, and how to answer it."""

from order_receiver.contract.forms import glance
from order_receiver.contract.media import MediaType
from order_receiver.contract.reading import Glance, Limits, Unreadable
from order_receiver.contract.reply import Reply
from order_receiver.contract.value import Value
from order_receiver.door.answers import Situation
from order_receiver.orders.identity import OrderKey, identify


class Identified(Value, frozen=True):
    """The order's key and what the door may decide on."""

    key: OrderKey
    do_hold: bool
    rows: int
    reply: Reply


class Unidentified(Value, frozen=True):
    """No order can be named; `reason` is a plain sentence."""

    situation: Situation
    reason: str
    reply: Reply | None
    """How to answer, where that is known."""


def identify_body(
    body: bytes, media: MediaType, limits: Limits, default_application: str | None
) -> Identified | Unidentified:
    """Find the key of the order in a body. Raises EnvelopeRefused where a SOAP envelope rules out an answer."""
    try:
        seen, reply = glance(body, media, limits)
    except Unreadable as error:
        return Unidentified(Situation.NOT_PARSEABLE, str(error), None)
    key = identify(seen.application_key, seen.client_order_ref, default_application)
    if key is None:
        return Unidentified(Situation.NOT_IDENTIFIABLE, _why(seen), reply)
    return Identified(key, seen.do_hold, seen.rows, reply)


def _why(seen: Glance) -> str:
    if not (seen.client_order_ref or "").strip():
        return "The message has no ClientOrderRef, so there is no telling which order it is."
    if not (seen.application_key or "").strip():
        return "The message has no Header.ApplicationKey, and no default_application is configured."
    return "ClientOrderRef or Header.ApplicationKey cannot be used: too long, or with control characters."
