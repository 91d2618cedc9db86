"""Nothing is made twice: looks, resumptions, alarms."""

from collections.abc import Callable

import pytest
from tests.integration.targets.http.conftest import CREATE, KEY, Died, Steps
from tests.integration.targets.http.erp import Clock, Erp, says

from order_receiver.orders.outcomes import PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.targets.adapter import Submission, Submitted
from order_receiver.targets.http.adapter import HttpAdapter

Open = Callable[..., HttpAdapter]
Make = Callable[..., Submission]

LINES = """
[[targets.erp.calls]]
name = "lines"
path = "orders/{{ saved.id }}/lines"
each = "document.lines"
body = "{{ item }}"

[targets.erp.calls.find]
path = "orders/{{ saved.id }}/lines"
items = "body.value"
only = "record.no == item.no"

[[targets.erp.calls]]
name = "read"
method = "GET"
path = "orders/{{ saved.id }}"
save = { number = "body.number" }
"""


async def test_an_unknown_outcome_is_looked_for(open_target: Open, erp: Erp, submission: Make, steps: Steps) -> None:
    erp.after.append(erp.hang)
    with pytest.raises(UnknownOutcome):
        await open_target(timeout=0.2).submit(submission(), steps)
    assert await open_target().submit(submission(look_first=True), steps) == Submitted("SO-1", "id-1")
    assert erp.calls() == ["POST /api/orders", "GET /api/orders"]
    assert len(erp.orders) == 1


async def test_what_is_not_found_is_looked_for_once_more_before_it_is_made(
    open_target: Open, erp: Erp, submission: Make, steps: Steps, clock: Clock
) -> None:
    adapter = open_target(settings="settle = 20")
    with pytest.raises(
        TransientFailure, match=r"which may still be working on it: it is looked for again in 20 s"
    ) as f:
        await adapter.submit(submission(look_first=True), steps)
    assert f.value.retry_after == 20
    clock.forward(15)
    with pytest.raises(TransientFailure, match="again in 5 s") as f:
        await adapter.submit(submission(look_first=True, step=steps.last), steps)
    assert f.value.retry_after == 5
    clock.forward(5)
    erp.replies.append(says(200, {"value": []}))
    erp.replies.append(says(500, ""))
    with pytest.raises(UnknownOutcome):
        await adapter.submit(submission(look_first=True, step=steps.last), steps)
    with pytest.raises(TransientFailure, match="again in 20 s"):
        await adapter.submit(submission(look_first=True, step=steps.last), steps)
    clock.forward(20)
    assert await adapter.submit(submission(look_first=True, step=steps.last), steps) == Submitted("SO-1", "id-1")


async def test_what_the_erp_makes_late_is_found_by_the_second_look(
    open_target: Open, erp: Erp, submission: Make, steps: Steps, clock: Clock
) -> None:
    adapter = open_target()
    with pytest.raises(TransientFailure):
        await adapter.submit(submission(look_first=True), steps)
    erp.orders.append({"id": "id-9", "number": "SO-9", "reference": "100001", "lines": []})
    clock.forward(30)
    assert await adapter.submit(submission(look_first=True, step=steps.last), steps) == Submitted("SO-9", "id-9")
    assert erp.calls("POST") == []


async def test_two_found_is_an_alarm(open_target: Open, erp: Erp, submission: Make, steps: Steps) -> None:
    adapter = open_target()
    for number in (1, 2):
        erp.orders.append({"id": f"id-{number}", "number": f"SO-{number}", "reference": "100001"})
    with pytest.raises(PermanentFailure) as failed:
        await adapter.submit(submission(look_first=True), steps)
    assert str(failed.value) == (
        "The ERP has 2 for order where there must be one: id id-1, number SO-1; id id-2, number SO-2. "
        "Find out which one counts, cancel the others there, then retry the order."
    )
    assert len(await adapter.find(KEY)) == 2
    assert erp.calls("POST") == []


async def test_a_line_that_is_there_twice_is_an_alarm(
    open_target: Open, erp: Erp, submission: Make, steps: Steps
) -> None:
    adapter = open_target(CREATE + LINES)
    await adapter.submit(submission(), steps)
    erp.orders[0]["lines"].append({"no": 1})
    with pytest.raises(PermanentFailure, match=r"^The ERP has 2 for lines where there must be one\. Find out"):
        await adapter.submit(submission(look_first=True), steps)


