"""Orders that go well: where numbers come from, what is sent."""

from collections.abc import Callable

import pytest
from tests.integration.targets.http.conftest import CREATE, KEY, ORDER, Steps
from tests.integration.targets.http.erp import Erp, says

from order_receiver.orders.identity import OrderKey
from order_receiver.orders.outcomes import PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.targets.adapter import Capabilities, ErpOrder, Submission, Submitted
from order_receiver.targets.http.adapter import HttpAdapter

Open = Callable[..., HttpAdapter]
Make = Callable[..., Submission]

FOUND = """
[targets.erp.calls.find]
path = "orders"
query = { reference = "{{ reference }}" }
items = "body.value"
"""
LOCATED = f"""
[[targets.erp.calls]]
name = "order"
path = "orders"
body = "document"
save = {{ location = "headers.location" }}
{FOUND}
save = {{ location = '"/api/orders/" ~ record.id' }}
"""
READ = """
[[targets.erp.calls]]
name = "read"
method = "GET"
url = "saved.location"
until = "body.number"
wait = 0.01
tries = 3
save = { id = "body.id", number = "body.number" }
"""


async def test_number_in_the_body(open_target: Open, erp: Erp, submission: Make, steps: Steps) -> None:
    submitted = await open_target().submit(submission(), steps)
    assert submitted == Submitted("SO-1", "id-1")
    assert erp.calls() == ["POST /api/orders"]
    assert erp.seen[0].body == submission().document.content, "byte for byte"
    assert erp.seen[0].headers["Content-Type"] == "application/json"
    assert "Cookie" not in erp.seen[0].headers
    assert steps.saved == [{"after": "order", "saved": '{"id":"id-1","number":"SO-1"}'}]


async def test_number_in_a_header(open_target: Open, submission: Make, steps: Steps) -> None:
    calls = CREATE.replace('"body.number"', '''"headers['x-number']"''')
    calls = calls.replace('"body.id"', """'headers.location|search("orders/(.+)$")'""")
    assert await open_target(calls).submit(submission(), steps) == Submitted("SO-1", "id-1")


async def test_number_by_a_second_read(open_target: Open, erp: Erp, submission: Make, steps: Steps) -> None:
    assert await open_target(LOCATED + READ).submit(submission(), steps) == Submitted("SO-1", "id-1")
    assert erp.calls() == ["POST /api/orders", "GET /api/orders/id-1"]


async def test_a_second_read_is_repeated_until_the_number_is_there(
    open_target: Open, erp: Erp, submission: Make, steps: Steps
) -> None:
    adapter = open_target(LOCATED + READ)
    erp.after.append(says(201, {}, Location="/api/orders/id-1"))
    erp.orders.append({"id": "id-0", "reference": "other"})
    submitting = submission()
    erp.replies.extend([says(202, "", Location="/api/orders/x"), says(200, {"number": None}), says(200, {})])
    erp.replies.append(says(200, {"id": 7, "number": 12}))
    assert await adapter.submit(submitting, steps) == Submitted("12", "7")
    assert erp.calls("GET") == ["GET /api/orders/x"] * 3


async def test_a_number_that_does_not_come_is_waited_for_later(
    open_target: Open, erp: Erp, submission: Make, steps: Steps
) -> None:
    adapter = open_target(LOCATED + READ)
    erp.replies.extend([says(202, "", Location="/api/orders/x"), *[says(200, {"number": None})] * 3])
    with pytest.raises(TransientFailure, match="has not finished yet: `until` of read"):
        await adapter.submit(submission(), steps)
    erp.replies.append(says(200, {"id": 7, "number": 12}))
    resumed = submission(step=steps.last, look_first=True)
    assert await adapter.submit(resumed, steps) == Submitted("12", "7")
    assert erp.calls("POST") == ["POST /api/orders"], "the order is not made again"


async def test_header_and_lines_by_themselves(open_target: Open, erp: Erp, submission: Make, steps: Steps) -> None:
    adapter = open_target(
        """
        [[targets.erp.calls]]
        name = "order"
        path = "orders"
        headers = { Idempotency-Key = "{{ key }}" }
        body = '{"reference": {{ reference }}, "total": {{ document.total }}}'
        save = { id = "body.id", number = "body.number" }
        repeatable = true

        [[targets.erp.calls]]
        name = "lines"
        path = "orders/{{ saved.id }}/lines"
        each = "document.lines"
        body = '{"no": {{ item.no }}, "part": {{ item.part }}, "index": {{ index }}}'
        repeatable = true
        """
    )
    assert await adapter.submit(submission(), steps) == Submitted("SO-1", "id-1")
    assert erp.calls() == ["POST /api/orders", *["POST /api/orders/id-1/lines"] * 2]
    assert erp.seen[0].body == b'{"reference": "100001", "total": 811.250}', "digits are kept"
    assert erp.seen[0].headers["Idempotency-Key"] == KEY
    assert [line["index"] for line in erp.orders[0]["lines"]] == [0, 1]
    assert [step.get("items") for step in steps.saved] == [None, "1", "2", None]
    assert adapter.capabilities() == Capabilities(enforces_uniqueness=True, answers_number=True)


