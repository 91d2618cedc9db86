"""Orders handed over on a real SFTP server, with the connection dying at every request that could matter."""

import asyncio
import errno
import os
import socket
from collections.abc import Callable

import pytest
from tests.integration.targets.relay import relay_to
from tests.integration.targets.sftp.conftest import KEY, ErpFiles, Server

from order_receiver.orders.outcomes import PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.targets.adapter import CancelOutcome, SaveStep, Step, Submission

Make = Callable[..., Submission]


async def test_writes_the_document_once(server: Server, submission: Make, save: SaveStep) -> None:
    adapter = server.adapter()
    submitted = await adapter.submit(submission(), save)
    assert (submitted.erp_order_no, submitted.erp_id) == (None, f"{KEY}.json")
    assert server.files() == [f"{KEY}.json"]
    assert (server.outbox / f"{KEY}.json").read_bytes() == b'{"a":1}'
    assert sorted(path.name for path in (server.outbox / ".sent").iterdir()) == [KEY]


@pytest.mark.parametrize(("content", "extension"), [(b'{"a":1}', "json"), (b"<a/>", "xml")])
async def test_a_file_that_the_erp_took_is_never_written_again(
    server: Server, submission: Make, save: SaveStep, content: bytes, extension: str
) -> None:
    await server.adapter().submit(submission(), save)
    (server.outbox / f"{KEY}.json").unlink()
    submitted = await server.adapter().submit(submission(content, extension), save)
    assert submitted.erp_id == f"{KEY}.json"
    assert server.files() == []


async def test_a_large_document(server: Server, submission: Make, save: SaveStep) -> None:
    content = os.urandom(3_000_000)
    await server.adapter().submit(submission(content, "bin"), save)
    assert (server.outbox / f"{KEY}.bin").read_bytes() == content


async def test_a_foreign_file_is_never_overwritten(server: Server, submission: Make, save: SaveStep) -> None:
    foreign = server.outbox / f"{KEY}.json"
    foreign.write_bytes(b"foreign")
    adapter = server.adapter()
    for _ in range(2):
        with pytest.raises(PermanentFailure, match=r"sftp://receiver@127.*exists already with other content"):
            await adapter.submit(submission(), save)
    assert foreign.read_bytes() == b"foreign"
    foreign.unlink()
    await adapter.submit(submission(), save)
    assert foreign.read_bytes() == b'{"a":1}'


async def test_find(server: Server, submission: Make, save: SaveStep) -> None:
    adapter = server.adapter()
    assert await adapter.find(KEY) == []
    await adapter.submit(submission(), save)
    (server.outbox / f"{KEY}.json").unlink()
    [found] = await adapter.find(KEY)
    assert found.erp_id == f"{KEY}.json"
    (server.outbox / "other_-1.xml").write_bytes(b"")
    [other] = await adapter.find("other_-1")
    assert other.erp_id == "other_-1.xml"
    assert await adapter.cancel(KEY) is CancelOutcome.MANUAL


@pytest.mark.parametrize(
    ("after", "taken", "posix"),
    [(False, True, True), (True, False, True), (True, True, True), (True, True, False)],
)
async def test_exactly_one_file_whatever_request_was_the_last(
    erp: Server, submission: Make, save: SaveStep, after: bool, taken: bool, posix: bool
) -> None:
    """The connection dies at the first, second, third request and so on, before or right after the server did it."""
    made = submission()
    at, died = 0, True
    if not posix:
        erp.behaviour.before = _refuse_posix
    while died:
        at += 1
        key = f"shop_-{at}"
        made = submission(key=key)
        died = await _submit_dying(erp, made, save, at, after, posix)
        seen = [path.read_bytes() for path in erp.outbox.glob("*.json")]
        if taken:
            _take(erp)
        assert (await erp.adapter().submit(made, save)).erp_id == f"{key}.json"
        again = [path.read_bytes() for path in erp.outbox.glob("*.json")]
        assert (seen + again if taken else again) == [b'{"a":1}'], f"died at request {at}"
        assert not (erp.outbox / ".sent" / f"{key}.part").exists()
        _take(erp)
    assert at > 8


