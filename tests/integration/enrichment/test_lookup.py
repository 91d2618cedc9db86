"""Enrichments that ask a host, against a real server: what is asked, what is taken, and every way to fail."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiohttp import web
from tests.integration.targets.http.conftest import SECRETS
from tests.integration.targets.http.erp import Erp, running, says
from tests.unit.canonical_orders import a_row, an_order

from order_receiver.enrichment import EnrichmentFailed, Enrichments, open_enrichments
from order_receiver.mapping import MappingContext
from order_receiver.orders.canonical import OrderPart, PartyPart, PersonPart
from order_receiver.orders.outcomes import TransientFailure
from order_receiver.settings.load import load
from order_receiver.settings.problems import SettingsError
from order_receiver.store.store import now

CONTEXT = MappingContext("shop-1", "Sweden", 1042, now())
EMAIL = "anna+1@example.com"
ORDER = an_order(a_row(1), buyer=PartyPart(code="C/1", person=PersonPart(email=EMAIL)))
GET = """
path = "customers/{{ buyer.code }}"
query = { email = "{{ buyer.person.email }}" }
headers = { X-Reference = "{{ reference }}" }
save = { no = "body.no", group = "body.group|default(none)" }
"""

Open = Callable[..., Enrichments]


@pytest.fixture
async def crm() -> AsyncIterator[Erp]:
    """Answers as the test lays out."""
    own = Erp()

    def routes(app: web.Application) -> None:
        app.router.add_post("/token", own.token)
        app.router.add_route("*", "/{rest:.*}", own.handle)

    async with running(routes) as own.url:
        yield own
        own.hold.set()


@pytest.fixture
async def opened(crm: Erp, tmp_path: Path) -> AsyncIterator[Open]:
    """Open one enrichment as the program does, from the text of a receiver.toml."""
    made: list[Enrichments] = []

    def make(text: str = GET, *, base_url: str | None = None) -> Enrichments:
        head = f'[[enrichments]]\nkind = "http"\nname = "crm"\nbase_url = "{base_url or crm.url + "/api"}"\n'
        (tmp_path / "receiver.toml").write_text(head + text.replace("CRM", crm.url), "utf-8")
        settings = load(tmp_path / "receiver.toml", {})
        made.append(open_enrichments(settings.enrichments, tmp_path, SECRETS))
        return made[-1]

    yield make
    for each in made:
        await each.close()


async def ask(enrichments: Enrichments, order: OrderPart = ORDER) -> dict[str, str]:
    return dict((await enrichments(order, CONTEXT)).extra)


async def test_what_is_asked_and_what_is_taken(crm: Erp, opened: Open) -> None:
    crm.replies.append(says(200, {"no": 4711, "group": "gold", "more": 1}))
    assert await ask(opened()) == {"no": "4711", "group": "gold"}
    [seen] = crm.seen
    assert (seen.method, seen.path) == ("GET", "/api/customers/C%2F1")
    assert seen.query == "email=anna%2B1@example.com"
    assert seen.headers["X-Reference"] == "1"


async def test_a_search_with_a_body_and_an_expression(crm: Erp, opened: Open) -> None:
    text = """
    path = "search"
    method = "POST"
    body = '{"email": {{ buyer.person.email }}}'
    auth = { kind = "api_key", header = "X-Key", key = { env = "TOKEN" } }
    save = { no = "body.value[0].no if body.value else none" }
    """
    enrichments = opened(text)
    crm.replies += [says(200, {"value": [{"no": "7"}]}), says(200, {"value": []})]
    assert [await ask(enrichments), await ask(enrichments)] == [{"no": "7"}, {}]
    assert json.loads(crm.seen[0].body) == {"email": EMAIL}
    assert crm.seen[0].headers["X-Key"] == "fixed-token"


async def test_a_secret_that_is_not_there(opened: Open) -> None:
    with pytest.raises(SettingsError, match=r"enrichments\[0\]\.auth\.token: the environment variable NO_TOKEN is not"):
        opened(GET + 'auth = { kind = "bearer", token = { env = "NO_TOKEN" } }')


async def test_a_refused_token_is_renewed_once(crm: Erp, opened: Open) -> None:
    secret = '{ env = "SECRET" }'
    auth = f'{{ kind = "oauth2", token_url = "CRM/token", client_id = "me", client_secret = {secret} }}'
    crm.replies += [says(401), says(200, {"no": "7"})]
    assert await ask(opened(f"{GET}auth = {auth}")) == {"no": "7"}
    assert [seen.headers["Authorization"] for seen in crm.seen] == ["Bearer token-1", "Bearer token-2"]


FAULTS = [
    (says(404, f"no {EMAIL}"), TransientFailure, 'with HTTP 404. Write missing = "404" where that means that nothing'),
    (says(500, f"no {EMAIL}"), TransientFailure, "127.0.0.1 answered crm with HTTP 500."),
    (says(401), TransientFailure, "it does not take our credentials. Check its `auth`."),
    (says(200, "<html>down</html>"), TransientFailure, "The answer (HTTP 200) is not as the settings say: save.no: "),
    (says(200, {"nr": EMAIL}), TransientFailure, "is not as the settings say: save.no: "),
    (says(200, {"no": "x" * 1_100_000}), TransientFailure, "with more than 1000000 bytes."),
    (says(200, {"no": ["7"]}), EnrichmentFailed, "save: `no`: a value of type list cannot be written as text"),
    (says(200, {"no": "x" * 3000}), EnrichmentFailed, "save: `no` has 3000 characters and 2000 are allowed."),
    (says(400, f"no {EMAIL}"), EnrichmentFailed, "127.0.0.1 answered crm with HTTP 400."),
    (says(302, "", Location="http://127.0.0.1:1/"), EnrichmentFailed, "a redirect; redirects are never followed."),
]


@pytest.mark.parametrize(("reply", "kind", "message"), FAULTS)
async def test_faults_are_told_apart_and_tell_nobody_who_was_asked_for(
    crm: Erp, opened: Open, reply: Callable[..., web.Response], kind: type[Exception], message: str
) -> None:
    crm.replies.append(reply)
    with pytest.raises(kind) as failed:
        await ask(opened())
    assert str(failed.value).startswith("Enrichment crm: ")
    assert message in str(failed.value)
    assert "anna" not in str(failed.value)
    assert len(crm.seen) == 1


async def test_a_wait_that_the_host_asks_for_is_passed_on(crm: Erp, opened: Open) -> None:
    crm.replies.append(says(503, "", Retry_After="17"))
    with pytest.raises(TransientFailure) as failed:
        await ask(opened())
    assert failed.value.retry_after == 17


async def test_rules_for_answers(crm: Erp, opened: Open) -> None:
    rule = '[[enrichments.answers]]\nwhen = "body.error"\nmeans = "permanent"\nmessage = "body.error"\n'
    crm.replies.append(says(200, {"error": "no such shop"}))
    with pytest.raises(EnrichmentFailed, match="answered crm with HTTP 200: no such shop"):
        await ask(opened(GET + rule))


async def test_a_slow_host_is_asked_again_later(crm: Erp, opened: Open) -> None:
    crm.replies.append(crm.hang)
    with pytest.raises(TransientFailure, match=r"^Enrichment crm: .*(no answer within 0\.2 s|not answer in time)"):
        await ask(opened(GET + "timeout = 0.2\n"))


async def test_a_host_that_is_down(opened: Open, unused_tcp_port: int) -> None:
    with pytest.raises(TransientFailure, match=r"^Enrichment crm: 127\.0\.0\.1 took no connection; the call crm was"):
        await ask(opened(base_url=f"http://127.0.0.1:{unused_tcp_port}"))


async def test_an_order_without_what_is_asked_by_is_held(crm: Erp, opened: Open) -> None:
    order = an_order(a_row(1), buyer=PartyPart(code="C1"))
    with pytest.raises(EnrichmentFailed, match=r"The call crm cannot be made for this order: crm\.query: "):
        await ask(opened(), order)
    assert crm.seen == []


async def test_an_address_on_another_host_is_never_called(crm: Erp, opened: Open) -> None:
    with pytest.raises(EnrichmentFailed, match=r"another host, example\.com; only "):
        await ask(opened('url = "\'https://example.com/\'"\nsave = { no = "body.no" }\n'))
    assert crm.seen == []


async def test_nothing_found_is_no_failure_and_is_asked_for_again(crm: Erp, opened: Open) -> None:
    enrichments = opened(GET + 'missing = "404, 410"\ncache_seconds = 600\n')
    crm.replies += [says(404), says(410), says(200, {"no": "7"})]
    assert [await ask(enrichments) for _ in range(4)] == [{}, {}, {"no": "7"}, {"no": "7"}]
    assert len(crm.seen) == 3


async def test_the_same_question_has_the_same_answer_while_it_is_kept(crm: Erp, opened: Open) -> None:
    enrichments = opened(GET + "cache_seconds = 600\n")
    crm.replies += [says(500), says(200, {"no": "7"}), says(200, {"no": "8"})]
    with pytest.raises(TransientFailure):
        await ask(enrichments)
    other = an_order(a_row(1), buyer=PartyPart(code="C2", person=PersonPart(email=EMAIL)))
    assert [(await ask(enrichments, order))["no"] for order in (ORDER, ORDER, other)] == ["7", "7", "8"]


async def test_a_key_of_ones_own_makes_more_questions_the_same(crm: Erp, opened: Open) -> None:
    enrichments = opened(GET + 'cache_seconds = 600\ncache_key = "{{ buyer.person.email }}"\n')
    crm.replies.append(says(200, {"no": "7"}))
    other = an_order(a_row(1), buyer=PartyPart(code="C2", person=PersonPart(email=EMAIL)))
    assert [(await ask(enrichments, order))["no"] for order in (ORDER, other)] == ["7", "7"]
