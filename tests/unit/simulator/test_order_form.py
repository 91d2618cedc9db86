from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_receiver.contract.form import Form
from order_receiver.contract.request import OrderRequest
from order_receiver.contract.xml_form import names
from order_receiver.simulator.order_form import decode_order, encode_order, guess_form, request_headers
from order_receiver.simulator.order_json import write_json
from order_receiver.simulator.order_xml import write_soap, write_xml
from order_receiver.simulator.orders import make_order

ORDER = make_order(1, application_key="shop", reference="1", lines=3)
URL = "http://127.0.0.1:8080/orders"


@pytest.mark.parametrize(
    ("form", "write"),
    [
        (Form.JSON, write_json),
        (Form.XML, write_xml),
        (Form.SOAP11, lambda order: write_soap(order, names.SOAP11)),
        (Form.SOAP12, lambda order: write_soap(order, names.SOAP12)),
    ],
)
def test_each_form_has_its_writer(form: Form, write: Callable[[OrderRequest], bytes]) -> None:
    assert encode_order(ORDER, form) == write(ORDER)


def test_json_is_the_usual_form_and_reads_back() -> None:
    assert encode_order(ORDER) == encode_order(ORDER, Form.JSON)
    assert decode_order(encode_order(ORDER)) == ORDER


@pytest.mark.parametrize("form", Form)
def test_only_soap_has_addressing(form: Form) -> None:
    addressed = encode_order(ORDER, form, address=URL)
    assert (URL.encode() in addressed) is form.is_soap


@pytest.mark.parametrize(
    ("form", "headers"),
    [
        (Form.JSON, {"Content-Type": "application/json; charset=utf-8", "Accept": "application/json"}),
        (Form.XML, {"Content-Type": "application/xml; charset=utf-8", "Accept": "application/xml"}),
        (
            Form.SOAP11,
            {
                "Content-Type": "text/xml; charset=utf-8",
                "SOAPAction": '"Enferno.Services.StormConnect.Contracts.Order/OrderNotificationService/CreateOrder"',
            },
        ),
        (
            Form.SOAP12,
            {
                "Content-Type": "application/soap+xml; charset=utf-8; "
                'action="Enferno.Services.StormConnect.Contracts.Order/OrderNotificationService/CreateOrder"',
            },
        ),
    ],
)
def test_headers(form: Form, headers: dict[str, str]) -> None:
    assert request_headers(form) == headers


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("before", ["", "\n  "])
def test_a_form_is_known_by_its_content(form: Form, encoding: str, before: str) -> None:
    body = (before + encode_order(ORDER, form).decode()).encode(encoding)
    assert guess_form(body) is form


SOAP12 = f'xmlns="{names.SOAP12}"'


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("", Form.JSON),
        ("no order", Form.JSON),
        ("<", Form.XML),
        ("<OrderRequest", Form.XML),
        ('<Envelope xmlns="other">', Form.XML),
        (f"<Envelopes {SOAP12}>", Form.XML),
        (f"<a><Envelope {SOAP12}/></a>", Form.XML),
        (f"<Envelope {SOAP12}>", Form.SOAP12),
        (f"<Envelope\n{SOAP12}/>", Form.SOAP12),
        (f"<?xml version='1.0'?>\n<!-- <a -->\n<Envelope {SOAP12} b='c'><cut", Form.SOAP12),
        (f"<e:Envelope xmlns:e='{names.SOAP11}'>", Form.SOAP11),
    ],
)
def test_a_form_is_guessed_from_whatever_there_is(text: str, form: Form) -> None:
    assert guess_form(text.encode()) is form


@given(st.binary())
def test_every_body_gets_some_form(body: bytes) -> None:
    assert guess_form(body) in Form