async def test_only_exact_matches_count(open_target: Open, erp: Erp, submission: Make, steps: Steps) -> None:
    calls = CREATE.replace('items = "body.value"', 'items = "body.value"\nonly = "record.reference == reference"')
    adapter = open_target(calls, "settle = 0")
    similar = {"id": "id-0", "number": "SO-0", "reference": "1000011"}
    erp.replies.append(says(200, {"value": [similar]}))
    assert (await adapter.submit(submission(look_first=True), steps)).erp_order_no == "SO-1"
    erp.replies.append(says(200, {"value": [similar, {"id": 1}]}))
    with pytest.raises(TransientFailure, match=r"order.find is not as the settings say: .* no attribute 'reference'"):
        await adapter.submit(submission(look_first=True), steps)


async def test_all_pages_are_looked_through(open_target: Open, erp: Erp, submission: Make, steps: Steps) -> None:
    adapter = open_target(CREATE.replace('items = "body', """next = "body['@odata.nextLink']"\nitems = "body"""))
    record = {"id": "id-7", "number": "SO-7"}
    erp.replies.append(says(200, {"value": [], "@odata.nextLink": f"{erp.url}/api/orders?$skip=1&reference=100001"}))
    erp.replies.append(says(200, {"value": [record]}))
    assert await adapter.submit(submission(look_first=True), steps) == Submitted("SO-7", "id-7")
    assert [seen.query for seen in erp.seen] == ["reference=100001", "$skip=1&reference=100001"]
    erp.replies.append(says(200, {"value": [record], "@odata.nextLink": "https://other.example/x"}))
    with pytest.raises(PermanentFailure, match=r"an address on another host, other\.example"):
        await adapter.submit(submission(look_first=True), steps)
    erp.replies.extend([says(200, {"value": [], "@odata.nextLink": "/api/again"})] * 21)
    with pytest.raises(TransientFailure, match="brought more than 20 pages: narrow its query"):
        await adapter.find(KEY)


async def test_a_look_that_fails_makes_nothing(open_target: Open, erp: Erp, submission: Make, steps: Steps) -> None:
    adapter = open_target(settings="settle = 0")
    for reply in (says(500, ""), says(404, ""), says(200, {"value": {}})):
        erp.replies.append(reply)
        with pytest.raises(TransientFailure):
            await adapter.submit(submission(look_first=True), steps)
    assert erp.calls("POST") == []


NO_JSON = "The answer to order.find is not as the settings say: it is no JSON."
NULL = (
    "The answer to order.find is not as the settings say: `{}` gives nothing where a list must be; "
    "where that means that there are none, write `|default([], true)` behind it."
)
NO_RECORD = (
    "The answer to order.find is not as the settings say: `{}` gives a list with nothing in it where a record must be."
)
NO_LIST_OF_RECORDS = [
    ("body", "<html>log in</html>", NO_JSON),
    ("body", "", NO_JSON),
    ("body", None, NULL.format("body")),
    ("body", '"busy"', "The answer to order.find is not as the settings say: `body` gives no list."),
    ("body.value|default([])", "<html>log in</html>", NO_JSON),
    ("body.value|default([], true)", "<html>log in</html>", NO_JSON),
    ("[body]", "<html>log in</html>", NO_JSON),
    ("body.value", {"error": "The session has ended", "value": None}, NULL.format("body.value")),
    ("[body]", None, NO_RECORD.format("[body]")),
    ("body.value", {"value": [None]}, NO_RECORD.format("body.value")),
]


