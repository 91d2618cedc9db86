"""Enrichments that are Python functions: what they get, may return, and how they fail."""

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tests.unit.canonical_orders import a_row, an_order
from tests.unit.enrichment.test_cache import Clock

from order_receiver.enrichment import Enriched, EnrichmentFailed, Enrichments, EnrichmentUnusable, open_enrichments
from order_receiver.mapping import MappingContext
from order_receiver.orders.canonical import OrderPart, PartyPart
from order_receiver.orders.outcomes import TransientFailure, UnknownOutcome
from order_receiver.settings.enrichments import FunctionEnrichment

CONTEXT = MappingContext("shop-1", "Sweden", 1042, datetime(2026, 11, 22, tzinfo=UTC))
ORDER = an_order(a_row(1))
numbers = count(1)

Make = Callable[..., FunctionEnrichment]


@pytest.fixture
def function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """An enrichment whose function `find(order, context)` has the given body; each module has a name of its own."""
    monkeypatch.setattr("sys.path", sys.path[:])

    def write(body: str, *, save: tuple[str, ...] = ("no",), head: str = "def", **more: Any) -> FunctionEnrichment:
        module = f"own_enrichment_{next(numbers)}"
        (tmp_path / f"{module}.py").write_text(f"{head} find(order, context):\n    {body}\n")
        name = more.pop("name", "customer")
        return FunctionEnrichment(name=name, function=f"{module}:find", save=list(save), **more)

    return write


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., Enrichments]:
    def make(*settings: FunctionEnrichment, clock: Clock | None = None) -> Enrichments:
        return open_enrichments(settings, tmp_path, {}, clock or Clock())

    return make


async def ask(enrichments: Enrichments, order: OrderPart = ORDER, **more: bool) -> Enriched:
    return await enrichments(order, CONTEXT, **more)


@pytest.mark.parametrize("head", ["def", "async def"])
async def test_plain_and_async_functions_get_order_and_context(
    function: Make, opened: Callable[..., Enrichments], head: str
) -> None:
    enrichment = function("return {'no': order.buyer.code + context.key}", head=head)
    assert await ask(opened(enrichment)) == Enriched({"no": "C1shop-1"}, ["customer"])


async def test_values_become_texts_and_what_is_empty_is_left_out(
    function: Make, opened: Callable[..., Enrichments]
) -> None:
    body = "from decimal import Decimal as D; return {'a': 7, 'b': D('1.50'), 'c': True, 'd': None, 'e': ''}"
    enrichment = function(body, save=("a", "b", "c", "d", "e", "f"))
    assert (await ask(opened(enrichment))).extra == {"a": "7", "b": "1.50", "c": "true"}


async def test_each_sees_what_those_before_it_found(function: Make, opened: Callable[..., Enrichments]) -> None:
    first = function("return {'no': '7'}")
    second = function("return {'b': order.extra['no'] + context.extra['no']}", save=("b",), when='extra["no"] == "7"')
    left_out = function("return {'c': 'x'}", save=("c",), when='extra["no"] == "8"', name="other")
    found = await ask(opened(first, second, left_out))
    assert found == Enriched({"no": "7", "b": "77"}, ["customer", "customer"])
    assert ORDER.extra is None


async def test_what_cannot_be_told_is_not_asked(function: Make, opened: Callable[..., Enrichments]) -> None:
    enrichments = opened(function("return {'no': '7'}", when='payer.code == "P"'))
    assert await ask(enrichments) == Enriched({}, [])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return order.byer", ", line 2: raised AttributeError: 'OrderPart' object has no attribute 'byer'."),
        ("return {}['Anna']", ", line 2: raised KeyError: 'Anna'."),
        ("return 7", ": it returned a value of type int; return a dict of values by name."),
        ("return {'nr': 1}", ": it returned `nr`, which is not among the names in `save`."),
        ("return {'no': 0.5}", ": `no`: 0.5 is a float and not exact."),
        ("return {'no': ['a']}", ": `no`: a value of type list cannot be written as text; name the member you mean."),
        ("return {'no': 'x' * 2001}", ": `no` has 2001 characters and 2000 are allowed."),
        ("raise SystemExit(1)", ", line 2: raised RuntimeError: it raised SystemExit."),
    ],
)
async def test_what_no_repeating_cures_is_told_with_its_place(
    function: Make, opened: Callable[..., Enrichments], body: str, message: str
) -> None:
    enrichment = function(body)
    with pytest.raises(EnrichmentFailed) as failed:
        await ask(opened(enrichment))
    module = enrichment.function.partition(":")[0]
    assert str(failed.value) == f"Enrichment customer: {enrichment.function} in {module}.py{message}"


