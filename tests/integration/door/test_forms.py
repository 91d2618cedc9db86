"""How a message is told to be JSON, XML or SOAP, and the form of its answer."""

import asyncio
import re
from itertools import product

import pytest
from tests.integration.door.conftest import SENT_AS, SHOP, Doorway, Opener, Wire, head, order_body
from tests.integration.door.wire_forms import ACTION, ADDRESSING, ENVELOPES, ORDER, Fault, answered, fault, headers

from order_receiver.contract.form import Form
from order_receiver.contract.request import Header, OrderItem, OrderRequest
from order_receiver.simulator.order_form import encode_order
from order_receiver.work.apart import GREAT

SOAP = [Form.SOAP11, Form.SOAP12]
STORED = "The order is stored; its ERP number follows."
NULLS = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
OK = f"<StatusCode>OK</StatusCode><Description>{STORED}</Description><HasErpOrderNo>false</HasErpOrderNo>"
MEMBERS = f'{OK}<ErpOrderNo i:nil="true"/>'
WRAPPED = f"<CreateOrderResult>{MEMBERS}</CreateOrderResult>"
BODY = f'<s:Body><CreateOrderResponse xmlns="{ORDER}" {NULLS}>{WRAPPED}</CreateOrderResponse></s:Body>'
ON_THE_WIRE = {
    Form.JSON: f'{{"StatusCode":"OK","Description":"{STORED}","HasErpOrderNo":false,"ErpOrderNo":null}}',
    Form.XML: f'<OrderResponse xmlns="{ORDER}" {NULLS}>{MEMBERS}</OrderResponse>',
    Form.SOAP11: f'<s:Envelope xmlns:s="{ENVELOPES[Form.SOAP11]}">{BODY}</s:Envelope>',
    Form.SOAP12: f'<s:Envelope xmlns:s="{ENVELOPES[Form.SOAP12]}">{BODY}</s:Envelope>',
}


async def test_the_answer_to_the_byte(door: Doorway, form: Form) -> None:
    """In the one shape that every known .NET reader was seen to take whole."""
    answer = await door.post(order_body(form=form))
    assert answered(form, answer)["StatusCode"] == "OK"
    assert answer.body.decode() == ON_THE_WIRE[form]


MEDIA_TYPES = [
    *("application/json", "text/json; charset=utf-8", "application/vnd.norce+json"),
    *("application/xml", 'application/xml; charset="utf-8"', "APPLICATION/XML;charset=UTF-8", "text/xml"),
    *("text/xml; charset=utf-8", "application/soap+xml; charset=utf-8", f'application/soap+xml; action="{ACTION}"'),
    *("text/plain", "text/plain; charset=utf-8", "application/octet-stream", "application/x-www-form-urlencoded"),
    *("", "; charset=utf-8", None),
]


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\r\n\t "], ids=["plain", "mark", "white"])
async def test_a_body_is_told_by_its_first_byte_whatever_it_is_called(door: Doorway, form: Form, before: bytes) -> None:
    """No media type above turns `<` into JSON or `{` into XML; the root tells bare XML from SOAP, and its version."""
    for number, media_type in enumerate(MEDIA_TYPES):
        answer = await door.post(before + order_body(f"{number}", form=form), media_type=media_type)
        assert answered(form, answer)["Description"] == STORED, media_type


@pytest.mark.parametrize(
    ("media_type", "form"),
    [
        *(("application/json", Form.JSON), ("text/plain", Form.JSON), (None, Form.JSON)),
        *(("application/xml", Form.XML), ("text/xml; charset=utf-8", Form.XML), ("application/soap+xml", Form.SOAP12)),
    ],
)
async def test_the_media_type_decides_where_the_first_byte_says_nothing(
    door: Doorway, media_type: str | None, form: Form
) -> None:
    for number, body in enumerate((b"", b"   ", b"order=1", b"\x00\x01"), start=1):
        members = answered(form, await door.post(body, media_type=media_type))
        assert members["StatusCode"] == "Failed"
        assert str(members["Description"]).startswith(f"Not taken over (quarantine Q{number}): ")


DECLARED = {
    "UTF-8, declared": ("utf-8", '<?xml version="1.0" encoding="utf-8"?>', "application/xml"),
    "UTF-8 with mark": ("utf-8-sig", "", "text/xml; charset=utf-8"),
    "UTF-16": ("utf-16", '<?xml version="1.0" encoding="utf-16"?>', "application/xml; charset=utf-16"),
    "UTF-16 without mark": ("utf-16-be", '<?xml version="1.0" encoding="utf-16"?>', None),
    "ISO-8859-1, declared": (
        "iso-8859-1",
        '<?xml version="1.0" encoding="ISO-8859-1" standalone="yes"?>\r\n',
        "text/xml",
    ),
    "ISO-8859-1, named": ("iso-8859-1", "", "text/xml; charset=iso-8859-1"),
    "windows-1252, declared": ("windows-1252", "<?xml version='1.0' encoding='windows-1252'?>", "application/xml"),
}


