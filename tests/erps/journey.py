"""The whole way through the program: Norce's orders become sales in an ERP, and Norce hears their numbers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import ROUND_HALF_UP, Decimal

from tests.e2e.conftest import SHOP, Installation, until

from order_receiver.contract.codes import OrderStatus
from order_receiver.contract.request import OrderRequest
from order_receiver.simulator.orders import encode_order, make_order
from order_receiver.simulator.post import send_one
from order_receiver.simulator.server import RunningNorce
from order_receiver.simulator.verdict import Outcome

ORDERS = 10
FOLDER = """\
adapter = "folder"
outbox = "erp/outbox"
inbox = "erp/inbox"
"""


@asynccontextmanager
async def ended(installation: Installation) -> AsyncIterator[Installation]:
    """Its programs end with the context."""
    yield installation
    for program in installation.programs:
        await program.kill()
    print(installation.log_tails())


def make_orders() -> dict[str, OrderRequest]:
    """Simulated orders by their references, whose articles are those that the ERPs of the tests have."""
    return {str(made.ClientOrderRef): made for made in map(_order, range(ORDERS))}


def totals_of(orders: dict[str, OrderRequest]) -> dict[str, Decimal]:
    """What each order comes to, to the öre."""
    return {reference: _total(made) for reference, made in orders.items()}


async def travel(
    installation: Installation, norce: RunningNorce, target: str, orders: dict[str, OrderRequest]
) -> dict[str, str]:
    """Sends the orders through the program into a target with the settings `target`. The numbers that Norce heard."""
    installation.configure(norce=norce.url)
    text = installation.configuration.read_text("utf-8")
    assert FOLDER in text
    installation.configuration.write_text(
        text.replace(FOLDER, target).replace("lease = 1.5", "lease = 30"), encoding="utf-8"
    )
    program = await installation.serve()
    for made in orders.values():
        norce.state.register(made)
        assert (await send_one(encode_order(made), program.receiver())).outcome is Outcome.TAKEN_OVER
    holds = "SELECT client_order_ref, hold_text FROM orders WHERE hold IS NOT NULL"
    await until(
        lambda: all(order.erp_order_no for order in norce.state) or installation.rows(holds),
        "Norce knows all numbers",
        patience=240,
    )
    assert installation.rows(holds) == []
    assert {order.status for order in norce.state} == {OrderStatus.Confirmed}
    assert await program.terminate() == 0
    return {order.reference: str(order.erp_order_no) for order in norce.state}


def _order(number: int) -> OrderRequest:
    made = make_order(number, application_key=SHOP, reference=str(300_000 + number), market="SE", lines=2 + number % 5)
    for row in made.Items or []:
        if row.TypeGroup not in ("Fee", "AddedFee"):
            row.ErpPartNo = "CLOTH" if row.UnitOfMeasure == "m" else f"ITEM00{1 + number % 5}"
    return made


def _total(made: OrderRequest) -> Decimal:
    total = sum(
        ((row.Quantity2 or row.Quantity) * (row.UnitPrice + row.UnitVat) for row in made.Items or []), Decimal(0)
    )
    return total.quantize(Decimal("0.01"), ROUND_HALF_UP)
