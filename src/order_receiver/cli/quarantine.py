"""Messages that could not be identified: listed, and shown as they came."""

import re
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from order_receiver.app.assembly import Configuration
from order_receiver.cli.output import console, local, print_json, print_table
from order_receiver.contract.personal import masked_message
from order_receiver.store.queries import QuarantineLine

_NUMBER = re.compile(r"[Qq](\d{1,18})")


def quarantine_number(reference: str) -> int | None:
    """The number in `Q17`, as Norce's log and ours name a message in quarantine; None for anything else."""
    match = _NUMBER.fullmatch(reference)
    return None if match is None else int(match[1])


def print_quarantine(lines: Sequence[QuarantineLine], configuration: Configuration, *, as_json: bool) -> None:
    """List messages in quarantine."""
    if as_json:
        print_json([_told(line) for line in lines])
        return
    zone = ZoneInfo(configuration.settings.time_zone)
    shown = [[f"Q{line.id}", local(line.received_at, zone), line.remote or "", line.reason] for line in lines]
    print_table("Quarantine (orders show Q1 shows a message)", ("Quarantine", "Received", "From", "Why"), shown)


def print_quarantined(line: QuarantineLine, configuration: Configuration, *, as_json: bool) -> None:
    """Show one message as it came, personal numbers masked."""
    if as_json:
        print_json({**_told(line), "body": masked_message(line.body)})
        return
    zone = ZoneInfo(configuration.settings.time_zone)
    console.print(
        f"Message Q{line.id} of {local(line.received_at, zone)} from {line.remote}", markup=False, style="bold"
    )
    console.print(f"Not taken over: {line.reason}", markup=False, soft_wrap=True)
    console.print(f"Content-Type: {line.media_type or 'none'}, {len(line.body)} bytes:\n", markup=False)
    console.print(masked_message(line.body), markup=False, soft_wrap=True)


def _told(line: QuarantineLine) -> dict[str, object]:
    return {
        "quarantine": f"Q{line.id}",
        "received_at": line.received_at,
        "remote": line.remote,
        "media_type": line.media_type,
        "reason": line.reason,
    }
