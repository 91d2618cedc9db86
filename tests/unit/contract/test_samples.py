"""Messages as .NET senders really write them."""

from pathlib import Path

import pytest

from order_receiver.contract.glance import glance
from order_receiver.contract.json_form import read
from order_receiver.contract.notes import notes
from order_receiver.orders.fingerprint import differences, fingerprint

KINDS = ["minimal", "seed", "lines30", "b2b", "payments", "nulls", "external", "utc"]
SERIALIZERS = ["newtonsoft", "system-text", "data-contract"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("serializer", SERIALIZERS)
def test_sample_is_read_without_findings(samples: Path, serializer: str, kind: str) -> None:
    reading = read((samples / f"{serializer}-{kind}.json").read_bytes())
    assert reading.findings == ()
    assert notes(reading.order) == ()
    assert reading.order.Items
    assert reading.order.SubmitDate is not None


@pytest.mark.parametrize("kind", KINDS)
def test_serializers_say_the_same_order(samples: Path, kind: str) -> None:
    first, *others = (read((samples / f"{one}-{kind}.json").read_bytes()).order for one in SERIALIZERS)
    for other in others:
        assert differences(first, other) == ()
        assert fingerprint(first) == fingerprint(other)


def test_kinds_say_different_orders(samples: Path) -> None:
    prints = {fingerprint(read((samples / f"newtonsoft-{kind}.json").read_bytes()).order) for kind in KINDS}
    assert len(prints) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("serializer", SERIALIZERS)
def test_glance_agrees_with_reading(samples: Path, serializer: str, kind: str) -> None:
    body = (samples / f"{serializer}-{kind}.json").read_bytes()
    order = read(body).order
    seen = glance(body)
    assert seen is not None
    assert order.Header is not None
    assert seen.application_key == order.Header.ApplicationKey
    assert seen.client_order_ref == order.ClientOrderRef
    assert seen.do_hold == order.DoHold
    assert seen.rows == len(order.Items or ())


def test_code2_wins_over_code(samples: Path) -> None:
    order = read((samples / "newtonsoft-lines30.json").read_bytes()).order
    entries = [entry for item in order.Items or () for entry in item.AdditionalInfo or ()]
    assert any(entry.Code2 and entry.Code and entry.Code2 != entry.Code for entry in entries)
    assert all(entry.key == (entry.Code2 or entry.Code) for entry in entries)