async def _submit_dying(erp: Server, made: Submission, save: SaveStep, at: int, after: bool, posix: bool) -> bool:
    count = 0
    died = False

    def cut(name: str, server: ErpFiles, *, now: bool) -> None:
        nonlocal count, died
        if now is not after:
            return
        count += 1
        if count == at:
            died = True
            server.cut()
            if not after and name != "close":
                raise OSError(errno.EIO, "cut")

    before, usual = erp.behaviour.before, erp.behaviour.after

    def first(name: str, server: ErpFiles) -> None:
        if not posix:
            _refuse_posix(name, server)
        cut(name, server, now=False)

    erp.behaviour.before = first
    erp.behaviour.after = lambda name, server: cut(name, server, now=True)
    try:
        await erp.adapter().submit(made, save)
    except (TransientFailure, UnknownOutcome):
        assert died
    finally:
        erp.behaviour.before, erp.behaviour.after = before, usual
    return died


def _refuse_posix(name: str, server: ErpFiles) -> None:
    if name == "posix_rename":
        from asyncssh import SFTPOpUnsupported

        raise SFTPOpUnsupported("not here")


def _take(erp: Server) -> None:
    for path in erp.outbox.glob("*.json"):
        path.unlink()


async def test_a_connection_lost_in_the_last_step_is_of_unknown_outcome(
    erp: Server, submission: Make, save: SaveStep
) -> None:
    adapter = erp.adapter()
    erp.behaviour.after = lambda name, server: server.cut() if _is_last(erp, name) else None
    with pytest.raises(
        UnknownOutcome, match=r"The last step of writing an order into .* was not confirmed: the connec"
    ):
        await adapter.submit(submission(), save)
    _take(erp)
    erp.behaviour.after = lambda name, server: None
    await adapter.submit(submission(), save)
    assert erp.files() == []


def _is_last(erp: Server, name: str) -> bool:
    return name == "posix_rename" and erp.behaviour.requests.count("posix_rename") == 1


async def test_a_connection_lost_before_is_renewed(server: Server, submission: Make, save: SaveStep) -> None:
    adapter = server.adapter()
    await adapter.submit(submission(key="shop_-1"), save)
    server.cut()
    try:
        await adapter.submit(submission(key="shop_-2"), save)
    except TransientFailure:
        await adapter.submit(submission(key="shop_-2"), save)
    assert server.files() == ["shop_-1.json", "shop_-2.json"]


async def test_a_server_away_is_transient_and_comes_back(server: Server, submission: Make, save: SaveStep) -> None:
    adapter = server.adapter()
    await adapter.check()
    await server.stop()
    with pytest.raises(TransientFailure, match=r"Writing an order into sftp://.*failed: (no|the) connection"):
        await adapter.submit(submission(), save)
    await server.start()
    await adapter.submit(submission(), save)
    assert server.files() == [f"{KEY}.json"]


async def test_a_server_that_says_nothing_is_given_up(erp: Server, submission: Make, save: SaveStep) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        adapter = erp.adapter(port=silent.getsockname()[1], timeout=0.2)
        with pytest.raises(TransientFailure, match=r"did not answer within 0.2 seconds"):
            await adapter.submit(submission(), save)
        await adapter.close()


async def test_one_connection_serves_many_orders(server: Server, submission: Make, save: SaveStep) -> None:
    adapter = server.adapter()
    await asyncio.gather(*(adapter.submit(submission(key=f"shop_-{number}"), save) for number in range(40)))
    assert len(server.files()) == 40
    assert len(server.logins) == 1


async def test_workers_with_one_order_write_one_file(server: Server, submission: Make, save: SaveStep) -> None:
    adapters = [server.adapter() for _ in range(4)]
    made = submission()
    results = await asyncio.gather(
        *(adapter.submit(made, save) for adapter in adapters for _ in range(2)), return_exceptions=True
    )
    assert all(not isinstance(each, BaseException) or isinstance(each, TransientFailure) for each in results), results
    assert (await server.adapter().submit(made, save)).erp_id == f"{KEY}.json"
    assert server.files() == [f"{KEY}.json"]
    assert (server.outbox / f"{KEY}.json").read_bytes() == b'{"a":1}'


class LeaseLost(Exception):
    """As the store raises it."""


