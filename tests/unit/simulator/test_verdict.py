import json

import pytest

from order_receiver.contract.form import Form
from order_receiver.simulator.verdict import Outcome, judge

JSON = "application/json; charset=utf-8"
OK = {"StatusCode": "OK", "Description": None, "HasErpOrderNo": False, "ErpOrderNo": None}


def body(**members: object) -> bytes:
    return json.dumps(OK | members).encode()


@pytest.mark.parametrize("word", ["OK", "Ok", "ok"])
def test_200_and_ok_take_the_order_over(word: str) -> None:
    verdict = judge(Form.JSON, 200, JSON, body(StatusCode=word))
    assert (verdict.outcome, verdict.erp_order_no) == (Outcome.TAKEN_OVER, None)
    assert "waits to be told Confirmed" in verdict.sentence


def test_a_number_in_the_answer_confirms_the_order() -> None:
    verdict = judge(Form.JSON, 200, JSON, body(HasErpOrderNo=True, ErpOrderNo="SO-1"))
    assert (verdict.outcome, verdict.erp_order_no) == (Outcome.TAKEN_OVER, "SO-1")
    assert "Confirmed with number SO-1" in verdict.sentence


def test_failed_is_final() -> None:
    verdict = judge(Form.JSON, 200, JSON, body(StatusCode="Failed", Description="unknown application"))
    assert (verdict.outcome, verdict.description) == (Outcome.REFUSED, "unknown application")
    assert "never sent again: unknown application" in verdict.sentence


@pytest.mark.parametrize("status", [201, 202, 204, 301, 307, 400, 401, 413, 500, 503])
def test_every_other_status_is_tried_again_whatever_the_body_says(status: int) -> None:
    verdict = judge(Form.JSON, status, JSON, body())
    assert (verdict.outcome, verdict.http_status) == (Outcome.RETRY, status)
    assert "every 10 minutes for up to 6 hours" in verdict.sentence


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{}",
        b"[]",
        b"not json",
        b"\xef\xbb\xbf" + body(),
        body()[:-1],
        body() + b"x",
        body().replace(b"StatusCode", b"statusCode"),
        body().replace(b"{", b'{"StatusCode":"OK",', 1),
        body(StatusCode=None),
        body(StatusCode=" OK "),
        body(StatusCode="Accepted"),
        body(HasErpOrderNo="false"),
        body(HasErpOrderNo=None),
        body(HasErpOrderNo=1, ErpOrderNo="SO-1"),
        body(HasErpOrderNo=True),
        body(HasErpOrderNo=True, ErpOrderNo=""),
        body(HasErpOrderNo=True, ErpOrderNo=5),
        body(HasErpOrderNo=True, ErpOrderNo="x" * 51),
        body(ErpOrderNo="SO-1"),
        body(Description="x" * 256),
        body(Description="ö").replace(b"\\u00f6", b"\xff"),
        b"[" * 100_000,
    ],
)
def test_what_any_known_reader_stumbles_over_is_malformed(answer: bytes) -> None:
    assert judge(Form.JSON, 200, JSON, answer).outcome is Outcome.RETRY


@pytest.mark.parametrize("content_type", [None, "text/html", "application/xml", "text/json"])
def test_the_answer_must_be_called_json(content_type: str | None) -> None:
    assert judge(Form.JSON, 200, content_type, body()).outcome is Outcome.RETRY


def test_unknown_members_are_ignored() -> None:
    assert judge(Form.JSON, 200, "APPLICATION/JSON", body(More=[1])).outcome is Outcome.TAKEN_OVER
