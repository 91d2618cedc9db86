"""Names of systems and kinds of tasks."""

from order_receiver.store.lanes import PROCESS, RECEIVER

NORCE = "norce"
SUBMIT = "submit"
REPORT_CONFIRMED = "confirm"
POLL = "poll"

__all__ = [
    "NORCE",
    "POLL",
    "PROCESS",
    "RECEIVER",
    "REPORT_CONFIRMED",
    "SUBMIT",
    "poll_system",
    "target_system",
]


def target_system(target: str) -> str:
    """The system of tasks that write to a target."""
    return f"target:{target}"


def poll_system(target: str) -> str:
    """The system of the task that listens to a target; apart, so that a slow submission never delays it."""
    return f"poll:{target}"
