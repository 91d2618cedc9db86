from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from order_receiver.orders.identity import OrderKey
from order_receiver.settings.targets import FolderTarget
from order_receiver.targets.adapter import Document, Step, Submission
from order_receiver.targets.folder.adapter import FolderAdapter

KEY = "shop_-100001"


@dataclass
class Folders:
    """An outbox and an inbox on a real disk, with the adapter that uses them."""

    base: Path
    outbox: Path
    inbox: Path
    adapter: FolderAdapter

    def files(self) -> list[str]:
        return sorted(path.name for path in self.outbox.iterdir() if not path.name.startswith("."))


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    outbox, inbox = tmp_path / "out", tmp_path / "in"
    outbox.mkdir()
    inbox.mkdir()
    return Folders(tmp_path, outbox, inbox, FolderAdapter(FolderTarget(outbox="out", inbox="in"), tmp_path))


@pytest.fixture
def submission() -> Callable[..., Submission]:
    def make(content: bytes = b'{"a":1}', extension: str = "json", key: str = KEY) -> Submission:
        return Submission(key, OrderKey("shop", "100001"), Document(content, "application/json", extension))

    return make


@pytest.fixture
def save() -> Callable[[Step], Awaitable[None]]:
    async def fail(step: Step) -> None:
        raise AssertionError(f"the folder adapter stores no step, not even {step}")

    return fail
