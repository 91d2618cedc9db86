"""Putting an outcome on the wire: an OrderResponse for Norce in the form of its request, problem details else.

Only a sender that speaks SOAP, and only with HTTP 500, gets a Fault in place of the problem details (RFC 9457).
"""

import msgspec
from starlette.types import Send

from order_receiver.contract.answer import write, write_fault
from order_receiver.contract.reply import Reply
from order_receiver.contract.response import order_response
from order_receiver.contract.soap_form import FaultCode
from order_receiver.contract.value import Value
from order_receiver.door.answers import POLICY, Answer, Situation
from order_receiver.door.describing import Document

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
    fault: FaultCode = FaultCode.RECEIVER


class Problem(msgspec.Struct, frozen=True):
    """Problem details of RFC 9457."""

    type: str
    title: str
    status: int
    detail: str


async def send_outcome(send: Send, outcome: Outcome, reply: Reply, retry_after: int) -> None:
    """Answer in the form of `reply`, by the policy's row for the outcome.

    `retry_after` is seconds, used where the row asks for it.
    """
    answer = POLICY[outcome.situation]
    media_type, body = _render(answer, outcome, reply)
    headers = [(b"content-type", media_type)]
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


async def send_document(send: Send, document: Document, method: str) -> None:
    """Answer with a part of the service's description; to HEAD with its head only."""
    headers = [(b"content-type", document.media_type), (b"content-length", str(len(document.body)).encode())]
    await send({"type": "http.response.start", "status": document.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else document.body})


def _render(answer: Answer, outcome: Outcome, reply: Reply) -> tuple[bytes, bytes]:
    text = answer.description
    if "{" in text:
        text = text.format(detail=outcome.detail, quarantine=outcome.quarantine)
    if answer.code is not None:
        return write(reply, order_response(answer.code, text, outcome.erp_order_no))
    if answer.http == 500 and reply.form.is_soap:
        return write_fault(reply, outcome.fault, text)
    problem = Problem(
        f"urn:order-receiver:problem:{answer.situation.value}",
        answer.situation.value.replace("-", " "),
        answer.http,
        text,
    )
    return PROBLEM, _encoder.encode(problem)
