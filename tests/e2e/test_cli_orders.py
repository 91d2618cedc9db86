"""`orders`: what operators see of orders that wait, and what they can do about them."""

import asyncio
import json
import sqlite3
from collections.abc import Callable

import pytest
from tests.e2e.conftest import PASSWORD, SHOP, USER, Command, Installation, order_body, until

from order_receiver.app.assembly import Configuration, Receiver
from order_receiver.app.serving import run
from order_receiver.orders.states import EXPLANATIONS, HoldReason
from order_receiver.settings.load import load
from order_receiver.simulator.orders import change_order, decode_order, encode_order
from order_receiver.simulator.post import Receiver as Address
from order_receiver.simulator.post import send_one
from order_receiver.store import Engine, queries
from order_receiver.store.writer import Writer, _Waiting

UNKNOWN_SHOP = "00000000-1111-2222-3333-444444444444"


def at_work(folder: Installation, *bodies: bytes, work: bool = False, until_true: Callable[[], object] = bool) -> None:
    """Run a receiver in this process: post orders to it, and let it work until something is true."""

    async def whole() -> None:
        configuration = Configuration(load(folder.configuration, {}), folder.base, {})
        ports: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        stop = asyncio.Event()

        def on_open(receiver: Receiver, port: int | None) -> None:
            ports.set_result(port or 0)

        running = asyncio.create_task(run(configuration, work=work, on_open=on_open, stop=stop))
        try:
            address = Address(f"http://127.0.0.1:{await ports}/orders", USER, PASSWORD)
            for body in bodies:
                assert (await send_one(body, address)).http_status == 200
            if work:
                await until(until_true, "the worker has done what it can")
        finally:
            stop.set()
            await running

    asyncio.run(whole())


def states(folder: Installation) -> dict[str, object]:
    rows = folder.rows("SELECT client_order_ref, coalesce(hold, state) FROM orders ORDER BY id")
    return {str(reference): state for reference, state in rows}


def without_parts(reference: str) -> bytes:
    order = json.loads(order_body(reference))
    order["Items"][0]["Quantity"] = "three"
    return json.dumps(order).encode()


def unpaid(reference: str) -> bytes:
    order = decode_order(order_body(reference))
    assert order.Payments
    order.Payments[0].Amount += 100
    return encode_order(order)


@pytest.fixture
def held(folder: Installation) -> Installation:
    """Six orders: one on its way, and five held for four reasons."""
    bodies = [
        order_body("100001"),
        order_body("100002", do_hold=True),
        order_body("100003", do_hold=True),
        without_parts("100004"),
        unpaid("100005"),
        order_body("100006").replace(SHOP.encode(), UNKNOWN_SHOP.encode()),
    ]
    submitted = {"100001": "submitted", "100002": "do-hold", "100003": "do-hold"}
    expected = {**submitted, "100004": "findings", "100005": "totals-differ", "100006": "unknown-application"}
    at_work(folder, *bodies, work=True, until_true=lambda: states(folder) == expected)
    return folder


def test_list(held: Installation, command: Command) -> None:
    said = command.configured("orders", "list")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert [word in lines[2] for word in ("ClientOrderRef", "Received", "State", "Held for", "ERP number")] == [
        True
    ] * 5
    references = [line.split()[0] for line in lines if "10000" in line]
    assert references == ["100006", "100005", "100004", "100003", "100002", "100001"]
    assert "No application with key" in next(line for line in lines if "100006" in line)


@pytest.mark.parametrize(
    ("arguments", "references"),
    [
        (["--held"], ["100006", "100005", "100004", "100003", "100002"]),
        (["--reason", "do-hold"], ["100003", "100002"]),
        (["--state", "submitted"], ["100001"]),
        (["--state", "received", "--held", "--limit", "1"], ["100006"]),
        (["--state", "confirmed"], []),
    ],
)
def test_list_as_json(held: Installation, command: Command, arguments: list[str], references: list[str]) -> None:
    said = command.configured("orders", "list", "--json", *arguments)
    assert [order["client_order_ref"] for order in said.data()] == references


