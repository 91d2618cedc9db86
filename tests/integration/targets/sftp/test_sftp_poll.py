"""Answer files of an ERP on a real SFTP server."""

import json
from pathlib import Path

import pytest
from tests.integration.targets.sftp.conftest import ErpFiles, Server

from order_receiver.orders.outcomes import TransientFailure
from order_receiver.targets.adapter import Update, UpdateKind
from order_receiver.targets.files import answers


def put(folder: Path, name: str, content: object) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


async def test_reads_numbers_and_refusals_in_the_order_of_names(server: Server) -> None:
    put(server.inbox, "b.json", {"key": "k-2", "refused": "closed period"})
    put(server.inbox, "a.json", {"key": "k-1", "erp_order_no": "4711"})
    look = await server.adapter().poll(None)
    assert [(one.submission_key, one.kind, one.erp_order_no) for one in look.updates] == [
        ("k-1", UpdateKind.CONFIRMED, "4711"),
        ("k-2", UpdateKind.REFUSED, None),
    ]
    assert not look.more


async def test_the_same_again_until_acknowledged_and_never_over_another(server: Server) -> None:
    adapter = server.adapter()
    for number in range(3):
        put(server.inbox, "a.json", {"key": "k-1", "erp_order_no": number})
        first = await adapter.poll(None)
        assert (await adapter.poll(first.cursor)).updates == first.updates
        await adapter.acknowledge(first.updates)
        await adapter.acknowledge(first.updates)
        assert (await adapter.poll(None)).updates == []
    assert names(server.inbox / "done") == ["a.1.json", "a.2.json", "a.json"]
    assert json.loads((server.inbox / "done/a.2.json").read_bytes())["erp_order_no"] == 2


async def test_what_is_no_answer_file_stays(server: Server) -> None:
    for name in (".a.json", "a.json.tmp", "a.txt"):
        put(server.inbox, name, {"key": "k-1", "erp_order_no": "1"})
    (server.inbox / "folder.json").mkdir()
    (server.inbox / "link.json").symlink_to(server.inbox / "a.txt")
    assert (await server.adapter().poll(None)).updates == []
    assert len(list(server.inbox.iterdir())) == 5


@pytest.mark.parametrize(
    ("content", "reason"), [(b'{"key": "k-1"}', "must have one of"), (b" " * 1_000_001, "over 1000000 bytes")]
)
async def test_unreadable_files_are_set_aside_with_the_reason(server: Server, content: bytes, reason: str) -> None:
    put(server.inbox, "bad.json", content)
    put(server.inbox, "good.json", {"key": "k-1", "erp_order_no": "1"})
    look = await server.adapter().poll(None)
    assert [one.source for one in look.updates] == ["good.json"]
    assert names(server.inbox / "unreadable") == ["bad.json", "bad.json.reason.txt"]
    assert reason in (server.inbox / "unreadable/bad.json.reason.txt").read_text("utf-8")
    assert (server.inbox / "unreadable/bad.json").read_bytes() == content


async def test_a_half_written_file_is_left_alone_while_it_changes(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By our clock and not the server's; without a time to settle it is of no use at the second look."""
    adapter = server.adapter()
    put(server.inbox, "a.json", b'{"key": "k-1", "erp_or')
    assert (await adapter.poll(None)).updates == []
    assert names(server.inbox) == ["a.json"]
    monkeypatch.setattr(answers, "SETTLING_TIME", 0.0)
    put(server.inbox, "a.json", {"key": "k-1", "erp_order_no": "1"})
    assert len((await adapter.poll(None)).updates) == 1
    put(server.inbox, "a.json", b'{"key": "k-1", "erp_or')
    assert (await adapter.poll(None)).updates == []
    assert names(server.inbox / "unreadable") == ["a.json", "a.json.reason.txt"]


async def test_a_look_is_bounded_and_says_that_there_is_more(server: Server) -> None:
    for number in range(201):
        put(server.inbox, f"{number:03}.json", {"key": f"k-{number}", "erp_order_no": number})
    adapter = server.adapter()
    first = await adapter.poll(None)
    assert (len(first.updates), first.more) == (200, True)
    await adapter.acknowledge(first.updates)
    second = await adapter.poll(first.cursor)
    assert ([one.source for one in second.updates], second.more) == (["200.json"], False)


async def test_an_answer_that_fits_no_order_is_set_aside(server: Server) -> None:
    put(server.inbox, "a.json", {"client_order_ref": "1", "erp_order_no": "1"})
    adapter = server.adapter()
    [update] = (await adapter.poll(None)).updates
    await adapter.set_aside(update, "There is no order 1.")
    assert (server.inbox / "unreadable/a.json.reason.txt").read_text("utf-8") == "There is no order 1.\n"


async def test_a_source_never_leads_out_of_the_inbox(server: Server) -> None:
    outside = put(server.base, "outside.json", {})
    await server.adapter().acknowledge([Update("k-1", UpdateKind.CONFIRMED, "../outside.json", erp_order_no="1")])
    assert outside.exists()


async def test_a_name_that_is_no_text_disturbs_no_other(server: Server) -> None:
    (server.inbox / "b\udcff.json").write_bytes(b"{}")
    put(server.inbox, "a.json", {"key": "k-1", "erp_order_no": "1"})
    look = await server.adapter().poll(None)
    assert [one.source for one in look.updates] == ["a.json"]
    assert len(names(server.inbox / "unreadable")) == 2


async def test_no_inbox_is_transient_and_without_one_nothing_comes(server: Server) -> None:
    server.inbox.rmdir()
    with pytest.raises(TransientFailure, match=r"Looking into sftp://.*/in failed: it does not exist"):
        await server.adapter().poll(None)
    adapter = server.adapter(inbox=None)
    assert not adapter.capabilities().polls
    assert (await adapter.poll(None)).updates == ()


async def test_a_connection_lost_while_looking_sets_nothing_aside(erp: Server) -> None:
    put(erp.inbox, "a.json", {"key": "k-1", "erp_order_no": "1"})
    adapter = erp.adapter()

    def cut(name: str, server: ErpFiles) -> None:
        if name == "read":
            server.cut()

    erp.behaviour.after = cut
    with pytest.raises(TransientFailure, match=r"Looking into .* failed: the connection was lost"):
        await adapter.poll(None)
    erp.behaviour.after = lambda name, server: None
    assert len((await adapter.poll(None)).updates) == 1
    assert names(erp.inbox) == ["a.json"]
