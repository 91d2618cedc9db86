"""The adapter `sftp` passes the suite that every adapter passes, against a real SFTP server."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.integration.targets.sftp.conftest import ErpFiles, Server

from order_receiver.targets.adapter import Submission, Update
from order_receiver.targets.sftp.adapter import SftpAdapter
from order_receiver.testing import AdapterContract, Subject
from order_receiver.testing.subject import FIRST_NAME, LAST_NAME


@dataclass
class SftpSubject(Subject):
    """A server whose files nobody takes."""

    server: Server
    timeout: float
    foreign: list[Path] = field(default_factory=list)

    def open_adapter(self) -> SftpAdapter:
        return self.server.adapter(timeout=self.timeout)

    async def orders_in_erp(self, key: str) -> Sequence[str]:
        foreign = {file.name for file in self.foreign}
        return [name for name in self.server.files() if name.startswith(f"{key}.") and name not in foreign]

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        await self.server.stop()
        yield
        await self.server.start()

    @asynccontextmanager
    async def dies_after_taking(self) -> AsyncIterator[None]:
        """The connection is lost as soon as the file has its name."""

        def after(name: str, files: ErpFiles) -> None:
            if name in ("rename", "posix_rename") and self.server.files():
                files.cut()

        self.server.behaviour.after = after
        yield
        self.server.behaviour.after = lambda name, files: None

    @asynccontextmanager
    async def slow(self) -> AsyncIterator[None]:
        """The server renames a file much later than it was asked to."""
        stall = self.server.behaviour.stall("posix_rename")
        yield
        stall.go.set()

    @asynccontextmanager
    async def refuses(self) -> AsyncIterator[None]:
        """Every order meets a foreign file of its name."""
        refused: list[Path] = []

        def before(name: str, files: ErpFiles) -> None:
            for mark in (self.server.outbox / ".sent").glob("*.part") if name == "lstat" else ():
                refused.append(self.server.outbox / f"{mark.name.split('.')[0]}.json")
                refused[-1].write_text(f"{FIRST_NAME} {LAST_NAME}")

        self.server.behaviour.before = before
        self.foreign = refused
        yield
        self.server.behaviour.before = lambda name, files: None
        for file in refused:
            file.unlink(missing_ok=True)
        refused.clear()

    async def answer(self, submission: Submission, number: str) -> None:
        (self.server.inbox / f"{number}.json").write_text(json.dumps({"key": submission.key, "erp_order_no": number}))

    async def keeps(self, update: Update) -> bool:
        return (self.server.inbox / "unreadable" / update.source).exists()


class TestSftp(AdapterContract):
    @pytest.fixture
    def subject(self, erp: Server, request: pytest.FixtureRequest) -> SftpSubject:
        return SftpSubject(erp, timeout=0.5 if request.node.originalname == "test_slow" else 20.0)
