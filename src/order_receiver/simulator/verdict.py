"""What Norce makes of an answer to an order: taken over, refused for good, or tried again. (norce: answering)"""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta


class Outcome(StrEnum):
    """What Norce does after an answer."""

    TAKEN_OVER = "taken over"
    REFUSED = "refused"
    """`Failed`: final, never sent again."""
    RETRY = "retry"
    """Sent again every 10 minutes for up to 6 hours."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Norce's reading of one answer; `sentence` says what happens next and why."""

    outcome: Outcome
    sentence: str
    http_status: int | None = None
    erp_order_no: str | None = None
    description: str | None = None


class _Problem(msgspec.Struct, frozen=True):
    """What is read of problem details (RFC 9457)."""

    detail: str = ""


class _Answer(msgspec.Struct, frozen=True):
    """OrderResponse as its strictest known reader takes it; unknown members are ignored. (norce: JSON answers)"""

    StatusCode: Annotated[str, Meta(max_length=50)]
    HasErpOrderNo: bool
    Description: Annotated[str, Meta(max_length=255)] | None = None
    ErpOrderNo: Annotated[str, Meta(max_length=50)] | None = None


def judge(http_status: int, content_type: str | None, body: bytes) -> Verdict:
    """Norce's verdict on an answer: only exactly 200 with a well-formed OrderResponse takes the order over."""
    if http_status != 200:
        return retry(f"HTTP {http_status} is not 200{_detail(body)}", http_status)
    if (content_type or "").split(";")[0].strip().lower() != "application/json":
        return retry(f"the answer is called {content_type!r}, not application/json", http_status)
    try:
        answer = _read(body)
    except (ValueError, RecursionError) as error:
        return retry(f"the answer is malformed ({error})", http_status)
    return _decide(answer)


def _detail(body: bytes) -> str:
    """What problem details say, for people who try out their receiver; Norce itself does not look."""
    try:
        detail = msgspec.json.decode(body, type=_Problem).detail
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
    return f" ({detail.rstrip('.')})" if detail else ""


def retry(reason: str, http_status: int | None = None) -> Verdict:
    """Anything but a proper answer."""
    sentence = f"Norce sends the order again every 10 minutes for up to 6 hours: {reason}."
    return Verdict(Outcome.RETRY, sentence, http_status)


def _decide(answer: _Answer) -> Verdict:
    if answer.HasErpOrderNo != bool(answer.ErpOrderNo):
        return retry("HasErpOrderNo and ErpOrderNo contradict one another", 200)
    match answer.StatusCode.lower():
        case "ok":
            number = answer.ErpOrderNo or None
            told = f"Confirmed with number {number}" if number else "Allocation; it waits to be told Confirmed"
            sentence = f"The order is taken over; its status in Norce is {told}."
            return Verdict(Outcome.TAKEN_OVER, sentence, 200, number, answer.Description)
        case "failed":
            sentence = f"The order is refused for good and never sent again: {answer.Description or 'no reason given'}"
            return Verdict(Outcome.REFUSED, sentence, 200, None, answer.Description)
        case _:
            return retry(f"StatusCode {answer.StatusCode!r} is neither OK nor Failed", 200)


def _read(body: bytes) -> _Answer:
    """Raises `ValueError` for what any of the known .NET readers refuses or loses."""
    if body.startswith(b"\xef\xbb\xbf"):
        raise ValueError("byte order mark")
    tree = json.loads(body.decode("utf-8"), object_pairs_hook=_members_once)
    return msgspec.convert(tree, _Answer)


def _members_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice")
    return members
