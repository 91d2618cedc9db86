"""Norce's order sender: every order until it is taken over, refused for good, or six hours have passed.

(norce: receiving-orders, answering)
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from random import Random

import aiohttp

from order_receiver.contract.form import Form
from order_receiver.contract.request import OrderRequest
from order_receiver.simulator.deliveries import record_answer, record_give_up
from order_receiver.simulator.orders import change_order, encode_order, make_order
from order_receiver.simulator.post import EncodedOrder, new_session, post, post_and_leave
from order_receiver.simulator.send_options import SendOptions, SentEvent, Trouble, What
from order_receiver.simulator.state import NorceOrder, NorceState
from order_receiver.simulator.verdict import Outcome, Verdict, retry

RETRY_SECONDS = 600.0
ATTEMPTS = 36
"""Every 10 minutes for up to 6 hours."""

_WHAT = {Outcome.TAKEN_OVER: What.TAKEN_OVER, Outcome.REFUSED: What.REFUSED, Outcome.RETRY: What.RETRY}


async def send_many(
    options: SendOptions, state: NorceState, on_event: Callable[[SentEvent], None] = lambda _: None
) -> None:
    """Send orders by Norce's rules and return when each is taken over, refused or given up.

    Every order is registered in `state` before it is sent. Cancelling stops at once; `state` stays right.
    """
    async with new_session(2 * options.concurrency) as session:
        await _Campaign(session, options, state, on_event).run()


@dataclass(slots=True)
class _Job:
    """One order on its way."""

    request: OrderRequest
    encoded: EncodedOrder
    order: NorceOrder
    trouble: Trouble


class _Campaign:
    def __init__(
        self,
        session: aiohttp.ClientSession,
        options: SendOptions,
        state: NorceState,
        on_event: Callable[[SentEvent], None],
    ) -> None:
        self._session = session
        self._options = options
        self._state = state
        self._on_event = on_event
        self._gate = asyncio.Semaphore(options.concurrency)

    async def run(self) -> None:
        numbers: Iterable[int] = count() if self._options.count is None else range(self._options.count)
        start = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            for number in numbers:
                await self._pace(start, number)
                await self._gate.acquire()
                group.create_task(self._follow(self._new_job(number)))

    async def _pace(self, start: float, number: int) -> None:
        if self._options.rate is not None:
            due = start + number / self._options.rate
            await asyncio.sleep(due - asyncio.get_running_loop().time())

    def _new_job(self, number: int) -> _Job:
        options = self._options
        request = make_order(
            options.seed * 1_000_003 + number,
            application_key=options.application_keys[number % len(options.application_keys)],
            reference=str(options.first_reference + number),
            lines=options.lines,
            market=options.market,
            submitted=options.now() if options.now else None,
        )
        form = options.forms[number // len(options.application_keys) % len(options.forms)]
        trouble = options.troubles.choose(Random(f"trouble {options.seed} {number}"))
        return _Job(request, _encode(request, form), self._state.register(request), trouble)

    async def _follow(self, job: _Job) -> None:
        """All attempts for one order; the first under the gate that `run` has passed."""
        try:
            verdict = await self._attempt(job)
        finally:
            self._gate.release()
        while verdict.outcome is Outcome.RETRY and job.order.attempts < ATTEMPTS:
            await asyncio.sleep(RETRY_SECONDS / self._options.time_factor)
            async with self._gate:
                verdict = await self._attempt(job)
        if verdict.outcome is Outcome.RETRY:
            record_give_up(self._state, job.order)
            self._tell(job, What.GIVEN_UP, "Six hours are over: Norce support is alerted.", Trouble.NONE)

    async def _attempt(self, job: _Job) -> Verdict:
        job.order.attempts += 1
        trouble, job.trouble = job.trouble, Trouble.NONE
        verdict = await self._send(job, trouble)
        self._tell(job, _WHAT[verdict.outcome], verdict.sentence, trouble, verdict.erp_order_no)
        return verdict

    async def _send(self, job: _Job, trouble: Trouble) -> Verdict:
        """Post once, or twice; the best answer counts, all are recorded."""
        verdicts = await self._carry_out(job, trouble)
        for verdict in verdicts:
            record_answer(self._state, job.order, verdict)
        return min(verdicts, key=lambda verdict: list(Outcome).index(verdict.outcome))

    async def _carry_out(self, job: _Job, trouble: Trouble) -> Sequence[Verdict]:
        match trouble:
            case Trouble.DROP_ANSWER:
                job.order.sent_whole += 1
                return [await self._leave(job, 1.0, "the connection was closed before the answer was read")]
            case Trouble.CUT_BODY:
                return [await self._leave(job, 0.5, "the connection was closed in the middle of the body")]
            case Trouble.BAD_CREDENTIALS:
                return [await post(self._session, self._options.receiver, job.encoded, "wrong")]
            case Trouble.TWICE_AT_ONCE:
                return await asyncio.gather(self._post(job), self._post(job))
            case Trouble.CHANGED:
                return [await self._lose_answer(job)]
            case _:
                return [await self._post(job)]

    async def _post(self, job: _Job) -> Verdict:
        job.order.sent_whole += 1
        return await post(self._session, self._options.receiver, job.encoded)

    async def _leave(self, job: _Job, share: float, reason: str) -> Verdict:
        """Close at once for every second order, when the answer comes for the others: receivers meet both."""
        wait = share == 1 and int(job.order.reference) % 2 == 0
        try:
            await post_and_leave(self._options.receiver, job.encoded, share, wait=wait)
        except (OSError, TimeoutError) as error:
            return retry(f"the connection failed ({str(error) or type(error).__name__})")
        return retry(reason)

    async def _lose_answer(self, job: _Job) -> Verdict:
        """Once the receiver has the order, forget its answer and come back with other content."""
        verdict = await self._post(job)
        if verdict.outcome is not Outcome.TAKEN_OVER:
            job.trouble = Trouble.CHANGED
            return verdict
        job.encoded = _encode(change_order(job.request), job.encoded.form)
        job.order.changed = True
        return retry("the answer was lost on its way")

    def _tell(self, job: _Job, what: What, detail: str, trouble: Trouble, erp_order_no: str | None = None) -> None:
        self._on_event(SentEvent(job.order.reference, job.order.attempts, what, detail, trouble, erp_order_no))


def _encode(request: OrderRequest, form: Form) -> EncodedOrder:
    return EncodedOrder(form, encode_order(request, form))