def test_list_json_members(held: Installation, command: Command) -> None:
    (order,) = command.configured("orders", "list", "--json", "--reason", "totals-differ").data()
    assert {name: order[name] for name in ("application_key", "client_order_ref", "state", "hold", "erp_order_no")} == {
        "application_key": SHOP,
        "client_order_ref": "100005",
        "state": "received",
        "hold": "totals-differ",
        "erp_order_no": None,
    }
    assert str(order["received_at"]).endswith("Z")


def test_show_tells_what_it_means_and_what_to_do(held: Installation, command: Command) -> None:
    said = command.configured("orders", "show", "100004").out
    assert f"Order 100004 of application {SHOP}" in said
    assert "State: received   ERP number: not known yet" in said
    assert "Held: findings. Something in the message is wrong or missing." in said
    assert "/Items/0/Quantity" in said
    assert f"What to do: {EXPLANATIONS[HoldReason.FINDINGS].advice}" in said
    assert "Next: process (receiver) waits for a person" in said
    assert "History" in said
    assert "Attempts" in said
    assert "SellTo" not in said


def test_show_as_json(held: Installation, command: Command) -> None:
    (story,) = command.configured("orders", "show", "100001", "--json").data()
    assert set(story) == {"order", "holds", "history", "tasks", "attempts", "submissions", "messages"}
    (plain,) = command.configured("orders", "show", "100001", "--json", "--message", "--document").data()
    messages, submissions = plain["messages"], plain["submissions"]
    assert isinstance(messages, list)
    assert isinstance(submissions, list)
    assert messages[0]["body"].encode() == order_body("100001")
    assert submissions[0]["key"] == f"{SHOP}-100001"
    assert json.loads(submissions[0]["document"])["key"] == f"{SHOP}-100001"
    assert "body" not in str(story["messages"])


def test_show_masks_personal_numbers(folder: Installation, command: Command) -> None:
    body = order_body().replace(b'"SellTo":{', b'"SellTo":{"Ssn":"19121212-1212",', 1)
    person = body.replace(b'"FirstName"', b'"SSN": "19121212-1212","FirstName"', 1)
    at_work(folder, person)
    for arguments in ((), ("--json",)):
        said = command.configured("orders", "show", "100001", "--message", *arguments).out
        assert "1212" not in said
        assert "***" in said


def test_show_document(held: Installation, command: Command) -> None:
    said = command.configured("orders", "show", "100001", "--document", "--message").out
    assert f"Document for erp, key {SHOP}-100001:" in said
    assert "Message (first) of " in said
    assert f'"ApplicationKey":"{SHOP}"' in said


def test_show_a_conflict_field_by_field(folder: Installation, command: Command) -> None:
    order = decode_order(order_body())
    at_work(folder, order_body(), encode_order(change_order(order)))
    said = command.configured("orders", "show", "100001").out
    assert "/Items/0/Quantity: " in said
    assert " became " in said
    assert "/CustomerOrderComment: " in said
    (story,) = command.configured("orders", "show", "100001", "--json").data()
    messages = story["messages"]
    assert isinstance(messages, list)
    assert [message["role"] for message in messages] == ["first", "conflict"]


def test_retry_makes_the_same_check_again(held: Installation, command: Command) -> None:
    said = command.configured("orders", "retry", "100005", "--why", "hope")
    assert (said.code, said.out) == (0, "100005: will be tried again.\n")
    assert states(held)["100005"] == "received"
    at_work(held, work=True, until_true=lambda: states(held)["100005"] == "totals-differ")
    (story,) = command.configured("orders", "show", "100005", "--json").data()
    history = story["history"]
    assert isinstance(history, list)
    assert [line["event"] for line in history] == ["received", "held", "retried", "held"]
    assert (history[2]["why"], history[2]["actor"].split()[0]) == ("hope", "operator")


def test_release_lets_one_order_go_on_in_spite_of_it(held: Installation, command: Command) -> None:
    said = command.configured("orders", "release", "100005")
    assert said.out == "100005: released.\n"
    at_work(held, work=True, until_true=lambda: states(held)["100005"] == "submitted")
    assert [path.name for path in sorted((held.base / "erp" / "outbox").glob("*.json"))] == [
        f"{SHOP}-100001.json",
        f"{SHOP}-100005.json",
    ]