@pytest.mark.parametrize(("items", "answer", "sentence"), NO_LIST_OF_RECORDS)
async def test_what_tells_of_no_records_is_not_taken_for_none(
    open_target: Open, erp: Erp, submission: Make, steps: Steps, items: str, answer: object, sentence: str
) -> None:
    """The POST took effect and was answered 502; then the ERP answers a page of its own to the look-up."""
    calls = CREATE.replace('items = "body.value"', f'items = "{items}"').replace("record.id", "record.id|default(none)")
    adapter = open_target(calls.replace("record.number", "record.number|default(none)"), "settle = 0")
    erp.after.append(says(502, ""))
    with pytest.raises(UnknownOutcome):
        await adapter.submit(submission(), steps)
    erp.replies.append(says(200, answer))
    with pytest.raises(TransientFailure) as failed:
        await adapter.submit(submission(look_first=True), steps)
    assert str(failed.value).startswith(sentence)
    assert len(erp.orders) == 1
    assert await open_target().submit(submission(look_first=True), steps) == Submitted("SO-1", "id-1")
    assert len(erp.orders) == 1


async def test_a_record_that_nothing_tells_from_an_error_is_none(
    open_target: Open, erp: Erp, submission: Make, steps: Steps
) -> None:
    """A look-up by id that saves nothing and compares nothing takes any object for the order."""
    calls = """
    [[targets.erp.calls]]
    name = "order"
    path = "orders"
    body = "document"
    [targets.erp.calls.find]
    path = "orders/{{ reference }}"
    items = "[body]"
    [[targets.erp.calls]]
    name = "number"
    method = "GET"
    path = "orders/{{ reference }}"
    save = { number = "body.number" }
    """
    adapter = open_target(calls)
    erp.replies.append(says(200, {"error": {"text": "The session has ended"}}))
    with pytest.raises(TransientFailure) as failed:
        await adapter.submit(submission(look_first=True), steps)
    assert str(failed.value) == (
        "The answer to order.find is not as the settings say: `[body]` gives a record that names an error, "
        "and neither `only` nor `save` looks into it."
    )
    erp.replies.extend([says(200, {"id": 7, "error": None}), says(200, {"number": 8})])
    assert await adapter.submit(submission(look_first=True), steps) == Submitted("8", None)


@pytest.mark.parametrize(
    ("find", "status", "answer"),
    [
        ('items = "body.value|default([])"', 200, {}),
        ('items = "body.value|default([], true)"', 200, {"value": None}),
        ('items = "body.value if status == 200 else []"', 204, ""),
        ('items = "body"\nmissing = "204"', 204, ""),
    ],
)
async def test_none_can_be_said_in_other_ways(
    open_target: Open, erp: Erp, submission: Make, steps: Steps, find: str, status: int, answer: object
) -> None:
    adapter = open_target(CREATE.replace('items = "body.value"', find), "settle = 0")
    erp.replies.append(says(status, answer))
    assert await adapter.submit(submission(look_first=True), steps) == Submitted("SO-1", "id-1")


@pytest.mark.parametrize(
    ("status", "answer", "words"),
    [
        (200, "<html>log in</html>", "it is no JSON"),
        (200, {"value": None}, "gives nothing where a list must be"),
        (200, {"value": [], "@odata.nextLink": 3}, "`next` gives something that is no address"),
        (410, "The page has expired", "answered order.find with HTTP 410: The page has expired"),
    ],
)
async def test_a_look_ends_at_its_last_page_only(
    open_target: Open, erp: Erp, submission: Make, steps: Steps, status: int, answer: object, words: str
) -> None:
    """The order is on a page that cannot be read."""
    calls = CREATE.replace('items = "body', """next = "body['@odata.nextLink']"\nitems = "body""")
    adapter = open_target(calls, "settle = 0")
    erp.replies.append(says(200, {"value": [], "@odata.nextLink": "/api/orders?page=2"}))
    erp.replies.append(says(status, answer))
    with pytest.raises((TransientFailure, PermanentFailure)) as failed:
        await adapter.submit(submission(look_first=True), steps)
    assert words in str(failed.value)
    assert erp.calls("POST") == []


async def test_not_there_by_status(open_target: Open, erp: Erp, submission: Make, steps: Steps) -> None:
    adapter = open_target(CREATE.replace('items = "body.value"', 'items = "[body]"\nmissing = "404"'), "settle = 0")
    erp.replies.append(says(200, {"id": 4, "number": 5}))
    assert (await adapter.submit(submission(look_first=True), steps)).erp_order_no == "5"
    erp.replies.append(says(404, ""))
    assert (await adapter.submit(submission(look_first=True), steps)).erp_order_no == "SO-1"


