"""Numbers that come later, by looking for changes."""

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs
from tests.integration.targets.http.conftest import Steps
from tests.integration.targets.http.erp import Erp, Reply, running, says

from order_receiver.orders.outcomes import PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.targets.adapter import CancelOutcome, Submission, Submitted, Update, UpdateKind
from order_receiver.targets.http.adapter import HttpAdapter

Open = Callable[..., HttpAdapter]
Make = Callable[..., Submission]

CALL = """
[[targets.erp.calls]]
name = "order"
path = "orders"
body = "document"
repeatable = true
"""
NEWS = """
[targets.erp.news]
path = "changes"
query = { since = "{{ cursor|earlier(60) }}" }
items = "body.value"
next = "body.next"
client_order_ref = "record.reference"
number = "record.number"
refused = "record.refused|default(none)"
source = "record.id"
cursor = "record.changed"
start = "2026-01-01T00:00:00Z"
"""


def record(identity: str, number: object = "SO-1", minute: int = 0, **more: object) -> dict[str, object]:
    changed = f"2026-11-22T10:{minute:02}:00Z"
    return {"id": identity, "reference": f"ref-{identity}", "number": number, "changed": changed, **more}


def page(*records: dict[str, object] | None, **more: object) -> Any:
    return says(200, {"value": records, **more})


async def test_the_number_comes_later(open_target: Open, erp: Erp, submission: Make, steps: Steps) -> None:
    adapter = open_target(CALL + NEWS)
    assert adapter.capabilities().polls
    assert not adapter.capabilities().answers_number
    erp.replies.append(says(202, ""))
    assert await adapter.submit(submission(), steps) == Submitted(None, None)
    erp.replies.append(page(record("a"), record("b", number=None), record("c", number=None, refused="blocked")))
    poll = await adapter.poll(None)
    assert list(poll.updates) == [
        Update(None, UpdateKind.CONFIRMED, "a", "SO-1", client_order_ref="ref-a"),
        Update(None, UpdateKind.REFUSED, "c", reason="blocked", client_order_ref="ref-c"),
    ]
    assert not poll.more


SAVES_NOTHING = [
    (CALL, "<html>log in</html>", "something that is neither empty nor JSON"),
    (CALL, {"error": {"text": "The session has ended"}}, "JSON that names an error"),
    (CALL, {"Errors": ["locked"], "ok": False}, "JSON that names an error"),
    (CALL + 'save = { number = "reference" }', "<html>log in</html>", "something that is neither empty nor JSON"),
    (CALL + 'save = { id = "body.id|default(none)" }', "<html>", "something that is neither empty nor JSON"),
]


@pytest.mark.parametrize(("call", "answer", "what"), SAVES_NOTHING)
async def test_a_page_that_is_no_answer_is_no_success(
    open_target: Open, erp: Erp, submission: Make, steps: Steps, call: str, answer: object, what: str
) -> None:
    erp.replies.append(says(200, answer))
    with pytest.raises(UnknownOutcome) as failed:
        await open_target(call + NEWS).submit(submission(), steps)
    assert str(failed.value) == (
        f"127.0.0.1 answered order with HTTP 200 and {what}, so nobody knows whether it took effect. "
        "Where success looks like that, say so with a rule in `answers` of the call."
    )
    assert steps.saved == []


@pytest.mark.parametrize("answer", ["", " \n", {}, [], {"ok": True}, {"error": None, "errors": []}, 17, True])
async def test_an_answer_in_the_expected_form_is_success(
    open_target: Open, erp: Erp, submission: Make, steps: Steps, answer: object
) -> None:
    erp.replies.append(says(202, answer))
    assert await open_target(CALL + NEWS).submit(submission(), steps) == Submitted(None, None)


@pytest.mark.parametrize("answer", ["OK, taken", {"error": "none"}])
async def test_a_rule_says_what_success_looks_like(
    open_target: Open, erp: Erp, submission: Make, steps: Steps, answer: object
) -> None:
    rule = """answers = [{ status = "200", when = "'OK' in text or body.error == 'none'", means = "success" }]"""
    erp.replies.append(says(200, answer))
    assert await open_target(CALL + rule + NEWS).submit(submission(), steps) == Submitted(None, None)


