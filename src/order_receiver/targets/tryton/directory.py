"""Where things are in one Tryton: ids for the names that the settings and orders use."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from order_receiver.orders.outcomes import PermanentFailure
from order_receiver.targets.records import Erp, one_each, only
from order_receiver.targets.tryton.client import Client, Domain

LIFETIME = 300.0
"""Seconds for which an id is remembered: somebody may replace a tax or a journal in Tryton."""


class Id(msgspec.Struct, gc=False):
    """A record of which only the id is asked."""

    id: int


class Shop(msgspec.Struct, gc=False):
    """The web shop, with the company that sells in it."""

    id: int
    company: int
    warehouses: list[int]
    guest_party: int | None


class Currency(msgspec.Struct, gc=False):
    """A currency; amounts have `digits` decimals."""

    id: int
    digits: int


class Product(msgspec.Struct, gc=False):
    """A product that can be sold."""

    id: int
    code: str
    sale_uom: int


class Accounting(msgspec.Struct, gc=False):
    """How a company rounds VAT: by `document` or by `line`."""

    tax_rounding: str


@dataclass(frozen=True, slots=True)
class Modules:
    """Which of Tryton's optional modules are active."""

    discount: bool
    payments: bool
    carriers: bool


class Directory:
    """Looks names up and remembers the ids.

    All raise PermanentFailure for a name that Tryton does not know, with the setting to correct, and the failures of
    the calls.
    """

    def __init__(self, client: Client, erp: Erp, shop: str) -> None:
        self._outside = client
        self.erp = erp
        self._shop_name = shop
        self._ids: dict[tuple[str, str], int] = {}
        self._shop: Shop | None = None
        self._modules: Modules | None = None
        self._tax_by_row: bool | None = None
        self._currencies: dict[str, Currency] = {}
        self._fresh_until = 0.0

    def forget(self) -> None:
        """Look everything up again: what is remembered may be what made a call fail."""
        self._ids.clear()
        self._currencies.clear()
        self._shop = self._modules = self._tax_by_row = None
        self._fresh_until = time.monotonic() + LIFETIME

    async def shop(self) -> Shop:
        if time.monotonic() > self._fresh_until:
            self.forget()
        if self._shop is None:
            self._shop = only(
                await self._outside.search("web.shop", [["name", "=", self._shop_name]], Shop, 2),
                f"Tryton has {{}} web shop with the name {self._shop_name!r}. Make it in Tryton, or correct "
                f"{self.erp.setting('shop')}; the user must have access to it.",
            )
        return self._shop

    async def client(self) -> Client:
        """Calls within the shop's company."""
        return self._outside.within((await self.shop()).company)

    async def modules(self) -> Modules:
        if self._modules is None:
            client = await self.client()
            sale = await client.fields("sale.sale", "payments", "shipment_cost_method")
            discount = bool(await client.fields("sale.line", "base_price"))
            self._modules = Modules(discount, "payments" in sale, "shipment_cost_method" in sale)
        return self._modules

    async def tax_by_row(self) -> bool:
        """Whether VAT is rounded row by row, and not once for each tax."""
        if self._tax_by_row is None:
            accounting = await (await self.client()).read("account.configuration", 1, Accounting)
            self._tax_by_row = accounting.tax_rounding == "line"
        return self._tax_by_row

    async def currency(self, code: str) -> Currency:
        if code not in self._currencies:
            self._currencies[code] = only(
                await (await self.client()).search("currency.currency", [["code", "=", code]], Currency, 2),
                f"Tryton has {{}} currency with the code {code!r}. Make it in Tryton.",
                [f"currency:{code}"],
            )
        return self._currencies[code]

    async def country(self, code: str) -> int:
        advice = "Load the countries in Tryton with `trytond_import_countries`, or correct the address."
        return await self._id("country.country", [["code", "=", code]], "country", "with the code", code, advice)

    async def tax(self, name: str) -> int:
        company = (await self.shop()).company
        domain: Domain = [["name", "=", name], ["company", "=", company], ["parent", "=", None]]
        return await self._id("account.tax", domain, "tax", "with the name", name, self.erp.correct("taxes"))

    async def journal(self, name: str) -> int:
        if not (await self.modules()).payments:
            raise PermanentFailure(
                f"{self.erp.setting('payments')} is set, but Tryton's module `sale_payment` is not active. Activate "
                "it, or leave `payments` out."
            )
        domain: Domain = [["name", "=", name], ["company", "=", (await self.shop()).company]]
        advice = self.erp.correct("payments")
        return await self._id("account.payment.journal", domain, "payment journal", "with the name", name, advice)

    async def payment_term(self, name: str) -> int:
        advice = self.erp.correct("payment_terms")
        domain: Domain = [["name", "=", name]]
        return await self._id("account.invoice.payment_term", domain, "payment term", "with the name", name, advice)

    async def carrier(self, name: str) -> int:
        if not (await self.modules()).carriers:
            raise PermanentFailure(
                f"{self.erp.setting('carriers')} is set, but Tryton's module `sale_shipment_cost` is not active. "
                "Activate it, or leave `carriers` out."
            )
        domain: Domain = [["party.name", "=", name]]
        return await self._id("carrier", domain, "carrier", "whose party is", name, self.erp.correct("carriers"))

    async def unit(self, symbol: str) -> int:
        domain: Domain = [["symbol", "=", symbol]]
        return await self._id("product.uom", domain, "unit", "with the symbol", symbol, self.erp.correct("units"))

    async def products(self, codes: Sequence[str]) -> Mapping[str, Product]:
        """The products by code, in one call. A code that is missing is in no setting of ours but in Tryton's data."""
        wanted = sorted(set(codes))
        domain: Domain = [["code", "in", wanted], ["salable", "=", True]]
        found = await (await self.client()).search("product.product", domain, Product)
        return one_each(wanted, found, lambda product: product.code, self._no_product, "product")

    def _no_product(self, code: str) -> str:
        return (
            f"Tryton has {{}} salable product with the code {code!r}. Make it in Tryton, correct the part number in "
            f"the shop, or name a product for such rows in {self.erp.setting('row_products')}."
        )

    async def _id(self, model: str, domain: Domain, kind: str, by: str, name: str, advice: str) -> int:
        if (known := self._ids.get((kind, name))) is not None:
            return known
        found = await (await self.client()).search(model, domain, Id, 2)
        sentence = f"Tryton has {{}} {kind} {by} {name!r}. {advice}"
        self._ids[kind, name] = only(found, sentence, [f"{kind.replace(' ', '-')}:{name}"]).id
        return self._ids[kind, name]
