"""Where things are in one Odoo: ids for the names that the settings and orders use, and what this version has."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from order_receiver.orders.outcomes import PermanentFailure
from order_receiver.targets.odoo.client import Client, Domain, Field
from order_receiver.targets.records import Erp, one_each, only

LIFETIME = 300.0
"""Seconds for which an id is remembered: somebody may replace a tax or a product in Odoo."""


class Id(msgspec.Struct, gc=False):
    """A record of which only the id is asked."""

    id: int


class User(msgspec.Struct, gc=False):
    """The user of this target, with the company it works for."""

    id: int
    company_id: tuple[int, str]


class Company(msgspec.Struct, gc=False):
    """The company that sells."""

    id: int
    currency_id: tuple[int, str]


class Currency(msgspec.Struct, gc=False):
    """A currency; amounts have `decimal_places` decimals."""

    id: int
    decimal_places: int


class Product(msgspec.Struct, gc=False):
    """A product that can be sold."""

    id: int
    default_code: str
    uom_id: tuple[int, str]


@dataclass(frozen=True, slots=True)
class Names:
    """What fields are called in this version, and which of them there are (fields of modules, of other versions)."""

    tax: str
    unit: str
    html_note: bool
    payment_reference: bool
    carrier: bool
    warehouse: bool
    mobile: bool
    email: str
    price_step: Decimal
    """The last decimal of a price that Odoo keeps."""
    discount_step: Decimal
    """The last decimal of a discount in percent that Odoo keeps."""


class Directory:
    """Looks names up and remembers the ids.

    All raise PermanentFailure for a name that Odoo does not know, with the setting to correct, and the failures of
    the calls.
    """

    def __init__(self, client: Client, erp: Erp, company: str | None) -> None:
        self._outside = client
        self.erp = erp
        self._company_name = company
        self._ids: dict[tuple[str, str], int] = {}
        self._company: Company | None = None
        self._names: Names | None = None
        self._currencies: dict[str, Currency] = {}
        self._fresh_until = 0.0

    def forget(self) -> None:
        """Look everything up again: what is remembered may be what made a call fail."""
        self._ids.clear()
        self._currencies.clear()
        self._company = self._names = None
        self._fresh_until = time.monotonic() + LIFETIME

    async def check_version(self) -> None:
        """Raise PermanentFailure for an Odoo that is too old."""
        series = await self._outside.version()
        number = series.rpartition("~")[2].partition(".")[0]
        if number.isdigit() and int(number) < 14:
            raise PermanentFailure(f"This is Odoo {series}; the adapter needs 14 or newer (known are 14 to 18).")

    async def company(self) -> Company:
        if time.monotonic() > self._fresh_until:
            self.forget()
        if self._company is None:
            domain: Domain = [["name", "=", self._company_name]]
            if self._company_name is None:
                me: Domain = [["id", "=", await self._outside.user_id()]]
                user = only(await self._outside.search("res.users", me, User), "Odoo shows {} user of this target.")
                domain = [["id", "=", user.company_id[0]]]
            self._company = only(
                await self._outside.search("res.company", domain, Company, 2),
                f"Odoo has {{}} company with the name {self._company_name!r} for this user. Correct "
                f"{self.erp.setting('company')}, or let the user work for that company.",
            )
        return self._company

    async def client(self) -> Client:
        """Calls within the company."""
        return self._outside.within((await self.company()).id)

    async def names(self) -> Names:
        if self._names is None:
            client = await self.client()
            sale, line = await client.fields("sale.order"), await client.fields("sale.order.line")
            partner = await client.fields("res.partner")
            self._names = Names(
                tax="tax_id" if "tax_id" in line else "tax_ids",
                unit="product_uom" if "product_uom" in line else "product_uom_id",
                html_note="note" in sale and sale["note"].type == "html",
                payment_reference="reference" in sale,
                carrier="carrier_id" in sale,
                warehouse="warehouse_id" in sale,
                mobile="mobile" in partner,
                email="email_normalized" if "email_normalized" in partner else "email",
                price_step=_step(line.get("price_unit")),
                discount_step=_step(line.get("discount")),
            )
        return self._names

    async def currency(self, code: str) -> Currency:
        if code not in self._currencies:
            self._currencies[code] = only(
                await (await self.client()).search("res.currency", [["name", "=", code]], Currency, 2),
                f"Odoo has {{}} active currency {code!r}. Activate it in Odoo.",
                [f"currency:{code}"],
            )
        return self._currencies[code]

    async def pricelist(self, name: str, code: str) -> int:
        """A pricelist in the currency with this code."""
        currency = await self.currency(code)
        domain: Domain = [["name", "=", name], ["currency_id", "=", currency.id], await self._of_company()]
        kind = f"pricelist in {code}"
        return await self._id("product.pricelist", domain, kind, "with the name", name, self.erp.correct("pricelists"))

    async def country(self, code: str) -> int:
        advice = "Correct the address."
        return await self._id("res.country", [["code", "=", code]], "country", "with the code", code, advice)

    async def tax(self, name: str) -> int:
        company = (await self.company()).id
        domain: Domain = [["name", "=", name], ["type_tax_use", "=", "sale"], ["company_id", "=", company]]
        return await self._id("account.tax", domain, "sales tax", "with the name", name, self.erp.correct("taxes"))

    async def payment_term(self, name: str) -> int:
        domain: Domain = [["name", "=", name], await self._of_company()]
        advice = self.erp.correct("payment_terms")
        return await self._id("account.payment.term", domain, "payment term", "with the name", name, advice)

    async def carrier(self, name: str) -> int:
        self._need((await self.names()).carrier, "carriers", "delivery")
        domain: Domain = [["name", "=", name], await self._of_company()]
        advice = self.erp.correct("carriers")
        return await self._id("delivery.carrier", domain, "shipping method", "with the name", name, advice)

    async def warehouse(self, name: str) -> int:
        self._need((await self.names()).warehouse, "warehouse", "sale_stock")
        domain: Domain = [["name", "=", name], ["company_id", "=", (await self.company()).id]]
        return await self._id(
            "stock.warehouse", domain, "warehouse", "with the name", name, self.erp.correct("warehouse")
        )

    async def team(self, name: str) -> int:
        domain: Domain = [["name", "=", name], await self._of_company()]
        return await self._id("crm.team", domain, "sales team", "with the name", name, self.erp.correct("team"))

    async def unit(self, name: str) -> int:
        domain: Domain = [["name", "=", name]]
        return await self._id("uom.uom", domain, "unit", "with the name", name, self.erp.correct("units"))

    async def products(self, codes: Sequence[str]) -> Mapping[str, Product]:
        """The products by internal reference, in one call."""
        wanted = sorted(set(codes))
        domain: Domain = [["default_code", "in", wanted], ["sale_ok", "=", True], await self._of_company()]
        found = await (await self.client()).search("product.product", domain, Product)
        return one_each(wanted, found, lambda product: product.default_code, self._no_product, "product")

    def _no_product(self, code: str) -> str:
        return (
            f"Odoo has {{}} product to be sold with the internal reference {code!r}. Make it in Odoo, correct the part "
            f"number in the shop, or name a product for such rows in {self.erp.setting('row_products')}."
        )

    async def _of_company(self) -> Domain:
        """Records of the company or of all companies."""
        return ["company_id", "in", [False, (await self.company()).id]]

    def _need(self, there: bool, key: str, module: str) -> None:
        if not there:
            raise PermanentFailure(
                f"{self.erp.setting(key)} is set, but Odoo's module `{module}` is not installed. Install it, or leave "
                f"`{key}` out."
            )

    async def _id(self, model: str, domain: Domain, kind: str, by: str, name: str, advice: str) -> int:
        if (known := self._ids.get((kind, name))) is not None:
            return known
        found = await (await self.client()).search(model, domain, Id, 2)
        sentence = f"Odoo has {{}} {kind} {by} {name!r}. {advice}"
        self._ids[kind, name] = only(found, sentence, [f"{kind.replace(' ', '-')}:{name}"]).id
        return self._ids[kind, name]


def _step(field: Field | None) -> Decimal:
    """The last decimal that Odoo keeps of a number; two are Odoo's own default."""
    digits = field.digits if field is not None else None
    return Decimal(1).scaleb(-(digits[1] if isinstance(digits, tuple) and len(digits) == 2 else 2))
