"""The whole way of an order through a real worker and store, into real servers of other makers and back."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest
from tests.integration.targets.amqp.conftest import Erp as Broker
from tests.integration.targets.amqp.conftest import erp as broker
from tests.integration.targets.amqp.conftest import rabbitmq
from tests.integration.targets.sftp.conftest import Server, open_server, ssh_keys
from tests.integration.targets.sql.conftest import Erp as Database
from tests.integration.targets.sql.conftest import postgresql
from tests.integration.work.conftest import StartWorker, TakeOrder, rows
from tests.integration.work.test_erp import DOCUMENT, Norce, Scene, WatchedErp

from order_receiver.orders.states import OrderState
from order_receiver.store import tables
from order_receiver.store.store import Store
from order_receiver.targets.adapter import Adapter
from order_receiver.work.placing import Placing

__all__ = ["broker", "open_server", "postgresql", "rabbitmq", "ssh_keys"]

OpenScene = Callable[[Adapter], Scene]


@pytest.fixture
def open_scene(store: Store, tmp_path: Path, start_worker: StartWorker, take: TakeOrder) -> OpenScene:
    def scene(adapter: Adapter) -> Scene:
        return Scene(store, tmp_path, cast(WatchedErp, adapter), Norce(), start_worker, take, Placing(store))

    return scene


async def confirmed(scene: Scene) -> None:
    """Listen until the answer was there, and see it reported."""
    while not rows(scene.store, tables.submissions)[0]["erp_order_no"]:
        await scene.listen()
    await scene.reached("100001", OrderState.CONFIRMED)
    [(request, _)] = scene.norce.told
    assert (request.ClientOrderRef, request.ErpOrderNo) == (100001, "SO-1")


async def test_by_sftp(open_scene: OpenScene, open_server: Callable[[str], Awaitable[Server]]) -> None:
    server = await open_server("asyncssh")
    scene = open_scene(server.adapter())
    scene.work()
    await scene.mapped()
    await scene.reached("100001", OrderState.SUBMITTED)
    assert (server.outbox / "k-100001.json").read_bytes() == DOCUMENT[0]
    (server.inbox / "a.json").write_text(json.dumps({"key": "k-100001", "erp_order_no": "SO-1"}))
    await confirmed(scene)
    assert [path.name for path in (server.inbox / "done").iterdir()] == ["a.json"]


async def test_by_a_staging_table(open_scene: OpenScene, postgresql: Database) -> None:
    scene = open_scene(postgresql.adapter())
    scene.work()
    await scene.mapped()
    await scene.reached("100001", OrderState.SUBMITTED)
    assert postgresql.rows() == [("k-100001", "100001", DOCUMENT[0].decode(), DOCUMENT[1])]
    postgresql.answer("k-100001", number="SO-1")
    await confirmed(scene)
    await scene.listen()
    assert len(scene.norce.told) == 1


async def test_by_rabbitmq(open_scene: OpenScene, broker: Broker) -> None:
    scene = open_scene(broker.adapter())
    scene.work()
    await scene.mapped()
    await scene.reached("100001", OrderState.SUBMITTED)
    [message] = await broker.all(broker.orders)
    assert (message.message_id, message.body) == ("k-100001", DOCUMENT[0])
    await broker.answer({"erp_order_no": "SO-1"}, correlation_id=message.message_id)
    await confirmed(scene)
    assert await broker.all(broker.answers) == []