def test_release_all_orders_of_one_reason(held: Installation, command: Command) -> None:
    said = command.configured("orders", "release", "--reason", "do-hold")
    assert said.out == "2 orders held for do-hold: released.\n"
    at_work(held, work=True, until_true=lambda: list(states(held).values()).count("submitted") == 3)
    assert states(held)["100004"] == "findings"


def change(folder: Installation, sql: str) -> None:
    connection = sqlite3.connect(folder.store_path)
    with connection:
        connection.execute(sql)
    connection.close()


@pytest.mark.parametrize(("action", "done"), [("release", "released"), ("retry", "will be tried again")])
def test_an_order_that_is_held_for_something_else_by_now_is_left_alone(
    held: Installation, command: Command, monkeypatch: pytest.MonkeyPatch, action: str, done: str
) -> None:
    look = queries.held_orders

    def look_and_be_late(engine: Engine, reason: str | None) -> list[int]:
        found = look(engine, reason)
        change(held, "UPDATE orders SET hold = 'findings' WHERE client_order_ref = '100002'")
        return [*found, 999]

    monkeypatch.setattr(queries, "held_orders", look_and_be_late)
    said = command.configured("orders", action, "--reason", "do-hold")
    assert (said.code, said.out) == (1, "")
    assert said.err == (
        f"1 order {done}, 2 not: Order {SHOP}/100002 is not held for do-hold any more. There is no order with id 999.\n"
    )
    assert (states(held)["100002"], states(held)["100003"]) == ("findings", "received")
    assert held.rows("SELECT waived FROM orders WHERE client_order_ref = '100002'") == [(None,)]


def test_orders_that_cannot_go_on_are_counted_and_the_first_are_named(held: Installation, command: Command) -> None:
    change(held, "UPDATE orders SET hold = 'erp-refused' WHERE hold IS NOT NULL")
    said = command.configured("orders", "retry", "--reason", "erp-refused")
    assert said.code == 1
    assert said.err.startswith(f"0 orders will be tried again, 5 not: The ERP refused order {SHOP}/100002.")
    assert said.err.endswith(" (and 2 more)\n")
    assert set(states(held).values()) == {"submitted", "erp-refused"}