OUTCOMES = "from order_receiver.orders.outcomes import *; "


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        (OUTCOMES.replace("*", "TransientFailure as F") + "raise F('busy', 30)", TransientFailure, "busy"),
        (OUTCOMES.replace("*", "UnknownOutcome as F") + "raise F('who knows')", UnknownOutcome, "who knows"),
        (OUTCOMES.replace("*", "PermanentFailure as F") + "raise F('never')", EnrichmentFailed, "never"),
        ("raise ConnectionRefusedError('anna@example.com')", TransientFailure, "line 2: ConnectionRefusedError."),
        ("raise TimeoutError('anna@example.com')", TransientFailure, "line 2: TimeoutError."),
    ],
)
async def test_it_may_say_itself_what_becomes_of_the_order(
    function: Make, opened: Callable[..., Enrichments], body: str, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind) as failed:
        await ask(opened(function(body)))
    assert str(failed.value).startswith("Enrichment customer: ")
    assert str(failed.value).endswith(message)
    assert "anna" not in str(failed.value)
    assert getattr(failed.value, "retry_after", None) == (30 if message == "busy" else None)


@pytest.mark.parametrize(
    ("head", "body"), [("async def", "import asyncio; await asyncio.Event().wait()"), ("def", "HOLD.wait()")]
)
async def test_one_that_takes_too_long_is_asked_again_later(
    function: Make, opened: Callable[..., Enrichments], head: str, body: str
) -> None:
    head = "import threading; HOLD = threading.Event()\n" + head
    enrichment = function(body, head=head, timeout=0.05)
    with pytest.raises(TransientFailure, match=r"^Enrichment customer: no answer within 0\.05 s\.$"):
        await ask(opened(enrichment))
    hold = getattr(sys.modules[enrichment.function.partition(":")[0]], "HOLD", None)
    assert hold is not None
    hold.set()


async def test_one_that_fails_can_be_passed_over(function: Make, opened: Callable[..., Enrichments]) -> None:
    enrichments = opened(function("return {}['x']"), function("return {'b': '1'}", save=("b",), name="other"))
    assert await ask(enrichments, pass_over=True) == Enriched({"b": "1"}, ["other"])


COUNTING = "ASKED = []\ndef"
COUNT = "ASKED.append(1); return {'no': str(len(ASKED))}"


async def test_orders_with_the_same_key_share_an_answer(function: Make, opened: Callable[..., Enrichments]) -> None:
    clock = Clock()
    enrichment = function(COUNT, head=COUNTING, cache_seconds=60, cache_key="{{ buyer.code }}")
    enrichments = opened(enrichment, clock=clock)
    other = an_order(a_row(1), buyer=PartyPart(code="C2"))
    assert [(await ask(enrichments, order)).extra["no"] for order in (ORDER, ORDER, other)] == ["1", "1", "2"]
    clock.now = 61
    assert (await ask(enrichments)).extra["no"] == "3"


@pytest.mark.parametrize("code", [None, ""])
@pytest.mark.parametrize("key", ["{{ buyer.code }}", "{{ application.name }}/{{ buyer.code }}"])
async def test_orders_without_what_the_key_is_made_of_share_no_answer(
    function: Make, opened: Callable[..., Enrichments], key: str, code: str | None
) -> None:
    enrichments = opened(function(COUNT, head=COUNTING, cache_seconds=60, cache_key=key))
    guest = an_order(a_row(1), buyer=PartyPart(code=code))
    assert [(await ask(enrichments, order)).extra["no"] for order in (guest, guest, ORDER, ORDER)] == list("1233")


