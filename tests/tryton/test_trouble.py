"""What goes wrong with Tryton, and what the adapter makes of it."""

import asyncio
import socket

import msgspec
import pytest
from tests.erps.orders import ASA, SHIPPING, order, payment, row
from tests.tryton.conftest import OpenTarget, Target
from tests.tryton.server import Tryton

from order_receiver.orders.canonical import AddressPart, OrderPart
from order_receiver.orders.identity import OrderKey
from order_receiver.orders.outcomes import CallFailed, PermanentFailure, TransientFailure
from order_receiver.targets.adapter import Document, Submission

ORDER = order("E1", row(1, "ITEM001", "1", "100"))


async def test_a_good_set_up_passes_the_check(open_target: OpenTarget) -> None:
    await open_target(default_product="FEE").adapter.check()


async def test_a_wrong_password_is_asked_for_once_and_told(open_target: OpenTarget, tryton: Tryton) -> None:
    target = open_target(password="wrong")
    refused = r"no login of the user 'web'.*Correct `user`"
    with pytest.raises(TransientFailure, match=refused) as told:
        await target.adapter.check()
    assert "wrong" not in str(told.value)
    assert told.value.retry_after == 60
    asked = tryton.count_logins()
    with pytest.raises(TransientFailure, match=refused):
        await target.adapter.check()
    assert tryton.count_logins() == asked


