"""The whole way of orders through the program as it runs in production: Norce, door, store, ERP, and back."""

import asyncio
import json

import aiohttp
from tests.e2e.conftest import NORWAY, PASSWORD, SHOP, Installation, Program, order_body, until

from order_receiver.contract.codes import OrderStatus
from order_receiver.simulator.orders import decode_order
from order_receiver.simulator.post import send_one
from order_receiver.simulator.report import build_report
from order_receiver.simulator.send_options import SendOptions, Troubles
from order_receiver.simulator.sender import send_many
from order_receiver.simulator.server import RunningNorce
from order_receiver.simulator.state import Delivery
from order_receiver.simulator.verdict import Outcome

TROUBLES = Troubles(drop_answer=0.15, cut_body=0.1, twice_at_once=0.15, changed=0.15, wrong_password=0.1)
NO_TROUBLES = Troubles()


def options(
    program: Program, *, count: int | None = 40, lines: int | None = None, troubles: Troubles = NO_TROUBLES
) -> SendOptions:
    return SendOptions(
        program.receiver(),
        (SHOP, NORWAY),
        count=count,
        seed=3,
        concurrency=4,
        time_factor=6000,
        lines=lines,
        troubles=troubles,
    )


async def test_orders_go_in_and_their_numbers_come_back(installation: Installation, norce: RunningNorce) -> None:
    installation.configure(norce=norce.url)
    program = await installation.serve()
    async with installation.erp() as erp:
        await send_many(options(program, troubles=TROUBLES), norce.state)
        await until(lambda: build_report(norce.state).settled, "Norce was told about every order")
    report = build_report(norce.state)
    assert report.good, report
    assert (report.sent, report.received, report.confirmed) == (40, 40, 40)
    assert report.repeated
    assert report.conflicting
    assert {order.status for order in norce.state} == {OrderStatus.Confirmed}
    assert set(erp.files.values()) == {1}
    assert sorted(erp.numbers.values()) == sorted(str(order.erp_order_no) for order in norce.state)
    assert norce.state.calls["SendOrderStatus 200"] == 40
    assert await program.terminate() == 0


async def test_the_log_names_the_order_on_every_line_about_one_and_no_person(
    installation: Installation, norce: RunningNorce
) -> None:
    installation.configure(norce=norce.url)
    program = await installation.serve()
    body = order_body()
    norce.state.register(decode_order(body))
    async with installation.erp():
        assert (await send_one(body, program.receiver())).outcome is Outcome.TAKEN_OVER
        assert (await send_one(body, program.receiver())).outcome is Outcome.TAKEN_OVER
        await until(lambda: program.events("order.confirmed"), "order.confirmed")
    assert await program.terminate() == 0
    assert {line["order"] for line in program.lines() if str(line["event"]).startswith("order.")} == {"100001"}
    assert [str(line["event"]) for line in program.lines()][-1] == "receiver.closed"
    log = program.log.read_text()
    person = json.loads(body)["SellTo"]["Person"] or json.loads(body)["SellTo"]["Company"]
    for personal in filter(None, (person.get(name) for name in ("FirstName", "LastName", "Email", "CellPhone"))):
        assert personal not in log
    assert PASSWORD not in log.replace("client_secret", "")


async def test_what_the_erp_refuses_is_held_with_its_reason(installation: Installation, norce: RunningNorce) -> None:
    installation.configure(norce=norce.url)
    program = await installation.serve()
    async with installation.erp(refuse_every=4):
        await send_many(options(program, count=8), norce.state)
        await until(lambda: build_report(norce.state, held(installation)).settled, "all is said about every order")
    report = build_report(norce.state, held(installation))
    assert (report.good, report.confirmed, report.held) == (True, 6, 2)
    assert set(held(installation).values()) == {"erp-refused"}
    assert await program.terminate() == 0


def held(installation: Installation) -> dict[str, str]:
    found = installation.rows("SELECT client_order_ref, hold FROM orders WHERE hold IS NOT NULL")
    return {str(reference): str(reason) for reference, reason in found}


async def test_sigterm_under_load_loses_nothing_and_leaves_nothing_leased(
    installation: Installation, norce: RunningNorce
) -> None:
    installation.configure(norce=norce.url)
    program = await installation.serve()
    async with installation.erp():
        sending = asyncio.create_task(send_many(options(program, count=None, lines=3), norce.state))
        await until(lambda: build_report(norce.state).confirmed >= 20, "20 orders are confirmed")
        code = await program.terminate()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    assert code == 0, program.log.read_text()[-2000:]
    taken = {order.reference for order in norce.state if order.delivery is Delivery.TAKEN_OVER}
    stored = {str(reference) for (reference,) in installation.rows("SELECT client_order_ref FROM orders")}
    assert taken <= stored
    assert installation.rows("SELECT count(*) FROM tasks WHERE state = 'running'") == [(0,)]
    assert [line["event"] for line in program.lines()][-1] == "receiver.closed"
    assert not [line for line in program.lines() if line["level"] == "error"]


async def test_what_one_process_takes_another_works_off(installation: Installation, norce: RunningNorce) -> None:
    """`serve --no-work` only takes; `work` finds it there, whenever it starts."""
    installation.configure(norce=norce.url)
    door = await installation.serve("--no-work")
    async with installation.erp() as erp:
        await send_many(options(door, count=5), norce.state)
        assert installation.rows("SELECT DISTINCT state FROM orders") == [("received",)]
        assert not erp.files
        worker = await installation.work()
        await until(lambda: build_report(norce.state).settled, "the worker has told Norce about every order")
        assert await door.terminate() == 0
        assert await worker.terminate() == 0
    assert installation.rows("SELECT DISTINCT state FROM orders") == [("confirmed",)]


async def test_health_and_metrics_of_the_running_program(installation: Installation) -> None:
    program = await installation.serve()
    await send_one(order_body(), program.receiver())
    found = {}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{program.port}") as session:
        for path in ("/health/live", "/health/ready", "/metrics", "/nothing"):
            async with session.get(path) as answer:
                found[path] = (answer.status, answer.content_type, await answer.text())
    assert found["/health/live"] == (200, "application/json", '{"status":"live"}')
    assert found["/health/ready"] == (200, "application/json", '{"status":"ready"}')
    assert found["/metrics"][:2] == (200, "application/openmetrics-text")
    assert 'order_receiver_answers_total{situation="stored"} 1.0' in found["/metrics"][2]
    assert found["/nothing"][:2] == (404, "application/problem+json")
    assert await program.terminate() == 0
