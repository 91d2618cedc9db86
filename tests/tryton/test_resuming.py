"""Whatever dies and whoever races: one sale for each order, confirmed, with its payments once.

TRYTON_KILLS=30 kills that many submissions instead of a few.
"""

import asyncio
import os

import msgspec
import pytest
from tests.erps.killing import Died, fresh_order, kill_and_retry, submit_until_done
from tests.erps.orders import order, payment, row
from tests.tryton.conftest import SETTINGS, OpenTarget, Target
from tests.tryton.database import PASSWORD
from tests.tryton.server import Tryton

from order_receiver.orders.outcomes import CallFailed, TransientFailure
from order_receiver.targets.adapter import Step

KILLS = int(os.environ.get("TRYTON_KILLS", "3"))
LONGEST_LIFE = 3.0
"""Seconds after which a submission is killed at the latest; alone on a machine it takes one or two."""


def assert_one_sale(tryton: Tryton, reference: str) -> dict[str, object]:
    (sale,) = tryton.read("sale.sale", [["reference", "=", reference]], "number", "state", "total_amount", "payments")
    assert sale["state"] in ("confirmed", "processing")
    assert str(sale["total_amount"]) == "299.97"
    email = ["contact_mechanisms.value", "=", f"{reference}@example.com"]
    assert len(tryton.read("party.party", [email], "id")) == 1
    return sale


@pytest.mark.parametrize("number", range(KILLS))
async def test_killed_at_any_moment_and_retried_at_once_it_is_one_sale(tryton: Tryton, number: int) -> None:
    made = fresh_order(f"KILL{number}")
    settings = msgspec.structs.replace(SETTINGS, url=tryton.url)

    def states() -> list[object]:
        return [sale["state"] for sale in tryton.read("sale.sale", [["reference", "=", made.reference]], "state")]

    said = await kill_and_retry(settings, PASSWORD, made, LONGEST_LIFE, states)
    assert assert_one_sale(tryton, made.reference)["number"] == said


async def test_two_at_once_make_one_sale(open_target: OpenTarget, tryton: Tryton) -> None:
    made = fresh_order("RACE")
    submitted = await asyncio.gather(*(submit_until_done(open_target(), made) for _ in range(2)))
    assert submitted[0] == submitted[1] == assert_one_sale(tryton, "RACE")["number"]


async def test_it_resumes_after_every_step(open_target: OpenTarget, tryton: Tryton) -> None:
    """Stopped after the first change, then after the second, and so on until it comes through."""
    made = fresh_order("STEPS", payment(7, "200"), payment(9, "99.97"))
    steps: list[Step] = []

    async def save(step: Step) -> None:
        steps.append(step)
        raise Died

    target = open_target()
    for _ in range(10):
        try:
            target.save = save  # type: ignore[method-assign]
            await target.submit(made)
        except Died:
            continue
        break
    states = [step["state"] for step in steps]
    assert states == ["party made", "draft", "quotation", "paid", "processing"]
    sale = assert_one_sale(tryton, "STEPS")
    payments = tryton.read("account.payment", [["origin", "=", f"sale.sale,{sale['id']}"]], "amount")
    assert sorted(str(each["amount"]) for each in payments) == ["200", "99.97"]


async def test_a_step_that_another_attempt_has_made_is_no_failure(open_target: OpenTarget, tryton: Tryton) -> None:
    """One attempt waits with every step until another has come through."""
    slow, made = open_target(), fresh_order("SLOW")
    overtaken = False

    async def overtake(step: Step) -> None:
        nonlocal overtaken
        if not overtaken:
            overtaken = True
            await submit_until_done(open_target(), made)

    slow.save = overtake  # type: ignore[method-assign]
    try:
        number = (await slow.submit(made)).erp_order_no
    except CallFailed:
        number = (await slow.submit(made)).erp_order_no
    assert assert_one_sale(tryton, "SLOW")["number"] == number


async def test_a_change_of_what_somebody_changed_meanwhile_is_not_made(target: Target, tryton: Tryton) -> None:
    """What keeps a second attempt from making payments again."""
    await target.submit(fresh_order("STALE"))
    (sale,) = tryton.read("sale.sale", [["reference", "=", "STALE"]], "_timestamp")
    client = await target.adapter._directory.client()
    await client.write("sale.sale", int(str(sale["id"])), {"comment": "first"}, str(sale["_timestamp"]))
    with pytest.raises(TransientFailure, match="changed by somebody else"):
        await client.write("sale.sale", int(str(sale["id"])), {"comment": "second"}, str(sale["_timestamp"]))
    assert tryton.read("sale.sale", [["reference", "=", "STALE"]], "comment")[0]["comment"] == "first"


@pytest.mark.parametrize("reference", ["ÅÄÖ 1", "x" * 300])
async def test_any_reference_is_kept_whole(target: Target, tryton: Tryton, reference: str) -> None:
    submitted = await target.submit(order(reference, row(1, "ITEM001", "1", "10")))
    (sale,) = tryton.read("sale.sale", [["reference", "=", reference]], "number")
    assert sale["number"] == submitted.erp_order_no
