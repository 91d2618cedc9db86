"""`simulate`: Norce and a demo ERP, for trying out a receiver without either."""

import asyncio
import os
import secrets
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from typer.models import OptionInfo

from order_receiver.cli.demo_files import SWEDISH_SHOP
from order_receiver.cli.output import console, fail
from order_receiver.contract.form import Form
from order_receiver.simulator.erp import DemoErp, DemoErpOptions, ErpEvent
from order_receiver.simulator.goods import Market
from order_receiver.simulator.identity import IdentityOptions
from order_receiver.simulator.norce import NorceOptions
from order_receiver.simulator.orders import encode_order, make_order
from order_receiver.simulator.post import Receiver, send_one
from order_receiver.simulator.report import build_report, render_json, render_text
from order_receiver.simulator.send_options import SendOptions, SentEvent, Trouble, Troubles
from order_receiver.simulator.sender import send_many
from order_receiver.simulator.server import running_norce
from order_receiver.simulator.state import NorceState
from order_receiver.simulator.verdict import Outcome

commands = typer.Typer(help="Simulated Norce, simulated orders, and a demo ERP.", no_args_is_help=True)

User = Annotated[str, typer.Option(help="User name of the door.")]
PasswordFrom = Annotated[
    str, typer.Option("--password-env", help="Environment variable that holds the door's password.")
]
Challenge = Annotated[bool, typer.Option("--challenge", help="First without credentials, as .NET does.")]


def _share(what: str) -> OptionInfo:
    """An option for the share of orders that meet a trouble."""
    option: OptionInfo = typer.Option(min=0.0, max=1.0, help=f"Share of orders: {what}")
    return option


@commands.command("norce")
def norce(
    to: Annotated[
        str | None, typer.Option("--to", help="The receiver's order URL; without it nothing is sent.")
    ] = None,
    port: Annotated[int, typer.Option(help="Port of identity server and Connect; 0 takes a free one.")] = 0,
    user: User = "norce",
    from_env: PasswordFrom = "RECEIVER_PASSWORD",
    client_id: Annotated[str, typer.Option(help="Client id for tokens.")] = "demo-client",
    client_env: Annotated[
        str, typer.Option("--secret-env", help="Environment variable with the client secret; else one is made.")
    ] = "NORCE_CLIENT_SECRET",
    token_lifetime: Annotated[int, typer.Option(min=1, help="Seconds a token lives.")] = 3600,
    application: Annotated[list[str] | None, typer.Option(help="Application key; repeat for several.")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="Orders to send; without it until Ctrl-C.")] = 100,
    endless: Annotated[bool, typer.Option("--endless", help="Send until Ctrl-C.")] = False,
    rate: Annotated[float | None, typer.Option(min=0.01, help="Orders a second; without it as fast as it goes.")] = 5.0,
    concurrency: Annotated[int, typer.Option(min=1, help="Posts at once.")] = 8,
    seed: Annotated[int, typer.Option(help="The same seed sends the same orders.")] = 1,
    lines: Annotated[int | None, typer.Option(min=1, help="Rows of each order.")] = None,
    first: Annotated[int, typer.Option("--first-reference", help="The first ClientOrderRef.")] = 100_001,
    time_factor: Annotated[float, typer.Option(min=1.0, help="600 makes Norce's ten minutes one second.")] = 1.0,
    forms: Annotated[
        list[Form] | None, typer.Option("--form", help="Form of the orders, else JSON; repeat to take turns.")
    ] = None,
    challenge: Challenge = False,
    drop_answer: Annotated[float, _share("the connection closes before the answer is read.")] = 0.0,
    cut_body: Annotated[float, _share("the body is cut off.")] = 0.0,
    twice: Annotated[float, _share("sent twice at once.")] = 0.0,
    change: Annotated[float, _share("sent again with other content.")] = 0.0,
    wrong_password: Annotated[float, _share("first with a wrong password.")] = 0.0,
    settle: Annotated[float, typer.Option(min=0, help="Seconds to wait for confirmations at the end.")] = 30.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Run identity server and Connect, send orders by Norce's rules, and report what was told about them."""
    options = None
    if to is not None:
        options = SendOptions(
            receiver=Receiver(to, user, _password(from_env), challenge=challenge),
            application_keys=tuple(application or [SWEDISH_SHOP]),
            count=None if endless else count,
            seed=seed,
            rate=rate,
            concurrency=concurrency,
            time_factor=time_factor,
            first_reference=first,
            lines=lines,
            forms=tuple(forms or [Form.JSON]),
            troubles=Troubles(drop_answer, cut_body, twice, change, wrong_password),
        )
    secret = os.environ.get(client_env) or secrets.token_urlsafe(18)
    if client_env not in os.environ:
        console.print(f"client id {client_id}, client secret {secret}", markup=False)
    identity = IdentityOptions(client_id=client_id, client_secret=secret, lifetime=token_lifetime)
    asyncio.run(_norce(NorceOptions(identity, port), options, settle, as_json=as_json))


