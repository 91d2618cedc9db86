"""Where the door listens, and what stands beside it: health, metrics, and problem details for everything else."""

import socket

import pytest
from tests.integration.door.conftest import RIGHT, Doorway, Opener, head, order_body
from tests.integration.door.wire_forms import answered

from order_receiver.app.serving import CannotListen
from order_receiver.contract.form import Form
from order_receiver.door.answers import POLICY, Situation


@pytest.mark.parametrize("path", ["/orders", "/orders/", "/orders/json", "/orders/CreateOrder", "/orders/webhooks"])
async def test_orders_are_taken_in_every_form_at_every_path_that_senders_use(door: Doorway, path: str) -> None:
    for form in Form:
        for query in ("", "?tenant=1", "?wsdl"):
            answer = await door.post(order_body(form + query, form=form), path=path + query)
            assert answered(form, answer)["Description"] == POLICY[Situation.STORED].description


@pytest.mark.parametrize("path", ["/", "/orders//", "/orders/createorder", "/Orders", "/orders/json/", "/order", "/x"])
async def test_other_paths_are_not_found_and_never_redirected(door: Doorway, path: str) -> None:
    answer = await door.post(order_body(), path=path)
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")
    assert "location" not in answer.headers
    shown = path.partition("?")[0]
    assert answer.members == {
        "type": "urn:order-receiver:problem:not-found",
        "title": "not found",
        "status": 404,
        "detail": f"Nothing is served at {shown}. Orders go to the path in [door].",
    }


async def test_health_and_metrics_are_not_redirected_either(door: Doorway) -> None:
    wire = await door.connect()
    for path in ("/metrics/", "/health/live/", "/health/ready/"):
        for answer in (await wire.get(path), await wire.post(order_body(), path=path)):
            assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")
            assert "location" not in answer.headers


@pytest.mark.parametrize("base", ["/", "/in/norce/", "/in/norce"])
async def test_the_base_path_is_as_configured(open_door: Opener, base: str) -> None:
    door = await open_door(path=base)
    wire = await door.connect()
    for suffix in ("", "/", "/json", "/CreateOrder", "/webhooks"):
        path = base.rstrip("/") + suffix or "/"
        assert (await door.post(order_body(), path=path)).status == 200
        described = await wire.get(f"{path}?wsdl")
        assert f'location="http://127.0.0.1:8080{path}"'.encode() in described.body
    assert (await door.post(order_body(), path="/orders")).status == 404


async def test_live_and_ready(door: Doorway) -> None:
    wire = await door.connect()
    live, ready = await wire.get("/health/live"), await wire.get("/health/ready")
    assert (live.status, live.members) == (200, {"status": "live"})
    assert (ready.status, ready.members) == (200, {"status": "ready"})


async def test_not_ready_while_closing(door: Doorway) -> None:
    wire = await door.connect()
    await wire.get("/health/live")
    door.receiver.door.draining = True
    answer = await wire.get("/health/ready")
    assert (answer.status, answer.headers["content-type"]) == (503, "application/problem+json")
    assert answer.members["detail"] == "The door is closing for a restart."
    assert (await wire.get("/health/live")).status == 200


async def test_not_ready_with_a_schema_of_another_version(door: Doorway) -> None:
    wire = await door.connect()
    door.change("UPDATE alembic_version SET version_num = '9999'")
    added_to = await wire.get("/health/ready")
    door.change("UPDATE schema_floor SET revision = '9998'")
    answer = await wire.get("/health/ready")
    assert (added_to.status, answer.status) == (200, 503)
    assert "newer version of the order receiver" in str(answer.members["detail"])


async def test_not_ready_when_the_store_cannot_be_written(door: Doorway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("order_receiver.store.sqlite.transactions.LOCK_PATIENCE", 0.05)
    wire = await door.connect()
    await wire.get("/health/live")
    with door.locked():
        answer = await wire.get("/health/ready")
    assert answer.status == 503
    assert "database is locked" in str(answer.members["detail"])


async def test_not_ready_when_the_store_is_no_database_any_more(door: Doorway) -> None:
    wire = await door.connect()
    door.receiver.store.engine.dispose()
    door.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    door.store_path.unlink()
    door.store_path.write_bytes(b"this is no database, but it is long enough to be read as one" * 100)
    answer = await wire.get("/health/ready")
    assert (answer.status, answer.headers["content-type"]) == (503, "application/problem+json")
    assert answer.members["detail"] == "The store cannot be used: file is not a database."


@pytest.mark.parametrize("path", ["/health/live", "/metrics"])
async def test_probes_are_only_read(door: Doorway, path: str) -> None:
    wire = await door.connect()
    await wire.send(head(path=path, length=0))
    answer = await wire.answer()
    assert (answer.status, answer.headers["content-type"]) == (405, "application/problem+json")
    assert answer.members["detail"] == f"POST is not possible at {path}."


async def test_metrics_are_openmetrics(open_door: Opener) -> None:
    door = await open_door(work=True, target={"number_on_write": True})
    await door.post(order_body())
    await door.post(order_body("100002", do_hold=True))
    await door.until(lambda: door.number_of("100001"))
    answer = await (await door.connect()).get("/metrics")
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0; charset=utf-8")
    lines = answer.body.decode().splitlines()
    assert lines[-1] == "# EOF"
    for line in (
        "order_receiver_messages_received_total 2.0",
        'order_receiver_answers_total{situation="do-hold"} 1.0',
        'order_receiver_held_orders{reason="do-hold"} 1.0',
        'order_receiver_tasks{state="parked"} 1.0',
        'order_receiver_outgoing_calls_total{outcome="done",system="target:erp"} 1.0',
    ):
        assert line in lines
    names = {line.partition(" ")[0] for line in lines}
    assert {"order_receiver_commit_operations_count", "order_receiver_oldest_waiting_seconds"} <= names
    oldest = next(line for line in lines if line.startswith("order_receiver_oldest_waiting_seconds "))
    assert float(oldest.split(" ")[1]) > 0


async def test_nothing_personal_and_no_password_in_metrics(door: Doorway) -> None:
    await door.post(order_body())
    text = (await (await door.connect()).get("/metrics")).body.decode()
    assert "100001" not in text
    assert RIGHT not in text


async def test_a_request_that_is_under_way_when_the_door_closes_gets_its_answer(door: Doorway) -> None:
    """One order is in the commit, a second one waits behind it on the connection: taken over, and sent away."""
    wire = await door.connect()
    bodies = [order_body("100001"), order_body("100002")]
    with door.locked():
        await wire.send(*(head(length=len(body)) + body for body in bodies))
        await door.until(lambda: door.receiver.store.writer._turns)
        door.stop.set()
        await door.until(lambda: door.receiver.door.draining)
    answers = [await wire.answer(), await wire.answer()]
    assert [answer.status for answer in answers] == [200, 503]
    assert answers[1].members["detail"] == "The door is closing for a restart. Nothing was taken over."
    assert await wire.ended()
    assert door.rows("SELECT client_order_ref FROM orders") == [("100001",)]


def listening(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            return True
    except OSError:
        return False


async def test_a_closed_door_takes_no_connection(open_door: Opener) -> None:
    door = await open_door()
    door.stop.set()

    await door.until(lambda: not listening(door.port))


async def test_a_port_in_use_is_said_so(open_door: Opener) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"cannot listen on 127.0.0.1:{port}: Address already in use"):
            await open_door(port=port)
