"""`demo`: the whole way of an order, shown on one machine with nothing but this program."""

import asyncio
import os
import random
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from shutil import which
from typing import Annotated

import typer
from rich.live import Live

from order_receiver.cli.demo_files import (
    CLIENT_ID,
    CLIENT_SECRET,
    NORWEGIAN_SHOP,
    PASSWORD,
    SWEDISH_SHOP,
    USER,
    DemoFolder,
)
from order_receiver.cli.demo_view import DemoView
from order_receiver.cli.output import console, fail
from order_receiver.contract.form import Form
from order_receiver.simulator.erp import DemoErp
from order_receiver.simulator.identity import IdentityOptions
from order_receiver.simulator.norce import NorceOptions
from order_receiver.simulator.post import Receiver
from order_receiver.simulator.report import Report, build_report, render_table
from order_receiver.simulator.send_options import SendOptions, Troubles
from order_receiver.simulator.sender import send_many
from order_receiver.simulator.server import running_norce
from order_receiver.simulator.state import NorceState
from order_receiver.store import queries
from order_receiver.store.sqlite import open_engine

TROUBLES = Troubles(drop_answer=0.05, cut_body=0.03, twice_at_once=0.05, changed=0.03, wrong_password=0.02)
REFUSE_EVERY = 45
FORMS: Mapping[Form, str] = {Form.JSON: "JSON", Form.XML: "XML", Form.SOAP11: "SOAP 1.1", Form.SOAP12: "SOAP 1.2"}
"""The forms of the orders, with what people call them."""
TIME_FACTOR = 600.0
"""Norce's ten minutes become one second."""
START_SECONDS = 30.0


def demo(
    directory: Annotated[Path, typer.Option("--dir", help="Folder of the demo; made new for each run.")] = Path("demo"),
    count: Annotated[int, typer.Option("--orders", min=1, help="How many orders.")] = 150,
    rate: Annotated[float, typer.Option(min=0.1, help="Orders a second.")] = 25.0,
    keep: Annotated[bool, typer.Option("--keep", help="Go on until Ctrl-C, to play with.")] = False,
    seed: Annotated[int, typer.Option(help="The same seed sends the same orders.")] = 7,
) -> None:
    """Send simulated Norce orders through the receiver into a demo ERP, and compare what came back."""
    folder = DemoFolder(directory / f"run-{os.getpid()}")
    folder.path.mkdir(parents=True, exist_ok=True)
    with suppress(KeyboardInterrupt):
        report = asyncio.run(_Demo(folder, count, rate, seed, keep=keep).run())
        console.print()
        console.print(render_table(report))
        _print_hints(folder)
        if not report.good:
            raise fail("Something is missing or wrong: the receiver's log is " + str(folder.log))


class _Demo:
    def __init__(self, folder: DemoFolder, count: int, rate: float, seed: int, *, keep: bool) -> None:
        self._folder = folder
        self._count = count
        self._rate = rate
        self._seed = seed
        self._keep = keep
        self._state = NorceState()
        self._view = DemoView(self._state)
        self._stop = asyncio.Event()
        self._held: dict[str, str] = {}

    async def run(self) -> Report:
        """Everything in one process but the receiver, which runs as it would in production."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._stop.set)
        identity = IdentityOptions(client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
        async with running_norce(NorceOptions(identity), self._state) as norce:
            port = _free_port()
            self._folder.write_configuration(port, norce.url)
            process = await self._start_receiver(port)
            erp = DemoErp(self._folder.erp(REFUSE_EVERY))
            erp_stop = asyncio.Event()
            working = asyncio.create_task(erp.run(erp_stop, self._view.answered))
            try:
                return await self._show(port, norce.url)
            finally:
                erp_stop.set()
                await working
                if process.returncode is None:
                    process.terminate()
                await process.wait()

    async def _start_receiver(self, port: int) -> asyncio.subprocess.Process:
        environment = {**os.environ, "DEMO_CLIENT_SECRET": CLIENT_SECRET}
        arguments = ["-m", "order_receiver", "serve", "--config", str(self._folder.configuration)]
        with self._folder.log.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, *arguments, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        if not await _answers(port, lambda: process.returncode is not None):
            raise fail("The receiver did not start:\n" + self._folder.log.read_text(encoding="utf-8"))
        return process

    async def _show(self, port: int, norce_url: str) -> Report:
        url = f"http://127.0.0.1:{port}/orders"
        console.print(f"Receiver: {url}   Norce (simulated): {norce_url}   Files: {self._folder.path}", markup=False)
        console.print(f"{'Orders' if self._keep else f'{self._count} orders'} as {_and(FORMS.values())}\n")
        sending = asyncio.create_task(self._send(url))
        with Live(console=console, refresh_per_second=8, transient=False) as live:
            report = await self._watch(live, sending)
        if sending.done() and (error := sending.exception()) is not None:
            raise error
        sending.cancel()
        return report

    async def _send(self, url: str) -> None:
        options = SendOptions(
            receiver=Receiver(url, USER, PASSWORD),
            application_keys=(SWEDISH_SHOP, NORWEGIAN_SHOP),
            count=None if self._keep else self._count,
            seed=self._seed,
            rate=1.0 if self._keep else self._rate,
            time_factor=TIME_FACTOR,
            first_reference=random.SystemRandom().randrange(1_000, 9_000) * 100 + 1,
            forms=tuple(FORMS),
            troubles=TROUBLES,
        )
        await send_many(options, self._state, self._view.sent)

    async def _watch(self, live: Live, sending: "asyncio.Task[None]") -> Report:
        """Draw until all is settled, somebody stops it, or the orders take suspiciously long."""
        loop = asyncio.get_running_loop()
        patience = loop.time() + self._count / self._rate + 45.0
        while True:
            self._held = self._look_for_holds()
            report = build_report(self._state, self._held)
            live.update(self._view.draw(report, len(self._held)))
            late = not self._keep and loop.time() > patience
            if (sending.done() and report.settled) or self._stop.is_set() or late:
                return report
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), 0.15)

    def _look_for_holds(self) -> dict[str, str]:
        engine = open_engine(self._folder.store)
        try:
            found = queries.list_orders(engine, queries.OrderFilter(held=True, limit=1000))
        finally:
            engine.dispose()
        return {order.client_order_ref: order.hold or "" for order in found}


async def _answers(port: int, gave_up: Callable[[], bool]) -> bool:
    """Wait until the door takes connections."""
    loop = asyncio.get_running_loop()
    end = loop.time() + START_SECONDS
    while loop.time() < end and not gave_up():
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return True
        await asyncio.sleep(0.05)
    return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def _and(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}"


def _print_hints(folder: DemoFolder) -> None:
    config = folder.configuration
    started = Path(sys.argv[0])
    off_path = started.name == "order-receiver" and which("order-receiver") is None
    program = os.path.relpath(started) if off_path else "order-receiver"
    console.print(
        f"\nLook around:\n"
        f"  {program} orders list --config {config}\n"
        f"  {program} orders list --held --config {config}\n"
        f"  {program} answers\n"
        f"What the ERP got: {folder.path / 'erp' / 'taken'}   what the receiver said: {folder.log}",
        markup=False,
        soft_wrap=True,
    )
