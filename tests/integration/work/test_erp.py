"""Submit, listen and report together: a real store, a real folder as ERP, and every sequence they may come in."""

import asyncio
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.integration.work.conftest import AT_ONCE, SHOP, SYSTEM, StartWorker, TakeOrder, rows, story, until

from order_receiver.contract.outgoing import SendOrderStatusRequest
from order_receiver.contract.reading import Limits
from order_receiver.orders.outcomes import PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.orders.states import HoldReason, OrderState, reason_of
from order_receiver.settings.model import Application
from order_receiver.settings.targets import FolderTarget
from order_receiver.store import changes, decisions, lanes, queries, submissions, tables
from order_receiver.store.errors import NoSuchOrder, NotPossible
from order_receiver.store.session import Session
from order_receiver.store.store import Store, now
from order_receiver.store.values import NewTask, OrderRow, Task
from order_receiver.targets.adapter import SaveStep, Submission, Submitted
from order_receiver.targets.folder.adapter import FolderAdapter
from order_receiver.work.kinds import NORCE, REPORT_CONFIRMED, SUBMIT
from order_receiver.work.listen import Listen
from order_receiver.work.placing import Placing
from order_receiver.work.report import ReportConfirmed
from order_receiver.work.results import Handler
from order_receiver.work.submit import Submit
from order_receiver.work.unserved import hold_unserved
from order_receiver.work.worker import Worker

DOCUMENT = (b'{"order": 1}', "application/json", "json")


class WatchedErp(FolderAdapter):
    """A folder whose answers to a submission can be laid out; keeps what it was asked."""

    def __init__(self, base: Path, *, number_on_write: bool = False) -> None:
        super().__init__(FolderTarget(outbox="out", inbox="in", number_on_write=number_on_write), base)
        self.asked: list[Submission] = []
        self.failures: list[Exception] = []
        self.before_return: Callable[[], None] = lambda: None
        self.steps: list[dict[str, str]] = []
        self.hang: asyncio.Event | None = None
        self.begun = asyncio.Event()

    async def submit(self, submission: Submission, save: SaveStep) -> Submitted:
        self.asked.append(submission)
        self.begun.set()
        if self.hang is not None:
            await self.hang.wait()
        for step in self.steps:
            await save(step)
        if self.failures:
            raise self.failures.pop(0)
        submitted = await super().submit(submission, save)
        self.before_return()
        return submitted


@dataclass
class Norce:
    """Takes reports; answers with the failures laid out, then well."""

    told: list[tuple[SendOrderStatusRequest, int | None]] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    async def send_order_status(self, request: SendOrderStatusRequest, application_id: int | None) -> None:
        self.told.append((request, application_id))
        if self.failures:
            raise self.failures.pop(0)


@dataclass
class Scene:
    """One target with its ways in and out."""

    store: Store
    base: Path
    erp: WatchedErp
    norce: Norce
    start: StartWorker
    take: TakeOrder
    placing: Placing
    worker: Worker | None = None

    async def mapped(self, reference: str = "100001", key: str | None = None, body: bytes = b"{}") -> OrderRow:
        """An order with its document, ready to be submitted; its process task is done with."""
        order = await self.take(reference, body)

        def operation(session: Session) -> None:
            lanes.drop_all(session, order.id)
            submissions.add(session, order.id, "erp", key or f"k-{reference}", DOCUMENT, now())
            lanes.add(session, NewTask(SYSTEM, SUBMIT, order.id), now())

        await self.store.write(operation)
        self.store.announce_work(SYSTEM)
        return order

    def work(self, *, reports: bool = True) -> None:
        report = ReportConfirmed(
            self.store, self.norce, {SHOP: Application(key=SHOP, name="Shop", id=77)}, account_id=5
        )
        handlers: dict[str, Handler] = {SUBMIT: Submit(self.store, "erp", self.erp, self.placing, Limits())}
        if reports:
            handlers[f"{NORCE} {REPORT_CONFIRMED}"] = report
        self.worker = self.start(handlers, retry=AT_ONCE, poll=0.01)

    async def listen(self) -> float:
        """One look into the inbox; the seconds until the next."""
        listen = Listen(self.store, "erp", self.erp, self.placing, 2.5)
        return (await listen(Task(0, None, "poll:erp", "poll", 1, 1, None))).seconds

    def answer(self, name: str, **members: object) -> None:
        path = self.base / "in" / name
        path.write_text(json.dumps(members))
        os.utime(path, (time.time() - 60, time.time() - 60))

    async def reached(self, reference: str, state: OrderState) -> None:
        await until(lambda: story(self.store, reference).order.state == state and self.idle)

    @property
    def idle(self) -> bool:
        return self.worker is None or self.worker.idle

    def inbox(self, folder: str = ".") -> list[str]:
        place = self.base / "in" / folder
        return sorted(path.name for path in place.iterdir() if path.is_file()) if place.is_dir() else []

    async def cancel(self, order: OrderRow) -> None:
        def operation(session: Session) -> None:
            decisions.cancel(session, changes.order_row(session, order.id), session.now, "eva", None)

        await self.store.write(operation)

    async def row(self, order: OrderRow) -> OrderRow:
        return await self.store.read(partial(changes.order_row, order_id=order.id))


