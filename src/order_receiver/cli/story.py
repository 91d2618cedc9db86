"""One order told from beginning to now."""

from collections.abc import Collection, Mapping
from zoneinfo import ZoneInfo

from order_receiver.cli.documents import shown
from order_receiver.cli.output import console, local, print_table
from order_receiver.contract.personal import masked_message
from order_receiver.orders.states import EXPLANATIONS, HoldReason
from order_receiver.store.queries import HoldLine, Story, SubmissionLine, TaskLine
from order_receiver.store.store import now
from order_receiver.store.values import name_of
from order_receiver.work.kinds import target_system


def print_story(
    story: Story, zone: ZoneInfo, *, message: bool, document: bool, shut: Collection[str] = frozenset()
) -> None:
    """Tell people where the order is, why, what comes next, and what happened.

    `shut` are the systems that are given no orders.
    """
    order = story.order
    console.print(f"Order {order.client_order_ref} of application {order.application_key}", markup=False, style="bold")
    console.print(f"State: {order.state}   ERP number: {order.erp_order_no or 'not known yet'}", markup=False)
    for held in story.holds:
        _print_hold(held)
    for task in story.tasks:
        console.print(f"Next: {_next(task, zone, shut=task.system in shut)}", markup=False, soft_wrap=True)
    _print_parts(story)
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
            console.print(shown(submission.document), markup=False, soft_wrap=True)
    if message:
        for line in story.messages:
            console.print(f"\nMessage ({line.role}) of {local(line.received_at, zone)}:", markup=False, style="bold")
            console.print(masked_message(line.body), markup=False, soft_wrap=True)


def story_as_data(story: Story, *, message: bool, document: bool) -> dict[str, object]:
    """The same for programs."""
    data: dict[str, object] = {
        "order": story.order,
        "holds": story.holds,
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


def held_in_words(held: HoldLine) -> str:
    """What holds the order, with the target whose task it is that cannot go on, if it is a target's."""
    name = name_of(held.system)
    by = f" by {name}" if held.system == target_system(name) else ""
    return f"Held{by}: {held.reason}"


def _print_parts(story: Story) -> None:
    """How far the order has come in each target, where the state of the order does not say it."""
    rows = [_part(story, submission) for submission in story.submissions]
    if len(rows) > 1 or any(row[-1] == "no" for row in rows):
        print_table("Targets", ("Target", "State", "Number", "Norce gets it"), rows)


def _part(story: Story, submission: SubmissionLine) -> tuple[str, str, str, str]:
    target = submission.target
    gets = "yes" if submission.gives_number else "no"
    return target, _part_state(story, submission), submission.erp_order_no or "", gets


def _part_state(story: Story, submission: SubmissionLine) -> str:
    system = target_system(submission.target)
    held = {held.reason for held in story.holds if held.system == system}
    if held:
        return "refused" if HoldReason.ERP_REFUSED in held else f"held: {', '.join(sorted(held))}"
    if submission.erp_order_no is not None:
        return "numbered"
    if submission.submitted_at is not None:
        return "submitted"
    return "waiting" if any(task.system == system for task in story.tasks) else "not sent"


def _print_hold(held: HoldLine) -> None:
    explanation = EXPLANATIONS[HoldReason(held.reason)]
    console.print(f"{held_in_words(held)}. {explanation.meaning}", markup=False, style="yellow")
    console.print(held.text, markup=False, soft_wrap=True)
    console.print(f"What to do: {explanation.advice}", markup=False)


def _next(task: TaskLine, zone: ZoneInfo, *, shut: bool) -> str:
    what = f"{task.kind} ({task.system})"
    if task.state == "parked":
        return f"{what} waits for a person"
    if task.state == "blocked":
        return f"{what} waits for the task before it"
    if shut and task.state == "waiting":
        return f"{what} waits until the target is given orders again; `order-receiver targets` says when"
    when = "now" if task.due is None or task.due <= now() else f"at {local(task.due, zone)}"
    tried = f", attempt {task.attempts + 1}" if task.attempts else ""
    because = f"; last: {task.reason}" if task.reason else ""
    return f"{what}: due {when}{tried}{because}"
