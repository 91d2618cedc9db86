"""The accounting: what Norce was told OK for, beside what the store, the ERP and Norce have of it."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from tests.e2e.conftest import Erp

from order_receiver.contract.codes import OrderStatus
from order_receiver.simulator.state import Delivery, NorceOrder, NorceState

Rows: TypeAlias = Callable[[str], list[tuple[object, ...]]]
"""The rows of a query on the store, looked up beside the program."""

UNFINISHED = (
    "SELECT client_order_ref, state, hold, hold_text FROM orders WHERE state <> 'confirmed' OR hold IS NOT NULL"
)
TASKS = "SELECT order_id, system, kind, state, due, attempts, reason FROM tasks WHERE order_id IS NOT NULL"
ORDERS = "SELECT application_key, client_order_ref, erp_order_no FROM orders"


@dataclass(frozen=True, slots=True)
class Account:
    """`lost`, `doubled` and `stuck` have a sentence each; all three are to be empty."""

    acknowledged: int = 0
    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    stuck: tuple[str, ...] = ()
    again_in_the_erp: int = 0
    """Files that the ERP was given once more, of the same order under the same key."""
    again_at_norce: int = 0
    """Numbers that Norce was told once more, the same of the same order."""

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.stuck)

    @property
    def complaints(self) -> tuple[str, ...]:
        return (*self.lost, *self.doubled, *self.stuck)

    def __str__(self) -> str:
        again = self.again_in_the_erp + self.again_at_norce
        text = f"acknowledged {self.acknowledged}, lost {len(self.lost)}, delivered twice {len(self.doubled)}"
        return f"{text}, repeats with the same key {again}"

    def __add__(self, other: "Account") -> "Account":
        return Account(
            self.acknowledged + other.acknowledged,
            self.lost + other.lost,
            self.doubled + other.doubled,
            self.stuck + other.stuck,
            self.again_in_the_erp + other.again_in_the_erp,
            self.again_at_norce + other.again_at_norce,
        )


def draw_up(norce: NorceState, erp: Erp, taken: Path, rows: Rows) -> Account:
    """The account of a time at which everything should have come to its end.

    `taken` is the folder with the files that the ERP took.
    """
    stored = {str(reference): number for _, reference, number in rows(ORDERS)}
    acknowledged = [order for order in norce if order.delivery is Delivery.TAKEN_OVER]
    files = _files(taken)
    told = norce.calls["SendOrderStatus 200"]
    return Account(
        acknowledged=len(acknowledged),
        lost=tuple(f"lost: order {order.reference}: {why}" for order in acknowledged if (why := _lost(order, stored))),
        doubled=tuple(f"doubled: {what}" for what in _doubled(norce, erp, files, rows(ORDERS))),
        stuck=tuple(f"stuck: {row}" for query in (UNFINISHED, TASKS) for row in rows(query)),
        again_in_the_erp=sum(count - 1 for count in erp.files.values()),
        again_at_norce=max(told - sum(order.erp_order_no is not None for order in norce), 0),
    )


def finished(rows: Rows) -> bool:
    """Nothing is left to do for any order in the store."""
    return not rows(UNFINISHED) and not rows(TASKS)


def _lost(order: NorceOrder, stored: dict[str, object]) -> str | None:
    if order.reference not in stored:
        return "it is not in the store"
    if order.erp_order_no is None or order.status is not OrderStatus.Confirmed:
        return f"Norce has it as {order.status.name} with number {order.erp_order_no}"
    return None


def _files(taken: Path) -> dict[str, set[tuple[str, str]]]:
    """Of each order that the ERP has, by its reference: the keys and names of its files."""
    found: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for path in taken.iterdir():
        document = json.loads(path.read_bytes())
        found[document["reference"]].add((document["key"], path.name))
    return found


def _doubled(
    norce: NorceState, erp: Erp, files: Mapping[str, set[tuple[str, str]]], orders: list[tuple[object, ...]]
) -> Iterator[str]:
    """Whatever is there twice, or is not the same everywhere."""
    for known, found in files.items():
        if len(found) > 1:
            yield f"the ERP has order {known} as {sorted(found)}"
    for order in norce:
        yield from (f"order {order.reference}: {what}" for what in order.contradictions)
    for what, place in (("reference", 1), ("number", 2)):
        counted = Counter(str(row[place]) for row in orders if row[place] is not None)
        yield from (f"{what} {value} is {count} times in the store" for value, count in counted.items() if count > 1)
    for application, reference, number in orders:
        at_norce = norce.get(str(reference))
        numbers = {number, erp.numbers.get(f"{application}-{reference}"), at_norce and at_norce.erp_order_no} - {None}
        if len(numbers) > 1:
            yield f"order {reference} has the numbers {numbers} in store, ERP and Norce"
    for strange in sorted(files.keys() - {row[1] for row in orders}):
        yield f"the ERP has order {strange}, which the store does not know"