@pytest.fixture
def scene(store: Store, tmp_path: Path, start_worker: StartWorker, take: TakeOrder) -> Scene:
    for name in ("out", "in"):
        (tmp_path / name).mkdir()
    return Scene(store, tmp_path, WatchedErp(tmp_path), Norce(), start_worker, take, Placing(store))


def events(scene: Scene, reference: str = "100001") -> list[tuple[str, str | None]]:
    return [(line.event, line.new) for line in story(scene.store, reference).history]


async def test_the_whole_way_from_document_to_confirmed(scene: Scene) -> None:
    scene.work()
    order = await scene.mapped()
    await scene.reached("100001", OrderState.SUBMITTED)
    assert (scene.base / "out" / "k-100001.json").read_bytes() == DOCUMENT[0]
    scene.answer("a.json", key="k-100001", erp_order_no="SO-1")
    assert await scene.listen() == 2.5
    await scene.reached("100001", OrderState.CONFIRMED)
    [(request, application_id)] = scene.norce.told
    assert (request.ClientOrderRef, request.ErpOrderNo, request.OrderStatus) == (100001, "SO-1", "Confirmed")
    assert (request.AccountId, application_id) == (5, 77)
    assert events(scene) == [
        ("received", "received"),
        ("submitted", "submitted"),
        ("placed", "SO-1"),
        ("confirmed", "confirmed"),
    ]
    [submission] = rows(scene.store, tables.submissions)
    assert (submission["erp_order_no"], submission["erp_id"]) == ("SO-1", "k-100001.json")
    assert submission["submitted_at"] is not None
    assert (scene.inbox(), scene.inbox("done")) == ([], ["a.json"])
    assert rows(scene.store, tables.tasks) == []
    assert (await scene.row(order)).erp_order_no == "SO-1"


async def test_a_target_that_answers_the_number_at_once(scene: Scene) -> None:
    scene.erp = WatchedErp(scene.base, number_on_write=True)
    scene.work()
    order = await scene.mapped()
    waiting = asyncio.ensure_future(scene.store.wait_for_number(order.id, 20))
    assert await waiting == "k-100001"
    await scene.reached("100001", OrderState.CONFIRMED)
    assert [event for event, _ in events(scene)] == ["received", "placed", "confirmed"]


async def test_without_norce_the_report_waits_until_there_is_one(scene: Scene) -> None:
    scene.work(reports=False)
    await scene.mapped()
    await scene.reached("100001", OrderState.SUBMITTED)
    scene.answer("a.json", key="k-100001", erp_order_no="SO-1")
    await scene.listen()
    await scene.reached("100001", OrderState.PLACED)
    assert scene.norce.told == []
    assert [(task.system, task.state) for task in story(scene.store).tasks] == [("norce", "waiting")]


