"""Orders written into a real folder, with the process dying at every step that could matter."""

import asyncio
import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from tests.integration.targets.conftest import KEY, Folders

from order_receiver.orders.outcomes import PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.settings.targets import FolderTarget
from order_receiver.targets.adapter import CancelOutcome, SaveStep, Submission
from order_receiver.targets.files.handover import Handover, hand_over, handed_over
from order_receiver.targets.folder import place
from order_receiver.targets.folder.adapter import FolderAdapter
from order_receiver.targets.folder.place import FolderPlace

Make = Callable[..., Submission]


class Killed(BaseException):
    """Stands for kill -9: nothing of ours may catch it."""


async def test_writes_the_document_once(folders: Folders, submission: Make, save: SaveStep) -> None:
    submitted = await folders.adapter.submit(submission(), save)
    assert (submitted.erp_order_no, submitted.erp_id) == (None, f"{KEY}.json")
    assert folders.files() == [f"{KEY}.json"]
    assert (folders.outbox / f"{KEY}.json").read_bytes() == b'{"a":1}'


async def test_a_repeat_writes_nothing(folders: Folders, submission: Make, save: SaveStep) -> None:
    first = await folders.adapter.submit(submission(), save)
    changed = (folders.outbox / f"{KEY}.json").stat().st_mtime_ns
    assert await folders.adapter.submit(submission(), save) == first
    assert (folders.outbox / f"{KEY}.json").stat().st_mtime_ns == changed


@pytest.mark.parametrize(("content", "extension"), [(b'{"a":1}', "json"), (b'{"a":2}', "json"), (b"<a/>", "xml")])
async def test_a_file_that_the_erp_took_is_never_written_again(
    folders: Folders, submission: Make, save: SaveStep, content: bytes, extension: str
) -> None:
    """Not under another name either, when the mapping has changed since."""
    await folders.adapter.submit(submission(), save)
    (folders.outbox / f"{KEY}.json").unlink()
    submitted = await folders.adapter.submit(submission(content, extension), save)
    assert submitted.erp_id == f"{KEY}.json"
    assert folders.files() == []


def dying(monkeypatch: pytest.MonkeyPatch, at: int, after: bool) -> None:
    """Die at the `at`-th call that touches the disk, before it or right after it."""
    count = 0

    def watched(real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **named: object) -> object:
            nonlocal count
            count += 1
            if count == at and not after:
                raise Killed
            result = real(*arguments, **named)
            if count == at:
                raise Killed
            return result

        return call

    for name in ("open", "fsync", "pwrite", "ftruncate"):
        monkeypatch.setattr(os, name, watched(getattr(os, name)))
    monkeypatch.setattr(Path, "rename", watched(Path.rename))


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize("at", range(1, 14))
def test_exactly_one_file_whatever_call_was_the_last(
    folders: Folders, submission: Make, at: int, after: bool, taken: bool
) -> None:
    """The ERP takes the file as soon as it is there, or leaves it: both times it sees one, complete."""
    made = submission()
    handover = Handover(made.key, "json", made.document.content)
    seen: list[bytes] = []
    with pytest.MonkeyPatch.context() as patch:
        dying(patch, at, after)
        with suppress(Killed):
            hand_over(FolderPlace(folders.outbox), handover)
    for path in folders.outbox.glob("*.json"):
        seen.append(path.read_bytes())
        if taken:
            path.unlink()
    assert hand_over(FolderPlace(folders.outbox), handover) == f"{KEY}.json"
    if taken:
        seen += [path.read_bytes() for path in folders.outbox.glob("*.json")]
    else:
        seen = [path.read_bytes() for path in folders.outbox.glob("*.json")]
    assert seen == [b'{"a":1}']
    assert not list((folders.outbox / ".sent").glob("*.part"))


@pytest.mark.parametrize(("at", "dies"), [(13, True), (14, False)])
def test_the_crash_points_above_are_all_there_are(folders: Folders, at: int, dies: bool) -> None:
    died = False
    with pytest.MonkeyPatch.context() as patch:
        dying(patch, at, after=False)
        try:
            hand_over(FolderPlace(folders.outbox), Handover(KEY, "json", b"{}"))
        except Killed:
            died = True
    assert died is dies


def test_a_promise_that_was_not_kept_gives_way_to_a_new_document(folders: Folders, submission: Make) -> None:
    """Died before the rename; then the mapping was changed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "rename", _raise_killed)
        with pytest.raises(Killed):
            hand_over(FolderPlace(folders.outbox), Handover(KEY, "json", b"old"))
    assert handed_over(FolderPlace(folders.outbox), KEY) is None
    assert hand_over(FolderPlace(folders.outbox), Handover(KEY, "xml", b"<new/>")) == f"{KEY}.xml"
    assert folders.files() == [f"{KEY}.xml"]
    assert (folders.outbox / f"{KEY}.xml").read_bytes() == b"<new/>"


def _raise_killed(*_: object) -> None:
    raise Killed


async def test_two_workers_with_one_order(folders: Folders, submission: Make, save: SaveStep) -> None:
    made = submission()
    await asyncio.gather(*(folders.adapter.submit(made, save) for _ in range(8)))
    assert folders.files() == [f"{KEY}.json"]


async def test_a_folder_that_does_not_answer_is_of_unknown_outcome(
    folders: Folders, submission: Make, save: SaveStep
) -> None:
    """Somebody holds the order's lock; when it goes, nothing is written twice."""
    adapter = FolderAdapter(FolderTarget(outbox="out", timeout=0.2), folders.base)
    with FolderPlace(folders.outbox).mark(f".sent/{KEY}"), pytest.raises(UnknownOutcome, match=r"within 0.2 seconds"):
        await adapter.submit(submission(), save)
    await folders.adapter.submit(submission(), save)
    assert folders.files() == [f"{KEY}.json"]
    await adapter.close()