def test_orders_of_one_reason_share_commits(
    held: Installation, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[int] = []
    commit = Writer._commit

    async def counted(writer: Writer, batch: list[_Waiting]) -> None:
        commits.append(len(batch))
        await commit(writer, batch)

    monkeypatch.setattr(Writer, "_commit", counted)
    assert command.configured("orders", "release", "--reason", "do-hold").code == 0
    assert commits == [2]


def test_no_order_is_held_for_a_reason(held: Installation, command: Command) -> None:
    said = command.configured("orders", "release", "--reason", "parked")
    assert (said.code, said.out) == (0, "0 orders held for parked: released.\n")


@pytest.mark.parametrize("reason", ["unreadable", "unknown-application", "no-route", "mapping"])
def test_what_cannot_go_on_in_spite_of_it_is_not_released(held: Installation, command: Command, reason: str) -> None:
    change(held, f"UPDATE orders SET hold = '{reason}' WHERE client_order_ref = '100002'")
    for what in (["100002"], ["--reason", reason]):
        said = command.configured("orders", "release", *what)
        assert said.code == 1
        assert said.err == (
            f"An order held for {reason} cannot go on in spite of it; use retry once the cause is mended.\n"
        )
    assert states(held)["100002"] == reason
    assert command.configured("orders", "retry", "100002").code == 0


@pytest.mark.parametrize("reason", ["parked", "numbers-differ"])
def test_what_merely_stopped_may_be_released(held: Installation, command: Command, reason: str) -> None:
    change(held, f"UPDATE orders SET hold = '{reason}' WHERE client_order_ref = '100002'")
    assert command.configured("orders", "release", "100002").code == 0
    assert states(held)["100002"] == "received"


def test_one_fix_frees_all_orders_of_one_cause(held: Installation, command: Command) -> None:
    text = held.configuration.read_text().replace("9b2d7c1e-4f6a-4d83-8c55-2a1e6f0b7d34", UNKNOWN_SHOP)
    held.configuration.write_text(text)
    assert command.configured("orders", "retry", "--reason", "unknown-application").code == 0
    at_work(held, work=True, until_true=lambda: states(held)["100006"] == "submitted")


def test_cancel(held: Installation, command: Command) -> None:
    said = command.configured("orders", "cancel", "100002", "--why", "the customer rang")
    assert said.out == "100002: cancelled here; cancel it in Norce too.\n"
    assert states(held)["100002"] == "cancelled"
    tasks = "SELECT count(*) FROM tasks JOIN orders ON orders.id = order_id WHERE client_order_ref = '100002'"
    assert held.rows(tasks) == [(0,)]


@pytest.mark.parametrize("action", ["cancel", "show", "retry", "release"])
def test_an_unknown_order(held: Installation, command: Command, action: str) -> None:
    said = command.configured("orders", action, "999")
    assert said.code == 1
    assert said.err == ("There is no order 999; `order-receiver orders list` shows what there is.\n")


def test_what_an_erp_has_is_not_cancelled_here(held: Installation, command: Command) -> None:
    said = command.configured("orders", "cancel", "100001")
    assert said.code == 1
    assert "is submitted: only an order that no ERP has yet can be cancelled here" in said.err


@pytest.mark.parametrize("arguments", [[], ["100002", "--reason", "do-hold"]])
def test_retry_needs_one_order_or_one_reason(held: Installation, command: Command, arguments: list[str]) -> None:
    said = command.configured("orders", "retry", *arguments)
    assert (said.code, said.err) == (2, "Name either one ClientOrderRef or a --reason.\n")


def test_an_unknown_reason_is_told_with_those_that_there_are(held: Installation, command: Command) -> None:
    said = command.configured("orders", "release", "--reason", "dohold")
    assert said.code == 2
    assert "do-hold" in said.err


def test_one_reference_in_two_shops(held: Installation, command: Command) -> None:
    other = order_body("100002", do_hold=True).replace(SHOP.encode(), UNKNOWN_SHOP.encode())
    at_work(held, other)
    assert len(command.configured("orders", "show", "100002", "--json").data()) == 2
    said = command.configured("orders", "release", "100002")
    assert (said.code, said.err) == (1, "2 orders have the reference 100002; name one with --application.\n")
    assert command.configured("orders", "release", "100002", "--application", f"{{{SHOP.upper()}}}").code == 0
    assert states(held)["100002"] == "unknown-application"


def test_quarantine(folder: Installation, command: Command) -> None:
    at_work(folder, b'{"ClientOrderRef":"1"}', b"<no JSON>".replace(b"<", b"{"))
    assert [line["quarantine"] for line in command.configured("orders", "list", "--quarantine", "--json").data()] == [
        "Q2",
        "Q1",
    ]
    said = command.configured("orders", "list", "--quarantine").out
    assert "The message has no Header.ApplicationKey, and no default_application is configured." in said
    assert "127.0.0.1" in said
    shown = command.configured("orders", "show", "Q1")
    assert shown.code == 0
    assert '{"ClientOrderRef":"1"}' in shown.out
    assert '"body": "{\\"ClientOrderRef\\":\\"1\\"}"' in command.configured("orders", "show", "Q1", "--json").out
    missing = command.configured("orders", "show", "Q99")
    assert (missing.code, "Q99" in missing.err) == (1, True)


def test_orders_in_the_zone_of_the_people(folder: Installation, command: Command) -> None:
    folder.configuration.write_text('time_zone = "Asia/Tokyo"\n' + folder.configuration.read_text())
    at_work(folder, order_body())
    ((stored,),) = folder.rows("SELECT received_at FROM orders")
    said = command.configured("orders", "list").out
    hour = (int(str(stored)[11:13]) + 9) % 24
    assert f" {hour:02}:{str(stored)[14:16]}:" in said


def test_no_store_yet(command: Command) -> None:
    said = command.configured("orders", "list")
    assert said.code == 1
    assert "order-receiver db upgrade" in said.err


def test_next_attempt_is_told_with_the_last_error(folder: Installation, command: Command) -> None:
    (folder.base / "erp" / "outbox").rmdir()
    query = "SELECT count(*) FROM tasks WHERE kind = 'submit' AND attempts > 0"
    at_work(folder, order_body(), work=True, until_true=lambda: folder.rows(query) == [(1,)])
    said = command.configured("orders", "show", "100001").out
    assert "Next: submit (target:erp): due " in said
    assert "; last: Writing an order into " in said
    assert "it does not exist; create it" in said