async def test_an_answer_may_come_before_the_submission_is_written_down(scene: Scene) -> None:
    """The ERP was quicker than our commit."""
    order = await scene.mapped()
    scene.erp.before_return = lambda: scene.answer("a.json", key="k-100001", erp_order_no="SO-1")
    submit = Submit(scene.store, "erp", scene.erp, scene.placing, Limits())
    [task] = await scene.store.write(lambda session: lanes.claim(session, SYSTEM, 1, now(), 60))
    done = await submit(task)
    await scene.listen()
    assert (await scene.row(order)).state is OrderState.PLACED
    assert list(await scene.store.write(lambda session: done.write(session, now()))) == []
    assert (await scene.row(order)).state is OrderState.PLACED
    [submission] = rows(scene.store, tables.submissions)
    assert (submission["erp_order_no"], submission["erp_id"]) == ("SO-1", "k-100001.json")
    assert [event for event, _ in events(scene)] == ["received", "placed"]


async def placed(scene: Scene, reference: str = "100001", number: str = "SO-1") -> OrderRow:
    scene.work()
    order = await scene.mapped(reference)
    await scene.reached(reference, OrderState.SUBMITTED)
    scene.answer("first.json", key=f"k-{reference}", erp_order_no=number)
    await scene.listen()
    await scene.reached(reference, OrderState.CONFIRMED)
    return order


async def test_an_answer_that_comes_again_changes_nothing(scene: Scene) -> None:
    await placed(scene)
    before = events(scene)
    scene.answer("again.json", key="k-100001", erp_order_no="SO-1")
    with capture_logs() as lines:
        await scene.listen()
    assert events(scene) == before
    assert len(scene.norce.told) == 1
    assert rows(scene.store, tables.tasks) == []
    assert scene.inbox("done") == ["again.json", "first.json"]
    assert lines == []


