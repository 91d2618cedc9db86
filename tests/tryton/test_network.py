"""Servers and networks in trouble, between the adapter and a real Tryton: always one sale in the end."""

from collections.abc import AsyncIterator

import pytest
from tests.erps.gateway import Gateway, Trouble, gateway_to
from tests.erps.killing import fresh_order, submit_until_done
from tests.erps.orders import payment
from tests.tryton.conftest import OpenTarget
from tests.tryton.server import Tryton
from tests.tryton.test_resuming import assert_one_sale

from order_receiver.orders.canonical import OrderPart
from order_receiver.orders.outcomes import CallFailed, TransientFailure, UnknownOutcome
from order_receiver.targets.adapter import Step

SHORT = 3.0
"""Seconds of a time-out that is to be run out."""


@pytest.fixture
async def gateway(tryton: Tryton) -> AsyncIterator[Gateway]:
    async with gateway_to(tryton.port) as gateway:
        yield gateway


def paid_order(reference: str) -> OrderPart:
    return fresh_order(reference, payment(7, "200"), payment(9, "99.97"))


def assert_one_paid_sale(tryton: Tryton, reference: str) -> dict[str, object]:
    sale = assert_one_sale(tryton, reference)
    payments = tryton.read("account.payment", [["origin", "=", f"sale.sale,{sale['id']}"]], "amount")
    assert sorted(str(each["amount"]) for each in payments) == ["200", "99.97"]
    return sale


@pytest.mark.parametrize("step", ["create", "quote", "write", "confirm"])
async def test_silence_during_a_change_ends_in_time_and_the_next_attempt_finds_it(
    open_target: OpenTarget, tryton: Tryton, gateway: Gateway, step: str
) -> None:
    made = paid_order(f"SILENT {step}")
    gateway.befall(Trouble.SILENCE, f'"model.sale.sale.{step}"'.encode())
    slow = open_target(url=gateway.url, timeout=SHORT)
    failure: CallFailed | None = None
    while not gateway.met.is_set():  # on a busy machine another call may take as long
        with pytest.raises(CallFailed) as told:
            await slow.submit(made)
        failure = told.value
    assert isinstance(failure, UnknownOutcome)
    assert "Tryton at 127.0.0.1 did not answer in time." in str(failure)
    number = await submit_until_done(open_target(), made)
    assert assert_one_paid_sale(tryton, made.reference)["number"] == number


@pytest.mark.parametrize(
    ("trouble", "call"),
    [
        (Trouble.HALF_CLOSED, "party.party.create"),
        (Trouble.HALF_CLOSED, "sale.sale.create"),
        (Trouble.HALF_ANSWERED, "sale.sale.quote"),
        (Trouble.RESET, "sale.sale.create"),
        (Trouble.RESET, "sale.sale.confirm"),
    ],
    ids=lambda value: value.name if isinstance(value, Trouble) else value,
)
async def test_a_connection_that_ends_without_an_answer_is_unknown(
    open_target: OpenTarget, tryton: Tryton, gateway: Gateway, trouble: Trouble, call: str
) -> None:
    """Tryton took the call; the repeat goes on from there."""
    made = paid_order(f"{trouble.name} {call}")
    gateway.befall(trouble, f'"model.{call}"'.encode())
    target = open_target(url=gateway.url)
    with pytest.raises(UnknownOutcome, match="broke the connection off before it answered"):
        await target.submit(made)
    gateway.befall(None)
    number = (await target.submit(made)).erp_order_no
    assert assert_one_paid_sale(tryton, made.reference)["number"] == number


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (Trouble.GATEWAY_TIMEOUT, r"answered making a sale\.sale with HTTP 504\."),
        (Trouble.GARBLED, r"answer about sale\.sale is not as in 8\.0"),
    ],
    ids=lambda value: value.name if isinstance(value, Trouble) else "",
)
async def test_an_answer_that_does_not_tell_what_was_made_is_unknown(
    open_target: OpenTarget, tryton: Tryton, gateway: Gateway, trouble: Trouble, words: str
) -> None:
    """A proxy says 504 too, while Tryton goes on."""
    made = fresh_order(trouble.name)
    gateway.befall(trouble, b'"model.sale.sale.create"')
    target = open_target(url=gateway.url)
    with pytest.raises(UnknownOutcome, match=words):
        await target.submit(made)
    gateway.befall(None)
    number = (await target.submit(made)).erp_order_no
    assert assert_one_sale(tryton, made.reference)["number"] == number


@pytest.mark.parametrize(("step", "left"), [("create", []), ("confirm", ["quotation"])])
async def test_a_change_that_tryton_has_no_time_for_is_transient_and_waits_as_asked(
    open_target: OpenTarget, tryton: Tryton, gateway: Gateway, step: str, left: list[str]
) -> None:
    made = paid_order(f"BUSY {step}")
    gateway.befall(Trouble.BUSY, f'"model.sale.sale.{step}"'.encode())
    target = open_target(url=gateway.url)
    with pytest.raises(TransientFailure, match="HTTP 503: its database is busy or away") as told:
        await target.submit(made)
    assert told.value.retry_after == 7
    assert [sale["state"] for sale in tryton.read("sale.sale", [["reference", "=", made.reference]], "state")] == left
    gateway.befall(None)
    number = (await target.submit(made)).erp_order_no
    assert assert_one_paid_sale(tryton, made.reference)["number"] == number


async def test_sessions_that_end_in_the_middle_are_renewed(open_target: OpenTarget, tryton: Tryton) -> None:
    """After each change in turn: the submission goes on, unnoticed."""
    target, made = open_target(), paid_order("SESSIONS")
    ended: list[str] = []

    async def save(step: Step) -> None:
        ended.append(step["state"])
        tryton.end_sessions()

    target.save = save  # type: ignore[method-assign]
    number = (await target.submit(made)).erp_order_no
    assert ended == ["party made", "draft", "quotation", "paid", "processing"]
    assert assert_one_paid_sale(tryton, "SESSIONS")["number"] == number
