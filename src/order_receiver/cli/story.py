"""One order told from beginning to now."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from order_receiver.cli.output import console, local, print_table
from order_receiver.contract.personal import masked_message
from order_receiver.orders.states import EXPLANATIONS, HoldReason
from order_receiver.store.queries import Story, TaskLine
from order_receiver.store.store import now


def print_story(story: Story, zone: ZoneInfo, *, message: bool, document: bool) -> None:
    """Tell people where the order is, why, what comes next, and what happened."""
    order = story.order
    console.print(f"Order {order.client_order_ref} of application {order.application_key}", markup=False, style="bold")
    console.print(f"State: {order.state}   ERP number: {order.erp_order_no or 'not known yet'}", markup=False)
    if order.hold is not None:
        _print_hold(order.hold, order.hold_text or "")
    for task in story.tasks:
        console.print(f"Next: {_next(task, zone)}", markup=False, soft_wrap=True)
    print_table(
        "History",
        ("When", "Who", "What", "From", "To", "Why"),
        [
            [local(line.at, zone), line.actor, line.event, line.old or "", line.new or "", line.why or ""]
            for line in story.history
        ],
    )
    if story.attempts:
        print_table(
            "Attempts",
            ("When", "System", "Task", "No", "ms", "Outcome", "Error"),
            [
                [
                    *(local(line.started_at, zone), line.system, line.kind, str(line.number)),
                    *(f"{line.milliseconds:.1f}", line.outcome, line.error or ""),
                ]
                for line in story.attempts
            ],
        )
    if document:
        for submission in story.submissions:
            console.print(f"\nDocument for {submission.target}, key {submission.key}:", markup=False, style="bold")
            console.print(masked_message(submission.document), markup=False, soft_wrap=True)
    if message:
        for line in story.messages:
            console.print(f"\nMessage ({line.role}) of {local(line.received_at, zone)}:", markup=False, style="bold")
            console.print(masked_message(line.body), markup=False, soft_wrap=True)


def story_as_data(story: Story, *, message: bool, document: bool) -> dict[str, object]:
    """The same for programs."""
    data: dict[str, object] = {
        "order": story.order,
        "history": story.history,
        "tasks": story.tasks,
        "attempts": story.attempts,
        "submissions": [_shown(submission, "document", kept=document) for submission in story.submissions],
        "messages": [_shown(line, "body", kept=message) for line in story.messages],
    }
    return data


def _shown(line: object, member: str, *, kept: bool) -> Mapping[str, object]:
    values = {name: getattr(line, name) for name in line.__annotations__}
    content = values.pop(member)
    return {**values, member: masked_message(content)} if kept else values


def _print_hold(reason: str, text: str) -> None:
    explanation = EXPLANATIONS[HoldReason(reason)]
    console.print(f"Held: {reason}. {explanation.meaning}", markup=False, style="yellow")
    console.print(text, markup=False, soft_wrap=True)
    console.print(f"What to do: {explanation.advice}", markup=False)


def _next(task: TaskLine, zone: ZoneInfo) -> str:
    what = f"{task.kind} ({task.system})"
    if task.state == "parked":
        return f"{what} waits for a person"
    if task.state == "blocked":
        return f"{what} waits for the task before it"
    when = "now" if task.due is None or task.due <= now() else f"at {local(task.due, zone)}"
    tried = f", attempt {task.attempts + 1}" if task.attempts else ""
    because = f"; last: {task.reason}" if task.reason else ""
    return f"{what}: due {when}{tried}{because}"