async def test_another_number_holds_the_order_and_the_first_one_stands(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = await placed(scene)
    scene.answer("other.json", key="k-100001", erp_order_no="SO-2")
    told: list[int] = []
    monkeypatch.setattr(scene.store, "announce_number", told.append)
    with capture_logs() as lines:
        await scene.listen()
    row = await scene.row(order)
    assert (row.hold, row.erp_order_no, row.state) == (HoldReason.NUMBERS_DIFFER, "SO-1", OrderState.CONFIRMED)
    assert "SO-2" in (row.hold_text or "")
    assert "SO-1" in (row.hold_text or "")
    assert [submission["erp_order_no"] for submission in rows(scene.store, tables.submissions)] == ["SO-1"]
    assert len(scene.norce.told) == 1
    assert scene.inbox("done") == ["first.json", "other.json"]
    assert told == []
    assert "order.placed" not in [line["event"] for line in lines]


async def test_a_refusal_holds_the_order_once(scene: Scene) -> None:
    scene.work()
    order = await scene.mapped()
    await scene.reached("100001", OrderState.SUBMITTED)
    for name in ("a.json", "b.json"):
        scene.answer(name, key="k-100001", refused="The period is closed.")
    await scene.listen()
    row = await scene.row(order)
    assert (row.hold, row.state) == (HoldReason.ERP_REFUSED, OrderState.SUBMITTED)
    assert row.hold_text == "erp refused the order: The period is closed."
    assert [event for event, _ in events(scene)] == ["received", "submitted", "held"]


async def test_a_number_after_a_refusal_ends_the_hold(scene: Scene) -> None:
    scene.work()
    order = await scene.mapped()
    await scene.reached("100001", OrderState.SUBMITTED)
    scene.answer("a.json", key="k-100001", refused="The period is closed.")
    await scene.listen()
    scene.answer("b.json", key="k-100001", erp_order_no="SO-1")
    await scene.listen()
    await scene.reached("100001", OrderState.CONFIRMED)
    assert (await scene.row(order)).hold is None
    assert [event for event, _ in events(scene)][2:] == ["held", "retried", "placed", "confirmed"]


async def test_an_answer_for_no_order_is_set_aside_with_the_reason(scene: Scene) -> None:
    scene.work()
    await scene.mapped()
    await scene.reached("100001", OrderState.SUBMITTED)
    scene.answer("a.json", key="k-strange", erp_order_no="1")
    scene.answer("b.json", key="k-100001", erp_order_no="SO-1")
    scene.answer("c.json", client_order_ref="999", erp_order_no="1")
    with capture_logs() as lines:
        await scene.listen()
        await scene.reached("100001", OrderState.CONFIRMED)
    assert scene.inbox("done") == ["b.json"]
    assert scene.inbox("unreadable") == ["a.json", "a.json.reason.txt", "c.json", "c.json.reason.txt"]
    reason = (scene.base / "in" / "unreadable" / "a.json.reason.txt").read_text()
    assert "No order was submitted under k-strange" in reason
    assert [line["source"] for line in lines if line["event"] == "target.update_fits_no_order"] == ["a.json", "c.json"]


async def test_an_answer_by_reference_finds_the_one_order_and_no_more(scene: Scene) -> None:
    scene.work()
    await scene.mapped("100001")
    await scene.reached("100001", OrderState.SUBMITTED)
    scene.answer("a.json", client_order_ref=100001, erp_order_no="SO-1")
    await scene.listen()
    await scene.reached("100001", OrderState.CONFIRMED)


async def test_an_answer_by_a_reference_that_two_shops_use_is_set_aside(scene: Scene) -> None:
    first = await scene.mapped("7", "k-1")
    with scene.store.engine.begin() as connection:
        connection.execute(tables.orders.update().values(application_key="other"))
    await scene.mapped("7", "k-2")
    scene.answer("a.json", client_order_ref="7", erp_order_no="SO-1")
    with capture_logs():
        await scene.listen()
    assert (await scene.row(first)).erp_order_no is None
    assert "2 orders have the reference 7" in (scene.base / "in/unreadable/a.json.reason.txt").read_text()


async def test_an_answer_for_a_cancelled_order_does_not_stop_the_others(scene: Scene) -> None:
    """Somebody cancelled the order here; the ERP had it all the same. Neither answer is lost."""
    cancelled = await scene.mapped("1")
    other = await scene.mapped("2")
    await scene.store.write(lambda session: decisions.cancel(session, cancelled, now(), "eva", None))
    scene.answer("a.json", key="k-1", erp_order_no="SO-1")
    scene.answer("b.json", key="k-2", erp_order_no="SO-2")
    with capture_logs():
        await scene.listen()
    assert (await scene.row(other)).erp_order_no == "SO-2"
    assert scene.inbox() == []
    assert "a.json" in scene.inbox("unreadable") or (await scene.row(cancelled)).hold is not None


async def test_a_look_into_an_empty_inbox_writes_nothing(scene: Scene) -> None:
    sizes: list[int] = []
    scene.store.writer.on_commit = sizes.append
    assert await scene.listen() == 2.5
    assert sizes == []


async def test_orders_that_wait_for_the_same_in_the_erp_are_told_by_it(scene: Scene) -> None:
    long = "tax:" + "x" * 400
    scene.erp.failures = [
        PermanentFailure("No product ART-9. So it is with 1 more.", ["product:ART-9", "product:ART-8"]),
        PermanentFailure("No product ART-9.", ["product:ART-9", long]),
    ]
    await scene.mapped("100001")
    await scene.mapped("100002")
    scene.work()
    await until(lambda: all(story(scene.store, f"10000{n}").order.hold == "missing-in-erp" for n in (1, 2)))
    engine = scene.store.engine
    listed = {line.cause: line.orders for line in queries.list_causes(engine)}
    [cut] = [cause for cause in listed if "tax" in cause]
    assert listed == {"missing:erp:product:ART-9": 2, "missing:erp:product:ART-8": 1, cut: 1}
    assert cut.startswith("missing:erp:tax:xxx")
    assert len(cut) < 301
    assert [reason_of(cause) for cause in listed] == ["missing-in-erp"] * 3
    for order_id in queries.held_by(engine, "missing:erp:product:ART-9"):
        await scene.store.write(partial(_try_again, order_id=order_id))
    scene.store.announce_work(SYSTEM)
    for reference in ("100001", "100002"):
        await scene.reached(reference, OrderState.SUBMITTED)
    assert queries.list_causes(engine) == []


def _try_again(session: Session, *, order_id: int) -> None:
    decisions.resume(session, changes.order_row(session, order_id), session.now, "anna", waive=False, why=None)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"SellTo": {"Person": {"FirstName": "Kalle", "Email": "k@example.org"}}}', "No *** (***) in place 7."),
        (b"[]", "erp failed. Its words are not told, as they may name people: the order is unreadable."),
    ],
)
async def test_an_erp_that_quotes_the_order_names_nobody(
    scene: Scene, capfd: pytest.CaptureFixture[str], body: bytes, told: str
) -> None:
    scene.erp.failures = [PermanentFailure("No Kalle (K@example.org) in place 7.")]
    await scene.mapped(body=body)
    scene.work()
    await until(lambda: story(scene.store, "100001").order.hold == "parked" and scene.idle)
    order = story(scene.store, "100001")
    assert order.order.hold_text == f"submit failed 1 times, last: {told}"
    assert [attempt.error for attempt in order.attempts] == [told]
    assert "kalle" not in "".join(capfd.readouterr()).lower()