async def test_what_is_put_into_a_path_stays_one_part_of_it(
    open_target: Open, erp: Erp, submission: Make, steps: Steps
) -> None:
    calls = """
    [[targets.erp.calls]]
    name = "order"
    method = "PUT"
    path = "orders/eid:{{ reference }}"
    query = { "$filter" = "ref eq {{ reference|odata }} and x eq 1", "a b" = "ö&=#" }
    save = { number = "'1'" }
    """
    erp.replies.append(says(204, ""))
    order = OrderKey(ORDER.application_key, "../a b/O'Neill?&#å")
    await open_target(calls).submit(submission(order=order), steps)
    assert erp.seen[0].path == "/api/orders/eid:..%2Fa%20b%2FO%27Neill%3F%26%23%C3%A5"
    assert erp.seen[0].query == (
        "$filter=ref%20eq%20'../a%20b/O''Neill?%26%23%C3%A5'%20and%20x%20eq%201&a%20b=%C3%B6%26%3D%23"
    )


@pytest.mark.parametrize("reference", ["..", "."])
async def test_a_path_never_leads_out(
    open_target: Open, erp: Erp, submission: Make, steps: Steps, reference: str
) -> None:
    calls = '[[targets.erp.calls]]\nname = "order"\nmethod = "PUT"\npath = "orders/{{ reference }}"'
    with pytest.raises(PermanentFailure, match="cannot be part of a path"):
        await open_target(calls).submit(submission(order=OrderKey("shop", reference)), steps)
    assert erp.seen == []


async def test_xml_and_forms_are_written_as_such(open_target: Open, erp: Erp, submission: Make, steps: Steps) -> None:
    calls = """
    [[targets.erp.calls]]
    name = "soap"
    method = "PUT"
    path = "soap"
    answers = [{ status = "200", when = "'<ok/>' in text", means = "success" }]
    content_type = "text/xml; charset=utf-8"
    body = "<order ref='{{ reference }}'>{{ document.lines[1].part }}</order>"
    [[targets.erp.calls]]
    name = "form"
    method = "PUT"
    path = "form"
    content_type = "application/x-www-form-urlencoded"
    body = "ref={{ reference }}&total={{ document.total }}"
    save = { number = "text|search('number (.*)$')" }
    """
    erp.replies.extend([says(200, "<ok/>"), says(200, "number 17")])
    order = OrderKey("shop", "<&' å")
    assert (await open_target(calls).submit(submission(order=order), steps)).erp_order_no == "17"
    assert erp.seen[0].body == "<order ref='&lt;&amp;&apos; å'>B/1</order>".encode()
    assert erp.seen[0].headers["Content-Type"] == "text/xml; charset=utf-8"
    assert erp.seen[1].body == b"ref=%3C%26%27+%C3%A5&total=811.250"


async def test_a_document_that_is_no_json_goes_as_it_is(
    open_target: Open, erp: Erp, submission: Make, steps: Steps
) -> None:
    erp.replies.append(says(200, {"id": 1, "number": 2}))
    await open_target().submit(submission(b"<order/>", "application/xml"), steps)
    assert (erp.seen[0].body, erp.seen[0].headers["Content-Type"]) == (b"<order/>", "application/xml")


async def test_a_reference_that_is_too_long_is_never_cut(
    open_target: Open, erp: Erp, submission: Make, steps: Steps
) -> None:
    adapter = open_target(settings='reference = "WEB-{{ client_order_ref }}"\nreference_length = 10')
    assert (await adapter.submit(submission(), steps)).erp_order_no == "SO-1"
    with pytest.raises(PermanentFailure, match=r"The reference WEB-1000011 has 11 characters and the ERP takes 10\."):
        await adapter.submit(submission(order=OrderKey("shop", "1000011")), steps)
    assert erp.calls() == ["POST /api/orders"]
    assert adapter.capabilities().reference_length == 10


@pytest.mark.parametrize(
    ("calls", "what"),
    [
        ("{{ document.missing }}", "order.body: 'dict object' has no attribute 'missing'"),
        ("{{ key|fits(10) }}", "order.body: the text has 43 characters and 10 are allowed; it is never cut"),
        ("{{ 1.5 }}", "order.body: 1.5 is a float and not exact"),
        ('{"a": {{ document.total + 0.5 }} }', "order.body: it fails with TypeError"),
        ('"{{ key }}"', "order.body: it is not JSON; a value in {{ }} brings its own quotes"),
    ],
)
async def test_what_cannot_be_filled_in_is_named(
    open_target: Open, erp: Erp, submission: Make, steps: Steps, calls: str, what: str
) -> None:
    adapter = open_target(CREATE.replace('"document"', f"'{calls}'", 1))
    with pytest.raises(PermanentFailure) as failed:
        await adapter.submit(submission(), steps)
    assert str(failed.value) == f"The call order cannot be made for this order: {what}."
    assert erp.seen == []


