"""Messages as .NET senders really write them."""

from pathlib import Path

import pytest
from tests.unit.contract.xml_messages import opened, read_carefully, read_quickly

from order_receiver.contract import forms
from order_receiver.contract.form import Form
from order_receiver.contract.media import MediaType, media_type
from order_receiver.contract.notes import notes
from order_receiver.contract.reading import Reading
from order_receiver.contract.xml_form.quick_tree import quick_tree
from order_receiver.orders.fingerprint import differences, fingerprint

KINDS = ["minimal", "seed", "lines30", "b2b", "payments", "nulls", "external", "utc"]
JSON = ["newtonsoft-{}.json", "system-text-{}.json", "data-contract-{}.json"]
XML = {
    "data-contract-{}.xml": Form.XML,
    "mono-legacy-{}.xml": Form.XML,
    "mono-soap11-{}.xml": Form.SOAP11,
    "framework-soap11-{}.xml": Form.SOAP11,
    "mono-soap12-{}.xml": Form.SOAP12,
    "mono-soap12-addressing-{}.xml": Form.SOAP12,
}
SENDERS = [*JSON, *XML]


def sent(samples: Path, sender: str, kind: str) -> tuple[bytes, MediaType]:
    """Body and media type of one message."""
    path = samples / sender.format(kind)
    headers = path.with_suffix(".headers")
    if sender == "data-contract-{}.xml":
        headers = path.with_suffix(".xml.headers")
    lines = headers.read_text(encoding="utf-8").splitlines()
    (named,) = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("content-type:")]
    return path.read_bytes(), media_type(named)


def read(samples: Path, sender: str, kind: str) -> Reading:
    return forms.read(*sent(samples, sender, kind))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sender", SENDERS)
def test_sample_is_read_without_findings(samples: Path, sender: str, kind: str) -> None:
    reading = read(samples, sender, kind)
    assert reading.findings == ()
    assert notes(reading.order) == ()
    assert reading.order.Items
    assert reading.order.SubmitDate is not None


@pytest.mark.parametrize("kind", KINDS)
def test_senders_say_the_same_order(samples: Path, kind: str) -> None:
    first, *others = (read(samples, sender, kind).order for sender in SENDERS)
    for other in others:
        assert differences(first, other) == ()
        assert fingerprint(first) == fingerprint(other)


def test_kinds_say_different_orders(samples: Path) -> None:
    prints = {fingerprint(read(samples, "newtonsoft-{}.json", kind).order) for kind in KINDS}
    assert len(prints) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sender", XML)
def test_xml_goes_the_quick_way(samples: Path, sender: str, kind: str) -> None:
    body, _ = sent(samples, sender, kind)
    assert quick_tree(opened(body))
    quick = read_quickly(body)
    assert quick is not None
    assert quick.lengths_fit
    assert read(samples, sender, kind).lengths_fit


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sender", XML)
def test_the_careful_way_reads_the_same(samples: Path, sender: str, kind: str) -> None:
    body, _ = sent(samples, sender, kind)
    careful = read_carefully(body)
    assert (careful.order, careful.findings) == (read(samples, sender, kind).order, ())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sender", SENDERS)
def test_glance_agrees_with_reading(samples: Path, sender: str, kind: str) -> None:
    body, media = sent(samples, sender, kind)
    order = forms.read(body, media).order
    seen, reply = forms.glance(body, media)
    assert order.Header is not None
    assert seen.application_key == order.Header.ApplicationKey
    assert seen.client_order_ref == order.ClientOrderRef
    assert seen.do_hold == order.DoHold
    assert seen.rows == len(order.Items or ())
    assert reply.form is XML.get(sender, Form.JSON)
    assert forms.likely_reply(body, media).form is reply.form


def test_code2_wins_over_code(samples: Path) -> None:
    order = read(samples, "newtonsoft-{}.json", "lines30").order
    entries = [entry for item in order.Items or () for entry in item.AdditionalInfo or ()]
    assert any(entry.Code2 and entry.Code and entry.Code2 != entry.Code for entry in entries)
    assert all(entry.key == (entry.Code2 or entry.Code) for entry in entries)