@commands.command("order")
def order(
    lines: Annotated[int | None, typer.Option(min=1, max=1000, help="Rows.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed prints the same order.")] = 1,
    reference: Annotated[str, typer.Option(help="ClientOrderRef.")] = "100001",
    application: Annotated[str, typer.Option(help="Application key.")] = SWEDISH_SHOP,
    market: Annotated[Market | None, typer.Option(help="SE or NO; without it the seed decides.")] = None,
    form: Annotated[Form, typer.Option(help="Form of the order.")] = Form.JSON,
    address: Annotated[
        str | None, typer.Option("--addressing", help="SOAP: add WS-Addressing headers with this order URL.")
    ] = None,
) -> None:
    """Print one order as Norce would send it."""
    request = make_order(seed, application_key=application, reference=reference, lines=lines, market=market)
    sys.stdout.buffer.write(encode_order(request, form, address=address) + b"\n")


@commands.command("send")
def send(
    file: Annotated[Path, typer.Argument(help="An order in any form; - reads standard input.")],
    to: Annotated[str, typer.Option("--to", help="The receiver's order URL.")],
    user: User = "norce",
    from_env: PasswordFrom = "RECEIVER_PASSWORD",
    form: Annotated[Form | None, typer.Option(help="Form of the order; without it the file's content tells.")] = None,
    challenge: Challenge = False,
) -> None:
    """Send one order and say what Norce would do next."""
    try:
        body = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise fail(f"{file} cannot be read: {error.strerror}.") from error
    verdict = asyncio.run(send_one(body, Receiver(to, user, _password(from_env), challenge=challenge), form))
    console.print(verdict.sentence, markup=False, soft_wrap=True)
    if verdict.outcome is not Outcome.TAKEN_OVER:
        raise typer.Exit(1)


@commands.command("erp")
def erp(
    outbox: Annotated[Path, typer.Argument(help="Where the receiver writes orders.")],
    inbox: Annotated[Path, typer.Argument(help="Where the receiver reads answers.")],
    refuse_every: Annotated[int | None, typer.Option(min=1, help="Refuse each n-th order.")] = None,
) -> None:
    """Run the demo ERP: takes order files, answers with order numbers, until Ctrl-C."""
    options = DemoErpOptions(
        outbox=outbox,
        inbox=inbox,
        taken=outbox / "taken",
        memory=outbox / "taken" / "numbers.jsonl",
        refuse_every=refuse_every,
    )
    asyncio.run(_erp(options))


async def _norce(options: NorceOptions, sending: SendOptions | None, settle: float, *, as_json: bool) -> None:
    stop = _stop_event()
    state = NorceState()
    async with running_norce(options, state) as norce:
        if not as_json:
            console.print(f"Norce (simulated) at {norce.url}: identity server, Connect, and a page of all orders")
        if sending is None:
            await stop.wait()
            return
        task = asyncio.create_task(send_many(sending, state, _say_nothing if as_json else _say))
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait((task, stopped), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
            await _settle(state, settle, stop)
        task.cancel()
        stopped.cancel()
    report = build_report(state)
    sys.stdout.write(render_json(report) + "\n" if as_json else render_text(report))
    if not report.good:
        raise typer.Exit(1)


async def _settle(state: NorceState, seconds: float, stop: asyncio.Event) -> None:
    """Give the receiver time to tell what became of the last orders."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not build_report(state).settled and loop.time() < end and not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 0.1)


async def _erp(options: DemoErpOptions) -> None:
    def tell(event: ErpEvent) -> None:
        console.print(f"{event.file}: {event.erp_order_no or event.refused or event.unreadable}", markup=False)

    await DemoErp(options).run(_stop_event(), tell)


def _stop_event() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


def _say(event: SentEvent) -> None:
    trouble = f" ({event.trouble.value})" if event.trouble is not Trouble.NONE else ""
    console.print(
        f"{event.reference} attempt {event.attempt}: {event.what.value}{trouble}: {event.detail}", markup=False
    )


def _say_nothing(_: SentEvent) -> None:
    pass


def _password(variable: str) -> str:
    password = os.environ.get(variable)
    if password is None:
        raise fail(f"Set the environment variable {variable} to the door's password.", 2)
    return password
