"""The answer policy: one table of data, from what happened to what Norce is told.

Exactly HTTP 200 with an OrderResponse, in the form of the request, is an answer to Norce; anything else makes it
repeat the order every ten minutes for up to six hours. `Failed` is final, so it is said only where a repeat could never
help and nothing was taken over. (norce: receiving orders, answering)
"""

from dataclasses import dataclass
from enum import StrEnum

from order_receiver.contract.codes import StatusCode


class Situation(StrEnum):
    """What can happen to a request at the door."""

    STORED = "stored"
    STORED_NUMBERED = "stored-and-numbered"
    REPEATED = "repeated"
    REPEATED_NUMBERED = "repeated-and-numbered"
    CONFLICT = "conflict"
    CONFLICT_NUMBERED = "conflict-and-numbered"
    STORED_WITH_FINDINGS = "stored-with-findings"
    FAILED_WITH_FINDINGS = "failed-with-findings"
    DO_HOLD = "do-hold"
    UNKNOWN_APPLICATION = "unknown-application"
    NOT_IDENTIFIABLE = "not-identifiable"
    NOT_PARSEABLE = "not-parseable"
    BODY_CUT_OFF = "body-cut-off"
    BODY_TOO_SLOW = "body-too-slow"
    BODY_TOO_LARGE = "body-too-large"
    TOO_MANY_ROWS = "too-many-rows"
    ENVELOPE_REFUSED = "envelope-refused"
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type"
    UNSUPPORTED_ENCODING = "unsupported-encoding"
    NO_CREDENTIALS = "no-credentials"
    WRONG_CREDENTIALS = "wrong-credentials"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    STORE_UNAVAILABLE = "store-unavailable"
    OVERLOADED = "overloaded"
    DRAINING = "draining"
    UNEXPECTED = "unexpected-error"


NOT_MESSAGES = frozenset({Situation.NO_CREDENTIALS, Situation.WRONG_CREDENTIALS, Situation.METHOD_NOT_ALLOWED})
"""Situations in which no message was taken in at all."""


class AtNorce(StrEnum):
    """What Norce does next."""

    TAKEN_OVER = "taken over, no repeat"
    FINAL = "failed for good, no repeat"
    REPEATS = "repeats every 10 minutes for 6 hours"


@dataclass(frozen=True, slots=True)
class Answer:
    """One row of the policy. `description` may use {detail} and {quarantine}; without `code` it is no OrderResponse."""

    situation: Situation
    http: int
    code: StatusCode | None
    description: str
    at_norce: AtNorce
    retry_after: bool = False


def _ok(situation: Situation, description: str) -> Answer:
    return Answer(situation, 200, StatusCode.OK, description, AtNorce.TAKEN_OVER)


def _failed(situation: Situation, description: str) -> Answer:
    return Answer(situation, 200, StatusCode.FAILED, description, AtNorce.FINAL)


def _again(situation: Situation, http: int, description: str, *, retry_after: bool = False) -> Answer:
    return Answer(situation, http, None, description, AtNorce.REPEATS, retry_after)


_S = Situation

POLICY: dict[Situation, Answer] = {
    answer.situation: answer
    for answer in (
        _ok(_S.STORED, "The order is stored; its ERP number follows."),
        _ok(_S.STORED_NUMBERED, "The order is stored and in the ERP."),
        _ok(_S.REPEATED, "The order was received before; its ERP number follows."),
        _ok(_S.REPEATED_NUMBERED, "The order was received before and is in the ERP."),
        _ok(
            _S.CONFLICT,
            "The order was received before with other content; the first stands, this one is kept beside it.",
        ),
        _ok(
            _S.CONFLICT_NUMBERED,
            "The order was received before with other content and is in the ERP; the first stands, this one is kept.",
        ),
        _ok(_S.STORED_WITH_FINDINGS, "The order is stored and held: {detail}"),
        _failed(_S.FAILED_WITH_FINDINGS, "Not taken over (quarantine {quarantine}): {detail}"),
        _ok(_S.DO_HOLD, "The order is stored and held, as DoHold asks, until a person releases it."),
        _ok(_S.UNKNOWN_APPLICATION, "The order is stored and held: its application is not configured here yet."),
        _failed(_S.NOT_IDENTIFIABLE, "Not taken over (quarantine {quarantine}): {detail}"),
        _failed(_S.NOT_PARSEABLE, "Not taken over (quarantine {quarantine}): {detail}"),
        _again(_S.BODY_CUT_OFF, 400, "The body ended before the announced length. Nothing was taken over."),
        _again(_S.BODY_TOO_SLOW, 408, "The body took longer than read_timeout. Nothing was taken over."),
        _again(_S.BODY_TOO_LARGE, 413, "The body is larger than body_limit, {detail} bytes. Nothing was taken over."),
        _again(_S.TOO_MANY_ROWS, 413, "The order has more rows than item_limit, {detail}. Nothing was taken over."),
        _again(_S.ENVELOPE_REFUSED, 500, "{detail} Nothing was taken over."),
        _again(
            _S.UNSUPPORTED_MEDIA_TYPE,
            415,
            "Send the order as application/json, application/xml, text/xml or application/soap+xml. "
            "Nothing was taken over.",
        ),
        _again(_S.UNSUPPORTED_ENCODING, 415, "Send the body without Content-Encoding. Nothing was taken over."),
        _again(_S.NO_CREDENTIALS, 401, "Send the user name and password with HTTP Basic."),
        _again(_S.WRONG_CREDENTIALS, 401, "User name or password is wrong."),
        _again(_S.METHOD_NOT_ALLOWED, 405, "Orders are sent with POST."),
        _again(_S.STORE_UNAVAILABLE, 503, "The store cannot be written now. Send the order again.", retry_after=True),
        _again(_S.OVERLOADED, 503, "Too many requests wait already. Nothing was taken over.", retry_after=True),
        _again(_S.DRAINING, 503, "The door is closing for a restart. Nothing was taken over.", retry_after=True),
        _again(_S.UNEXPECTED, 500, "An unexpected error; it is in the log. Send the order again."),
    )
}
"""The whole policy, in the order in which `order-receiver answers` prints it."""
