"""The adapter `folder` passes the suite that every adapter passes, on a real disk."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from order_receiver.settings.targets import FolderTarget
from order_receiver.targets.adapter import Submission, Update
from order_receiver.targets.folder.adapter import FolderAdapter
from order_receiver.testing import AdapterContract, Subject


class FolderSubject(Subject):
    """An outbox whose files nobody takes, and an inbox."""

    def __init__(self, base: Path) -> None:
        self.base, self.outbox, self.inbox = base, base / "out", base / "in"
        self.outbox.mkdir()
        self.inbox.mkdir()

    def open_adapter(self) -> FolderAdapter:
        return FolderAdapter(FolderTarget(outbox="out", inbox="in"), self.base)

    async def orders_in_erp(self, key: str) -> Sequence[str]:
        return [path.name for path in self.outbox.iterdir() if path.name.startswith(f"{key}.")]

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """The share is not mounted."""
        hidden = self.base / "unmounted"
        self.outbox.rename(hidden)
        yield
        hidden.rename(self.outbox)

    async def answer(self, submission: Submission, number: str) -> None:
        (self.inbox / f"{number}.json").write_text(json.dumps({"key": submission.key, "erp_order_no": number}))

    async def keeps(self, update: Update) -> bool:
        return (self.inbox / "unreadable" / update.source).exists()


class TestFolder(AdapterContract):
    @pytest.fixture
    def subject(self, tmp_path: Path) -> FolderSubject:
        return FolderSubject(tmp_path)
