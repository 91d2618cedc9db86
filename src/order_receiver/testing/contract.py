"""The tests that every adapter passes, whichever ERP is behind it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

import pytest
import pytest_asyncio

from order_receiver.orders.identity import REFERENCE_LIMIT
from order_receiver.orders.outcomes import CallFailed, PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.targets.adapter import Adapter, CancelOutcome, Poll, Submitted, Update, UpdateKind
from order_receiver.testing.subject import CannotDo, Subject
from order_receiver.testing.worker import Killed, Worker, named_in, new_order, watched

NUMBER_LIMIT = 50
"""Longest order number in characters that Norce takes. (norce: OrderResponse)"""
LOOKS = 50
"""Looks for news after which an answer of the ERP counts as lost, and pages after which a look counts as endless."""

OpenAdapter = Callable[[], Adapter]


class AdapterContract:
    """Derive a class `Test...` from it and give it a fixture `subject` that returns your `Subject`.

    The tests are coroutines for pytest-asyncio. What the capabilities do not promise is not asked for, and what the
    subject cannot bring about is skipped with the reason.
    """

    pytestmark = pytest.mark.asyncio

    @pytest.fixture(autouse=True)
    def nothing_personal_in_logs(self, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
        """Whatever a test does, the adapter logs nothing about people."""
        caplog.set_level(logging.INFO)
        yield
        assert named_in(caplog.text) == [], "The log names people."

    @pytest_asyncio.fixture
    async def open_adapter(self, subject: Subject) -> AsyncIterator[OpenAdapter]:
        """Opens adapters, each as after a restart of the program, and closes them at the end."""
        opened: list[Adapter] = []

        def make() -> Adapter:
            opened.append(subject.open_adapter())
            return opened[-1]

        yield make
        for adapter in opened:
            await adapter.close()

    async def test_submit_makes_exactly_one_order(self, subject: Subject, open_adapter: OpenAdapter) -> None:
        adapter, order = open_adapter(), new_order(subject)
        assert await order.orders() == 0, "`orders_in_erp` finds an order that was never sent."
        submitted = await order.attempt(adapter)
        assert await order.orders() == 1
        assert (submitted.erp_order_no is not None) == adapter.capabilities().answers_number
        _check_number(submitted.erp_order_no)

    @pytest.mark.parametrize("step", ["last", "lost"])
    @pytest.mark.parametrize("restarted", [False, True])
    @pytest.mark.parametrize("look_first", [True, False])
    async def test_the_same_key_again_changes_nothing(
        self, subject: Subject, open_adapter: OpenAdapter, look_first: bool, restarted: bool, step: str
    ) -> None:
        """Without looking first only where the ERP itself is unique: the worker always looks at a repeat."""
        adapter, order = open_adapter(), new_order(subject)
        if not look_first:
            _need_uniqueness(adapter)
        first = await order.attempt(adapter)
        again = open_adapter() if restarted else adapter
        repeated = await order.attempt(again, look_first=look_first, step={} if step == "lost" else None)
        assert await order.orders() == 1
        assert repeated == first

    async def test_two_orders_are_two(self, subject: Subject, open_adapter: OpenAdapter) -> None:
        adapter, one, two = open_adapter(), new_order(subject), new_order(subject)
        first, second = await one.finish(adapter), await two.finish(adapter)
        assert (await one.orders(), await two.orders()) == (1, 1)
        assert first.erp_id is None or first.erp_id != second.erp_id
        assert first.erp_order_no is None or first.erp_order_no != second.erp_order_no

    async def test_killed_after_any_step_it_goes_on(self, subject: Subject, open_adapter: OpenAdapter) -> None:
        """From the last stored step, and from the one before: then the worker died before its store had it."""
        whole = new_order(subject)
        expected = await whole.finish(open_adapter())
        for kill_at in range(1, len(whole.saved) + 1):
            for stored in (kill_at, kill_at - 1):
                order = new_order(subject)
                with pytest.raises(Killed):
                    await order.attempt(open_adapter(), kill_at=kill_at)
                del order.saved[stored:]
                submitted = await order.finish(open_adapter())
                assert await order.orders() == 1, f"killed after step {kill_at}, resumed from step {stored}"
                assert _shape(submitted) == _shape(expected)

    async def test_two_workers_at_once(self, subject: Subject, open_adapter: OpenAdapter) -> None:
        adapter = open_adapter()
        _need_uniqueness(adapter)
        order = new_order(subject)
        workers = [(Worker(subject, order.submission), each) for each in (adapter, open_adapter())]
        ends = await asyncio.gather(*(worker.attempt(each) for worker, each in workers), return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException) and not isinstance(end, (TransientFailure, UnknownOutcome)):
                raise end
        submitted = [await worker.finish(each) for worker, each in workers]
        assert await order.orders() == 1
        assert submitted[0] == submitted[1]

    async def test_find(self, subject: Subject, open_adapter: OpenAdapter) -> None:
        adapter, order = open_adapter(), new_order(subject)
        if not subject.finds:
            await order.finish(adapter)
            with suppress(PermanentFailure):
                assert list(await watched(adapter.find(order.submission.key))) == []
            return
        assert list(await watched(adapter.find(order.submission.key))) == []
        submitted = await order.finish(adapter)
        [found] = await watched(adapter.find(order.submission.key))
        assert submitted.erp_id in (None, found.erp_id)
        assert submitted.erp_order_no in (None, found.erp_order_no)
        assert list(await watched(adapter.find(new_order(subject).submission.key))) == []

    async def test_poll_can_be_repeated(self, subject: Subject, open_adapter: OpenAdapter) -> None:
        """The worker may die before it has stored what a look brought: the same cursor brings it again."""
        adapter = open_adapter()
        _need_polling(adapter)
        order = await _answered(subject, adapter, "CONTRACT-1")
        told = await _told(subject, adapter, order)
        assert (told.kind, told.erp_order_no) == (UpdateKind.CONFIRMED, "CONTRACT-1")
        assert told in await _all(adapter, None)
        await adapter.close()
        assert told in await _awaited(subject, open_adapter(), None, told)

    async def test_acknowledge_can_be_repeated(self, subject: Subject, open_adapter: OpenAdapter) -> None:
        """What is stored is told to the ERP; the next answer comes by the cursor that moved."""
        adapter = open_adapter()
        _need_polling(adapter)
        first = await _answered(subject, adapter, "CONTRACT-1")
        told = await _told(subject, adapter, first)
        cursor = (await _last_page(adapter, None)).cursor
        for _ in range(2):
            await watched(adapter.acknowledge([told]))
        await watched(adapter.acknowledge([]))
        moved = cursor is not None or told not in await _all(adapter, cursor)
        assert moved, "Neither the cursor nor acknowledging moves on: the same news for ever."
        second = await _answered(subject, adapter, "CONTRACT-2")
        assert (await _told(subject, adapter, second, cursor)).erp_order_no == "CONTRACT-2"
        await watched(open_adapter().acknowledge([told]))
        assert (await first.orders(), await second.orders()) == (1, 1)

    async def test_set_aside_keeps(self, subject: Subject, open_adapter: OpenAdapter) -> None:
        adapter = open_adapter()
        _need_polling(adapter)
        order = await _answered(subject, adapter, "CONTRACT-1")
        told = await _told(subject, adapter, order)
        cursor = (await _last_page(adapter, None)).cursor
        await watched(adapter.set_aside(told, "It fits no order."))
        await _all(adapter, cursor)
        try:
            assert await subject.keeps(told)
        except CannotDo as error:
            pytest.skip(str(error))

    async def test_without_polling_nothing_comes(self, subject: Subject, open_adapter: OpenAdapter) -> None:
        adapter = open_adapter()
        if adapter.capabilities().polls:
            pytest.skip("The target polls.")
        poll = await watched(adapter.poll(None))
        assert (list(poll.updates), poll.more) == ([], False)

    async def test_cancel_has_one_of_its_outcomes(self, subject: Subject, open_adapter: OpenAdapter) -> None:
        adapter, order = open_adapter(), new_order(subject)
        await order.finish(adapter)
        outcome = await watched(adapter.cancel(order.submission.key))
        assert isinstance(outcome, CancelOutcome)
        if not adapter.capabilities().cancels:
            assert outcome is not CancelOutcome.DONE, "Capabilities say that nothing can be cancelled."
        if outcome is not CancelOutcome.DONE:
            assert await order.orders() == 1

    async def test_check_reaches_the_erp_and_changes_nothing(self, subject: Subject, open_adapter: OpenAdapter) -> None:
        adapter, order = open_adapter(), new_order(subject)
        await watched(adapter.check())
        await order.finish(adapter)
        await watched(adapter.check())
        assert await order.orders() == 1

    async def test_close_can_be_repeated(self, subject: Subject) -> None:
        unused, used = subject.open_adapter(), subject.open_adapter()
        await new_order(subject).finish(used)
        for adapter in (unused, used):
            await adapter.close()
            await adapter.close()

    async def test_a_long_reference_is_never_cut(self, subject: Subject, open_adapter: OpenAdapter) -> None:
        adapter = open_adapter()
        limit = adapter.capabilities().reference_length
        length = REFERENCE_LIMIT if limit is None else limit + 1
        one, two = (new_order(subject, "7" * (length - 1) + end) for end in "12")
        for order in (one, two):
            try:
                await order.finish(adapter)
            except PermanentFailure:
                assert await order.orders() == 0
            else:
                assert limit is None, f"A reference of {length} characters was taken where {limit} is the limit."
                assert await order.orders() == 1

    async def test_away(self, subject: Subject, open_adapter: OpenAdapter) -> None:
        adapter, order = open_adapter(), new_order(subject)
        async with _brought_about(subject.away):
            with pytest.raises((TransientFailure, UnknownOutcome)):
                await order.attempt(adapter)
            with pytest.raises(CallFailed):
                await watched(adapter.check())
            with suppress(CallFailed):
                await watched(adapter.find(order.submission.key))
            with suppress(CallFailed):
                await watched(adapter.poll(None))
        await order.finish(adapter)
        assert await order.orders() == 1

    async def test_slow(self, subject: Subject, open_adapter: OpenAdapter) -> None:
        adapter, order = open_adapter(), new_order(subject)
        async with _brought_about(subject.slow):
            with suppress(TransientFailure, UnknownOutcome):
                await order.attempt(adapter)
        await order.finish(adapter)
        assert await order.orders() == 1

    @pytest.mark.parametrize("restarted", [False, True])
    async def test_an_order_that_was_taken_without_an_answer(
        self, subject: Subject, open_adapter: OpenAdapter, restarted: bool
    ) -> None:
        """A transient failure would say that the call surely had no effect, unless what was done is stored."""
        adapter, order = open_adapter(), new_order(subject)
        async with _brought_about(subject.dies_after_taking):
            with suppress(UnknownOutcome):
                await _attempted(order, adapter)
            assert await order.orders() == 1, "The subject's `dies_after_taking` did not take the order."
        await order.finish(open_adapter() if restarted else adapter)
        assert await order.orders() == 1

    async def test_a_refusal_is_permanent(self, subject: Subject, open_adapter: OpenAdapter) -> None:
        adapter, order = open_adapter(), new_order(subject)
        async with _brought_about(subject.refuses):
            with pytest.raises(PermanentFailure):
                await order.attempt(adapter)
            assert await order.orders() == 0
        await order.finish(adapter)
        assert await order.orders() == 1, "The order was put right and sent again."


async def _attempted(order: Worker, adapter: Adapter) -> None:
    try:
        await order.attempt(adapter)
    except TransientFailure as failure:
        if not order.saved and await order.orders() > 0:
            raise AssertionError(
                f"The ERP took the order, and the adapter says that nothing happened: {failure}"
            ) from None


@asynccontextmanager
async def _brought_about(trouble: Callable[[], AbstractAsyncContextManager[None]]) -> AsyncIterator[None]:
    try:
        context = trouble()
    except CannotDo as error:
        pytest.skip(str(error))
    async with context:
        yield


def _need_uniqueness(adapter: Adapter) -> None:
    if not adapter.capabilities().enforces_uniqueness:
        pytest.skip("The ERP does not refuse a second order with our key, so the adapter has to look first.")


def _need_polling(adapter: Adapter) -> None:
    if not adapter.capabilities().polls:
        pytest.skip("The target does not poll.")


def _check_number(number: str | None) -> None:
    if number is not None:
        assert 0 < len(number) <= NUMBER_LIMIT, f"Norce takes numbers of up to {NUMBER_LIMIT} characters."
        assert number == number.strip()


def _shape(submitted: Submitted) -> tuple[bool, bool]:
    return submitted.erp_order_no is not None, submitted.erp_id is not None


async def _answered(subject: Subject, adapter: Adapter, number: str) -> Worker:
    """An order that the ERP has taken and tells the number of."""
    order = new_order(subject)
    await order.finish(adapter)
    try:
        await subject.answer(order.submission, number)
    except CannotDo as error:
        pytest.skip(str(error))
    return order


async def _told(subject: Subject, adapter: Adapter, order: Worker, cursor: str | None = None) -> Update:
    """What the adapter brings about an order; the ERP may take a while."""
    for _ in range(LOOKS):
        for update in await _all(adapter, cursor):
            if _is_about(update, order):
                return update
        await subject.wait(0.1)
    raise AssertionError(f"In {LOOKS} looks nothing came about {order.submission.key}.")


async def _awaited(subject: Subject, adapter: Adapter, cursor: str | None, told: Update) -> list[Update]:
    found: list[Update] = []
    for _ in range(LOOKS):
        found = await _all(adapter, cursor)
        if told in found:
            break
        await subject.wait(0.1)
    return found


def _is_about(update: Update, order: Worker) -> bool:
    submission = order.submission
    if update.submission_key is not None:
        return update.submission_key == submission.key
    assert update.client_order_ref is not None, "An update names the submission key or the reference."
    return update.client_order_ref == submission.order.client_order_ref


async def _all(adapter: Adapter, cursor: str | None) -> list[Update]:
    """Every update after a cursor, page by page. Nothing is acknowledged."""
    updates: list[Update] = []
    for _ in range(LOOKS):
        poll = await watched(adapter.poll(cursor))
        updates += poll.updates
        if not poll.more:
            return updates
        assert poll.cursor != cursor, "There is more, but the cursor does not move."
        cursor = poll.cursor
    raise AssertionError(f"After {LOOKS} pages there is still more.")


async def _last_page(adapter: Adapter, cursor: str | None) -> Poll:
    poll = await watched(adapter.poll(cursor))
    for _ in range(LOOKS):
        if not poll.more:
            break
        poll = await watched(adapter.poll(poll.cursor))
    return poll