async def test_the_parts_of_a_key_do_not_run_into_each_other(
    function: Make, opened: Callable[..., Enrichments]
) -> None:
    key = "{{ buyer.code }}/{{ buyer.group }}"
    enrichments = opened(function(COUNT, head=COUNTING, cache_seconds=60, cache_key=key))
    orders = [
        an_order(a_row(1), buyer=PartyPart(code=code, group=group)) for code, group in (("a/b", "c"), ("a", "b/c"))
    ]
    assert [(await ask(enrichments, order)).extra["no"] for order in orders] == ["1", "2"]


async def test_without_a_cache_each_order_is_asked_about(function: Make, opened: Callable[..., Enrichments]) -> None:
    enrichments = opened(function(COUNT, head=COUNTING))
    assert [(await ask(enrichments)).extra["no"] for _ in range(2)] == ["1", "2"]


async def test_failures_are_never_kept(function: Make, opened: Callable[..., Enrichments]) -> None:
    body = "ASKED.append(1)\n    if len(ASKED) == 1: raise OSError\n    return {'no': str(len(ASKED))}"
    enrichments = opened(function(body, head=COUNTING, cache_seconds=60, cache_key="{{ key }}"))
    with pytest.raises(TransientFailure):
        await ask(enrichments)
    assert [(await ask(enrichments)).extra["no"] for _ in range(2)] == ["2", "2"]


async def test_a_key_that_cannot_be_filled_holds_the_order(function: Make, opened: Callable[..., Enrichments]) -> None:
    enrichments = opened(function("return {}", cache_seconds=60, cache_key="{{ payer.code }}"))
    with pytest.raises(EnrichmentFailed, match="Enrichment customer: cache_key cannot be filled for this order: "):
        await ask(enrichments)


async def test_no_more_at_once_than_allowed(function: Make, opened: Callable[..., Enrichments]) -> None:
    head = "RUNNING = []\nMOST = []\nasync def"
    body = (
        "import asyncio; RUNNING.append(1); MOST.append(len(RUNNING)); await asyncio.sleep(0)\n"
        "    RUNNING.pop(); return {'no': str(max(MOST))}"
    )
    enrichments = opened(function(body, head=head, concurrency=2))
    found = await asyncio.gather(*(ask(enrichments) for _ in range(6)))
    assert {each.extra["no"] for each in found} == {"2"}


async def test_an_async_one_cannot_end_the_program(function: Make, opened: Callable[..., Enrichments]) -> None:
    with pytest.raises(EnrichmentFailed, match="line 2: raised RuntimeError: it raised SystemExit"):
        await ask(opened(function("raise SystemExit(1)", head="async def")))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("no_such_module:find", "There is no module no_such_module for the enrichment customer; "),
        ("json:lods", "The module json has no function lods; did you mean loads?"),
        ("json:loads", "json:loads must take two arguments, the order and the context."),
        ("sys:path", "sys:path must be a function that takes the order and the context."),
    ],
)
def test_what_cannot_be_loaded(tmp_path: Path, spec: str, message: str) -> None:
    settings = FunctionEnrichment(name="customer", function=spec, save=["no"])
    with pytest.raises(EnrichmentUnusable) as failed:
        open_enrichments([settings], tmp_path, {})
    assert str(failed.value).startswith(message)


def test_the_example_of_the_page_can_be_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", sys.path[:])
    page = (Path(__file__).parents[3] / "docs/how-to/enrich-orders.md").read_text("utf-8")
    (tmp_path / "our_credit.py").write_text(page.partition("```python\n")[2].partition("```")[0])
    settings = FunctionEnrichment(name="credit", function="our_credit:look_up", save=["credit", "limit"])
    assert len(open_enrichments([settings], tmp_path, {})) == 1
