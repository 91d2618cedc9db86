"""Submissions that are killed or that race, into whichever ERP."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import msgspec
from tests.erps.orders import ASA, order, row
from tests.erps.target import AnAdapter, Target

from order_receiver.orders.canonical import OrderPart, PaymentPart, PersonPart
from order_receiver.orders.outcomes import TransientFailure
from order_receiver.settings.targets import OdooTarget, TrytonTarget

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 120.0


def fresh_order(reference: str, *payments: PaymentPart) -> OrderPart:
    """An order of a customer that the ERP does not know, with rounding."""
    person = PersonPart(first_name="Åsa", last_name="Öberg", email=f"{reference}@example.com")
    buyer = msgspec.structs.replace(ASA, code=None, person=person)
    rows = [row(number, f"ITEM00{number}", "1", "79.992") for number in (1, 2, 3)]
    return order(reference, *rows, buyer=buyer, payments=list(payments))


async def submit_until_done(target: Target[AnAdapter], made: OrderPart) -> str | None:
    """As the worker does: again after a failure that passes."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return (await target.submit(made)).erp_order_no
            except TransientFailure:
                await asyncio.sleep(0.05)


async def kill_and_retry(
    settings: OdooTarget | TrytonTarget,
    password: str,
    made: OrderPart,
    longest_life: float,
    states: Callable[[], list[object]],
) -> str:
    """The number that a retry says right after a submission was killed within `longest_life` seconds.

    `states` are those of the sales that the killed one left; what they were is printed.
    """
    seed = int("".join(filter(str.isdigit, made.reference)))
    killed, _ = await _submit(settings, password, made, Random(seed).uniform(0, longest_life))
    retrying = asyncio.create_task(_submit(settings, password, made, None))
    await asyncio.sleep(0)
    left = states()
    code, said = await retrying
    assert code == 0
    print(f"{'killed' if killed else 'came through'}, leaving {left or 'no sale'}")
    return said


async def _submit(
    settings: OdooTarget | TrytonTarget, password: str, made: OrderPart, life: float | None
) -> tuple[int | None, str]:
    """Submit in a process of its own, killed `life` seconds after it began. The exit code and the number it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.erps.submitter", password),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(msgspec.json.Encoder(decimal_format="number").encode([settings, made]))
    process.stdin.close()
    assert await process.stdout.readline() == b"begun\n"
    saying = asyncio.create_task(process.stdout.read())
    done, _ = await asyncio.wait({saying}, timeout=life)
    if not done:
        process.kill()
    return await process.wait(), (await saying).decode().strip()


class Died(Exception):
    """The worker died here."""