async def test_an_ended_session_is_renewed(target: Target, tryton: Tryton) -> None:
    await target.adapter.check()
    tryton.end_sessions()
    results = await asyncio.gather(*(target.adapter.find("nothing") for _ in range(4)))
    assert results == [[]] * 4


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"shop": "Nope"}, r"no web shop with the name 'Nope'.*`targets\.erp\.shop`"),
        ({"taxes": {"25": "Momms"}}, r"no tax with the name 'Momms'.*`targets\.erp\.taxes`"),
        ({"payments": {"7": "Cash"}}, r"no payment journal with the name 'Cash'.*`targets\.erp\.payments`"),
        ({"payment_terms": {"7": "Never"}}, r"no payment term with the name 'Never'"),
        ({"carriers": {"X": "Pigeon"}}, r"no carrier whose party is 'Pigeon'"),
        ({"units": {"st": "??"}}, r"no unit with the symbol '\?\?'"),
        ({"rounding_product": "NONE"}, r"no salable product with the code 'NONE'"),
    ],
)
async def test_the_check_names_what_tryton_does_not_have(
    open_target: OpenTarget, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(PermanentFailure, match=words):
        await open_target(**changes).adapter.check()


@pytest.mark.parametrize(
    ("changes", "made", "words"),
    [
        ({}, order("E2", row(1, "NOPE", "1", "100")), "no salable product with the code 'NOPE'.*row_products"),
        ({}, order("E3", row(1, None, "1", "100", type="Odd")), r"Row 1 of the type 'Odd' has no part number\."),
        ({}, order("E4", row(1, "ITEM001", "1", "100", "8")), r'No tax is set for the VAT rate 8 %.*`"8" = .*taxes`'),
        ({}, order("E5", row(1, "ITEM001", "1", "100"), currency="XTS"), "no currency with the code 'XTS'"),
        ({}, order("E6", row(1, "ITEM001", "1", "100"), buyer=None), "names no buyer"),
        ({}, order("E11"), "has no rows"),
        ({}, order("E7", row(1, "ITEM001", "0.5", "100")), "Tryton refused making a sale.sale: "),
        (
            {"create_parties": False},
            order("E8", row(1, "ITEM001", "1", "1"), buyer=msgspec.structs.replace(ASA, code="C0")),
            "no party with the code 'C0'",
        ),
    ],
    ids=lambda value: value.reference if hasattr(value, "reference") else None,
)
async def test_what_cannot_be_entered_is_refused_with_the_value(
    open_target: OpenTarget, tryton: Tryton, changes: dict[str, object], made: object, words: str
) -> None:
    target = open_target(**changes)
    with pytest.raises(PermanentFailure, match=words):
        await target.submit(made)  # type: ignore[arg-type]
    assert tryton.read("sale.sale", [["reference", "=", made.reference]], "id") == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("changes", "made", "missing", "words"),
    [
        (
            {},
            order("M1", row(1, "A", "1", "100"), row(2, "ITEM001", "1", "100"), row(3, "B", "1", "100")),
            ("product:A", "product:B"),
            r"with the code 'A'\..* So it is with 1 more\.$",
        ),
        ({"taxes": {}}, order("M2", row(1, "ITEM001", "1", "100")), ("vat-rate:25",), "for the VAT rate 25 % of row 1"),
        (
            {},
            order("M3", row(1, "ITEM001", "1", "100"), payments=[payment(8, "125")]),
            ("payment-code:8",),
            "for the payment code 8",
        ),
        (
            {"carriers": {"DHL": "PostNord"}},
            order("M4", row(1, "ITEM001", "1", "100"), shipping=SHIPPING),
            ("delivery-method:POSTNORD",),
            "for the delivery method 'POSTNORD'",
        ),
        ({}, order("M5", row(1, "ITEM001", "1", "1", vat_code="Nope")), ("tax:Nope",), "no tax with the name 'Nope'"),
        ({}, order("M6", row(1, "ITEM001", "1", "1"), currency="XTS"), ("currency:XTS",), "the code 'XTS'"),
        ({}, order("M7", row(1, None, "1", "1", type="Odd")), ("row-type:Odd",), "has no part number"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
async def test_what_tryton_lacks_is_named_for_all_orders_that_wait_for_it(
    open_target: OpenTarget, changes: dict[str, object], made: OrderPart, missing: tuple[str, ...], words: str
) -> None:
    with pytest.raises(PermanentFailure, match=words) as told:
        await open_target(**changes).submit(made)
    assert told.value.missing == missing


async def test_trytons_own_words_are_told(target: Target) -> None:
    """Whoever stores or logs them takes out what the order says about people."""
    buyer = msgspec.structs.replace(
        ASA, code="C99", company=None, address=AddressPart(line1="Hemliga gatan", country="SE", city="Ort")
    )
    buyer = msgspec.convert(
        {**msgspec.to_builtins(buyer), "company": {"name": "Åsa Öberg", "vat_no": "SE556036079401"}}, type(buyer)
    )
    with pytest.raises(PermanentFailure, match=r"Tryton refused making a party\.party") as told:
        await target.submit(order("E9", row(1, "ITEM001", "1", "100"), buyer=buyer))
    assert "SE556036079401" in str(told.value)


async def test_a_document_that_is_no_canonical_order(target: Target) -> None:
    document = Document(b'{"rows": 1}', "application/json", "json")
    with pytest.raises(PermanentFailure, match="no canonical order"):
        await target.adapter.submit(Submission("k", OrderKey("a", "b"), document), target.save)


async def test_a_server_that_is_away_is_transient(open_target: OpenTarget) -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        url = f"http://127.0.0.1:{found.getsockname()[1]}"
    with pytest.raises(TransientFailure, match="took no connection; nothing was sent"):
        await open_target(url=url).submit(ORDER)


@pytest.mark.parametrize(
    ("answer", "failure", "words"),
    [
        (b"", TransientFailure, "did not answer in time"),
        (b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", TransientFailure, "busy or away"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", TransientFailure, "is not Tryton.*Check `url`"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", TransientFailure, "did not answer in time"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://other/\r\nContent-Length: 0\r\n\r\n", PermanentFailure, "a redirect"),
    ],
    ids=["silent", "503", "html", "half", "redirect"],
)
async def test_what_is_no_answer_of_tryton(
    open_target: OpenTarget, answer: bytes, failure: type[CallFailed], words: str
) -> None:
    opened: list[asyncio.StreamWriter] = []

    def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(writer)
        writer.write(answer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        target = open_target(url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", timeout=0.5)
        with pytest.raises(failure, match=words) as told:
            await target.submit(ORDER)
        await target.adapter.close()
        for writer in opened:
            writer.close()
    assert getattr(told.value, "retry_after", None) == (7 if b"Retry-After" in answer else None)


async def test_an_unknown_database_is_transient(open_target: OpenTarget) -> None:
    with pytest.raises(TransientFailure, match="check `database` if this stays"):
        await open_target(database="nope").submit(ORDER)