async def test_the_cursor_moves_and_looks_overlap(open_target: Open, erp: Erp) -> None:
    adapter = open_target(CALL + NEWS)
    erp.replies.append(page(record("a", minute=7), record("b", minute=5)))
    first = await adapter.poll(None)
    await adapter.acknowledge(first.updates[:1])
    await adapter.set_aside(first.updates[1], "fits no order")
    erp.replies.append(page(record("a", minute=7), record("b", minute=5), record("a2", minute=9)))
    second = await adapter.poll(first.cursor)
    assert [update.source for update in second.updates] == ["a2"], "what was settled is not handed out again"
    erp.replies.append(page(record("a", number="SO-2", minute=10)))
    third = await adapter.poll(second.cursor)
    assert [update.erp_order_no for update in third.updates] == ["SO-2"], "but a change is"
    erp.replies.append(page())
    fourth = await adapter.poll(third.cursor)
    assert fourth.cursor == third.cursor
    assert [seen.query for seen in erp.seen] == [
        "since=2025-12-31T23:59:00Z",
        "since=2026-11-22T10:06:00Z",
        "since=2026-11-22T10:08:00Z",
        "since=2026-11-22T10:09:00Z",
    ]


async def test_pages(open_target: Open, erp: Erp) -> None:
    adapter = open_target(CALL + NEWS)
    erp.replies.append(page(record("a", minute=9), next="changes?page=2"))
    first = await adapter.poll(None)
    assert first.more
    erp.replies.append(page(record("b", number=None), next=f"{erp.url}/api/changes?page=3"))
    erp.replies.append(page(record("c", minute=3), record("c", "SO-3", minute=4)))
    second = await adapter.poll(first.cursor)
    assert [update.erp_order_no for update in second.updates] == ["SO-3"], "the last one of an order stands"
    assert not second.more
    erp.replies.append(page())
    await adapter.poll(second.cursor)
    assert [seen.query for seen in erp.seen] == [
        "since=2025-12-31T23:59:00Z",
        "page=2",
        "page=3",
        "since=2026-11-22T10:08:00Z",
    ]


NO_NEWS = [
    (says(500, ""), "answered news with HTTP 500"),
    (says(200, "<html>log in</html>"), "The answer to news is not as the settings say: it is no JSON."),
    (says(200, {"error": "locked", "value": None}), "`body.value` gives nothing where a list must be"),
    (says(200, {"value": {"id": 1}}), "`body.value` gives no list"),
    (page({"id": 1}), "None of the 1 records of news is as the settings say: 'dict object' has no attribute 'number'."),
    (page(record("a", number="N" * 51), {"id": 1}), "None of the 2 records of news is as the settings say: the order"),
]


@pytest.mark.parametrize(("reply", "words"), NO_NEWS)
async def test_what_is_no_news(open_target: Open, erp: Erp, reply: Reply, words: str) -> None:
    adapter = open_target(CALL + NEWS)
    erp.replies.append(reply)
    with pytest.raises(TransientFailure) as failed:
        await adapter.poll(None)
    assert words in str(failed.value)


BAD: list[tuple[dict[str, object] | None, str]] = [
    (None, "'None' has no attribute 'number'"),
    ({"id": 1}, "'dict object' has no attribute 'number'"),
    (record("bad", number="N" * 51, minute=8), "the order number has 51 characters; Norce takes 50, and none is cut"),
    (record("bad", number=["Anna"], minute=8), "the order number is neither text nor a whole number"),
    ({**record("bad"), "changed": 17}, "the cursor 17 is a number and not a moment, as 2026-"),
    ({**record("bad"), "changed": "yesterday"}, "the cursor is plain text and not a moment, as 2026-"),
    ({**record("bad"), "changed": {}}, "the cursor is neither text nor a whole number"),
]


@pytest.mark.parametrize(("bad", "why"), BAD)
@pytest.mark.parametrize("first", [True, False])
async def test_a_record_of_no_use_is_set_aside_and_the_others_are_told(
    open_target: Open, erp: Erp, bad: dict[str, object] | None, why: str, first: bool
) -> None:
    adapter = open_target(CALL + NEWS)
    good = [record("a", minute=5), record("b", minute=7)]
    records = [bad, *good] if first else [*good, bad]
    erp.replies.extend([page(*records), page(*records), page(*records, {**(bad or {}), "note": "changed"})])
    with capture_logs() as logs:
        poll = await adapter.poll(None)
        assert [update.source for update in poll.updates] == ["a", "b"]
        await adapter.acknowledge(poll.updates)
        assert (await adapter.poll(poll.cursor)).updates == []
    [told] = logs
    assert (told["event"], told["log_level"]) == ("target.answer_set_aside", "warning")
    assert str(told["why"]).startswith(why)
    assert "Anna" not in str(told)
    assert erp.seen[1].query == "since=2026-11-22T10:06:00Z", "only what is of use moves the cursor"
    with capture_logs() as logs:
        await adapter.poll(poll.cursor)
    assert len(logs) == 1, "it is told again when it says something else"


