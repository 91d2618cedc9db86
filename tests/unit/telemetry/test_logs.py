"""Logs as they leave a process: one line an event on standard error, nothing on standard output."""

import json
import subprocess
import sys
from datetime import datetime, timedelta

PROGRAM = """
import sys
from decimal import Decimal
import structlog
from order_receiver.orders.states import HoldReason
from order_receiver.telemetry import configure_logs

configure_logs(sys.argv[1], sys.argv[2])
log = structlog.get_logger("test")
log.debug("order.mapped", order="100001", bytes=7)
log.info("order.received", order="100001", hold=HoldReason.DO_HOLD, amount=Decimal("1.10"), text="två\\nrader")
log.warning("order.held", order="100002", reason=None)
try:
    raise ValueError("not thought of")
except ValueError:
    log.exception("task.unexpected_error", order="100003")
"""


def lines(level: str, form: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, level, form], capture_output=True, check=True, timeout=60, encoding="utf-8"
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_json_lines_are_for_machines() -> None:
    events = [json.loads(line) for line in lines("debug", "json")]
    assert [event["event"] for event in events] == [
        "order.mapped",
        "order.received",
        "order.held",
        "task.unexpected_error",
    ]
    assert [event["level"] for event in events] == ["debug", "info", "warning", "error"]
    assert [event["order"] for event in events] == ["100001", "100001", "100002", "100003"]
    assert all(datetime.fromisoformat(event["timestamp"]).utcoffset() == timedelta(0) for event in events)
    _, received, held, failed = events
    assert (received["hold"], received["amount"], received["text"]) == ("do-hold", "1.10", "två\nrader")
    assert held["reason"] is None
    assert "ValueError: not thought of" in failed["exception"]


def test_the_level_is_kept() -> None:
    assert [json.loads(line)["level"] for line in lines("warning", "json")] == ["warning", "error"]


def test_console_lines_are_for_people() -> None:
    shown = lines("info", "console")
    assert "order.received" in shown[0]
    assert "order=100001" in shown[0]
    assert "info" in shown[0]
    text = "\n".join(shown)
    assert "ValueError: not thought of" in text
    assert "order.mapped" not in text
    assert "\x1b[" not in text