@pytest.mark.parametrize("form", [Form.XML, *SOAP])
async def test_encodings(door: Doorway, form: Form) -> None:
    """Each is the same order, åäö and all."""
    body = order_body(form=form).replace(b"<ClientOrderRef>", "<Unknown>åäö</Unknown><ClientOrderRef>".encode())
    described = [answered(form, await door.post(body))["Description"]]
    for encoding, declaration, media_type in DECLARED.values():
        other = (declaration + body.decode()).encode(encoding)
        described.append(answered(form, await door.post(other, media_type=media_type))["Description"])
    assert described == [STORED, *["The order was received before; its ERP number follows."] * len(DECLARED)]


SOAP_ACTIONS = [f'"{ACTION}"', ACTION, None, "", '""', '"urn:DeleteEverything"']
IN_CONTENT_TYPE = ["", f'; action="{ACTION}"', f"; action={ACTION}", '; action="urn:DeleteEverything"']


@pytest.mark.parametrize("form", SOAP)
async def test_the_body_says_what_is_asked_for_not_soapaction(door: Doorway, form: Form) -> None:
    wire = await door.connect()
    for number, (named, more) in enumerate(product(SOAP_ACTIONS, IN_CONTENT_TYPE)):
        body = order_body(str(number), form=form)
        action = {} if named is None else {"SOAPAction": named}
        media_type = SENT_AS[form].partition("; action")[0] + more
        await wire.send(head(media_type=media_type, length=len(body), more=action), body)
        assert answered(form, await wire.answer())["Description"] == STORED
        refused = body.replace(b"CreateOrder", b"Create")
        await wire.send(head(media_type=media_type, length=len(refused), more=action), refused)
        assert fault(form, await wire.answer()).code in ("Client", "Sender")


@pytest.mark.parametrize("form", SOAP)
async def test_addressing_is_answered_only_where_it_is_asked_with(door: Doorway, form: Form) -> None:
    order = OrderRequest(
        ClientOrderRef="1", Header=Header(ApplicationKey=SHOP), Items=[OrderItem(PartNo="A", Quantity=1)]
    )
    assert headers(form, await door.post(encode_order(order, form))) == {}
    asking = encode_order(order, form, address="http://127.0.0.1:8080/orders")
    (identifier,) = re.findall(rb"<a:MessageID>(.*)</a:MessageID>", asking)
    answer = await door.post(asking)
    assert answered(form, answer)["StatusCode"] == "OK"
    assert headers(form, answer) == {
        f"{{{ADDRESSING}}}Action": f"{ACTION}Response",
        f"{{{ADDRESSING}}}RelatesTo": identifier.decode(),
    }
    refused = await door.post(
        asking.replace(b":Body><CreateOrder ", b":Body><Other ").replace(b"CreateOrder>", b"Other>")
    )
    assert fault(form, refused).code in ("Client", "Sender")
    assert headers(form, refused) == {
        f"{{{ADDRESSING}}}Action": f"{ADDRESSING}/soap/fault",
        f"{{{ADDRESSING}}}RelatesTo": identifier.decode(),
    }


SECURITY = '<w:Security xmlns:w="urn:wsse" s:mustUnderstand="{must}"{role}/>'


def with_header(form: Form, header: str) -> bytes:
    body = order_body(form=form)
    return body.replace(b"<s:Body>", f"<s:Header>{header}</s:Header><s:Body>".encode())


@pytest.mark.parametrize("form", SOAP)
async def test_headers_are_passed_over_unless_one_must_be_understood(door: Doorway, form: Form) -> None:
    actor = "actor" if form is Form.SOAP11 else "role"
    for header in (
        SECURITY.format(must="0", role=""),
        SECURITY.format(must="false", role=""),
        SECURITY.format(must="1", role=f' s:{actor}="urn:somebody-else"'),
        f'<a:To xmlns:a="{ADDRESSING}" s:mustUnderstand="1">urn:x</a:To><x xmlns="urn:x"><y/></x>',
    ):
        assert answered(form, await door.post(with_header(form, header)))["StatusCode"] == "OK"
    reason = "A header that must be understood is not: urn:wsse:Security. Nothing was taken over."
    for must in ("1", "true"):
        answer = await door.post(with_header(form, SECURITY.format(must=must, role="")))
        assert fault(form, answer) == Fault("MustUnderstand", reason)


async def test_an_unknown_version_of_soap_is_told_in_soap_1_1(door: Doorway) -> None:
    body = order_body(form=Form.SOAP12).replace(
        ENVELOPES[Form.SOAP12].encode(), b"http://www.w3.org/2001/12/soap-envelope"
    )
    found = fault(Form.SOAP11, await door.post(body, media_type="application/soap+xml"))
    assert found.code == "VersionMismatch"
    assert "http://www.w3.org/2001/12/soap-envelope" in found.reason
    assert door.value("SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM quarantine)") == 0


