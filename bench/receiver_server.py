"""The receiver with an ERP and a Norce that cost nothing, so that what is measured is the receiver itself.

Run as a process of its own: `python -m bench.receiver_server receiver.toml --erp instant --norce instant`.
"""

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path

import uvloop
from msgspec.structs import replace

from order_receiver.app.assembly import Configuration, Parts, open_adapters
from order_receiver.app.serving import run
from order_receiver.contract.outgoing import SendOrderStatusRequest
from order_receiver.orders.outcomes import TransientFailure
from order_receiver.settings.load import load
from order_receiver.settings.targets import FolderTarget
from order_receiver.targets.adapter import (
    Adapter,
    CancelOutcome,
    Capabilities,
    ErpOrder,
    Poll,
    SaveStep,
    Submission,
    Submitted,
    Update,
)
from order_receiver.telemetry import configure_logs


class InstantErp:
    """An adapter that gives every order a number at once."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def capabilities(self) -> Capabilities:
        return Capabilities(enforces_uniqueness=True, answers_number=True)

    async def submit(self, submission: Submission, save: SaveStep) -> Submitted:
        return Submitted(f"SO-{next(self._numbers)}")

    async def find(self, key: str) -> Sequence[ErpOrder]:
        return ()

    async def poll(self, cursor: str | None) -> Poll:
        return Poll(())

    async def acknowledge(self, updates: Sequence[Update]) -> None:
        return None

    async def set_aside(self, update: Update, reason: str) -> None:
        return None

    async def cancel(self, key: str) -> CancelOutcome:
        return CancelOutcome.MANUAL

    async def check(self) -> None:
        return None

    async def close(self) -> None:
        return None


class AbsentErp(InstantErp):
    """An adapter that cannot reach its ERP and is told to come back in an hour."""

    async def submit(self, submission: Submission, save: SaveStep) -> Submitted:
        raise TransientFailure("The ERP is closed for the night.", retry_after=3600)


class InstantNorce:
    """Reports that arrive at once."""

    async def send_order_status(self, request: SendOrderStatusRequest, application_id: int | None) -> None:
        return None


def folder_adapters(configuration: Configuration) -> Mapping[str, Adapter]:
    """The real folder adapter; the file's name is the order number, so that no ERP has to answer."""
    settings = configuration.settings
    targets = {
        name: replace(target, inbox=None, number_on_write=True) if isinstance(target, FolderTarget) else target
        for name, target in settings.targets.items()
    }
    return open_adapters(Configuration(replace(settings, targets=targets), configuration.base))


ERPS: Mapping[str, Callable[[Configuration], Mapping[str, Adapter]]] = {
    "instant": lambda _: {"erp": InstantErp()},
    "absent": lambda _: {"erp": AbsentErp()},
    "folder": folder_adapters,
}


def main() -> None:
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("configuration", type=Path)
    parser.add_argument("--erp", choices=sorted(ERPS), default="instant")
    parser.add_argument("--norce", choices=("instant", "http"), default="instant")
    parser.add_argument("--no-door", action="store_true", help="only work orders off")
    given = parser.parse_args()
    path: Path = given.configuration
    configuration = Configuration(load(path, os.environ), path.absolute().parent)
    parts = Parts(ERPS[given.erp](configuration), InstantNorce() if given.norce == "instant" else None)
    configure_logs(configuration.settings.log.level, configuration.settings.log.format)
    uvloop.run(run(configuration, door=not given.no_door, parts=parts))


if __name__ == "__main__":
    main()
