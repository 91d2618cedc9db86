"""What goes wrong with Odoo, and what the adapter makes of it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from aiohttp import web
from tests.erps.gateway import Gateway, Trouble, gateway_to
from tests.erps.orders import order, row
from tests.integration.targets.odoo.conftest import OpenTarget, Target
from tests.integration.targets.odoo.server import Failed, SmallOdoo
from yarl import URL

from order_receiver.orders.identity import OrderKey
from order_receiver.orders.outcomes import CallFailed, PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.targets.adapter import Document, Submission

ORDER = order("1", row(1, "ITEM001", "2", "300"))
COLLISION = "could not serialize access due to concurrent update"


async def test_a_wrong_password_is_asked_for_once_and_told(open_target: OpenTarget, odoo: SmallOdoo) -> None:
    target = open_target(key="wrong")
    for _ in range(2):
        with pytest.raises(TransientFailure, match=r"no login of the user 'web'.*Correct `user`") as told:
            await target.submit(ORDER)
        assert "wrong" not in str(told.value)
        assert told.value.retry_after == 60
    assert odoo.methods("common") == ["login"]


async def test_a_key_that_was_revoked_is_told(target: Target, odoo: SmallOdoo) -> None:
    await target.submit(ORDER)
    odoo.key = "another"
    with pytest.raises(TransientFailure, match="takes no login of the user 'web'"):
        await target.submit(ORDER)


async def test_a_denial_that_passes(target: Target, odoo: SmallOdoo) -> None:
    odoo.failures["fields_get"].append(Failed("odoo.exceptions.AccessDenied", "Access denied"))
    with pytest.raises(TransientFailure, match="took the login and denied reading"):
        await target.submit(ORDER)
    assert (await target.submit(ORDER)).erp_order_no == "S00001"


async def test_many_at_once_log_in_once(target: Target, odoo: SmallOdoo) -> None:
    await asyncio.gather(*(target.adapter.find("nothing") for _ in range(5)))
    assert odoo.methods("common") == ["login"]


async def test_a_loser_takes_the_winners_sale(target: Target, odoo: SmallOdoo) -> None:
    """`load` answers HTTP 200 with `ids: false`: somebody made the same sale at this moment."""
    await target.submit(ORDER)
    sale, customer = odoo.external_ids.pop(f"norce.order_{ORDER.key}"), len(odoo.all("res.partner"))

    def win() -> web.Response:
        odoo.external_ids[f"norce.order_{ORDER.key}"] = sale
        said = {"type": "error", "message": f"Unknown error during import: <class 'psycopg2.errors...'>: {COLLISION}"}
        return web.json_response({"jsonrpc": "2.0", "id": 1, "result": {"ids": False, "messages": [said]}})

    odoo.after["sale.order.load"].append(win)
    assert (await target.submit(ORDER)).erp_id == str(sale[1])
    assert len(odoo.all("res.partner")) == customer


async def test_a_collision_without_a_winner_is_transient(target: Target, odoo: SmallOdoo) -> None:
    odoo.refusal = COLLISION
    with pytest.raises(TransientFailure, match="another call made the same at this moment; it is done again"):
        await target.submit(ORDER)
    odoo.refusal = None
    assert (await target.submit(ORDER)).erp_order_no == "S00001"


def collided() -> web.Response:
    said = {"type": "error", "message": COLLISION}
    return web.json_response({"jsonrpc": "2.0", "id": 1, "result": {"ids": False, "messages": [said]}})


@pytest.mark.parametrize("model", ["res.partner", "sale.order.line"])
async def test_what_another_order_or_attempt_makes_at_once_is_taken(
    open_target: OpenTarget, odoo: SmallOdoo, model: str
) -> None:
    odoo.rounds_off = Decimal("-0.01")
    odoo.after[f"{model}.load"].append(collided)
    await open_target(rounding_product="ROUNDING").submit(ORDER)
    assert odoo.methods(model).count("load") == 2
    assert (len(odoo.all("res.partner")), len(odoo.all("sale.order.line"))) == (1, 2)


async def test_a_confirmation_that_another_attempt_made(target: Target, odoo: SmallOdoo) -> None:
    odoo.failures["action_confirm"].append(Failed("odoo.exceptions.UserError", "It is not allowed to confirm."))
    with pytest.raises(PermanentFailure, match=r"refused the step 'action_confirm': It is not allowed to confirm\."):
        await target.submit(ORDER)
    (sale,) = odoo.all("sale.order")
    odoo.failures["action_confirm"].append(Failed("odoo.exceptions.UserError", "It is not allowed to confirm."))

    def other() -> web.Response:
        sale["state"] = "sale"
        error = {"code": 200, "message": "Odoo Server Error", "data": {"name": "odoo.exceptions.UserError"}}
        return web.json_response({"jsonrpc": "2.0", "id": 1, "error": error})

    odoo.after["sale.order.action_confirm"].append(other)
    assert (await target.submit(ORDER)).erp_order_no == sale["name"]


async def test_a_question_is_no_confirmation(target: Target, odoo: SmallOdoo) -> None:
    odoo.asks = True
    with pytest.raises(PermanentFailure, match="did not confirm the sale S00001: it asks a person first"):
        await target.submit(ORDER)
    odoo.asks = False
    assert (await target.submit(ORDER)).erp_order_no == "S00001"


async def test_a_locked_sale_is_taken(target: Target, odoo: SmallOdoo) -> None:
    await target.submit(ORDER)
    odoo.all("sale.order")[0]["state"] = "done"
    assert (await target.submit(ORDER)).erp_order_no == "S00001"


async def test_a_sale_deleted_in_odoo_is_made_again(target: Target, odoo: SmallOdoo) -> None:
    await target.submit(ORDER)
    odoo.records["sale.order"].clear()
    assert list(await target.adapter.find(ORDER.key)) == []


async def test_odoos_own_words_are_told(target: Target, odoo: SmallOdoo) -> None:
    odoo.refusal = "The VAT number of the customer is wrong."
    with pytest.raises(PermanentFailure) as told:
        await target.submit(ORDER)
    assert str(told.value) == "Odoo refused making a sale.order: The VAT number of the customer is wrong."


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
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", TransientFailure, "is not Odoo.*Check `url`"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", TransientFailure, "did not answer in time"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://other/\r\nContent-Length: 0\r\n\r\n", PermanentFailure, "a redirect"),
        (b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", TransientFailure, "check `url` if this stays"),
    ],
    ids=["silent", "503", "html", "half", "redirect", "404"],
)
async def test_what_is_no_answer_of_odoo(
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


@pytest.fixture
async def gateway(odoo: SmallOdoo) -> AsyncIterator[Gateway]:
    async with gateway_to(URL(odoo.url).port or 0) as gateway:
        yield gateway


def assert_one_sale(odoo: SmallOdoo, number: str | None) -> None:
    (sale,) = odoo.all("sale.order")
    assert (sale["name"], sale["state"]) == (number, "sale")
    assert len(odoo.all("sale.order.line")) == len(odoo.all("res.partner")) == 1


CHANGES = [b'"res.partner","load"', b'"sale.order","load"', b'"action_confirm"']


@pytest.mark.parametrize("call", CHANGES)
@pytest.mark.parametrize("trouble", [Trouble.HALF_CLOSED, Trouble.HALF_ANSWERED, Trouble.RESET], ids=lambda it: it.name)
async def test_a_connection_that_ends_without_an_answer_to_a_change_is_unknown(
    open_target: OpenTarget, odoo: SmallOdoo, gateway: Gateway, trouble: Trouble, call: bytes
) -> None:
    """Odoo took the call; the repeat goes on from there."""
    gateway.befall(trouble, call)
    target = open_target(url=gateway.url)
    with pytest.raises(UnknownOutcome, match="broke the connection off before it answered"):
        await target.submit(ORDER)
    gateway.befall(None)
    assert_one_sale(odoo, (await target.submit(ORDER)).erp_order_no)


@pytest.mark.parametrize("call", CHANGES)
async def test_silence_during_a_change_ends_in_time_and_the_next_attempt_finds_it(
    open_target: OpenTarget, odoo: SmallOdoo, gateway: Gateway, call: bytes
) -> None:
    gateway.befall(Trouble.SILENCE, call)
    slow = open_target(url=gateway.url, timeout=0.5)
    failure: CallFailed | None = None
    while not gateway.met.is_set():  # on a busy machine another call may take as long
        with pytest.raises(CallFailed) as told:
            await slow.submit(ORDER)
        failure = told.value
    assert isinstance(failure, UnknownOutcome)
    assert "Odoo at 127.0.0.1 did not answer in time." in str(failure)
    assert_one_sale(odoo, (await open_target().submit(ORDER)).erp_order_no)


@pytest.mark.parametrize("call", CHANGES)
async def test_a_change_that_odoo_has_no_time_for_is_transient_and_waits_as_asked(
    open_target: OpenTarget, odoo: SmallOdoo, gateway: Gateway, call: bytes
) -> None:
    gateway.befall(Trouble.BUSY, call)
    target = open_target(url=gateway.url)
    with pytest.raises(TransientFailure, match="HTTP 503: it is busy or away") as told:
        await target.submit(ORDER)
    assert told.value.retry_after == 7
    assert [sale["state"] for sale in odoo.all("sale.order")] == (["draft"] if b"confirm" in call else [])
    gateway.befall(None)
    assert_one_sale(odoo, (await target.submit(ORDER)).erp_order_no)


async def test_an_answer_that_no_version_gives(target: Target, odoo: SmallOdoo) -> None:
    odoo.after["res.users.search_read"].append(lambda: web.json_response({"jsonrpc": "2.0", "id": 1, "result": "odd"}))
    with pytest.raises(TransientFailure, match=r"answer about res\.users is not as in 14 to 18"):
        await target.submit(ORDER)
    odoo.after["res.partner.load"].append(lambda: web.json_response({"jsonrpc": "2.0", "id": 1, "result": "odd"}))
    with pytest.raises(UnknownOutcome, match=r"answer about res\.partner is not as in 14 to 18"):
        await target.submit(ORDER)
    odoo.after["sale.order.load"].append(lambda: web.Response(body=b'{"result": {"ids": ["\xff"]}}'))
    with pytest.raises(UnknownOutcome, match=r"What answered making a sale\.order is not Odoo"):
        await target.submit(ORDER)
    odoo.after["common.version"].append(lambda: web.json_response({"jsonrpc": "2.0", "id": 1, "result": {}}))
    with pytest.raises(TransientFailure, match="told its version in a way that 14 to 18 do not"):
        await target.adapter.check()
