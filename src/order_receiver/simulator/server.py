"""Simulated Norce on a port of this machine."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.requests import Request
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from order_receiver.simulator.norce import Norce, NorceOptions
from order_receiver.simulator.state import NorceState


@dataclass(frozen=True, slots=True)
class RunningNorce:
    """Simulated Norce while it runs: where it is and what it knows."""

    url: str
    norce: Norce

    @property
    def state(self) -> NorceState:
        return self.norce.state


@asynccontextmanager
async def running_norce(
    options: NorceOptions, state: NorceState | None = None, clock: Callable[[], float] = time.monotonic
) -> AsyncIterator[RunningNorce]:
    """Serve simulated Norce while the block runs. Raises `OSError` when the port is taken.

    Signals are left to the caller. `state` may be shared with a sender in the same loop; `clock` counts seconds.
    """
    listening = socket.create_server((options.host, options.port), backlog=512)
    norce = Norce(options, NorceState() if state is None else state, clock)
    server = _Server(
        uvicorn.Config(
            norce.app(),
            http=HttpToolsProtocol,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
        )
    )
    norce.drop_connection = server.drop
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield RunningNorce(f"http://{options.host}:{listening.getsockname()[1]}", norce)
    finally:
        server.should_exit = True
        server.force_exit = True
        await serving
        listening.close()


async def simulate_norce(
    options: NorceOptions,
    stop: asyncio.Event,
    on_ready: Callable[[RunningNorce], None] = lambda _: None,
    state: NorceState | None = None,
) -> NorceState:
    """Run simulated Norce until `stop` is set and give back what it knows; `on_ready` tells the real port."""
    async with running_norce(options, state) as running:
        on_ready(running)
        await stop.wait()
        return running.state


class _Server(uvicorn.Server):
    """A server that leaves signals alone and can drop a connection."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    def drop(self, request: Request) -> None:
        """Close the connection of `request` at once."""
        for connection in list(self.server_state.connections):
            if isinstance(connection, HttpToolsProtocol) and connection.client == request.scope["client"]:
                connection.transport.abort()
