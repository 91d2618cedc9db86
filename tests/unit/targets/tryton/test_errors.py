"""What Tryton's answers mean, without a Tryton: those that a real one gives only when it is in trouble."""

import msgspec
import pytest

from order_receiver.orders.outcomes import CallFailed, NotYet, PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.targets.tryton.errors import Refused, SessionEnded, error_failure, http_failure


@pytest.mark.parametrize(
    ("status", "reading", "changing"),
    [
        (302, PermanentFailure, PermanentFailure),
        (400, PermanentFailure, PermanentFailure),
        (401, SessionEnded, SessionEnded),
        (403, PermanentFailure, PermanentFailure),
        (404, TransientFailure, TransientFailure),
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


def test_a_wait_that_tryton_asks_for_is_kept() -> None:
    failure = http_failure(503, 12.0, "the call", changes=True)
    assert isinstance(failure, TransientFailure)
    assert failure.retry_after == 12.0


@pytest.mark.parametrize(
    ("error", "changes", "kind", "words"),
    [
        (["UserError", ["No such tax.", "", None]], True, Refused, "Tryton refused the call: No such tax."),
        (
            ["UserError", ["Bad\n field.", "Why.", [["a"], {}]]],
            True,
            Refused,
            "refused the call: Bad field. Why.",
        ),
        (["UserWarning", ["name_1", "Are you sure?", ""]], True, PermanentFailure, "Tryton warns at the call: Are you"),
        (["ConcurrencyException", "changed"], True, NotYet, "changed by somebody else during the call"),
        (["database is locked", ""], True, UnknownOutcome, "Tryton failed at the call: database is locked; its log"),
        (["'sale.sale'", None], False, TransientFailure, "Tryton failed at the call: 'sale.sale'; its log"),
        ([], False, TransientFailure, "an error without words"),
        ({"odd": 1}, False, TransientFailure, "an error without words"),
    ],
)
def test_errors_within_an_answer(error: object, changes: bool, kind: type[CallFailed], words: str) -> None:
    failure = error_failure(msgspec.Raw(msgspec.json.encode(error)), "the call", changes=changes)
    assert type(failure) is kind
    assert words in str(failure)
