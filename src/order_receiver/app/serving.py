"""Running: the HTTP server, the worker, signals, and an orderly end."""

import asyncio
import contextlib
import gc
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack

import structlog
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from order_receiver.app.assembly import Configuration, Parts, Receiver, open_receiver
from order_receiver.app.probes import Probes
from order_receiver.app.protocol import protocol_with
from order_receiver.app.tls import CertificateFiles, certificate_files
from order_receiver.settings.model import Door as DoorSettings

log = structlog.get_logger(__name__)

ORDER_SUFFIXES = ("", "/", "/json", "/CreateOrder", "/webhooks")
"""Below the base path; Norce appends /CreateOrder itself for REST (Legacy). (norce: URL handling)"""

MOST_FILES = 65_536

KEEP_ALIVE = 75
"""Seconds that an idle connection stays open."""

ACCEPTED_AT_ONCE = 64
"""Connections accepted in one turn of the event loop. libuv accepts one for each listener, and a turn takes tens of
milliseconds under load: the last of hundreds of new connections would wait for seconds."""


class CannotListen(Exception):
    """The configured address cannot be listened on."""


class Front:
    """The outermost application: order paths go straight to the door, everything else to the probes."""

    def __init__(self, door: ASGIApp, base_path: str, others: ASGIApp) -> None:
        self._door = door
        self._others = others
        base = base_path.rstrip("/")
        self._order_paths = frozenset(base + suffix for suffix in ORDER_SUFFIXES) | ({"/"} if not base else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route one request; no redirects, ever."""
        if scope["type"] == "http" and scope["path"] in self._order_paths:
            await self._door(scope, receive, send)
        else:
            await self._others(scope, receive, send)


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: ours also has to stop the worker."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run(
    configuration: Configuration,
    *,
    door: bool = True,
    work: bool = True,
    parts: Parts | None = None,
    on_open: Callable[[Receiver, int | None], None] = lambda receiver, port: None,
    stop: asyncio.Event | None = None,
) -> None:
    """Serve until a signal (or `stop`) asks for the end, then close in order: door, worker, store.

    `on_open` is told the port once everything runs. Raises StoreError, SettingsError, MappingUnusable at the start.
    """
    stopping = stop or asyncio.Event()
    _stop_on_signals(stopping)
    allow_many_connections()
    async with AsyncExitStack() as stack:
        receiver = await open_receiver(stack, configuration, work=work, parts=parts)
        if receiver.worker is not None:
            receiver.worker.start()
        watching = None if receiver.value_watch is None else asyncio.create_task(receiver.value_watch.run())
        calm_the_collector()
        try:
            if door:
                await _serve(receiver, stopping, on_open)
            else:
                log.info("worker.open")
                on_open(receiver, None)
                await stopping.wait()
        finally:
            if watching is not None:
                watching.cancel()
            if receiver.worker is not None:
                await receiver.worker.stop(configuration.settings.work.grace)
    log.info("receiver.closed")


async def _serve(receiver: Receiver, stopping: asyncio.Event, on_open: Callable[[Receiver, int | None], None]) -> None:
    settings = receiver.configuration.settings
    front = Front(receiver.door, settings.door.path, Probes(receiver).application())
    tls = certificate_files(settings.door, receiver.configuration.base)
    listener = _listen(settings.door)
    port = listener.getsockname()[1]
    server = _Server(_config(front, settings.door, settings.work.grace, tls))
    listeners = [listener, *(listener.dup() for _ in range(ACCEPTED_AT_ONCE - 1))]
    serving = asyncio.create_task(server.serve(sockets=listeners))
    log.info("door.open", host=settings.door.host, port=port, path=settings.door.path)
    on_open(receiver, port)
    waiting = asyncio.create_task(stopping.wait())
    await asyncio.wait((waiting, serving), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    receiver.door.draining = True
    server.should_exit = True
    await serving


def allow_many_connections() -> None:
    """Each connection takes a file of the process; systems give few at first and more to whoever asks."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def calm_the_collector() -> None:
    """What is loaded stays loaded, so it is never looked through again; an order leaves little to collect."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


def _listen(door: DoorSettings) -> socket.socket:
    """Raises CannotListen."""
    family = socket.AF_INET6 if ":" in door.host else socket.AF_INET
    try:
        return socket.create_server((door.host, door.port), family=family, backlog=2048)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (while")[0]
        raise CannotListen(
            f"The door cannot listen on {door.host}:{door.port}: {reason}. "
            "Choose another door.port, or stop what uses this one."
        ) from error


def _config(front: ASGIApp, door: DoorSettings, grace: float, tls: CertificateFiles | None) -> uvicorn.Config:
    return uvicorn.Config(
        front,
        host=door.host,
        port=door.port,
        loop="uvloop",
        http=protocol_with(door.read_timeout),
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=max(round(grace), 1),
        ssl_certfile=None if tls is None else tls.certificate,
        ssl_keyfile=None if tls is None or tls.key is None else str(tls.key),
    )


def _stop_on_signals(stopping: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
