"""Answer files of an ERP, on a real disk."""

import errno
import json
import os
import time
from pathlib import Path

import pytest
import structlog
import structlog.testing
from tests.integration.targets.conftest import Folders

from order_receiver.orders.outcomes import TransientFailure
from order_receiver.settings.targets import FolderTarget
from order_receiver.targets.adapter import Update, UpdateKind
from order_receiver.targets.folder.adapter import FolderAdapter


def put(folder: Path, name: str, content: object, age: float = 60.0) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


async def test_reads_numbers_and_refusals_in_the_order_of_names(folders: Folders) -> None:
    put(folders.inbox, "b.json", {"key": "k-2", "refused": "closed period"})
    put(folders.inbox, "a.json", {"key": "k-1", "erp_order_no": "4711", "more": True})
    put(folders.inbox, "c.json", b"\xef\xbb\xbf" + b'{"key": "k-3", "erp_order_no": 12}')
    look = await folders.adapter.poll(None)
    assert [(one.submission_key, one.kind, one.erp_order_no) for one in look.updates] == [
        ("k-1", UpdateKind.CONFIRMED, "4711"),
        ("k-2", UpdateKind.REFUSED, None),
        ("k-3", UpdateKind.CONFIRMED, "12"),
    ]
    assert not look.more


async def test_the_same_again_until_acknowledged(folders: Folders) -> None:
    put(folders.inbox, "a.json", {"key": "k-1", "erp_order_no": "1"})
    first = await folders.adapter.poll(None)
    assert (await folders.adapter.poll(first.cursor)).updates == first.updates
    await folders.adapter.acknowledge(first.updates)
    await folders.adapter.acknowledge(first.updates)
    assert (await folders.adapter.poll(None)).updates == []
    assert names(folders.inbox / "done") == ["a.json"]


async def test_done_files_are_never_overwritten(folders: Folders) -> None:
    for number in range(3):
        put(folders.inbox, "a.json", {"key": "k-1", "erp_order_no": number})
        await folders.adapter.acknowledge((await folders.adapter.poll(None)).updates)
    assert names(folders.inbox / "done") == ["a.1.json", "a.2.json", "a.json"]
    assert json.loads((folders.inbox / "done/a.2.json").read_bytes())["erp_order_no"] == 2


async def test_what_is_no_answer_file_stays(folders: Folders) -> None:
    for name in (".a.json", "a.json.tmp", "a.json.part", "a.txt"):
        put(folders.inbox, name, {"key": "k-1", "erp_order_no": "1"})
    (folders.inbox / "folder.json").mkdir()
    (folders.inbox / "link.json").symlink_to(folders.inbox / "a.txt")
    assert (await folders.adapter.poll(None)).updates == []
    assert len(list(folders.inbox.iterdir())) == 6


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "no answer in JSON"),
        (b"", "no answer in JSON"),
        (b"\xff", "no answer in JSON"),
        (b'{"key": 7, "erp_order_no": "1"}', "no answer in JSON"),
        (b'{"key": "k-1"}', "must have one of"),
        (b'{"erp_order_no": "1"}', "must name the order"),
        (b'{"key": "k-1", "erp_order_no": "' + b"9" * 51 + b'"}', "has 51 characters"),
        (b" " * 1_000_001, "over 1000000 bytes"),
    ],
)
async def test_unreadable_files_are_set_aside_with_the_reason(folders: Folders, content: bytes, reason: str) -> None:
    put(folders.inbox, "bad.json", content)
    put(folders.inbox, "good.json", {"key": "k-1", "erp_order_no": "1"})
    with structlog.testing.capture_logs() as logs:
        look = await folders.adapter.poll(None)
    assert [(each["event"], each["file"]) for each in logs] == [("target.answer_set_aside", "bad.json")]
    assert reason in logs[0]["why"]
    assert [one.source for one in look.updates] == ["good.json"]
    assert names(folders.inbox / "unreadable") == ["bad.json", "bad.json.reason.txt"]
    assert reason in (folders.inbox / "unreadable/bad.json.reason.txt").read_text("utf-8")
    assert (folders.inbox / "unreadable/bad.json").read_bytes() == content


