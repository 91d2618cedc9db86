"""The profile for Business Central against a server that answers as Microsoft's documentation says.

Not the real product. (learn.microsoft.com: Business Central API v2.0, salesOrder, salesOrderLine, rate limits)
"""

import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tests.integration.targets.http.conftest import Steps
from tests.integration.targets.http.erp import Clock, Reply, running, said, says
from tests.integration.targets.http.profiles import order, settings_of, submission_of

from order_receiver.orders.outcomes import PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.targets.adapter import Submitted
from order_receiver.targets.http.adapter import HttpAdapter

PAGE = "connect-business-central.md"
COMPANY = "/v2.0/TENANT/ENVIRONMENT/api/v2.0/companies(COMPANY-ID)"
LENGTHS = {
    "externalDocumentNumber": 35,
    "orderDate": 10,
    "customerNumber": 20,
    "currencyCode": 10,
    "shipToName": 100,
    "shipToAddressLine1": 100,
    "shipToAddressLine2": 50,
    "shipToPostCode": 20,
    "shipToCity": 30,
    "shipToCountry": 10,
}
CODES = ("externalDocumentNumber", "customerNumber", "currencyCode", "shipToPostCode", "shipToCountry")
LINE = {"lineType", "lineObjectNumber", "description", "quantity", "unitPrice"}


def code(text: str) -> str:
    """A field of type Code, such as External Document No.: it is kept trimmed and in capitals."""
    return text.strip().upper()


@dataclass
class BusinessCentral:
    url: str = ""
    orders: list[dict[str, Any]] = field(default_factory=list)
    lines: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    tokens: list[dict[str, str]] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)
    instead: list[Reply] = field(default_factory=list)
    after: list[Reply] = field(default_factory=list)

    async def token(self, request: web.Request) -> web.Response:
        self.tokens.append({name: str(value) for name, value in (await request.post()).items()})
        return web.json_response({"token_type": "Bearer", "expires_in": 3599, "access_token": "eyJ0"})

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != "Bearer eyJ0":
            return error(401, "Authentication_InvalidCredentials", "The server has rejected the client credentials.")
        rest = request.path.removeprefix(COMPANY)
        if request.method == "POST":
            self.posts.append(rest)
            if self.instead:
                return await said(self.instead.pop(0), request)
        answer = self._answer(request, rest, await request.text())
        return await said(self.after.pop(0), request) if self.after and request.method == "POST" else answer

    def _answer(self, request: web.Request, rest: str, body: str) -> web.StreamResponse:
        if rest == "/salesOrders":
            return self._create(json.loads(body)) if request.method == "POST" else self._search(request)
        identity = re.fullmatch(r"/salesOrders\(([0-9a-f-]+)\)/salesOrderLines", rest)
        assert identity is not None
        lines = self.lines[identity[1]]
        if request.method == "GET":
            return web.json_response({"@odata.context": "x", "value": lines})
        made = json.loads(body)
        assert set(made) <= LINE
        lines.append({"@odata.etag": "W/x", **made, "id": f"line-{len(lines)}", "sequence": 10000 * (len(lines) + 1)})
        return web.json_response(lines[-1], status=201)

    def _search(self, request: web.Request) -> web.StreamResponse:
        if "$top" in request.query:
            return web.json_response({"value": []})
        literal = re.fullmatch(r"externalDocumentNumber eq '((?:[^']|'')*)'", request.query["$filter"])
        assert literal is not None
        wanted = literal[1].replace("''", "'")
        found = [each for each in self.orders if each["externalDocumentNumber"] == wanted]
        return web.json_response({"@odata.context": "x", "value": found})

    def _create(self, made: dict[str, Any]) -> web.StreamResponse:
        for name, value in made.items():
            if len(value) > LENGTHS[name]:
                return error(400, "Application_StringExceededLength", f"The length of the string is too long: {name}")
        if made["customerNumber"] == "GONE":
            return error(400, "Internal_RecordNotFound", "The Customer does not exist.")
        made = {**made, **{name: code(made[name]) for name in CODES}}
        identity = f"b6f4017a-b749-ee11-ad0b-{len(self.orders):012}"
        self.orders.append({"@odata.etag": "W/x", **made, "id": identity, "number": f"10100{len(self.orders)}"})
        self.lines[identity] = []
        return web.json_response({"@odata.context": "x", **self.orders[-1], "status": "Draft"}, status=201)


def error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)


@pytest.fixture
async def bc() -> AsyncIterator[BusinessCentral]:
    own = BusinessCentral()

    def routes(app: web.Application) -> None:
        app.router.add_post("/TENANT/oauth2/v2.0/token", own.token)
        app.router.add_route("*", "/v2.0/{rest:.*}", own.serve)

    async with running(routes) as own.url:
        yield own


@pytest.fixture
async def adapter(bc: BusinessCentral, open_text: Callable[..., HttpAdapter]) -> HttpAdapter:
    hosts = {"https://api.businesscentral.dynamics.com": bc.url, "https://login.microsoftonline.com": bc.url}
    scope = {f'scope = "{bc.url}': 'scope = "https://api.businesscentral.dynamics.com'}
    return open_text(settings_of(PAGE, {**hosts, **scope}), "bc", {"BUSINESS_CENTRAL_SECRET": "the secret"})