EMPTY = {
    "an empty Body": "<s:Body/>",
    "the Body holds GetOrder": '<s:Body><GetOrder xmlns="urn:x"/></s:Body>',
}


@pytest.mark.parametrize("form", SOAP)
async def test_other_operations_are_faults(door: Doorway, form: Form) -> None:
    for seen, content in EMPTY.items():
        envelope = f'<s:Envelope xmlns:s="{ENVELOPES[form]}">{content}</s:Envelope>'
        found = fault(form, await door.post(envelope.encode()))
        assert found.reason == f"CreateOrder is the only operation here; {seen}. Nothing was taken over."


UNREADABLE: dict[str, tuple[bytes, bytes]] = {
    "cut off": (b"</Items>", b"<"),
    "a DOCTYPE": (b"<", b'<!DOCTYPE x [<!ENTITY y "z">]><'),
    "an entity": (b"<ClientOrderRef>", b"<ClientOrderRef>&y;"),
    "a prefix that is not declared": (b"<ClientOrderRef>", b"<x:ClientOrderRef>"),
    "an attribute twice": (b"<ClientOrderRef>", b'<ClientOrderRef a="1" a="2">'),
}


@pytest.mark.parametrize("form", [Form.XML, *SOAP])
async def test_what_is_no_xml_is_kept_and_answered_in_the_form_that_it_seems_to_have(door: Doorway, form: Form) -> None:
    bodies = [order_body(form=form).replace(*change, 1) for change in UNREADABLE.values()]
    for number, body in enumerate(bodies, start=1):
        members = answered(form, await door.post(body, media_type=SENT_AS[form]))
        assert members["StatusCode"] == "Failed"
        told = f"Not taken over (quarantine Q{number}): The message cannot be read: "
        assert str(members["Description"]).startswith(told)
    kept = door.rows("SELECT body, media_type FROM quarantine ORDER BY id")
    assert kept == [(body, SENT_AS[form]) for body in bodies]


async def test_xml_that_is_no_order_is_kept(door: Doorway) -> None:
    members = answered(Form.XML, await door.post(b"<Invoice/>"))
    assert "its root element is Invoice" in str(members["Description"])
    assert door.rows("SELECT body FROM quarantine") == [(b"<Invoice/>",)]


@pytest.mark.parametrize("form", [Form.XML, *SOAP])
async def test_a_finding_in_xml_is_told_with_its_xpath_and_line(open_door: Opener, form: Form) -> None:
    """In what a person reads of the held order, after the worker has read it whole."""
    door = await open_door(work=True)
    lines = order_body(form=form).replace(b"><", b">\n<").split(b"\n")
    at = [number for number, line in enumerate(lines) if line.startswith(b"<Quantity>")][1]
    lines[at] = b"<Quantity>three</Quantity>"
    assert answered(form, await door.post(b"\n".join(lines)))["Description"] == STORED
    await door.until(lambda: door.value("SELECT hold FROM orders"))
    outer = "/OrderRequest" if form is Form.XML else "/Envelope/Body/CreateOrder/request"
    ((hold, told),) = door.rows("SELECT hold, hold_text FROM orders")
    assert hold == "findings"
    assert str(told).startswith(f"{outer}/Items/OrderItem[2]/Quantity (line {at + 1}): ")
    assert "three" in str(told)


async def great_order(wire: Wire, form: Form, reference: str) -> int:
    body = order_body(reference, form=form, lines=1000)
    assert len(body) > GREAT
    answer = await wire.post(body)
    assert answered(form, answer)["Description"] == STORED
    return len(body)


async def test_great_messages_are_read_beside_small_ones(door: Doorway) -> None:
    """Two great ones are read at a time; while both places are taken, small ones are answered as ever."""
    gate = door.receiver.door._apart._gate
    wires = {form: await door.connect() for form in Form}
    async with gate, gate:
        great = [asyncio.create_task(great_order(wires[form], form, f"great {form}")) for form in Form]
        await door.until(lambda: len(gate._waiters or ()) == len(Form))
        for form in Form:
            assert answered(form, await door.post(order_body(f"small {form}", form=form)))["Description"] == STORED
        assert door.value("SELECT count(*) FROM orders") == len(Form)
        assert not any(task.done() for task in great)
    sizes = await asyncio.gather(*great)
    assert door.rows("SELECT length(body) FROM messages WHERE length(body) > ? ORDER BY 1", GREAT) == [
        (size,) for size in sorted(sizes)
    ]


async def test_a_great_order_comes_through_to_the_end(open_door: Opener, form: Form) -> None:
    door = await open_door(work=True, target={"number_on_write": True}, application={"on_findings": "fail"})
    wire = await door.connect()
    await great_order(wire, form, "100001")
    await door.until(lambda: door.number_of("100001"))
    answer = await wire.post(order_body("100001", form=form, lines=1000, changed=True))
    assert "with other content and is in the ERP" in str(answered(form, answer)["Description"])