async def test_pages_without_use_do_not_stand_in_the_way(open_target: Open, erp: Erp) -> None:
    adapter = open_target(CALL + NEWS)
    erp.replies.extend([page({"id": 1}, next="changes?page=2"), page(record("a", minute=5), next="changes?page=3")])
    first = await adapter.poll(None)
    assert [update.source for update in first.updates] == ["a"]
    erp.replies.append(page({"id": 2}))
    second = await adapter.poll(first.cursor)
    assert (second.updates, second.more) == ([], False)
    erp.replies.append(page())
    await adapter.poll(second.cursor)
    assert erp.seen[-1].query == "since=2026-11-22T10:04:00Z"


async def test_refusals_without_a_source_are_not_mixed_up(open_target: Open, erp: Erp) -> None:
    refused = [{**record(each, number=None, refused="blocked"), "id": None} for each in ("a", "b")]
    erp.replies.append(page(*refused))
    poll = await open_target(CALL + NEWS).poll(None)
    assert [update.client_order_ref for update in poll.updates] == ["ref-a", "ref-b"]


async def second_page(adapter: HttpAdapter, erp: Erp) -> str:
    """The cursor of a look that has the next page yet to read."""
    erp.replies.append(page(record("a", minute=9), next=f"{erp.url}/api/changes?page=2"))
    first = await adapter.poll(None)
    assert first.more
    await adapter.acknowledge(first.updates)
    assert first.cursor is not None
    return first.cursor


STALE: list[tuple[int, object]] = [
    (400, "The token of the page has expired"),
    (404, ""),
    (410, ""),
    (500, ""),
    (200, "<html>log in</html>"),
    (200, {"value": None}),
]


@pytest.mark.parametrize(("status", "answer"), STALE)
async def test_a_next_page_that_is_no_more_is_not_asked_for_again(
    open_target: Open, erp: Erp, status: int, answer: object
) -> None:
    adapter = open_target(CALL + NEWS)
    cursor = await second_page(adapter, erp)
    erp.replies.extend(
        [says(status, answer), page(record("a", minute=9), next="changes?page=2b"), page(record("b", minute=8))]
    )
    second = await adapter.poll(cursor)
    assert [update.source for update in second.updates] == ["b"]
    erp.replies.append(page())
    await adapter.poll(second.cursor)
    assert [seen.query for seen in erp.seen] == [
        "since=2025-12-31T23:59:00Z",
        "page=2",
        "since=2025-12-31T23:59:00Z",
        "page=2b",
        "since=2026-11-22T10:08:00Z",
    ]


async def test_an_erp_in_trouble_is_asked_for_the_first_page_too(open_target: Open, erp: Erp) -> None:
    adapter = open_target(CALL + NEWS)
    cursor = await second_page(adapter, erp)
    erp.replies.extend([says(500, "")] * 2)
    with pytest.raises(TransientFailure, match="answered news with HTTP 500"):
        await adapter.poll(cursor)
    assert [seen.query for seen in erp.seen[1:]] == ["page=2", "since=2025-12-31T23:59:00Z"]
    erp.replies.append(says(429, "", Retry_After="20"))
    with pytest.raises(TransientFailure) as failed:
        await adapter.poll(cursor)
    assert failed.value.retry_after == 20
    assert len(erp.seen) == 4, "who asks for patience is not asked at once"


async def test_a_page_that_fails_after_the_one_before_it_is_told(open_target: Open, erp: Erp) -> None:
    adapter = open_target(CALL + NEWS)
    cursor = await second_page(adapter, erp)
    again = page(record("a", minute=9), next="changes?page=2")
    erp.replies.extend([says(500, ""), again, says(500, "")])
    with pytest.raises(TransientFailure, match="answered news with HTTP 500"):
        await adapter.poll(cursor)
    assert [seen.query for seen in erp.seen[1:]] == ["page=2", "since=2025-12-31T23:59:00Z", "page=2"]


