"""The demo ERP: takes mapped orders out of a folder and answers with order numbers in another."""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec


@dataclass(frozen=True, slots=True)
class DemoErpOptions:
    """Where the demo ERP looks and answers. All folders must be on one file system.

    `outbox` is where the receiver writes, `inbox` where it reads. `poll` is seconds between looks. Every
    `refuse_every`-th order is refused.
    """

    outbox: Path
    inbox: Path
    taken: Path
    memory: Path
    prefix: str = "SO-"
    first: int = 10_001
    poll: float = 0.2
    refuse_every: int | None = None


@dataclass(frozen=True, slots=True)
class ErpEvent:
    """What the demo ERP did with one file: a number, a refusal, or `unreadable` with the reason."""

    file: str
    key: str | None
    erp_order_no: str | None = None
    refused: str | None = None
    unreadable: str | None = None


class _Order(msgspec.Struct, frozen=True):
    """All that the demo ERP reads of a mapped order."""

    key: str


class _Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """An answer file; one of number and refusal."""

    key: str
    erp_order_no: str | None = None
    refused: str | None = None


class DemoErp:
    """Gives each key one number for life: what it decided is remembered in a file before the answer is written."""

    def __init__(self, options: DemoErpOptions) -> None:
        self._options = options
        for folder in (options.outbox, options.inbox, options.taken, options.memory.parent):
            folder.mkdir(parents=True, exist_ok=True)
        self._answers = _recall(options.memory)

    async def run(self, stop: asyncio.Event, on_event: Callable[[ErpEvent], None] = lambda _: None) -> None:
        """Work until `stop` is set, with a last look at the end."""
        while True:
            last = stop.is_set()
            for event in await asyncio.to_thread(self.step):
                on_event(event)
            if last:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._options.poll)

    def step(self) -> list[ErpEvent]:
        """Answer every order that is in the outbox now, oldest name first."""
        found = sorted(path for path in self._options.outbox.glob("*.json") if not path.name.startswith("."))
        return [self._take(path) for path in found]

    def _take(self, path: Path) -> ErpEvent:
        try:
            order = msgspec.json.decode(path.read_bytes(), type=_Order)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            path.replace(self._options.taken / f"{path.name}.unreadable")
            return ErpEvent(path.name, None, unreadable=str(error))
        answer = self._answers.get(order.key) or self._decide(order.key)
        _write_atomically(self._options.inbox / path.name, msgspec.json.encode(answer))
        path.replace(self._options.taken / path.name)
        return ErpEvent(path.name, answer.key, answer.erp_order_no, answer.refused)

    def _decide(self, key: str) -> _Answer:
        """Decide about a new key and remember it durably before anyone hears of it."""
        place = len(self._answers)
        every = self._options.refuse_every
        if every is not None and (place + 1) % every == 0:
            answer = _Answer(key, refused="The demo ERP was told to refuse this one.")
        else:
            answer = _Answer(key, f"{self._options.prefix}{self._options.first + place}")
        with self._options.memory.open("ab") as memory:
            memory.write(msgspec.json.encode(answer) + b"\n")
            memory.flush()
            os.fsync(memory.fileno())
        self._answers[key] = answer
        return answer


def _recall(memory: Path) -> dict[str, _Answer]:
    """What was decided before; a last line that a crash cut off was never told to anyone and is cut away."""
    if not memory.exists():
        return {}
    content = memory.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        os.truncate(memory, len(whole))
    answers = msgspec.json.Decoder(_Answer).decode_lines(whole)
    return {answer.key: answer for answer in answers}


def _write_atomically(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(content)
    temporary.replace(path)
