"""Which order a body is about."""

import pytest

from order_receiver.contract.media import MediaType
from order_receiver.contract.reading import Limits
from order_receiver.door.answers import Situation
from order_receiver.door.identifying import Identified, Unidentified, identify_body
from order_receiver.orders.identity import OrderKey

SHOP = "123e4567-e89b-12d3-a456-426614174000"
OTHER = "9b2d7c1e-4f6a-4d83-8c55-2a1e6f0b7d34"
KEY = OrderKey(SHOP, "100001")
WHOLE = f'{{"Header":{{"ApplicationKey":"{SHOP}"}},"ClientOrderRef":"100001","Items":[{{}},{{}}]}}'


def found(body: bytes, charset: str | None = None, default: str | None = None) -> Identified | Unidentified:
    return identify_body(body, MediaType("application/json", charset), Limits(), default)


@pytest.mark.parametrize(
    "body",
    [
        WHOLE,
        WHOLE.replace('"100001"', "100001"),
        WHOLE.replace('"100001"', '"  100001 "'),
        WHOLE.replace(SHOP, SHOP.upper()),
        WHOLE.replace(SHOP, f"{{{SHOP}}}"),
        WHOLE.replace("Header", "header").replace("ClientOrderRef", "clientOrderRef").replace("Items", "ITEMS"),
        "\ufeff" + WHOLE,
        WHOLE[:-1] + ',"DoHold":"false","Whatever":{"more":[1]}}',
    ],
)
def test_every_spelling_names_the_same_order(body: str) -> None:
    assert found(body.encode()) == Identified(KEY, do_hold=False, rows=2)


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "iso-8859-1", "UTF-8"])
def test_any_charset_that_the_sender_names(charset: str) -> None:
    assert found(WHOLE.encode(charset), charset) == Identified(KEY, do_hold=False, rows=2)


@pytest.mark.parametrize("value", ["true", '"true"', '"True"', "1"])
def test_do_hold(value: str) -> None:
    assert found(f'{WHOLE[:-1]},"DoHold":{value}}}'.encode()) == Identified(KEY, do_hold=True, rows=2)


def test_a_default_application_only_stands_in_where_there_is_none() -> None:
    assert found(b'{"ClientOrderRef":"100001"}', default=SHOP.upper()) == Identified(KEY, do_hold=False, rows=0)
    assert found(WHOLE.encode(), default=OTHER) == Identified(KEY, do_hold=False, rows=2)


@pytest.mark.parametrize(
    ("body", "situation", "reason"),
    [
        ('{"Header":{"ApplicationKey":"x"}}', Situation.NOT_IDENTIFIABLE, "no ClientOrderRef"),
        ('{"ClientOrderRef":null}', Situation.NOT_IDENTIFIABLE, "no ClientOrderRef"),
        ('{"ClientOrderRef":"1"}', Situation.NOT_IDENTIFIABLE, "no Header.ApplicationKey"),
        ('{"ClientOrderRef":"1","Header":null}', Situation.NOT_IDENTIFIABLE, "no Header.ApplicationKey"),
        (WHOLE.replace("100001", "1" * 501), Situation.NOT_IDENTIFIABLE, "cannot be used"),
        (WHOLE.replace("100001", "1\\u0007"), Situation.NOT_IDENTIFIABLE, "cannot be used"),
        (WHOLE[:-1], Situation.NOT_PARSEABLE, "cannot be read"),
        ("", Situation.NOT_PARSEABLE, "cannot be read"),
        ("[]", Situation.NOT_PARSEABLE, "cannot be read"),
        ("null", Situation.NOT_PARSEABLE, "cannot be read"),
        ("StatusCode=1", Situation.NOT_PARSEABLE, "cannot be read"),
    ],
)
def test_what_names_no_order_says_why(body: str, situation: Situation, reason: str) -> None:
    unidentified = found(body.encode())
    assert isinstance(unidentified, Unidentified)
    assert unidentified.situation is situation
    assert reason in unidentified.reason
