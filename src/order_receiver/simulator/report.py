"""The final report: what Norce sent beside what it was told, so that nothing can be missing unnoticed."""

import io
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import msgspec
from rich.console import Console
from rich.table import Table

from order_receiver.contract.codes import OrderStatus
from order_receiver.simulator.state import Delivery, NorceOrder, NorceState

ALARMS_SHOWN = 20

_SETTLED = frozenset({OrderStatus.Cancelled})


@dataclass(frozen=True, slots=True)
class Wrong:
    """An order about which the receiver told what cannot be true."""

    reference: str
    what: str


@dataclass(frozen=True, slots=True)
class Report:
    """Counts are orders. `received` = `confirmed` + `cancelled` + `held` + `missing`, all of them taken over.

    `held` are taken over, not confirmed, and somebody said why; `missing` are those of which nobody did. `repeated`
    and `conflicting` count orders sent again with the same or with other content; they count elsewhere too.
    """

    sent: int
    attempts: int
    received: int
    repeated: int
    conflicting: int
    refused: int
    given_up: int
    on_the_way: int
    confirmed: int
    cancelled: int
    held: int
    wrong: tuple[Wrong, ...]
    missing: tuple[str, ...]

    @property
    def settled(self) -> bool:
        """Nothing is on the way and nothing is missing: there is nothing left to wait for."""
        return not self.on_the_way and not self.missing

    @property
    def good(self) -> bool:
        """Nothing is missing and nothing is wrong."""
        return not self.wrong and not self.missing


def build_report(state: NorceState, explained: Mapping[str, str] | None = None) -> Report:
    """Compare what was sent with what was told.

    `explained` names orders that are known to be held (reference -> reason), from whoever knows: the receiver's list
    of held orders, or the demo ERP's refusals. An order with DoHold explains itself.
    """
    orders = list(state)
    taken = [order for order in orders if order.delivery is Delivery.TAKEN_OVER]
    open_ones = [order for order in taken if order.erp_order_no is None and order.status not in _SETTLED]
    missing = [order.reference for order in open_ones if not _is_explained(order, explained or {})]
    return Report(
        sent=len(orders),
        attempts=sum(order.attempts for order in orders),
        received=len(taken),
        repeated=_count(order.sent_whole > 1 and not order.changed for order in orders),
        conflicting=_count(order.changed for order in orders),
        refused=_count(order.delivery is Delivery.REFUSED for order in orders),
        given_up=_count(order.delivery is Delivery.GIVEN_UP for order in orders),
        on_the_way=_count(order.delivery is Delivery.SENDING for order in orders),
        confirmed=_count(order.erp_order_no is not None and order.status not in _SETTLED for order in taken),
        cancelled=_count(order.status in _SETTLED for order in taken),
        held=len(open_ones) - len(missing),
        wrong=tuple(_wrongs(orders)),
        missing=tuple(missing),
    )


def counts(report: Report) -> dict[str, int]:
    """The report's figures in the words that people read, in reading order."""
    return {
        "sent": report.sent,
        "received": report.received,
        "repeated": report.repeated,
        "conflicting": report.conflicting,
        "refused": report.refused,
        "given up": report.given_up,
        "on the way": report.on_the_way,
        "held": report.held,
        "confirmed": report.confirmed,
        "cancelled": report.cancelled,
        "wrong": len(report.wrong),
        "missing": len(report.missing),
    }


_MEANINGS = {
    "sent": "orders that Norce had to hand over",
    "received": "taken over by the receiver (200 and OK)",
    "repeated": "sent again with the same content; one order each all the same",
    "conflicting": "sent again with other content; the first stands",
    "refused": "answered Failed; Norce never sends them again",
    "given up": "not taken over in 6 hours; Norce support is alerted",
    "on the way": "not taken over yet; Norce comes back",
    "held": "taken over and waiting for a person, with a reason",
    "confirmed": "Norce was told the ERP's order number",
    "cancelled": "cancelled at Norce",
    "wrong": "told to Norce twice or in contradiction",
    "missing": "taken over, but nobody knows what became of them",
}


def render_table(report: Report) -> Table:
    """The report as a table for a Rich console, with what each count means."""
    table = Table(title="What became of the orders", title_justify="left")
    table.add_column("orders", justify="right")
    table.add_column("are")
    table.add_column("meaning")
    for name, count in counts(report).items():
        alarming = name in {"wrong", "missing"} and count
        table.add_row(str(count), name, _MEANINGS[name], style="bold red" if alarming else None)
    return table


def render_text(report: Report, width: int = 100) -> str:
    """The table as plain text, followed by a line for each order that is wrong or missing."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    with console.capture() as capture:
        console.print(render_table(report))
        for line in alarms(report):
            console.print(line, markup=False)
    return capture.get()


def alarms(report: Report) -> list[str]:
    """A line for each order that is wrong or missing, at most `ALARMS_SHOWN` of either kind."""
    wrong = [f"wrong: order {one.reference}: {one.what}" for one in report.wrong]
    missing = [f"missing: order {reference}" for reference in report.missing]
    return [*_shortened(wrong, "wrong"), *_shortened(missing, "missing")]


def _shortened(lines: list[str], kind: str) -> list[str]:
    more = len(lines) - ALARMS_SHOWN
    return [*lines[:ALARMS_SHOWN], f"{kind}: {more} more"] if more > 0 else lines


def render_json(report: Report) -> str:
    """The report as JSON with the members of `Report` and `good`."""
    return msgspec.json.format(msgspec.json.encode(asdict(report) | {"good": report.good})).decode()


def _is_explained(order: NorceOrder, explained: Mapping[str, str]) -> bool:
    return order.do_hold or order.reference in explained


def _wrongs(orders: Iterable[NorceOrder]) -> Iterable[Wrong]:
    for order in orders:
        yield from (Wrong(order.reference, what) for what in order.contradictions)
        if order.delivery is Delivery.REFUSED and order.erp_order_no and not order.changed:
            yield Wrong(order.reference, f"refused, but confirmed with number {order.erp_order_no!r}")
        if order.attempts == 0 and order.erp_order_no:
            yield Wrong(order.reference, f"never sent, but confirmed with number {order.erp_order_no!r}")


def _count(matches: Iterable[bool]) -> int:
    return sum(1 for match in matches if match)
