"""An outcome on the wire."""

import json

import pytest
from starlette.types import Message

from order_receiver.contract.codes import StatusCode
from order_receiver.door.answers import POLICY, AtNorce, Situation
from order_receiver.door.responses import Outcome, send_outcome


async def sent(outcome: Outcome) -> tuple[int, dict[bytes, bytes], bytes]:
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    await send_outcome(send, outcome, 60)
    start, body = messages
    return start["status"], dict(start["headers"]), body["body"]


@pytest.mark.parametrize("situation", list(Situation))
async def test_every_row_keeps_the_promises_of_its_kind(situation: Situation) -> None:
    answer = POLICY[situation]
    status, headers, body = await sent(Outcome(situation, detail="d" * 300, quarantine="Q1"))
    members = json.loads(body)
    assert status == answer.http
    assert headers[b"content-length"] == str(len(body)).encode()
    assert (answer.http == 200) is (answer.code is not None) is (answer.at_norce is not AtNorce.REPEATS)
    assert answer.retry_after is (answer.http == 503) is (headers.get(b"retry-after") == b"60")
    if answer.code is None:
        assert headers[b"content-type"] == b"application/problem+json"
        assert list(members) == ["type", "title", "status", "detail"]
    else:
        assert list(members) == ["StatusCode", "Description", "HasErpOrderNo", "ErpOrderNo"]
        assert len(members["Description"]) <= 255
        assert "{" not in members["Description"]
        assert (answer.at_norce is AtNorce.FINAL) is (answer.code is StatusCode.FAILED)


@pytest.mark.parametrize(("number", "answered"), [("S" * 50, "S" * 50), ("S" * 51, None), ("", None), (None, None)])
async def test_a_number_is_answered_whole_or_not_at_all(number: str | None, answered: str | None) -> None:
    _, _, body = await sent(Outcome(Situation.STORED_NUMBERED, number))
    members = json.loads(body)
    assert (members["HasErpOrderNo"], members["ErpOrderNo"]) == (answered is not None, answered)


async def test_braces_in_what_the_sender_wrote_are_harmless() -> None:
    _, _, body = await sent(Outcome(Situation.NOT_PARSEABLE, detail="{0} {x} å", quarantine="Q7"))
    assert json.loads(body)["Description"] == "Not taken over (quarantine Q7): {0} {x} å"