async def test_more_answers_are_fetched_at_once(scene: Scene) -> None:
    for number in range(201):
        scene.answer(f"{number:03}.json", key=f"k-{number}", erp_order_no="1")
    with capture_logs():
        assert await scene.listen() == 0.0
        assert await scene.listen() == 2.5
    assert scene.inbox() == []


async def test_a_submission_resumes_from_its_saved_step(scene: Scene) -> None:
    scene.erp.steps = [{"header": "1"}, {"header": "1", "rows": "2"}]
    scene.erp.failures = [TransientFailure("away")]
    with capture_logs():
        scene.work()
        await scene.mapped()
        await scene.reached("100001", OrderState.SUBMITTED)
    first, second = scene.erp.asked
    assert (first.step, second.step) == ({}, {"header": "1", "rows": "2"})
    assert first.key == second.key == "k-100001"
    assert (first.look_first, second.look_first) == (False, True)


async def test_an_order_retried_by_a_person_is_looked_for_first(scene: Scene) -> None:
    """Its attempts are counted anew, but what an earlier one may have done is not undone by that."""
    scene.erp.failures = [UnknownOutcome("no answer")] * 3
    with capture_logs():
        scene.work()
        order = await scene.mapped()
        await until(lambda: story(scene.store).order.hold == HoldReason.PARKED and scene.idle)
        held = await scene.row(order)
        await scene.store.write(lambda session: decisions.resume(session, held, now(), "eva", waive=False, why=None))
        scene.store.announce_work(SYSTEM)
        await scene.reached("100001", OrderState.SUBMITTED)
    assert [asked.look_first for asked in scene.erp.asked] == [False, True, True, True]


async def test_an_order_whose_submission_was_cut_off_by_the_end_is_looked_for_first(scene: Scene) -> None:
    scene.erp.hang = asyncio.Event()
    scene.work()
    order = await scene.mapped()
    await scene.erp.begun.wait()
    assert scene.worker is not None
    await scene.worker.stop(0)
    [attempt] = story(scene.store).attempts
    assert (attempt.outcome, attempt.error) == ("unknown", "The worker ended before the answer came.")
    with pytest.raises(NotPossible, match="may have it"):
        await scene.cancel(order)
    scene.erp.hang = None
    scene.work()
    await scene.reached("100001", OrderState.SUBMITTED)
    assert [asked.look_first for asked in scene.erp.asked] == [False, True]


async def test_an_order_without_document_is_parked_with_advice(scene: Scene) -> None:
    scene.work()
    order = await scene.take()
    await scene.store.write(lambda session: lanes.add(session, NewTask(SYSTEM, SUBMIT, order.id), now()))
    scene.store.announce_work(SYSTEM)
    await until(lambda: story(scene.store).order.hold is not None and scene.idle)
    assert "no mapped order for erp" in ((await scene.row(order)).hold_text or "")


@pytest.mark.parametrize("reference", ["WEB-7", "007", "0", "2147483648", "7 "])
async def test_a_reference_that_is_no_number_is_left_out_of_the_report(scene: Scene, reference: str) -> None:
    await placed(scene, reference.strip())
    [(request, _)] = scene.norce.told
    assert (request.ClientOrderRef is None) == (reference != "7 ")
    assert request.ErpOrderNo == "SO-1"


