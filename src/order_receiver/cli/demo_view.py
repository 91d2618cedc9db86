"""The demo's picture: what comes in, what became of it, as it happens."""

from collections import deque
from dataclasses import dataclass

from rich.console import Group
from rich.table import Table
from rich.text import Text

from order_receiver.simulator.erp import ErpEvent
from order_receiver.simulator.report import Report
from order_receiver.simulator.send_options import SentEvent, Trouble, What
from order_receiver.simulator.state import NorceState

NEWEST = 14


@dataclass(slots=True)
class Seen:
    """One order as far as the demo has watched it."""

    reference: str
    sent: str = ""
    stored: bool = False
    erp: str = ""


class DemoView:
    """Gathers events and draws the newest orders with the way each has come."""

    def __init__(self, state: NorceState) -> None:
        self._state = state
        self._orders: dict[str, Seen] = {}
        self._newest: deque[str] = deque(maxlen=NEWEST)

    def sent(self, event: SentEvent) -> None:
        """An attempt of the simulated Norce."""
        seen = self._orders.get(event.reference)
        if seen is None:
            seen = self._orders[event.reference] = Seen(event.reference)
            self._newest.append(event.reference)
        if event.trouble is not Trouble.NONE:
            seen.sent = event.trouble.value
        seen.stored = seen.stored or event.what is What.TAKEN_OVER

    def answered(self, event: ErpEvent) -> None:
        """Something the demo ERP did."""
        reference = (event.key or "").rpartition("-")[2]
        if seen := self._orders.get(reference):
            seen.erp = event.erp_order_no or f"refused: {event.refused}"

    def draw(self, report: Report, held: int) -> Group:
        """The picture of this moment."""
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for column, width in (("order", 7), ("lines", 5), ("stored", 6), ("ERP", 9), ("Norce told", 19)):
            table.add_column(column, justify="right" if column == "lines" else "left", no_wrap=True, min_width=width)
        table.add_column("on its way", no_wrap=True)
        for reference in self._newest:
            table.add_row(*self._row(self._orders[reference]))
        line = Text(
            f"sent {report.sent}   received {report.received}   held {held}   confirmed {report.confirmed}   "
            f"on the way {report.on_the_way + len(report.missing)}",
            style="bold",
        )
        return Group(Text("Norce → door → store → ERP → Norce", style="cyan"), line, table)

    def _row(self, seen: Seen) -> list[str]:
        order = self._state.get(seen.reference)
        lines = "" if order is None else str(order.rows)
        told = "" if order is None or order.erp_order_no is None else f"Confirmed {order.erp_order_no}"
        return [seen.reference, lines, "yes" if seen.stored else "", seen.erp, told, seen.sent]