async def test_pages_of_another_base_url_are_not_read(open_target: Open, erp: Erp) -> None:
    cursor = await second_page(open_target(CALL + NEWS), erp)
    moved = Erp()

    def routes(app: web.Application) -> None:
        app.router.add_route("*", "/{rest:.*}", moved.handle)

    async with running(routes) as moved.url:
        for other, base in ((moved, f"{moved.url}/api"), (erp, f"{erp.url}/live")):
            other.replies.append(page(record("b", minute=11)))
            poll = await open_target(CALL + NEWS, base_url=base).poll(cursor)
            assert [update.source for update in poll.updates] == ["b"]
            assert other.seen[-1].query == "since=2025-12-31T23:59:00Z"
    assert erp.seen[-1].path == "/live/changes"


CURSORS: list[tuple[list[object], str]] = [
    ([9, 10, 99, 100, 1000], "1000"),
    (["9", "10", "99", "1000", "100"], "1000"),
    ([1.5, 10.25, 9], "10.25"),
    (["2026-11-22T10:00:00Z", "2026-11-22T10:00:00.5Z", "2026-11-22T10:00:00.25Z"], "2026-11-22T10:00:00.5Z"),
    (["2026-11-22T10:00:00+01:00", "2026-11-22T09:30:00Z"], "2026-11-22T09:30:00Z"),
    (["2026-11-22", "2026-11-22T00:00:01Z"], "2026-11-22T00:00:01Z"),
    (["a9", "b1", None, "a99"], "b1"),
]


@pytest.mark.parametrize(("cursors", "latest"), CURSORS)
async def test_the_latest_cursor(open_target: Open, erp: Erp, cursors: list[object], latest: str) -> None:
    """Numbers are compared as numbers, moments as moments, anything else as text."""
    news = NEWS.replace("cursor|earlier(60)", "cursor").replace("2026-01-01T00:00:00Z", "")
    adapter = open_target(CALL + news)
    erp.replies.append(page(*({**record(str(number)), "changed": each} for number, each in enumerate(cursors))))
    first = await adapter.poll(None)
    erp.replies.append(page())
    await adapter.poll(first.cursor)
    assert erp.seen[1].query == f"since={latest}"


async def test_cursors_of_two_kinds_are_refused(open_target: Open, erp: Erp) -> None:
    """`start` says which kind there is; a stored cursor of another kind is no use any more."""
    plain = NEWS.replace("cursor|earlier(60)", "cursor")
    erp.replies.append(page({**record("a"), "changed": 17}))
    with pytest.raises(
        TransientFailure, match="cursor 17 is a number and not a moment, as 2026-01-01T00:00:00Z is"
    ) as failed:
        await open_target(CALL + plain).poll(None)
    assert "set `start` to one of the kind that the ERP gives" in str(failed.value)
    erp.replies.append(page(record("a", minute=9)))
    dated = await open_target(CALL + plain).poll(None)
    erp.replies.append(page({**record("a"), "changed": 17}))
    counted = await open_target(CALL + plain.replace("2026-01-01T00:00:00Z", "0")).poll(dated.cursor)
    assert [update.source for update in counted.updates] == ["a"]
    assert erp.seen[-1].query == "since=0"


async def test_what_goes_wrong(open_target: Open, erp: Erp) -> None:
    adapter = open_target(CALL + NEWS)
    erp.replies.append(page(next=2))
    with pytest.raises(TransientFailure, match="`next` gives something that is no address"):
        await adapter.poll(None)
    erp.replies.append(page(next="https://other.example/x"))
    with pytest.raises(PermanentFailure, match="on another host"):
        await adapter.poll(None)
    erp.replies.extend([page(next="again")] * 100)
    with pytest.raises(TransientFailure, match="100 pages without anything new"):
        await adapter.poll(None)


async def test_a_cursor_of_another_adapter_is_a_first_look(open_target: Open, erp: Erp) -> None:
    erp.replies.append(page())
    await open_target(CALL + NEWS).poll("17:2026")
    assert erp.seen[0].query == "since=2025-12-31T23:59:00Z"


async def test_without_news(open_target: Open, erp: Erp) -> None:
    adapter = open_target(CALL)
    assert await adapter.poll(None) == await adapter.poll("x")
    assert await adapter.cancel("key") is CancelOutcome.MANUAL
    assert erp.seen == []
