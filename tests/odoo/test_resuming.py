"""Whatever dies and whoever races: one sale for each order in a real Odoo, confirmed, with one delivery.

ODOO_KILLS=5 kills that many submissions instead of 30.
"""

import asyncio
import os

import msgspec
import pytest
from tests.erps.killing import Died, fresh_order, kill_and_retry, submit_until_done
from tests.erps.orders import order, row
from tests.odoo.conftest import SETTINGS, OpenTarget, Target
from tests.odoo.prepare import PASSWORD
from tests.odoo.server import Odoo

from order_receiver.targets.adapter import Step
from order_receiver.targets.odoo.partners import Partners

KILLS = int(os.environ.get("ODOO_KILLS", "30"))
LONGEST_LIFE = 1.5
"""Seconds after which a submission is killed at the latest; alone on a machine it takes about one."""


def assert_one_sale(odoo: Odoo, reference: str) -> dict[str, object]:
    fields = ("name", "state", "amount_total", "picking_ids", "order_line")
    (sale,) = odoo.read("sale.order", [["origin", "=", reference]], *fields)
    assert (sale["state"], sale["amount_total"]) == ("sale", 299.97)
    assert isinstance(sale["picking_ids"], list)
    assert len(sale["picking_ids"]) == 1
    moves = odoo.read("stock.move", [["picking_id", "in", sale["picking_ids"]]], "product_uom_qty")
    assert [each["product_uom_qty"] for each in moves] == [1.0, 1.0, 1.0]
    assert len(odoo.read("res.partner", [["email", "=", f"{reference}@example.com"]], "id")) == 1
    return sale


@pytest.mark.parametrize("number", range(KILLS))
async def test_killed_at_any_moment_and_retried_at_once_it_is_one_sale(odoo: Odoo, number: int) -> None:
    made = fresh_order(f"KILL{number}")
    settings = msgspec.structs.replace(SETTINGS, url=odoo.url)

    def states() -> list[object]:
        return [sale["state"] for sale in odoo.read("sale.order", [["origin", "=", made.reference]], "state")]

    said = await kill_and_retry(settings, PASSWORD, made, LONGEST_LIFE, states)
    assert assert_one_sale(odoo, made.reference)["name"] == said


async def test_eight_at_once_make_one_sale(open_target: OpenTarget, odoo: Odoo) -> None:
    """As many as made eight sales by looking and then creating."""
    made = fresh_order("RACE")
    submitted = await asyncio.gather(*(submit_until_done(open_target(), made) for _ in range(8)))
    assert set(submitted) == {assert_one_sale(odoo, "RACE")["name"]}


async def test_it_resumes_after_every_step(open_target: OpenTarget, odoo: Odoo) -> None:
    """Stopped after the first change, then after the second, and so on until it comes through."""
    made = fresh_order("STEPS")
    steps: list[Step] = []

    async def save(step: Step) -> None:
        steps.append(step)
        if step not in steps[:-1]:
            raise Died

    target = open_target()
    target.save = save  # type: ignore[method-assign]
    for _ in range(10):
        try:
            await target.submit(made)
        except Died:
            continue
        break
    assert [step["state"] for step in steps] == ["partner made", "draft", "sale"]
    assert_one_sale(odoo, "STEPS")


async def test_a_repeated_load_leaves_a_sale_as_it_is(target: Target, odoo: Odoo) -> None:
    """What makes it safe to send the table again: neither lines are added nor what a person changed is undone."""
    made = fresh_order("AGAIN")
    await target.submit(made)
    sale = assert_one_sale(odoo, "AGAIN")
    odoo.call("sale.order", "write", [sale["id"]], {"note": "By hand"})
    adapter = target.adapter

    async def forget() -> None:
        pass

    places = await Partners(adapter._settings, adapter._directory, made.key, forget).places(made)
    for _ in range(3):
        assert await adapter._sales.create(made.key, made, places) == sale["id"]
    assert assert_one_sale(odoo, "AGAIN") == sale
    (now,) = odoo.read("sale.order", [["id", "=", sale["id"]]], "note")
    assert now["note"] == "By hand"


@pytest.mark.parametrize("reference", ["ÅÄÖ 1", "x" * 300])
async def test_any_reference_is_kept_whole(target: Target, odoo: Odoo, reference: str) -> None:
    submitted = await target.submit(order(reference, row(1, "ITEM001", "1", "10")))
    (sale,) = odoo.read("sale.order", [["origin", "=", reference]], "name")
    assert sale["name"] == submitted.erp_order_no