async def test_done_already(open_target: Open, erp: Erp, submission: Make, steps: Steps) -> None:
    adapter = open_target(settings='answers = [{ status = "409", means = "done" }]')
    erp.orders.append({"id": "id-7", "number": "SO-7", "reference": "100001"})
    erp.replies.append(says(409, "exists"))
    assert await adapter.submit(submission(), steps) == Submitted("SO-7", "id-7")
    erp.orders.clear()
    erp.replies.append(says(409, "exists"))
    with pytest.raises(UnknownOutcome, match="says that it has order already, but it is not found"):
        await adapter.submit(submission(), steps)


async def test_resumes_after_every_step(open_target: Open, erp: Erp, submission: Make, steps: Steps) -> None:
    adapter = open_target(CREATE + LINES)
    whole = Submitted("SO-1", "id-1")
    assert await adapter.submit(submission(), steps) == whole
    assert len(steps.saved) == 4
    for step in steps.saved:
        for look in (True, False) if step is steps.saved[-1] else (True,):
            assert await adapter.submit(submission(step=step, look_first=look), Steps()) == whole
    assert len(erp.orders) == 1
    assert [line["no"] for line in erp.orders[0]["lines"]] == [1, 2]


async def test_nothing_is_doubled_where_all_steps_were_lost(
    open_target: Open, erp: Erp, submission: Make, steps: Steps
) -> None:
    adapter = open_target(CREATE + LINES)
    for look in (False, True, True):
        assert await adapter.submit(submission(look_first=look), steps) == Submitted("SO-1", "id-1")
    assert len(erp.orders) == 1
    assert [line["no"] for line in erp.orders[0]["lines"]] == [1, 2]


@pytest.mark.parametrize("die_at", range(4))
async def test_dies_between_a_call_and_its_step(open_target: Open, erp: Erp, submission: Make, die_at: int) -> None:
    adapter = open_target(CREATE + LINES, "settle = 0")
    dying = Steps(die_at=die_at)
    with pytest.raises(Died):
        await adapter.submit(submission(), dying)
    resumed = submission(step=dying.last, look_first=True)
    assert await adapter.submit(resumed, Steps()) == Submitted("SO-1", "id-1")
    assert len(erp.orders) == 1
    assert [line["no"] for line in erp.orders[0]["lines"]] == [1, 2]


async def test_every_call_fails_once(open_target: Open, erp: Erp, submission: Make, steps: Steps) -> None:
    """Each POST takes effect and is answered 500; the order is complete all the same, and nothing is there twice."""
    adapter = open_target(CREATE + LINES, "settle = 0")
    erp.after.extend([says(500, "")] * 3)
    submitted = None
    for attempt in range(4):
        try:
            submitted = await adapter.submit(submission(step=steps.last, look_first=attempt > 0), steps)
        except UnknownOutcome:
            continue
    assert submitted == Submitted("SO-1", "id-1")
    assert len(erp.orders) == 1
    assert [line["no"] for line in erp.orders[0]["lines"]] == [1, 2]


async def test_what_is_harmless_is_repeated_without_a_look(
    open_target: Open, erp: Erp, submission: Make, steps: Steps
) -> None:
    calls = '[[targets.erp.calls]]\nname = "o"\nmethod = "PUT"\npath = "orders/{{ key }}"\nsave = { number = "body" }'
    erp.replies.append(says(200, 1))
    assert (await open_target(calls).submit(submission(look_first=True), steps)).erp_order_no == "1"
    assert erp.calls() == [f"PUT /api/orders/{KEY}"]


@pytest.mark.parametrize(
    ("step", "what"),
    [
        ({"after": "gone"}, "the settings have no such call any more"),
        ({"items": "x"}, "was not written by the adapter `http`"),
        ({"saved": "[]"}, "was not written by the adapter `http`"),
        ({"looked": "yesterday"}, "was not written by the adapter `http`"),
    ],
)
async def test_steps_that_nobody_can_go_on_from(
    open_target: Open, erp: Erp, submission: Make, steps: Steps, step: dict[str, str], what: str
) -> None:
    with pytest.raises(PermanentFailure, match=what):
        await open_target().submit(submission(step=step), steps)
    assert erp.seen == []
