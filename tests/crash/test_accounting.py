"""The account tells of whatever is lost, doubled or stuck."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.crash.accounting import Account, draw_up
from tests.e2e.conftest import SHOP, Erp

from order_receiver.contract.codes import OrderStatus
from order_receiver.simulator.connect_rules import advance
from order_receiver.simulator.deliveries import record_answer
from order_receiver.simulator.erp import ErpEvent
from order_receiver.simulator.orders import make_order
from order_receiver.simulator.state import NorceState
from order_receiver.simulator.verdict import Outcome, Verdict

TABLES = """
CREATE TABLE orders (application_key, client_order_ref, state, hold, hold_text, erp_order_no);
CREATE TABLE tasks (order_id, system, kind, state, due, attempts, reason);
INSERT INTO tasks (system, kind, state) VALUES ('poll:erp', 'poll', 'waiting');
"""


class World:
    """Norce, a store and an ERP, as they stand when all is over."""

    def __init__(self, taken: Path) -> None:
        self.norce, self.erp, self.taken = NorceState(), Erp(), taken
        self.store = sqlite3.connect(":memory:")
        self.store.executescript(TABLES)

    def acknowledge(self, reference: str) -> None:
        """Norce was told OK."""
        order = self.norce.register(make_order(1, application_key=SHOP, reference=reference))
        record_answer(self.norce, order, Verdict(Outcome.TAKEN_OVER, "OK"))

    def keep(self, reference: str, number: str | None, state: str = "confirmed") -> None:
        self.store.execute("INSERT INTO orders VALUES (?, ?, ?, NULL, NULL, ?)", (SHOP, reference, state, number))

    def hand_over(self, reference: str, number: str, key: str | None = None) -> None:
        """The ERP takes a file, and gives the order a number."""
        key = key or f"{SHOP}-{reference}"
        (self.taken / f"{key}.json").write_text(json.dumps({"key": key, "reference": reference}))
        self.erp.note(ErpEvent(f"{key}.json", key, number))

    def confirm(self, reference: str, number: str) -> None:
        order = self.norce.get(reference)
        assert order is not None
        self.norce.link(order, number)
        self.norce.calls["SendOrderStatus 200"] += 1
        advance(order, OrderStatus.Confirmed)

    def all_of(self, reference: str, number: str) -> None:
        self.acknowledge(reference)
        self.keep(reference, number)
        self.hand_over(reference, number)
        self.confirm(reference, number)

    def account(self) -> Account:
        return draw_up(self.norce, self.erp, self.taken, lambda sql: self.store.execute(sql).fetchall())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.all_of("1", "SO-1")
    yield world
    world.store.close()


def test_all_is_well(world: World) -> None:
    assert world.account() == Account(acknowledged=1)
    assert str(world.account()) == "acknowledged 1, lost 0, delivered twice 0, repeats with the same key 0"


def test_an_order_that_the_store_does_not_have_is_lost(world: World) -> None:
    world.acknowledge("2")
    assert world.account().lost == ("lost: order 2: it is not in the store",)


def test_an_order_whose_number_norce_was_not_told_is_lost(world: World) -> None:
    world.acknowledge("2")
    world.keep("2", "SO-2")
    assert world.account().lost == ("lost: order 2: Norce has it as Allocation with number None",)


def test_an_order_that_norce_was_not_told_ok_for_is_not_lost_but_may_be_stuck(world: World) -> None:
    world.keep("2", None, "received")
    assert (world.account().lost, world.account().stuck) == ((), ("stuck: ('2', 'received', None, None)",))


def test_a_task_that_is_left_is_stuck(world: World) -> None:
    world.store.execute("INSERT INTO tasks (order_id, kind, state) VALUES (1, 'submit', 'waiting')")
    assert len(world.account().stuck) == 1


def test_the_same_file_again_is_a_repeat(world: World) -> None:
    world.hand_over("1", "SO-1")
    assert world.account() == Account(acknowledged=1, again_in_the_erp=1)


def test_the_same_number_told_again_is_a_repeat(world: World) -> None:
    world.confirm("1", "SO-1")
    assert world.account() == Account(acknowledged=1, again_at_norce=1)


def test_one_order_under_two_keys_is_doubled(world: World) -> None:
    world.hand_over("1", "SO-2", key="another")
    (doubled,) = world.account().doubled
    assert doubled.startswith("doubled: the ERP has order 1 as ")


def test_one_number_for_two_orders_is_doubled(world: World) -> None:
    world.all_of("2", "SO-1")
    assert "doubled: number SO-1 is 2 times in the store" in world.account().doubled


def test_different_numbers_in_different_places_are_told(world: World) -> None:
    world.store.execute("UPDATE orders SET erp_order_no = 'SO-9'")
    (doubled,) = world.account().doubled
    assert "order 1 has the numbers" in doubled


def test_an_order_that_only_the_erp_has_is_told(world: World) -> None:
    world.hand_over("7", "SO-7")
    assert world.account().doubled == ("doubled: the ERP has order 7, which the store does not know",)


def test_contradictions_at_norce_are_told(world: World) -> None:
    order = world.norce.get("1")
    assert order is not None
    order.contradictions.append("told twice")
    assert world.account().doubled == ("doubled: order 1: told twice",)
