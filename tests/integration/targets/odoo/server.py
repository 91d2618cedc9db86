"""A small Odoo at the other end of a real socket: it speaks /jsonrpc as a real one was recorded to.

It knows the calls that the adapter makes, with their answers and their traps: HTTP 200 with an error inside, `load`
that answers what it could not do with `ids: false`, buttons that answer with a question and do nothing.
"""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from aiohttp import web

Record = dict[str, Any]
Reply = Callable[[], web.StreamResponse | Awaitable[web.StreamResponse]]

CENT = Decimal("0.01")
LINKS = {
    "company_id": "res.company",
    "country_id": "res.country",
    "currency_id": "res.currency",
    "order_id": "sale.order",
    "parent_id": "res.partner",
    "partner_id": "res.partner",
    "partner_invoice_id": "res.partner",
    "partner_shipping_id": "res.partner",
    "product_id": "product.product",
    "uom_id": "uom.uom",
}
QUESTION = {"type": "ir.actions.act_window", "res_model": "sale.order.cancel", "target": "new"}


class Failed(Exception):
    """An error that Odoo answers within HTTP 200."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True)
class Call:
    """A call as it came; `service` and `method` for those that are no model's."""

    model: str
    method: str
    args: list[Any]
    options: Record


@dataclass
class SmallOdoo:
    """One database with a company in Sweden, products, taxes, and the user `web` with the key `key`."""

    url: str = ""
    version: str = "14.0"
    key: str = "key"
    missing: set[str] = field(default_factory=set)
    """Fields that this version does not have, such as `mobile`."""
    calls: list[Call] = field(default_factory=list)
    before: deque[Reply] = field(default_factory=deque)
    """Answers instead of its own, for the calls that come next."""
    after: defaultdict[str, deque[Reply]] = field(default_factory=lambda: defaultdict(deque))
    """Answers to the next calls of `model.method`, given after they took effect."""
    failures: defaultdict[str, deque[Failed]] = field(default_factory=lambda: defaultdict(deque))
    """Errors that the next call of a method ends in, without effect."""
    refusal: str | None = None
    """What `load` says when it makes no sale."""
    asks: bool = False
    """Buttons answer with a question to a person instead of doing anything."""
    rounds_off: Decimal = Decimal(0)
    """What its total differs by from the sum of its lines."""
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    records: dict[str, dict[int, Record]] = field(default_factory=dict)
    external_ids: dict[str, tuple[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        sek = self.add("res.currency", name="SEK", decimal_places=2)
        self.add("res.currency", name="EUR", decimal_places=2)
        self.company = self.add("res.company", name="Butik AB", currency_id=sek)
        self.add("res.users", id=7, company_id=self.company)
        for name, code in (("Sweden", "SE"), ("Norway", "NO")):
            self.add("res.country", name=name, code=code)
        for rate in (25, 12, 6):
            self.add("account.tax", name=f"Moms {rate}", amount=rate, type_tax_use="sale", company_id=self.company)
        self.add("account.payment.term", name="30 Days", company_id=False)
        self.add("crm.team", name="Web", company_id=False)
        self.add("stock.warehouse", name="Lager", company_id=self.company)
        self.add("delivery.carrier", name="PostNord", company_id=False)
        self.add("product.pricelist", name="Web EUR", currency_id=sek + 1, company_id=False)
        unit = self.add("uom.uom", name="Units")
        for code in ("ITEM001", "ITEM002", "ITEM003", "FOOD", "FREIGHT", "FEE", "ROUNDING"):
            product = {"default_code": code, "name": code, "sale_ok": True, "uom_id": unit, "company_id": False}
            self.add("product.product", **product)

    def add(self, model: str, **values: Any) -> int:
        table = self.records.setdefault(model, {})
        number: int = values.pop("id", max(table, default=0) + 1)
        table[number] = {"id": number, **values}
        return number

    def all(self, model: str) -> list[Record]:
        return list(self.records.get(model, {}).values())

    def methods(self, model: str) -> list[str]:
        return [call.method for call in self.calls if call.model == model]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        if self.before:
            return await said(self.before.popleft())
        parameters = body["params"]
        call = self._call(parameters["service"], parameters["method"], parameters["args"])
        try:
            answer = self._answer(call, parameters["args"])
        except Failed as error:
            data = {"name": error.name, "debug": "Traceback ...", "message": str(error), "arguments": [str(error)]}
            answer = {"error": {"code": 200, "message": "Odoo Server Error", "data": data}}
        if waiting := self.after[f"{call.model}.{call.method}"]:
            return await said(waiting.popleft())
        return web.json_response({"jsonrpc": "2.0", "id": body["id"], **answer})

    async def hang(self) -> web.StreamResponse:
        """Do not answer before the test is over."""
        await self.hold.wait()
        return web.Response()

    def _call(self, service: str, method: str, args: list[Any]) -> Call:
        of_a_model = service == "object"
        call = Call(args[3], args[4], args[5], args[6]) if of_a_model else Call(service, method, args, {})
        self.calls.append(call)
        return call

    def _answer(self, call: Call, args: list[Any]) -> Record:
        if self.failures[call.method]:
            raise self.failures[call.method].popleft()
        if call.model == "common":
            if call.method == "version":
                return {"result": {"server_version": self.version, "server_serie": self.version}}
            return {"result": 7 if call.args[1:] == ["web", self.key] else False}
        if args[1:3] != [7, self.key]:
            raise Failed("odoo.exceptions.AccessDenied", "Access denied")
        result = getattr(self, f"_{call.method}")(call)
        return {} if result is None else {"result": result}

    def _search_read(self, call: Call) -> list[Record]:
        found = [record for record in self._table(call.model) if _fits(record, call.args[0])]
        if call.options["context"].get("active_test", True):
            found = [record for record in found if record.get("active", True)]
        found = found[: call.options.get("limit")]
        return [{name: self._shown(record, name) for name in ("id", *call.options["fields"])} for record in found]

    def _fields_get(self, call: Call) -> Record:
        html = int(self.version.removeprefix("saas~").split(".")[0]) >= 15
        names = {
            "sale.order": ["note", "reference", "carrier_id", "warehouse_id"],
            "sale.order.line": ["tax_id", "product_uom", "price_unit", "discount"],
            "res.partner": ["mobile", "email_normalized"],
        }[call.model]
        types = {"note": "html" if html else "text"}
        # Some fields tell one number, others none.
        digits: dict[str, Record] = {
            "price_unit": {"digits": [16, 2]},
            "discount": {"digits": False},
            "reference": {"digits": 0},
        }
        there = [name for name in names if name not in self.missing]
        return {name: {"type": types.get(name, "char"), **digits.get(name, {})} for name in there}

    def _load(self, call: Call) -> Record:
        columns, rows = call.args
        if call.model == "sale.order" and self.refusal is not None:
            return {"ids": False, "messages": [{"type": "error", "message": self.refusal, "record": 0}], "nextrow": 0}
        context = call.options["context"]
        assert (context["mode"], context["noupdate"]) == ("update", True)
        head = dict(zip(columns, rows[0], strict=True))
        if (known := self.external_ids.get(head["id"])) is not None:
            return {"ids": [known[1]], "messages": [], "nextrow": 0}
        number = self._make(call.model, {name: text for name, text in head.items() if "order_line/" not in name})
        for row in rows:
            cells = dict(zip(columns, row, strict=True))
            if "order_line/id" in cells:
                line = {name.removeprefix("order_line/"): text for name, text in cells.items() if "order_line/" in name}
                self._make("sale.order.line", {**line, "order_id/.id": str(number)})
        return {"ids": [number], "messages": [], "nextrow": 0}

    def _make(self, model: str, cells: dict[str, str]) -> int:
        values: Record = {}
        for name, text in cells.items():
            if name != "id":
                values[name.removesuffix("/.id")] = (int(text) if name.endswith("/.id") else text) if text else False
        if model == "sale.order":
            eur = values.get("pricelist_id")
            currency = self.records["product.pricelist"][eur]["currency_id"] if eur else 1
            values.update(name=f"S{len(self.all(model)) + 1:05}", state="draft", currency_id=currency)
        if model == "sale.order.line":
            values.update(qty_delivered=0.0, qty_invoiced=0.0)
        if model == "res.partner":
            values.update(active=True, email_normalized=str(values["email"]).lower(), company_id=False)
            values.setdefault("parent_id", False)
        number = self.add(model, **values)
        self.external_ids[cells["id"]] = (model, number)
        return number

    def _action_confirm(self, call: Call) -> Any:
        (number,) = call.args[0]
        if self.asks:
            return QUESTION
        self.records["sale.order"][number]["state"] = "sale"
        return True

    def _action_cancel(self, call: Call) -> Any:
        (number,) = call.args[0]
        if self.asks or not call.options["context"].get("disable_cancel_warning"):
            return QUESTION
        self.records["sale.order"][number]["state"] = "cancel"
        return None

    def _table(self, model: str) -> list[Record]:
        if model == "ir.model.data":
            split = [(name.partition("."), *where) for name, where in self.external_ids.items()]
            return [
                {"id": at, "module": name[0], "name": name[2], "model": model, "res_id": number}
                for at, (name, model, number) in enumerate(split)
            ]
        return self.all(model)

    def _shown(self, record: Record, name: str) -> Any:
        if name in ("amount_tax", "amount_total"):
            untaxed, tax = self._totals(record["id"])
            return float(tax) if name == "amount_tax" else float(untaxed + tax + self.rounds_off)
        value = record.get(name, False)
        if name in LINKS and value:
            return [value, self.records[LINKS[name]][value].get("name")]
        return value

    def _totals(self, sale: int) -> tuple[Decimal, Decimal]:
        untaxed = tax = Decimal(0)
        for line in self.all("sale.order.line"):
            if line["order_id"] == sale:
                price = Decimal(line["price_unit"]) * (1 - Decimal(line["discount"]) / 100)
                amount = (price * Decimal(line["product_uom_qty"])).quantize(CENT, ROUND_HALF_UP)
                rate = self.records["account.tax"][line["tax_id"]]["amount"] if line["tax_id"] else 0
                untaxed, tax = untaxed + amount, tax + (amount * rate / 100).quantize(CENT, ROUND_HALF_UP)
        return untaxed, tax


async def said(reply: Reply) -> web.StreamResponse:
    answer = reply()
    return answer if isinstance(answer, web.StreamResponse) else await answer


def _fits(record: Record, domain: Iterable[list[Any]]) -> bool:
    return all(
        record.get(name, False) in value if operator == "in" else record.get(name, False) == value
        for name, operator, value in domain
    )
