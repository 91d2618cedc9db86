"""The profile for Fortnox against a server that answers as its documentation, and users of it, say.

Not the real product. (fortnox.se/developer: orders, client credentials, rate limits)
"""

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tests.integration.targets.http.conftest import Steps
from tests.integration.targets.http.erp import Reply, running, said, says
from tests.integration.targets.http.profiles import order, settings_of, submission_of

from order_receiver.orders.outcomes import PermanentFailure, TransientFailure, UnknownOutcome
from order_receiver.targets.adapter import Submitted
from order_receiver.targets.http.adapter import HttpAdapter

PAGE = "connect-fortnox.md"


@dataclass
class Fortnox:
    """Orders, a search that matches parts in any case, and a limit of calls."""

    url: str = ""
    orders: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[dict[str, str]] = field(default_factory=list)
    left: int = 25
    after: list[Reply] = field(default_factory=list)

    async def token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.tokens.append({**form, **{name: request.headers[name] for name in ("Authorization", "TenantId")}})
        answer = {"access_token": "xyz", "scope": "order", "expires_in": 3600, "token_type": "bearer"}
        return web.json_response(answer)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.left -= 1
        if self.left < 0:
            return web.json_response({"message": "Too Many Requests"}, status=429)
        if request.headers.get("Authorization") != "Bearer xyz":
            return web.json_response({"message": "unauthorized"}, status=401)
        if request.method == "GET":
            return self._search(request.query)
        answer = self._create((json.loads(await request.text()))["Order"])
        return await said(self.after.pop(0), request) if self.after else answer

    def _search(self, query: Mapping[str, str]) -> web.StreamResponse:
        """ILIKE '%text%', a page at a time."""
        names = ("DocumentNumber", "ExternalInvoiceReference1", "CustomerNumber", "OrderDate", "Currency")
        part, limit, page = query.get("externalinvoicereference1", ""), int(query["limit"]), int(query.get("page", "1"))
        found = [each for each in self.orders if part.lower() in each["ExternalInvoiceReference1"].lower()]
        pages = max(1, -(-len(found) // limit))
        meta = {"@TotalResources": len(found), "@TotalPages": pages, "@CurrentPage": page}
        here = [{name: each[name] for name in names} for each in found[(page - 1) * limit : page * limit]]
        return web.json_response({"MetaInformation": meta, "Orders": here})

    def _create(self, made: dict[str, Any]) -> web.StreamResponse:
        if made["CustomerNumber"] == "GONE":
            told = {"error": 1, "message": "Kan inte hitta kunden.", "code": 2000433}
            return web.json_response({"ErrorInformation": told}, status=404)
        self.orders.append({**made, "DocumentNumber": str(len(self.orders) + 1)})
        return web.json_response({"Order": {"@url": "https://x", **self.orders[-1]}}, status=201)


@pytest.fixture
async def fortnox() -> AsyncIterator[Fortnox]:
    own = Fortnox()

    def routes(app: web.Application) -> None:
        app.router.add_post("/oauth-v1/token", own.token)
        app.router.add_route("*", "/3/orders", own.serve)

    async with running(routes) as own.url:
        yield own


@pytest.fixture
async def adapter(fortnox: Fortnox, open_text: Callable[..., HttpAdapter]) -> HttpAdapter:
    hosts = {"https://api.fortnox.se": fortnox.url, "https://apps.fortnox.se": fortnox.url}
    return open_text(settings_of(PAGE, hosts), "fortnox", {"FORTNOX_SECRET": "secret"})


async def test_an_order(fortnox: Fortnox, adapter: HttpAdapter, tmp_path: Path, steps: Steps) -> None:
    await adapter.check()
    assert await adapter.submit(submission_of(PAGE, tmp_path, order()), steps) == Submitted("1", "1")
    assert fortnox.tokens == [
        {
            "grant_type": "client_credentials",
            "Authorization": f"Basic {b64encode(b'CLIENT-ID:secret').decode()}",
            "TenantId": "TENANT-ID",
        }
    ]
    assert fortnox.orders[0] == {
        "DocumentNumber": "1",
        "CustomerNumber": "C1",
        "ExternalInvoiceReference1": "100001",
        "OrderDate": "2026-11-22",
        "Currency": "SEK",
        "VATIncluded": False,
        "YourOrderNumber": "",
        "OrderRows": [
            {
                "ArticleNumber": "A-1",
                "Description": "Tyg",
                "OrderedQuantity": 2,
                "DeliveredQuantity": 0,
                "Price": 79.99,
            },
            {"ArticleNumber": "FREIGHT", "Description": "", "OrderedQuantity": 1, "DeliveredQuantity": 0, "Price": 49},
        ],
    }


async def test_a_repeat_finds_it_among_those_that_are_alike(
    fortnox: Fortnox, adapter: HttpAdapter, tmp_path: Path, steps: Steps
) -> None:
    for alike in ("1000011", "9100001"):
        await adapter.submit(submission_of(PAGE, tmp_path, order(alike)), Steps())
    fortnox.after.append(says(500, ""))
    with pytest.raises(UnknownOutcome):
        await adapter.submit(submission_of(PAGE, tmp_path, order()), steps)
    resumed = submission_of(PAGE, tmp_path, order(), step=steps.last, look_first=True)
    assert await adapter.submit(resumed, steps) == Submitted("3", "3")
    assert len(fortnox.orders) == 3
    assert [found.erp_order_no for found in await adapter.find(resumed.key)] == ["3"]


@pytest.mark.parametrize("reference", ["web/1 ö", " Web/1 Ö "])
async def test_case_tells_references_apart_and_blanks_do_not(
    fortnox: Fortnox, adapter: HttpAdapter, tmp_path: Path, steps: Steps, reference: str
) -> None:
    await adapter.submit(submission_of(PAGE, tmp_path, order("WEB/1 Ö")), Steps())
    fortnox.after.append(says(500, ""))
    with pytest.raises(UnknownOutcome):
        await adapter.submit(submission_of(PAGE, tmp_path, order(reference)), steps)
    resumed = submission_of(PAGE, tmp_path, order(reference), step=steps.last, look_first=True)
    assert await adapter.submit(resumed, steps) == Submitted("2", "2")
    assert fortnox.orders[1]["ExternalInvoiceReference1"] == reference.strip()
    assert len(fortnox.orders) == 2


async def test_a_repeat_finds_it_on_the_last_page(
    fortnox: Fortnox, adapter: HttpAdapter, tmp_path: Path, steps: Steps
) -> None:
    await adapter.submit(submission_of(PAGE, tmp_path, order("10 1&")), steps)
    alike = [{**fortnox.orders[0], "ExternalInvoiceReference1": f"10 1&{number}"} for number in range(1000)]
    fortnox.orders[:0] = alike
    resumed = submission_of(PAGE, tmp_path, order("10 1&"), look_first=True)
    assert await adapter.submit(resumed, steps) == Submitted("1", "1")
    assert len(fortnox.orders) == 1001
    assert fortnox.left == 21


async def test_too_many_calls(fortnox: Fortnox, adapter: HttpAdapter, tmp_path: Path) -> None:
    fortnox.left = 1
    await adapter.submit(submission_of(PAGE, tmp_path, order("1")), Steps())
    with pytest.raises(TransientFailure, match="HTTP 429") as failed:
        await adapter.submit(submission_of(PAGE, tmp_path, order("2")), Steps())
    assert failed.value.retry_after == 5
    assert len(fortnox.orders) == 1


async def test_what_fortnox_says(fortnox: Fortnox, adapter: HttpAdapter, tmp_path: Path) -> None:
    with pytest.raises(PermanentFailure, match=r"HTTP 404: Kan inte hitta kunden\."):
        await adapter.submit(submission_of(PAGE, tmp_path, order(customer="GONE")), Steps())
