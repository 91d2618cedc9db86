"""Putting an outcome on the wire: an OrderResponse for Norce, problem details (RFC 9457) for everything else."""

import msgspec
from starlette.types import Send

from order_receiver.contract.response import order_response
from order_receiver.contract.value import Value
from order_receiver.door.answers import POLICY, Answer, Situation

JSON = b"application/json; charset=utf-8"
PROBLEM = b"application/problem+json"
CHALLENGE = b'Basic realm="order receiver", charset="UTF-8"'

_encoder = msgspec.json.Encoder()
_CLOSING = frozenset({Situation.BODY_TOO_LARGE, Situation.BODY_TOO_SLOW, Situation.BODY_CUT_OFF})


class Outcome(Value, frozen=True):
    """What happened to a request, with what the answer's description needs."""

    situation: Situation
    erp_order_no: str | None = None
    detail: str = ""
    quarantine: str = ""


class Problem(msgspec.Struct, frozen=True):
    """Problem details of RFC 9457."""

    type: str
    title: str
    status: int
    detail: str


async def send_outcome(send: Send, outcome: Outcome, retry_after: int) -> None:
    """Answer by the policy's row for the outcome. `retry_after` is seconds, used where the row asks for it."""
    answer = POLICY[outcome.situation]
    headers, body = _render(answer, outcome)
    if answer.http == 401:
        headers.append((b"www-authenticate", CHALLENGE))
    if answer.http == 405:
        headers.append((b"allow", b"POST"))
    if answer.retry_after:
        headers.append((b"retry-after", str(retry_after).encode()))
    if outcome.situation in _CLOSING:
        headers.append((b"connection", b"close"))
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": answer.http, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _render(answer: Answer, outcome: Outcome) -> tuple[list[tuple[bytes, bytes]], bytes]:
    text = answer.description
    if "{" in text:
        text = text.format(detail=outcome.detail, quarantine=outcome.quarantine)
    if answer.code is not None:
        response = order_response(answer.code, text, outcome.erp_order_no)
        return [(b"content-type", JSON)], _encoder.encode(response)
    problem = Problem(
        f"urn:order-receiver:problem:{answer.situation.value}",
        answer.situation.value.replace("-", " "),
        answer.http,
        text,
    )
    return [(b"content-type", PROBLEM)], _encoder.encode(problem)