async def test_a_foreign_file_is_never_overwritten(folders: Folders, submission: Make, save: SaveStep) -> None:
    foreign = folders.outbox / f"{KEY}.json"
    foreign.write_bytes(b"foreign")
    for _ in range(2):
        with pytest.raises(PermanentFailure, match="exists already with other content"):
            await folders.adapter.submit(submission(), save)
    assert foreign.read_bytes() == b"foreign"
    foreign.unlink()
    await folders.adapter.submit(submission(), save)
    assert foreign.read_bytes() == b'{"a":1}'


async def test_the_same_file_of_an_earlier_life_counts(folders: Folders, submission: Make, save: SaveStep) -> None:
    """Its mark was lost with the folder `.sent`."""
    (folders.outbox / f"{KEY}.json").write_bytes(b'{"a":1}')
    await folders.adapter.submit(submission(), save)
    assert folders.files() == [f"{KEY}.json"]
    assert await folders.adapter.find(KEY)


async def test_no_outbox_is_transient_and_it_is_not_created(folders: Folders, submission: Make, save: SaveStep) -> None:
    folders.outbox.rmdir()
    with pytest.raises(TransientFailure, match=r"into .*out failed: it does not exist; create it, or mount"):
        await folders.adapter.submit(submission(), save)
    assert not folders.outbox.exists()


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "the disk is full; make room"),
        (errno.EDQUOT, "quota is used up"),
        (errno.EACCES, "this program's user may not do that"),
        (errno.EROFS, "the file system is read-only"),
        (errno.EIO, "the operating system says: Input/output error"),
    ],
)
async def test_trouble_of_the_disk_is_transient_and_nothing_is_left(
    folders: Folders, submission: Make, save: SaveStep, number: int, sentence: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "pwrite", fail)
        with pytest.raises(TransientFailure, match=sentence):
            await folders.adapter.submit(submission(), save)
    assert folders.files() == []
    await folders.adapter.submit(submission(), save)
    assert folders.files() == [f"{KEY}.json"]


async def test_a_rename_that_the_disk_did_not_confirm_is_of_unknown_outcome(
    folders: Folders, submission: Make, save: SaveStep
) -> None:
    await folders.adapter.submit(submission(key="shop_-1"), save)
    sync = place.sync_folder

    def fail(folder: Path) -> None:
        if folder == folders.outbox:
            raise OSError(errno.EIO, "Input/output error")
        sync(folder)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(place, "sync_folder", fail)
        with pytest.raises(UnknownOutcome, match="the disk did not confirm it"):
            await folders.adapter.submit(submission(), save)
    (folders.outbox / f"{KEY}.json").unlink()
    await folders.adapter.submit(submission(), save)
    assert folders.files() == ["shop_-1.json"]


async def test_find(folders: Folders, submission: Make, save: SaveStep) -> None:
    assert await folders.adapter.find(KEY) == []
    await folders.adapter.submit(submission(), save)
    (folders.outbox / f"{KEY}.json").unlink()
    [found] = await folders.adapter.find(KEY)
    assert (found.erp_order_no, found.erp_id) == (None, f"{KEY}.json")
    (folders.outbox / "other_-1.xml").write_bytes(b"")
    [other] = await folders.adapter.find("other_-1")
    assert other.erp_id == "other_-1.xml"


async def test_find_without_the_folder(folders: Folders) -> None:
    folders.outbox.rmdir()
    with pytest.raises(TransientFailure, match="Looking for an order in"):
        await folders.adapter.find(KEY)


async def test_the_key_as_order_number(folders: Folders, submission: Make, save: SaveStep) -> None:
    adapter = FolderAdapter(FolderTarget(outbox="out", number_on_write=True), folders.base)
    assert adapter.capabilities().answers_number
    assert (await adapter.submit(submission(), save)).erp_order_no == KEY
    assert [order.erp_order_no for order in await adapter.find(KEY)] == [KEY]
    with pytest.raises(PermanentFailure, match="it has 51 characters and Norce takes 50"):
        await adapter.submit(submission(key="k" * 51), save)
    assert folders.files() == [f"{KEY}.json"]


async def test_capabilities_and_cancel(folders: Folders) -> None:
    known = folders.adapter.capabilities()
    assert (known.answers_number, known.polls, known.cancels) == (False, True, False)
    assert await folders.adapter.cancel(KEY) is CancelOutcome.MANUAL


async def test_check_leaves_nothing_behind(folders: Folders, submission: Make, save: SaveStep) -> None:
    await folders.adapter.check()
    assert [*folders.outbox.iterdir(), *folders.inbox.iterdir()] == []
    await folders.adapter.submit(submission(), save)
    await folders.adapter.check()
    assert sorted(path.name for path in (folders.outbox / ".sent").iterdir()) == [KEY]
    await FolderAdapter(FolderTarget(outbox="out"), folders.base).check()


async def test_check_names_what_is_wrong(folders: Folders) -> None:
    with pytest.raises(PermanentFailure, match="same folder"):
        await FolderAdapter(FolderTarget(outbox="out", inbox="out"), folders.base).check()
    folders.inbox.rmdir()
    with pytest.raises(TransientFailure, match=r"into .*in failed: it does not exist"):
        await folders.adapter.check()
    folders.inbox.write_text("a file")
    with pytest.raises(TransientFailure, match="it is not a folder"):
        await folders.adapter.check()


async def test_the_file_can_be_read_by_the_erp(folders: Folders, submission: Make, save: SaveStep) -> None:
    await folders.adapter.submit(submission(), save)
    assert (folders.outbox / f"{KEY}.json").stat().st_mode & stat.S_IRUSR