async def test_an_order(bc: BusinessCentral, adapter: HttpAdapter, tmp_path: Path, steps: Steps) -> None:
    await adapter.check()
    assert await adapter.submit(submission_of(PAGE, tmp_path, order()), steps) == Submitted(
        "101000", "b6f4017a-b749-ee11-ad0b-000000000000"
    )
    assert bc.tokens == [
        {
            "grant_type": "client_credentials",
            "client_id": "CLIENT-ID",
            "client_secret": "the secret",
            "scope": "https://api.businesscentral.dynamics.com/.default",
        }
    ]
    made = bc.orders[0]
    assert {name: made[name] for name in LENGTHS} == {
        "externalDocumentNumber": "100001",
        "orderDate": "2026-11-22",
        "customerNumber": "C1",
        "currencyCode": "",
        "shipToName": "Bolaget & Söner AB",
        "shipToAddressLine1": "Storgatan 1",
        "shipToAddressLine2": "",
        "shipToPostCode": "111 22",
        "shipToCity": "Stockholm",
        "shipToCountry": "SE",
    }
    [lines] = bc.lines.values()
    seen = [(line["lineObjectNumber"], line["quantity"], line["unitPrice"], line["sequence"]) for line in lines]
    assert seen == [("A-1", 2, 79.99, 10000), ("FREIGHT", 1, 49, 20000)]


@pytest.mark.parametrize("fails", range(3))
async def test_each_call_may_fail_after_it_took_effect(
    bc: BusinessCentral, adapter: HttpAdapter, tmp_path: Path, steps: Steps, clock: Clock, fails: int
) -> None:
    bc.after = [*[lambda _: web.json_response(kept(bc), status=201)] * fails, says(504, "Gateway Timeout")]
    with pytest.raises(UnknownOutcome):
        await adapter.submit(submission_of(PAGE, tmp_path, order("O'Neill & co")), steps)
    resumed = submission_of(PAGE, tmp_path, order("O'Neill & co"), step=steps.last, look_first=True)
    assert (await adapter.submit(resumed, steps)).erp_order_no == "101000"
    assert len(bc.orders) == 1
    assert [[line["sequence"] for line in lines] for lines in bc.lines.values()] == [[10000, 20000]]


@pytest.mark.parametrize("reference", ["web-abc-1", "Åsa-ö-7", " Web 3 "])
async def test_a_reference_in_small_letters_is_found_in_capitals(
    bc: BusinessCentral, adapter: HttpAdapter, tmp_path: Path, steps: Steps, clock: Clock, reference: str
) -> None:
    bc.after = [says(504, "Gateway Timeout")]
    mapped = submission_of(PAGE, tmp_path, order(reference))
    with pytest.raises(UnknownOutcome):
        await adapter.submit(mapped, steps)
    assert bc.orders[0]["externalDocumentNumber"] == reference.strip().upper()
    for _ in range(2):
        resumed = submission_of(PAGE, tmp_path, order(reference), step=steps.last, look_first=True)
        assert (await adapter.submit(resumed, steps)).erp_order_no == "101000"
        clock.forward(120)
    assert [found.erp_order_no for found in await adapter.find(mapped.key)] == ["101000"]
    assert len(bc.orders) == 1


def kept(bc: BusinessCentral) -> dict[str, Any]:
    """The answer that was made, given on."""
    return bc.orders[-1]


async def test_two_orders_with_one_number_are_an_alarm(
    bc: BusinessCentral, adapter: HttpAdapter, tmp_path: Path
) -> None:
    for _ in range(2):
        await adapter.submit(submission_of(PAGE, tmp_path, order()), Steps())
    with pytest.raises(PermanentFailure, match=r"has 2 for order .* number 101000; .* number 101001"):
        await adapter.submit(submission_of(PAGE, tmp_path, order(), look_first=True), Steps())


async def test_what_business_central_says(bc: BusinessCentral, adapter: HttpAdapter, tmp_path: Path) -> None:
    refused = submission_of(PAGE, tmp_path, order(customer="GONE"))
    with pytest.raises(PermanentFailure, match=r"HTTP 400: The Customer does not exist\."):
        await adapter.submit(refused, Steps())
    good = submission_of(PAGE, tmp_path, order())
    for status, code, wait in (
        (429, "Application_TooManyRequests", 60),
        (409, "Request_EntityChanged", None),
        (404, "Internal_CompanyNotFound", None),
        (503, "Internal_ServerError", None),
    ):
        bc.instead.append(says(status, {"error": {"code": code, "message": "m"}}))
        with pytest.raises(TransientFailure) as failed:
            await adapter.submit(good, Steps())
        assert failed.value.retry_after == wait
    assert bc.orders == []


async def test_a_number_too_long_for_business_central(
    bc: BusinessCentral, adapter: HttpAdapter, tmp_path: Path
) -> None:
    fitting = submission_of(PAGE, tmp_path, order("R" * 35))
    await adapter.submit(fitting, Steps())
    with pytest.raises(PermanentFailure, match="has 36 characters and the ERP takes 35"):
        await adapter.find(fitting.key + "1")
    assert len(bc.orders) == 1
