"""A target that is down is left alone, costs nobody anything, and catches up by itself, oldest first."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.integration.work.conftest import SYSTEM, AddTask, StartWorker, TakeOrder, rows, story, until

from order_receiver.contract.reading import Limits
from order_receiver.orders.outcomes import NotYet, PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.settings.targets import FolderTarget
from order_receiver.store import circuits, lanes, submissions, tables
from order_receiver.store.circuits import Circuit, CircuitState
from order_receiver.store.session import Session
from order_receiver.store.sqlite.transactions import SqliteTransactions
from order_receiver.store.store import Store
from order_receiver.store.values import NewTask, OrderRow, Task
from order_receiver.targets.adapter import SaveStep, Submission, Submitted
from order_receiver.targets.folder.adapter import FolderAdapter
from order_receiver.work import breaker
from order_receiver.work.breaker import Breaker
from order_receiver.work.kinds import SUBMIT
from order_receiver.work.placing import Placing
from order_receiver.work.results import Done
from order_receiver.work.submit import Submit

DOCUMENT = (b'{"order": 1}', "application/json", "json")
QUICK = Breaker(failures=3, seconds=0.02, cap=0.05)
LONG = Breaker(failures=3, seconds=3600, cap=3600)


class FailingErp(FolderAdapter):
    """A folder that can be down; keeps what it was asked, and how many asked at once."""

    def __init__(self, base: Path) -> None:
        super().__init__(FolderTarget(outbox="out", inbox="in", number_on_write=True), base)
        self.down: Exception | None = None
        self.never: dict[str, Exception] = {}
        """What it says to single orders, by key."""
        self.asked: list[str] = []
        self.times: list[float] = []
        self.at_once = self.most_at_once = 0
        self.gate: asyncio.Event | None = None

    async def submit(self, submission: Submission, save: SaveStep) -> Submitted:
        self.asked.append(submission.key)
        self.times.append(time.monotonic())
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0)
            if self.gate is not None:
                await self.gate.wait()
            if (error := self.never.get(submission.key, self.down)) is not None:
                raise error
            return await super().submit(submission, save)
        finally:
            self.at_once -= 1


class Scene:
    """One target, any number of workers, and orders that are ready for it."""

    def __init__(self, store: Store, base: Path, start: StartWorker, take: TakeOrder) -> None:
        self.store, self.base, self._start, self._take = store, base, start, take
        self.erp = FailingErp(base)

    async def orders(self, count: int, begin: int = 1) -> None:
        await self.store.write(lambda session: circuits.ensure(session, SYSTEM, session.now))
        for number in range(begin, begin + count):
            order = await self._take(str(number))
            await self.store.write(partial(self._map, order=order))
        self.store.announce_work(SYSTEM)

    def _map(self, session: Session, order: OrderRow) -> None:
        lanes.drop_all(session, order.id)
        submissions.add(session, order.id, "erp", f"k{order.key.client_order_ref}", DOCUMENT, session.now)
        lanes.add(session, NewTask(SYSTEM, SUBMIT, order.id), session.now)

    def work(self, rules: Breaker, *, store: Store | None = None, limit: int = 4) -> None:
        submit = Submit(store or self.store, "erp", self.erp, Placing(store or self.store), Limits())
        self._start({SUBMIT: submit}, store=store, breaker=rules, limit=limit, poll=0.01)

    @property
    def circuit(self) -> Circuit:
        return circuits.list_circuits(self.store.engine)[0]

    @property
    def states(self) -> set[tuple[str, str | None]]:
        return {(row["state"], row["hold"]) for row in rows(self.store, tables.orders)}

    @property
    def placed(self) -> bool:
        return self.states == {("placed", None)}


@pytest.fixture
async def scene(store: Store, tmp_path: Path, start_worker: StartWorker, take: TakeOrder) -> AsyncIterator[Scene]:
    for name in ("out", "in"):
        (tmp_path / name).mkdir()
    scene = Scene(store, tmp_path, start_worker, take)
    yield scene
    await scene.erp.close()


@pytest.mark.parametrize("error", [TransientFailure("away"), UnknownOutcome("no answer"), ValueError("maintenance")])
async def test_a_target_that_is_down_is_left_alone_and_no_order_is_held_for_it(scene: Scene, error: Exception) -> None:
    """The limit of attempts is 3, and there are no waits between them."""
    scene.erp.down = error
    with capture_logs():
        await scene.orders(30)
        scene.work(LONG)
        await until(lambda: not scene.circuit.flows and scene.erp.at_once == 0)
        await until(lambda: {row["state"] for row in rows(scene.store, tables.tasks)} == {"waiting"})
    assert len(scene.erp.asked) <= LONG.failures - 1 + 4
    assert scene.states == {("received", None)}
    assert sum(row["attempts"] for row in rows(scene.store, tables.tasks)) < LONG.failures


async def test_it_is_tried_by_one_order_at_a_time_and_then_takes_all_of_them_once(scene: Scene) -> None:
    scene.erp.down = TransientFailure("away")
    with capture_logs() as lines:
        await scene.orders(20)
        scene.work(QUICK)
        await until(lambda: scene.circuit.openings >= 8 and scene.erp.at_once == 0)
        assert scene.states == {("received", None)}
        assert scene.circuit.failures == QUICK.failures
        scene.erp.down = None
        await until(lambda: scene.placed)
    assert [row["attempts"] for row in rows(scene.store, tables.tasks) if row["system"] == SYSTEM] == []
    assert len(list(scene.base.glob("out/*.json"))) == 20
    assert scene.circuit == Circuit(SYSTEM, scene.circuit.since)
    events = [line["event"] for line in lines if line["event"].startswith("target.")]
    assert events[0] == "target.opened"
    assert events[-1] == "target.closed"


async def test_the_oldest_orders_go_first_when_it_is_back(scene: Scene) -> None:
    """Those that were tried before it was left alone too, and before those that came meanwhile."""
    scene.erp.down = TransientFailure("away", retry_after=0.01)
    with capture_logs():
        await scene.orders(8)
        scene.work(QUICK, limit=1)
        await until(lambda: scene.circuit.openings >= 3)
        await scene.orders(8, begin=9)
        tried = len(scene.erp.asked)
        scene.erp.down = None
        await until(lambda: scene.placed)
    probe, *others = scene.erp.asked[tried:][-16:]
    assert others == sorted(others, key=lambda key: int(key[1:]))
    assert len({probe, *others}) == 16


async def test_two_workers_send_one_probe_at_a_time(scene: Scene, open_store: Callable[[], Store]) -> None:
    scene.erp.down = TransientFailure("away")
    other = open_store()
    with capture_logs():
        await scene.orders(20)
        scene.work(QUICK)
        scene.work(QUICK, store=other)
        await until(lambda: scene.circuit.openings >= 2 and scene.erp.at_once == 0)
        scene.erp.most_at_once = 0
        opened = scene.circuit.openings
        await until(lambda: scene.circuit.openings >= opened + 5)
        assert scene.erp.most_at_once == 1
        scene.erp.down = None
        await until(lambda: scene.placed)


async def test_other_targets_are_not_disturbed(
    scene: Scene, store: Store, start_worker: StartWorker, take: TakeOrder, add: AddTask
) -> None:
    done: list[int | None] = []

    async def erp(task: Task) -> Done:
        raise TransientFailure("away")

    async def cards(task: Task) -> Done:
        done.append(task.order_id)
        return Done()

    with capture_logs():
        await scene.orders(10)
        start_worker({SUBMIT: erp, "target:cards submit": cards}, breaker=LONG)
        await until(lambda: not scene.circuit.flows)
        for number in range(100, 120):
            await add((await take(str(number))).id, SUBMIT, "target:cards")
        await until(lambda: len(done) == 20)
    assert {row["attempts"] for row in rows(store, tables.tasks) if row["system"] == SYSTEM} <= {0, 1}


async def test_one_order_that_can_never_be_taken_is_parked_and_keeps_nobody_waiting(scene: Scene) -> None:
    scene.erp.never["k1"] = UnknownOutcome("500")
    with capture_logs():
        scene.work(QUICK, limit=1)
        await scene.orders(1)
        await until(lambda: scene.circuit.openings >= 5)
        assert scene.states == {("received", None)}
        await scene.orders(1, begin=2)
        await until(lambda: scene.states == {("received", "parked"), ("placed", None)})
    assert story(scene.store, "1").order.hold == "parked"
    assert scene.circuit.flows


async def test_a_refusal_parks_its_order_and_says_nothing_about_the_target(scene: Scene) -> None:
    scene.erp.down = PermanentFailure("closed period")
    await scene.orders(6)
    with capture_logs():
        scene.work(QUICK)
        await until(lambda: scene.states == {("received", "parked")})
    assert scene.circuit.flows
    assert scene.circuit.failures == 0


async def test_an_answer_that_asks_one_order_to_wait_shows_that_the_target_is_back(scene: Scene) -> None:
    scene.erp.down = TransientFailure("away")
    scene.erp.never["k5"] = NotYet("still working on it", retry_after=3600)
    with capture_logs() as lines:
        await scene.orders(5)
        scene.work(QUICK, limit=1)
        await until(lambda: "target.closed" in [line["event"] for line in lines])
        scene.erp.down = None
        await until(lambda: [row["state"] for row in rows(scene.store, tables.orders)] == [*["placed"] * 4, "received"])


async def test_a_paused_target_gets_nothing_more_and_what_is_under_way_is_finished(
    scene: Scene, open_store: Callable[[], Store]
) -> None:
    """A person pauses and resumes in another process; what waits claimed is handed back untried."""
    scene.erp.gate = asyncio.Event()
    await scene.orders(12)
    scene.work(LONG, limit=2)
    await until(lambda: scene.erp.at_once == 2)
    by_hand = open_store()
    with capture_logs() as lines:
        await by_hand.write(partial(breaker.pause, system=SYSTEM, by="operator eva", why="Stocktaking"))
        await until(lambda: sum(row["state"] == "running" for row in rows(scene.store, tables.tasks)) == 2)
        scene.erp.gate.set()
        await until(lambda: scene.erp.at_once == 0 and len(rows(scene.store, tables.tasks)) == 12)
        await scene.orders(1, begin=13)
        assert scene.erp.asked == ["k1", "k2"]
        waiting = [row for row in rows(scene.store, tables.tasks) if row["system"] == SYSTEM]
        assert {(row["state"], row["attempts"]) for row in waiting} == {("waiting", 0)}
        assert await by_hand.write(partial(breaker.resume, system=SYSTEM)) is CircuitState.CLOSED
        await until(lambda: scene.placed)
    assert sorted(scene.erp.asked, key=lambda key: int(key[1:]))[2:] == [f"k{number}" for number in range(3, 14)]
    assert [line["event"] for line in lines if line["event"].startswith("target.")] == [
        "target.paused",
        "target.resumed",
    ]


async def test_two_workers_together_keep_to_the_rate(scene: Scene, open_store: Callable[[], Store]) -> None:
    await scene.orders(6)
    rules = Breaker(interval=0.05)
    begun = time.monotonic()
    scene.work(rules)
    scene.work(rules, store=open_store())
    await until(lambda: scene.placed)
    assert len(scene.erp.asked) == 6
    assert scene.erp.times[-1] - begun >= 5 * 0.05


async def test_while_orders_flow_nothing_is_written_about_the_circuit(
    scene: Scene, store: Store, start_worker: StartWorker, take: TakeOrder, add: AddTask
) -> None:
    """A task that follows stays in hand, unclaimed, as without a circuit."""
    seen: list[Task] = []
    await scene.orders(0)

    def write(session: Session, at: datetime, order_id: int | None) -> Sequence[NewTask]:
        return (NewTask(SYSTEM, "tell", order_id),)

    async def do(task: Task) -> Done:
        return Done(partial(write, order_id=task.order_id))

    async def tell(task: Task) -> Done:
        seen.append(task)
        return Done()

    statements: list[str] = []
    worker = start_worker({"first do": do, "tell": tell}, breaker=LONG, limit=8)
    await until(lambda: worker._queues[SYSTEM].takes)
    transactions = store.writer._transactions
    assert isinstance(transactions, SqliteTransactions)
    transactions._connection.set_trace_callback(statements.append)
    for number in range(8):
        await add((await take(str(number))).id, "do", "first")
    await until(lambda: len(seen) == 8 and worker.idle)
    assert {task.fence for task in seen} == {1}
    assert [statement for statement in statements if "circuits" in statement] == []
