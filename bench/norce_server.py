"""Simulated Norce over HTTP that knows the orders about to be sent.

Run as a process of its own: `python -m bench.norce_server TEMPLATES FIRST COUNT`.
"""

import asyncio
import signal
import sys
from pathlib import Path

import msgspec
import uvloop

from bench.order_templates import MARK, VARIANTS, read_templates
from bench.receivers import NORCE_KEY
from order_receiver.contract.request import OrderRequest
from order_receiver.simulator.identity import IdentityOptions
from order_receiver.simulator.norce import NorceOptions
from order_receiver.simulator.server import RunningNorce, simulate_norce
from order_receiver.simulator.state import NorceState


def known_orders(templates: Path, first: int, count: int) -> NorceState:
    """Norce's state with `count` orders of 10 lines from the reference `first` on."""
    state = NorceState()
    bodies = read_templates(templates, 10)
    decoder = msgspec.json.Decoder(OrderRequest)
    for number in range(first, first + count):
        body = bodies[number % VARIANTS].replace(MARK.encode(), str(number).encode())
        state.register(decoder.decode(body))
    return state


async def serve(state: NorceState) -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    options = NorceOptions(IdentityOptions(client_id="bench", client_secret=NORCE_KEY))
    await simulate_norce(options, stop, _say_port, state)


def _say_port(norce: RunningNorce) -> None:
    port = int(norce.url.rpartition(":")[2])
    print(msgspec.json.encode({"event": "door.open", "port": port}).decode(), file=sys.stderr, flush=True)


if __name__ == "__main__":
    uvloop.run(serve(known_orders(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
