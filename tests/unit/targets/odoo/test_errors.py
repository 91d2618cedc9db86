"""What Odoo's answers mean, without an Odoo: those that a real one gives only when it is in trouble."""

import msgspec
import pytest

from order_receiver.orders.outcomes import CallFailed, NotYet, PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.targets.odoo.errors import (
    LoginEnded,
    Message,
    Overtaken,
    Refused,
    error_failure,
    http_failure,
    load_failure,
)


def raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


@pytest.mark.parametrize(
    ("status", "reading", "changing"),
    [
        (302, PermanentFailure, PermanentFailure),
        (400, PermanentFailure, PermanentFailure),
        (404, TransientFailure, TransientFailure),
        (413, PermanentFailure, PermanentFailure),
        (429, TransientFailure, TransientFailure),
        (500, TransientFailure, UnknownOutcome),
        (502, TransientFailure, UnknownOutcome),
        (503, TransientFailure, TransientFailure),
        (504, TransientFailure, UnknownOutcome),
        (599, TransientFailure, UnknownOutcome),
    ],
)
def test_statuses(status: int, reading: type[Exception], changing: type[Exception]) -> None:
    assert type(http_failure(status, None, "the call", changes=False)) is reading
    assert type(http_failure(status, None, "the call", changes=True)) is changing


def test_a_wait_that_odoo_asks_for_is_kept() -> None:
    failure = http_failure(429, 12.0, "the call", changes=True)
    assert isinstance(failure, TransientFailure)
    assert failure.retry_after == 12.0


@pytest.mark.parametrize(
    ("name", "message", "kind", "words"),
    [
        ("odoo.exceptions.UserError", "No\n such tax.", Refused, "Odoo refused the call: No such tax."),
        ("odoo.exceptions.ValidationError", "Wrong VAT.", Refused, "Odoo refused the call: Wrong VAT."),
        ("odoo.exceptions.RedirectWarning", "Set up first.", Refused, "refused the call: Set up first."),
        ("odoo.exceptions.AccessError", "Not you.", Refused, "the user of this target lacks a right: Not you."),
        ("odoo.exceptions.AccessDenied", "Access denied", LoginEnded, "denied the call"),
        ("odoo.exceptions.MissingError", "Gone (sale.order(1,))", NotYet, "deleted it just now"),
        ("psycopg2.errors.SerializationFailure", "could not serialize access", Overtaken, "it is done again"),
        ("psycopg2.extensions.TransactionRollbackError", "deadlock detected", Overtaken, "it is done again"),
        ("psycopg2.errors.LockNotAvailable", "could not obtain lock on row", Overtaken, "it is done again"),
        ("psycopg2.OperationalError", 'FATAL:  database "x" does not exist', TransientFailure, "check `database`"),
        ("psycopg2.pool.PoolError", "The Connection Pool Is Full", TransientFailure, "not reach its database"),
        (
            "psycopg2.OperationalError",
            "server closed the connection",
            UnknownOutcome,
            "psycopg2.OperationalError; its log",
        ),
        ("builtins.KeyError", "'norce'", UnknownOutcome, "Odoo failed at the call: builtins.KeyError; its log"),
    ],
)
def test_errors_within_an_answer(name: str, message: str, kind: type[Exception], words: str) -> None:
    error = {"code": 200, "message": "Odoo Server Error", "data": {"name": name, "message": message, "debug": "..."}}
    failure = error_failure(raw(error), "the call", changes=True)
    assert type(failure) is kind
    assert words in str(failure)


@pytest.mark.parametrize("error", [{"code": 100, "message": "Odoo Session Expired"}, {"message": 5}, "odd", []])
def test_errors_of_another_form(error: object) -> None:
    failure = error_failure(raw(error), "the call", changes=False)
    assert type(failure) is TransientFailure


@pytest.mark.parametrize(
    ("messages", "kind", "words"),
    [
        ([{"type": "error", "message": "Missing required value"}], Refused, "Odoo refused the call: Missing required"),
        ([{"type": "warning", "message": "odd"}], Refused, "it gave no reason"),
        ([], Refused, "it gave no reason"),
        ([{"message": {"a": 1}, "rows": {"from": 0}}], Refused, '{"a":1}'),
        ([{"type": "error", "message": "... could not serialize access due to ..."}], Overtaken, "it is done again"),
    ],
)
def test_what_load_says(messages: list[object], kind: type[CallFailed], words: str) -> None:
    failure = load_failure(msgspec.json.decode(msgspec.json.encode(messages), type=list[Message]), "the call")
    assert type(failure) is kind
    assert words in str(failure)