async def report(scene: Scene, order: OrderRow) -> Sequence[NewTask]:
    handler = ReportConfirmed(scene.store, scene.norce, {})
    done = await handler(Task(1, order.id, NORCE, REPORT_CONFIRMED, 1, 1, None))
    return await scene.store.write(lambda session: done.write(session, now()))


async def test_what_norce_was_told_is_not_told_again(scene: Scene) -> None:
    order = await placed(scene)
    assert list(await report(scene, order)) == []
    assert len(scene.norce.told) == 1
    assert [event for event, _ in events(scene)].count("confirmed") == 1


async def test_nothing_is_told_before_there_is_a_number(scene: Scene) -> None:
    order = await scene.mapped()
    await report(scene, order)
    assert scene.norce.told == []


async def test_a_report_is_repeated_after_an_unknown_outcome(scene: Scene) -> None:
    scene.norce.failures = [UnknownOutcome("no answer")]
    with capture_logs():
        await placed(scene)
    assert len(scene.norce.told) == 2
    assert scene.norce.told[0] == scene.norce.told[1]


async def test_a_report_that_norce_refuses_parks_and_leaves_the_order_placed(scene: Scene) -> None:
    scene.norce.failures = [PermanentFailure("Norce answered with HTTP 400: no such order")]
    with capture_logs():
        scene.work()
        order = await scene.mapped()
        await scene.reached("100001", OrderState.SUBMITTED)
        scene.answer("a.json", key="k-100001", erp_order_no="SO-1")
        await scene.listen()
        await until(lambda: story(scene.store).order.hold == HoldReason.PARKED)
    assert (await scene.row(order)).state is OrderState.PLACED
    assert "no such order" in ((await scene.row(order)).hold_text or "")


async def test_a_report_about_no_order_is_an_error(scene: Scene) -> None:
    with pytest.raises(NoSuchOrder):
        await ReportConfirmed(scene.store, scene.norce, {})(Task(1, None, NORCE, REPORT_CONFIRMED, 1, 1, None))


async def test_an_order_bound_for_a_target_that_is_gone_is_held_with_advice(scene: Scene) -> None:
    order = await scene.mapped()
    assert await hold_unserved(scene.store, {"receiver", "target:other"}) == 1
    held = await scene.row(order)
    assert held.hold is HoldReason.PARKED
    assert "[targets.erp]" in (held.hold_text or "")
    assert await hold_unserved(scene.store, {"receiver", "target:other"}) == 0
    await scene.store.write(lambda session: decisions.resume(session, held, now(), "eva", waive=False, why=None))
    scene.work()
    await scene.reached("100001", OrderState.SUBMITTED)


async def test_a_refusal_never_holds_a_cancelled_order(scene: Scene) -> None:
    scene.work()
    order = await scene.mapped()
    await scene.reached("100001", OrderState.SUBMITTED)
    scene.answer("a.json", key="k-100001", refused="The period is closed.")
    await scene.listen()
    await scene.cancel(order)
    scene.answer("b.json", key="k-100001", refused="Still closed.")
    await scene.listen()
    assert (await scene.row(order)).hold is None


async def test_the_number_told_again_ends_a_late_refusal(scene: Scene) -> None:
    scene.work()
    order = await scene.mapped()
    await scene.reached("100001", OrderState.SUBMITTED)
    scene.answer("a.json", key="k-100001", erp_order_no="SO-1")
    await scene.listen()
    await scene.reached("100001", OrderState.CONFIRMED)
    scene.answer("b.json", key="k-100001", refused="Never mind.")
    await scene.listen()
    assert (await scene.row(order)).hold is HoldReason.ERP_REFUSED
    scene.answer("c.json", key="k-100001", erp_order_no="SO-1")
    await scene.listen()
    assert (await scene.row(order)).hold is None


async def test_an_error_nobody_thought_of_counts_as_unclear(scene: Scene) -> None:
    scene.erp.failures = [ConnectionResetError("after the POST")]
    with capture_logs() as lines:
        scene.work()
        order = await scene.mapped()
        await scene.reached("100001", OrderState.SUBMITTED)
    assert next(attempt.outcome for attempt in story(scene.store).attempts) == "error"
    assert await scene.store.read(lambda session: lanes.ended_unclear(session, order.id))
    assert "after the POST" not in str(lines)
