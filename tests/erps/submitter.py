"""Submits one order into an ERP as a worker does, to be killed: settings and order come in, its number goes out.

Usage: python -m tests.erps.submitter PASSWORD
"""

import asyncio
import sys

import msgspec
from tests.erps.orders import submission

from order_receiver.orders.canonical import OrderPart
from order_receiver.orders.outcomes import TransientFailure, UnknownOutcome
from order_receiver.settings.targets import OdooTarget, TrytonTarget
from order_receiver.targets.adapter import Adapter, Step
from order_receiver.targets.odoo.adapter import OdooAdapter
from order_receiver.targets.tryton.adapter import TrytonAdapter

PATIENCE = 120.0


async def main(settings: OdooTarget | TrytonTarget, password: str, order: OrderPart) -> None:
    adapter = (
        OdooAdapter(settings, password, "erp")
        if isinstance(settings, OdooTarget)
        else TrytonAdapter(settings, password, "erp")
    )
    print("begun", flush=True)
    try:
        async with asyncio.timeout(PATIENCE):
            print(await submitted(adapter, order), flush=True)
    finally:
        await adapter.close()


async def submitted(adapter: Adapter, order: OrderPart) -> str | None:
    """The number of the sale; after a failure that passes it tries again, as the worker does."""
    while True:
        try:
            return (await adapter.submit(submission(order), forget)).erp_order_no
        except (TransientFailure, UnknownOutcome) as failure:
            print(failure, file=sys.stderr, flush=True)
            await asyncio.sleep(0.1)


async def forget(step: Step) -> None:
    """The worst case: the worker dies before it can store anything."""


if __name__ == "__main__":
    settings, order = msgspec.json.decode(sys.stdin.buffer.read(), type=tuple[OdooTarget | TrytonTarget, OrderPart])
    asyncio.run(main(settings, sys.argv[1], order))