@pytest.mark.parametrize(
    ("setting", "what"),
    [
        ('path = "../elsewhere"', "order.path: it leads out of base_url"),
        ('url = "document.total"', "order.url: it is no address"),
        ('path = "o"\neach = "document.missing"', "each: 'dict object' has no attribute 'missing'"),
        ('path = "o"\neach = "document.total"', "each: `document.total` gives no list"),
    ],
)
async def test_calls_that_cannot_be_made(
    open_target: Open, erp: Erp, submission: Make, steps: Steps, setting: str, what: str
) -> None:
    adapter = open_target(f'[[targets.erp.calls]]\nname = "order"\nmethod = "PUT"\n{setting}')
    with pytest.raises(PermanentFailure) as failed:
        await adapter.submit(submission(), steps)
    assert str(failed.value) == f"The call order cannot be made for this order: {what}."
    assert erp.seen == []


@pytest.mark.parametrize(
    ("answer", "failure", "what"),
    [
        ({"id": 1}, UnknownOutcome, "save.number: 'dict object' has no attribute 'number'"),
        ({"id": 1, "number": "N" * 51}, PermanentFailure, "has 51 characters; Norce takes 50, and none is cut"),
        ({"id": 1, "number": [1]}, PermanentFailure, "is neither text nor a whole number"),
        ({"id": 1, "number": "a\u0000"}, PermanentFailure, "cannot be printed"),
        ({"id": None, "number": None}, UnknownOutcome, "gave neither a number nor an id"),
        (
            "<html>maintenance</html>",
            UnknownOutcome,
            "127.0.0.1 answered order with HTTP 200 and something that is neither empty nor JSON, so nobody knows",
        ),
    ],
)
async def test_answers_that_are_not_as_expected(
    open_target: Open, erp: Erp, submission: Make, steps: Steps, answer: object, failure: type[Exception], what: str
) -> None:
    erp.replies.append(says(200, answer))
    with pytest.raises(failure) as failed:
        await open_target().submit(submission(), steps)
    assert what in str(failed.value)


async def test_find_by_key(open_target: Open, erp: Erp, submission: Make, steps: Steps) -> None:
    adapter = open_target()
    assert await adapter.find(KEY) == []
    await adapter.submit(submission(), steps)
    erp.orders.append({**erp.orders[0], "number": "SO-2"})
    assert [(order.erp_order_no, order.erp_id) for order in await adapter.find(KEY)] == [
        ("SO-1", "id-1"),
        ("SO-2", "id-1"),
    ]


async def test_a_search_by_post(open_target: Open, erp: Erp) -> None:
    find = """
    [targets.erp.calls.find]
    method = "POST"
    path = "graphql"
    body = '{"query": "orders(ref: $ref) { id }", "variables": {"ref": {{ reference }}}}'
    items = "body.data.orders"
    save = { id = "record.id", number = "record.number|default(none)" }
    """
    adapter = open_target(CREATE[: CREATE.index("[targets.erp.calls.find]")] + find)
    erp.replies.append(says(200, {"data": {"orders": [{"id": 7}]}}))
    assert await adapter.find(KEY) == [ErpOrder(None, "7")]
    assert erp.seen[0].json["variables"] == {"ref": "100001"}
    erp.replies.append(says(200, {"data": {"orders": []}}))
    assert await adapter.find(KEY) == []
    for trouble in (says(500, ""), says(200, {"data": {"orders": None}, "errors": [{"message": "busy"}]})):
        erp.replies.append(trouble)
        with pytest.raises(TransientFailure):
            await adapter.find(KEY)
    erp.replies.append(says(200, {"data": {"orders": [{"id": {}}]}}))
    with pytest.raises(TransientFailure, match="the id is neither text nor a whole number"):
        await adapter.find(KEY)


async def test_what_cannot_be_looked_for(open_target: Open) -> None:
    with pytest.raises(PermanentFailure, match="No call of this target has a `find`"):
        await open_target('[[targets.erp.calls]]\nname = "o"\nmethod = "PUT"\npath = "o"').find(KEY)
    with pytest.raises(PermanentFailure, match="no reference for the ERP: reference: 'client_order_ref' is undefined"):
        await open_target().find("a_0cut")


async def test_check(open_target: Open, erp: Erp) -> None:
    await open_target().check()
    erp.replies.append(says(404, ""))
    await open_target().check()
    erp.replies.append(says(404, ""))
    with pytest.raises(TransientFailure, match="answered check with HTTP 404"):
        await open_target(settings='check = { path = "ping" }').check()
    for status in (401, 403, 500):
        erp.replies.append(says(status, ""))
        with pytest.raises((TransientFailure, PermanentFailure), match=f"HTTP {status}"):
            await open_target().check()
    assert {seen.method for seen in erp.seen} == {"GET"}
