"""An ERP that takes orders as files from an outbox and answers with files in an inbox."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from order_receiver.orders.outcomes import PermanentFailure
from order_receiver.settings.targets import FolderTarget
from order_receiver.targets.adapter import (
    CancelOutcome,
    Capabilities,
    ErpOrder,
    Poll,
    SaveStep,
    Submission,
    Submitted,
    Update,
)
from order_receiver.targets.folder.answers import NUMBER_LIMIT, look
from order_receiver.targets.folder.aside import DONE, UNREADABLE, put_away
from order_receiver.targets.folder.files import Handover, hand_over, handed_over
from order_receiver.targets.folder.trials import try_folder
from order_receiver.targets.folder.trouble import transient

P = ParamSpec("P")
Result = TypeVar("Result")

THREADS = 16
"""Files worked on at once; an fsync waits for the disk and not for a processor."""


class FolderAdapter:
    """Writes `<key>.<extension>` into the outbox exactly once (see `files`) and reads `*.json` from the inbox.

    No step is stored: the truth about a handover lies beside the file, where the rename that hands over and the
    proof of it are one operation; a step in the database could only be stored before or after. All work with files
    runs in a thread, one hop for each call, as an fsync may take milliseconds.
    """

    def __init__(self, settings: FolderTarget, base: Path) -> None:
        self._outbox = base / settings.outbox
        self._inbox = None if settings.inbox is None else base / settings.inbox
        self._number_on_write = settings.number_on_write
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=f"folder {self._outbox.name}")

    def capabilities(self) -> Capabilities:
        return Capabilities(
            enforces_uniqueness=True, answers_number=self._number_on_write, polls=self._inbox is not None
        )

    async def submit(self, submission: Submission, save: SaveStep) -> Submitted:
        """Write the file; after a crash or an unknown outcome, find out first whether it was written.

        Raises TransientFailure (folder missing, full, not writable), UnknownOutcome (written, not confirmed by the
        disk), PermanentFailure (a foreign file has the name, or the key is too long to serve as order number).
        """
        key, document = submission.key, submission.document
        if self._number_on_write and len(key) > NUMBER_LIMIT:
            raise PermanentFailure(
                f"With number_on_write the key {key} would be the order number, but it has {len(key)} characters and "
                f"Norce takes {NUMBER_LIMIT}. Turn number_on_write off for this target."
            )
        handover = Handover(self._outbox, key, document.extension, document.content)
        name = await self._in_thread(hand_over, handover)
        return Submitted(erp_order_no=key if self._number_on_write else None, erp_id=name)

    async def find(self, key: str) -> Sequence[ErpOrder]:
        """The order if its file was handed over, whether or not the ERP has taken it. Raises TransientFailure."""
        try:
            name = await self._in_thread(handed_over, self._outbox, key)
        except OSError as error:
            raise transient("Looking for an order in", self._outbox, error) from error
        number = key if self._number_on_write else None
        return [] if name is None else [ErpOrder(erp_order_no=number, erp_id=name)]

    async def poll(self, cursor: str | None) -> Poll:
        """Read up to 200 answer files; those without use move to `unreadable`. Raises TransientFailure."""
        if self._inbox is None:
            return Poll(updates=())
        return await self._in_thread(_poll, self._inbox)

    async def acknowledge(self, updates: Sequence[Update]) -> None:
        """Move the answer files to `done`. Raises TransientFailure."""
        if self._inbox is not None:
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
        """Try the folders with a hidden file that is removed again. Raises TransientFailure, PermanentFailure."""
        await self._in_thread(_check, self._outbox, self._inbox)

    async def close(self) -> None:
        """Let go of the threads; one that hangs on a dead share is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self, work: Callable[P, Result], *arguments: P.args, **named: P.kwargs) -> Result:
        """Work with files beside the event loop, in threads of this target's own: a dead share stops nobody else."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *arguments, **named))


def _poll(inbox: Path) -> Poll:
    try:
        found = look(inbox)
    except OSError as error:
        raise transient("Looking into", inbox, error) from error
    _put_all_away(inbox, found.unreadable, UNREADABLE)
    return Poll(updates=found.updates, more=found.more)


def _put_all_away(inbox: Path, files: Sequence[tuple[str, str | None]], subfolder: str) -> None:
    try:
        for name, reason in files:
            put_away(inbox, name, subfolder, reason)
    except OSError as error:
        raise transient("Moving an answer file to", inbox / subfolder, error) from error


def _check(outbox: Path, inbox: Path | None) -> None:
    try_folder(outbox)
    if inbox is None:
        return
    try_folder(inbox)
    if outbox.samefile(inbox):
        raise PermanentFailure(f"Outbox and inbox are the same folder {outbox}: give the inbox a folder of its own.")