async def test_a_worker_that_lost_its_lease_does_not_hand_over(
    server: Server, submission: Make, save: SaveStep
) -> None:
    async def lost(step: Step) -> None:
        raise LeaseLost

    with pytest.raises(LeaseLost):
        await server.adapter().submit(submission(), lost)
    assert server.files() == []
    await server.adapter().submit(submission(), save)
    assert server.files() == [f"{KEY}.json"]


class Lease:
    """The steps of one order, which are stored only for the worker that has it."""

    def __init__(self) -> None:
        self.step: Step = {}
        self.held = 0

    def take(self) -> SaveStep:
        """As another worker; who had it before is refused from now on."""
        self.held += 1
        mine = self.held

        async def save(step: Step) -> None:
            if mine != self.held:
                raise LeaseLost
            self.step = step

        return save


def resumed(made: Submission, lease: Lease) -> Submission:
    return Submission(made.key, made.order, made.document, step=lease.step, look_first=True)


@pytest.mark.parametrize("content", [b'{"a":1}', b'{"mapped":"anew"}'])
@pytest.mark.parametrize("with_step", [True, False])
async def test_a_worker_that_wakes_up_before_it_staged_destroys_no_proof(
    erp: Server, submission: Make, content: bytes, with_step: bool
) -> None:
    """Another has handed the order over, the ERP has taken it, and nobody wrote that down."""
    lease = Lease()
    (erp.outbox / ".sent").mkdir()
    stall = erp.behaviour.stall("open", 2)
    late = asyncio.create_task(erp.adapter().submit(submission(), lease.take()))
    async with asyncio.timeout(20):
        await stall.reached.wait()
    await erp.adapter().submit(submission(content), lease.take())
    assert [path.read_bytes() for path in erp.outbox.glob("*.json")] == [content]
    _take(erp)
    stall.go.set()
    with pytest.raises(LeaseLost):
        await late
    again = resumed(submission(), lease) if with_step else submission()
    assert (await erp.adapter().submit(again, lease.take())).erp_id == f"{KEY}.json"
    assert erp.files() == []
    assert len(await erp.adapter().find(KEY)) == 1


@pytest.mark.parametrize("content", [b'{"a":1}', b'{"mapped":"anew"}'])
@pytest.mark.parametrize(("name", "nth"), [("open", 3), ("write", 2), ("lstat", 1), ("posix_rename", 1)])
async def test_a_worker_that_wakes_up_after_its_step_hands_nothing_over(
    erp: Server, submission: Make, name: str, nth: int, content: bytes
) -> None:
    """Its document was used by another, or withdrawn, as the order was mapped anew since."""
    lease = Lease()
    (erp.outbox / ".sent").mkdir()
    stall = erp.behaviour.stall(name, nth)
    late = asyncio.create_task(erp.adapter().submit(submission(), lease.take()))
    async with asyncio.timeout(20):
        await stall.reached.wait()
    assert lease.step
    await erp.adapter().submit(resumed(submission(content), lease), lease.take())
    assert [path.read_bytes() for path in erp.outbox.glob("*.json")] == [content]
    _take(erp)
    stall.go.set()
    with pytest.raises(TransientFailure):
        await late
    assert (await erp.adapter().submit(resumed(submission(), lease), lease.take())).erp_id == f"{KEY}.json"
    assert erp.files() == []


async def test_a_document_that_was_withdrawn_gives_way_whoever_dies_then(
    erp: Server, submission: Make, save: SaveStep
) -> None:
    """The order was mapped anew, its first document withdrawn, and the worker died before it staged the second."""
    lease = Lease()
    erp.behaviour.before = _refuse_after_staging
    with pytest.raises(TransientFailure):
        await erp.adapter().submit(submission(), lease.take())
    erp.behaviour.before = lambda name, server: _refuse(name == "write")
    with pytest.raises(TransientFailure):
        await erp.adapter().submit(resumed(submission(b"new"), lease), lease.take())
    assert [path.suffix for path in sorted((erp.outbox / ".sent").glob("*.void"))] == [".void"]
    assert await erp.adapter().find(KEY) == []
    erp.behaviour.before = lambda name, server: None
    await erp.adapter().submit(resumed(submission(b"new"), lease), lease.take())
    assert (erp.outbox / f"{KEY}.json").read_bytes() == b"new"


def _refuse_after_staging(name: str, server: ErpFiles) -> None:
    _refuse(name == "posix_rename")