async def test_a_half_written_file_is_left_for_the_next_look(folders: Folders) -> None:
    put(folders.inbox, "a.json", b'{"key": "k-1", "erp_or', age=0.0)
    assert (await folders.adapter.poll(None)).updates == []
    assert names(folders.inbox) == ["a.json"]
    put(folders.inbox, "a.json", {"key": "k-1", "erp_order_no": "1"}, age=0.0)
    assert len((await folders.adapter.poll(None)).updates) == 1


async def test_a_look_is_bounded_and_says_that_there_is_more(folders: Folders) -> None:
    for number in range(201):
        put(folders.inbox, f"{number:03}.json", {"key": f"k-{number}", "erp_order_no": number})
    first = await folders.adapter.poll(None)
    assert (len(first.updates), first.more) == (200, True)
    await folders.adapter.acknowledge(first.updates)
    second = await folders.adapter.poll(first.cursor)
    assert ([one.source for one in second.updates], second.more) == (["200.json"], False)


async def test_an_answer_that_fits_no_order_is_set_aside(folders: Folders) -> None:
    put(folders.inbox, "a.json", {"client_order_ref": "1", "erp_order_no": "1"})
    [update] = (await folders.adapter.poll(None)).updates
    await folders.adapter.set_aside(update, "There is no order 1.")
    assert (folders.inbox / "unreadable/a.json.reason.txt").read_text("utf-8") == "There is no order 1.\n"


async def test_a_source_never_leads_out_of_the_inbox(folders: Folders) -> None:
    outside = put(folders.base, "outside.json", {})
    update = Update("k-1", UpdateKind.CONFIRMED, "../outside.json", erp_order_no="1")
    await folders.adapter.acknowledge([update])
    assert outside.exists()


async def test_without_an_inbox_nothing_comes(folders: Folders) -> None:
    adapter = FolderAdapter(FolderTarget(outbox="out"), folders.base)
    assert not adapter.capabilities().polls
    assert (await adapter.poll(None)).updates == ()
    update = Update("k-1", UpdateKind.CONFIRMED, "a.json", erp_order_no="1")
    await adapter.acknowledge([update])
    await adapter.set_aside(update, "no order")


async def test_no_inbox_folder_is_transient(folders: Folders) -> None:
    folders.inbox.rmdir()
    with pytest.raises(TransientFailure, match=r"Looking into .*in failed: it does not exist"):
        await folders.adapter.poll(None)


async def test_a_done_folder_that_cannot_be_made_is_transient(folders: Folders) -> None:
    put(folders.inbox, "a.json", {"key": "k-1", "erp_order_no": "1"})
    [update] = (await folders.adapter.poll(None)).updates
    (folders.inbox / "done").write_text("in the way")
    with pytest.raises(TransientFailure, match="Moving an answer file to"):
        await folders.adapter.acknowledge([update])


async def test_files_that_vanish_or_cannot_be_read_now(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock at the server or a fault of the disk may pass: the answer waits, told once, and holds up no other."""
    put(folders.inbox, "gone.json", {})
    for number in range(201):
        put(folders.inbox, f"locked-{number:03}.json", {"key": f"k-{number}", "erp_order_no": number})
    put(folders.inbox, "other.json", {"key": "k-x", "erp_order_no": "1"})
    real = Path.open

    def stubborn(path: Path, mode: str = "r", encoding: str | None = None, **_: object) -> object:
        if path.name == "gone.json":
            path.unlink()
        if path.name.startswith("locked"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(path, mode, encoding=encoding)

    with structlog.testing.capture_logs() as logs, monkeypatch.context() as patch:
        patch.setattr(Path, "open", stubborn)
        found = [update.source for _ in range(3) for update in (await folders.adapter.poll(None)).updates]
    assert found == ["other.json"] * 2
    assert not (folders.inbox / "unreadable").exists()
    assert [each["file"] for each in logs] == [f"locked-{number:03}.json" for number in range(201)]
    assert {(each["event"], each["why"]) for each in logs} == {
        ("target.answer_waits", "The file cannot be read: the operating system says: Input/output error.")
    }
    assert len((await folders.adapter.poll(None)).updates) == 202
