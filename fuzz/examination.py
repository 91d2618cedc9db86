"""What must hold for any bytes that come in: the rules, checked by doing what the door and the worker do.

A message is read, or refused by Unreadable or EnvelopeRefused. Every other exception is a fault, and so is a broken
rule, which is an AssertionError.
"""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

from lxml import etree

from order_receiver.contract import answer, forms
from order_receiver.contract.codes import StatusCode
from order_receiver.contract.conversion import DEFAULT_LIMITS, DEFAULT_ZONE, carefully
from order_receiver.contract.findings import Finding
from order_receiver.contract.form import Form
from order_receiver.contract.media import MediaType, media_type
from order_receiver.contract.notebook import Notebook
from order_receiver.contract.notes import notes
from order_receiver.contract.reading import Glance, Reading, Unreadable
from order_receiver.contract.reply import Reply
from order_receiver.contract.response import order_response
from order_receiver.contract.soap_form import EnvelopeRefused
from order_receiver.contract.xml_form.careful_tree import careful_tree
from order_receiver.orders.checks import check
from order_receiver.orders.fingerprint import differences, fingerprint
from order_receiver.orders.identity import identify

CORPUS = Path(__file__).with_name("corpus")
MEDIA_TYPES: Mapping[str, tuple[MediaType, ...]] = {
    "json": tuple(map(media_type, ("application/json; charset=utf-8", "text/json; charset=iso-8859-1", None))),
    "xml": tuple(map(media_type, ("application/xml; charset=utf-8", "application/soap+xml; charset=utf-16", None))),
}
"""What is fuzzed, and as which media types each message is taken."""

SENTENCE_LENGTH = 1_000
"""Characters of a finding, or of a refusal, at most: a message must not be able to flood a log or a page with it."""

_BOM = b"\xef\xbb\xbf"
_ALLOWANCE = Decimal("0.50")


def corpus(target: str) -> list[Path]:
    """The messages to start from."""
    return sorted((CORPUS / target).iterdir())


def examine(target: str, body: bytes) -> None:
    """Take the bytes for a message of each media type in turn. Raises for whatever must not be."""
    for media in MEDIA_TYPES[target]:
        seen = _glance(body, media)
        reading = _read(body, media)
        if reading is None:
            continue
        _look_at_the_order(reading)
        _look_at_the_identity(seen, reading)
        if reading.lengths_fit:
            _compare_with_care(body, media, reading)


def _glance(body: bytes, media: MediaType) -> Glance | None:
    try:
        seen, reply = forms.glance(body, media)
    except Unreadable as error:
        require_told(str(error))
        _look_at_the_answer(forms.likely_reply(body, media))
        return None
    except EnvelopeRefused as refused:
        require_told(str(refused))
        _require_form(refused.reply, answer.write_fault(refused.reply, refused.code, str(refused))[1])
        return None
    _look_at_the_answer(reply)
    return seen


def _read(body: bytes, media: MediaType) -> Reading | None:
    try:
        return forms.read(body, media)
    except Unreadable as error:
        require_told(str(error))
        return None


def _look_at_the_answer(reply: Reply) -> None:
    number = "SO-1 <&>\r\n\x01\ufffe"
    _require_form(reply, answer.write(reply, order_response(StatusCode.OK, f"Order {number} it is.", number))[1])


def _require_form(reply: Reply, written: bytes) -> None:
    if reply.form is Form.JSON:
        json.loads(written)
    else:
        etree.fromstring(written)


def _look_at_the_order(reading: Reading) -> None:
    order = reading.order
    found = (*reading.findings, *notes(order, lengths_fit=reading.lengths_fit), *check(order, _ALLOWANCE))
    _require_all_told(reading.located(found))
    if reading.lengths_fit:
        assert notes(order, lengths_fit=True) == notes(order), "a text is too long, and the reader said that all fit"
    assert len(fingerprint(order)) == 32
    assert differences(order, order) == (), "an order differs from itself"


def _require_all_told(found: Iterable[Finding]) -> None:
    for finding in found:
        for text in (finding.where, finding.seen, finding.advice):
            require_told(text)


def require_told(text: str) -> None:
    """What is told to people is of one line, and not too long."""
    assert len(text) <= SENTENCE_LENGTH, f"{len(text)} characters are told"
    assert not any(ord(one) < 0x20 or one in "\x7f\x85\u2028\u2029" for one in text), "control characters are told"


def _look_at_the_identity(seen: Glance | None, reading: Reading) -> None:
    """The door stores an order under what a glance says; the worker reads it. Both must mean the same order."""
    assert seen is not None, "the worker reads what the door refused"
    order = reading.order
    key = None if order.Header is None else order.Header.ApplicationKey
    at_the_door = identify(seen.application_key, seen.client_order_ref)
    assert at_the_door == identify(key, order.ClientOrderRef), "the door takes it for another order"
    assert seen.do_hold == order.DoHold, "the door sees another DoHold"
    assert seen.rows == len(order.Items or ()), "the door counts other rows"


def _compare_with_care(body: bytes, media: MediaType, quick: Reading) -> None:
    """What was read quickly must be the same order when it is read with care."""
    careful = _xml_with_care(body, media) if forms.is_xml(body, media) else forms.read(_BOM + body, media)
    assert not careful.lengths_fit, "it was not read with care"
    assert careful.order == quick.order, "the quick reader makes another order of it"
    assert careful.findings == quick.findings, "the quick reader finds something else"


def _xml_with_care(body: bytes, media: MediaType) -> Reading:
    order, _ = forms.open_message(body, media)
    notebook = Notebook()
    return carefully(careful_tree(order, notebook, DEFAULT_LIMITS.depth), notebook, DEFAULT_ZONE, DEFAULT_LIMITS)