def _refuse(what: bool) -> None:
    if what:
        raise OSError(errno.EIO, os.strerror(errno.EIO))


@pytest.mark.parametrize(("name", "nth"), [("write", 1), ("fsync", 1), ("lstat", 1)])
async def test_silence_after_the_login_is_given_up(
    erp: Server, submission: Make, save: SaveStep, name: str, nth: int
) -> None:
    """The server does what it was asked, much later."""
    (erp.outbox / ".sent").mkdir()
    stall = erp.behaviour.stall(name, nth)
    adapter = erp.adapter(timeout=0.5)
    with pytest.raises(TransientFailure, match=r"the server did not answer within 0.5 seconds"):
        await adapter.submit(submission(), save)
    assert stall.reached.is_set()
    assert erp.files() == []
    stall.go.set()
    await erp.adapter().submit(submission(), save)
    assert erp.files() == [f"{KEY}.json"]


async def test_silence_in_the_last_step_is_of_unknown_outcome(erp: Server, submission: Make, save: SaveStep) -> None:
    stall = erp.behaviour.stall("posix_rename")
    adapter = erp.adapter(timeout=0.5)
    with pytest.raises(UnknownOutcome, match=r"was not confirmed: the server did not answer within 0.5 seconds"):
        await adapter.submit(submission(), save)
    stall.go.set()
    await erp.adapter().submit(submission(), save)
    assert erp.files() == [f"{KEY}.json"]


async def test_a_half_closed_connection_is_renewed(server: Server, submission: Make, save: SaveStep) -> None:
    """The server says that it says no more, and would still listen."""
    async with relay_to(server.port) as relay:
        adapter = server.adapter(port=relay.port, timeout=5.0)
        await adapter.submit(submission(key="shop_-1"), save)
        relay.half_close()
        relay.silent = False
        try:
            await adapter.submit(submission(), save)
        except TransientFailure:
            await adapter.submit(submission(), save)
        await adapter.close()
    assert server.files() == ["shop_-1.json", f"{KEY}.json"]


@pytest.mark.parametrize(
    ("number", "sentence"), [(errno.ENOSPC, "often its disk or a quota is full"), (errno.EIO, "the server says")]
)
async def test_a_full_disk_is_transient_and_nothing_is_left(
    erp: Server, submission: Make, save: SaveStep, number: int, sentence: str
) -> None:
    def full(name: str, server: ErpFiles) -> None:
        if name == "write":
            raise OSError(number, os.strerror(number))

    erp.behaviour.before = full
    adapter = erp.adapter()
    with pytest.raises(TransientFailure, match=sentence):
        await adapter.submit(submission(), save)
    assert erp.files() == []
    erp.behaviour.before = lambda name, server: None
    await adapter.submit(submission(), save)
    assert erp.files() == [f"{KEY}.json"]


async def test_a_folder_that_may_not_be_written_is_transient(erp: Server, submission: Make, save: SaveStep) -> None:
    def forbidden(name: str, server: ErpFiles) -> None:
        if name in ("open", "mkdir"):
            raise PermissionError(errno.EACCES, "Permission denied")

    erp.behaviour.before = forbidden
    with pytest.raises(TransientFailure, match=r"the server does not allow it; give the user there the right"):
        await erp.adapter().submit(submission(), save)


async def test_no_outbox_is_transient_and_it_is_not_created(server: Server, submission: Make, save: SaveStep) -> None:
    server.outbox.rmdir()
    with pytest.raises(TransientFailure, match=r"/out failed: it does not exist"):
        await server.adapter().submit(submission(), save)
    assert not server.outbox.exists()
    with pytest.raises(
        TransientFailure, match=r"Writing into sftp://receiver@127\.0\.0\.1:\d+/out failed: it does not"
    ):
        await server.adapter().check()


async def test_check_leaves_nothing_behind(server: Server, submission: Make, save: SaveStep) -> None:
    adapter = server.adapter()
    await adapter.check()
    assert [*server.outbox.iterdir(), *server.inbox.iterdir()] == []
    await adapter.submit(submission(), save)
    await adapter.check()
    assert sorted(path.name for path in (server.outbox / ".sent").iterdir()) == [KEY]
    with pytest.raises(PermanentFailure, match=r"same folder"):
        await server.adapter(inbox="in/../out").check()
