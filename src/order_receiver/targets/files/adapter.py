"""An ERP that takes orders as files from one place and answers with files in another."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

import structlog

from order_receiver.orders.outcomes import PermanentFailure
from order_receiver.targets.adapter import (
    CancelOutcome,
    Capabilities,
    ErpOrder,
    Poll,
    SaveStep,
    Step,
    Submission,
    Submitted,
    Update,
)
from order_receiver.targets.files.answers import NUMBER_LIMIT, Look, look
from order_receiver.targets.files.aside import DONE, UNREADABLE, put_away
from order_receiver.targets.files.handover import Handover, hand_over, handed_over
from order_receiver.targets.files.place import Place
from order_receiver.targets.files.trials import try_place
from order_receiver.targets.files.trouble import transient

log = structlog.get_logger(__name__)

P = ParamSpec("P")
Result = TypeVar("Result")

THREADS = 16
"""Files worked on at once; a file waits for a disk or a server and not for a processor."""


class FilesAdapter:
    """Writes `<key>.<extension>` into the outbox exactly once (see `handover`) and reads `*.json` from the inbox.

    The truth about a handover lies beside the file, where the rename that hands over and the proof of it are one
    operation; a step in the store could only be stored before or after. All work with files runs in a thread, one
    hop for each call.
    """

    def __init__(self, outbox: Place, inbox: Place | None, *, number_on_write: bool = False) -> None:
        self._outbox = outbox
        self._inbox = inbox
        self._number_on_write = number_on_write
        self._waiting: dict[str, str] = {}
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=f"files {outbox}")

    def capabilities(self) -> Capabilities:
        return Capabilities(
            enforces_uniqueness=True, answers_number=self._number_on_write, polls=self._inbox is not None
        )

    async def submit(self, submission: Submission, save: SaveStep) -> Submitted:
        """Write the file; after a crash or an unknown outcome, find out first whether it was written.

        Raises TransientFailure (place missing, full, not writable, out of reach), UnknownOutcome (the last step was
        not confirmed), PermanentFailure (a foreign file has the name, or the key is too long to serve as number).
        """
        key, document = submission.key, submission.document
        if self._number_on_write and len(key) > NUMBER_LIMIT:
            raise PermanentFailure(
                f"With number_on_write the key {key} would be the order number, but it has {len(key)} characters and "
                f"Norce takes {NUMBER_LIMIT}. Turn number_on_write off for this target."
            )
        handover = Handover(key, document.extension, document.content)
        name = await self._hand_over(handover, submission.step, save)
        return Submitted(erp_order_no=key if self._number_on_write else None, erp_id=name)

    async def find(self, key: str) -> Sequence[ErpOrder]:
        """The order if its file was handed over, whether or not the ERP has taken it. Raises TransientFailure."""
        try:
            name = await self._in_thread(self._handed_over, self._outbox, key)
        except OSError as error:
            raise transient("Looking for an order in", self._outbox, error) from error
        number = key if self._number_on_write else None
        return [] if name is None else [ErpOrder(erp_order_no=number, erp_id=name)]

    async def poll(self, cursor: str | None) -> Poll:
        """Read up to 200 answers; those without use are logged and move to `unreadable`. Raises TransientFailure."""
        if self._inbox is None:
            return Poll(updates=())
        found = await self._in_thread(_look, self._inbox, len(self._waiting))
        self._tell(self._inbox, found)
        return Poll(updates=found.updates, more=found.more)

    async def acknowledge(self, updates: Sequence[Update]) -> None:
        """Move the answer files to `done`. Raises TransientFailure."""
        if self._inbox is not None and updates:
            names = [(update.source, None) for update in updates]
            await self._in_thread(_put_all_away, self._inbox, names, DONE)

    async def set_aside(self, update: Update, reason: str) -> None:
        """Move the answer file to `unreadable` with the reason beside it. Raises TransientFailure."""
        if self._inbox is not None:
            await self._in_thread(_put_all_away, self._inbox, [(update.source, reason)], UNREADABLE)

    async def cancel(self, key: str) -> CancelOutcome:
        """A file cannot be called back: the ERP may have read it already."""
        return CancelOutcome.MANUAL

    async def check(self) -> None:
        """Try the places with a hidden file that is removed again. Raises TransientFailure, PermanentFailure."""
        await self._in_thread(_check, self._outbox, self._inbox)

    async def close(self) -> None:
        """Let go of the threads; one that hangs on a dead share is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _tell(self, inbox: Place, found: Look) -> None:
        """An answer without use, or one that cannot be read, is an order without number; the latter is told once."""
        for name, why in found.unreadable:
            log.warning("target.answer_set_aside", inbox=str(inbox), file=name, why=why)
        for name, why in found.waiting:
            if self._waiting.get(name) != why:
                log.warning("target.answer_waits", inbox=str(inbox), file=name, why=why)
        self._waiting = dict(found.waiting)

    async def _hand_over(self, handover: Handover, step: Step, save: SaveStep) -> str:
        return await self._in_thread(hand_over, self._outbox, handover)

    def _handed_over(self, outbox: Place, key: str) -> str | None:
        return handed_over(outbox, key)

    async def _in_thread(self, work: Callable[P, Result], *arguments: P.args, **named: P.kwargs) -> Result:
        """Work with files beside the event loop, in threads of this target's own: a dead place stops nobody else."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *arguments, **named))


def _look(inbox: Place, waiting: int) -> Look:
    try:
        found = look(inbox, waiting)
    except OSError as error:
        raise transient("Looking into", inbox, error) from error
    _put_all_away(inbox, found.unreadable, UNREADABLE)
    return found


def _put_all_away(inbox: Place, files: Sequence[tuple[str, str | None]], subfolder: str) -> None:
    try:
        for name, reason in files:
            put_away(inbox, name, subfolder, reason)
    except OSError as error:
        raise transient("Moving an answer file to", f"{inbox}/{subfolder}", error) from error


def _check(outbox: Place, inbox: Place | None) -> None:
    try_place(outbox)
    if inbox is None:
        return
    try_place(inbox)
    if outbox.identity() == inbox.identity():
        raise PermanentFailure(f"Outbox and inbox are the same folder {outbox}: give the inbox a folder of its own.")
