"""The JSON form of an order: quickly where the sender keeps to the contract, tolerantly where not."""

import re
from datetime import tzinfo
from functools import partial

import msgspec

from order_receiver.contract.conversion import DEFAULT_LIMITS, DEFAULT_ZONE, carefully, quickly
from order_receiver.contract.json_form.tree import json_object
from order_receiver.contract.notebook import Notebook
from order_receiver.contract.reading import Limits, Reading
from order_receiver.contract.request import OrderRequest

_DECODER = msgspec.json.Decoder(OrderRequest, strict=False)
_DATE_TEXT = re.compile(rb'"SubmitDate"\s*:\s*"\d{4}-')
_ESCAPED_LETTER = re.compile(rb"\\u00[4-7]")


def read(
    body: bytes, *, charset: str | None = None, zone: tzinfo = DEFAULT_ZONE, limits: Limits = DEFAULT_LIMITS
) -> Reading:
    """Read an order from JSON.

    `charset` is what Content-Type names, `zone` counts for a SubmitDate that names none. Raises Unreadable when the
    body is no JSON object, or is nested deeper or has more rows than `limits` allow; everything else is a finding.
    """
    reading = quickly(partial(_decode, body), zone, limits)
    if reading is not None:
        return reading
    return carefully(json_object(body, charset, limits), Notebook(), zone, limits)


def _decode(body: bytes) -> OrderRequest:
    """Raises ValueError also for a date that is no text: the decoder would take a number for seconds."""
    order = _DECODER.decode(body)
    if order.SubmitDate is not None and not _has_one_date(body):
        raise ValueError("not a date as text")
    return order


def _has_one_date(body: bytes) -> bool:
    """Whether the message has one date, as text, under a name that is written plainly."""
    if body.count(b"SubmitDate") != 1 or _DATE_TEXT.search(body) is None:
        return False
    return b"\\u00" not in body or _ESCAPED_LETTER.search(body) is None
