"""Sales of one target: found by external id, made, and brought on step by step."""

from dataclasses import dataclass
from decimal import Decimal

import msgspec

from order_receiver.orders.canonical import OrderPart
from order_receiver.orders.outcomes import PermanentFailure
from order_receiver.settings.targets import OdooTarget
from order_receiver.targets.odoo.client import Domain
from order_receiver.targets.odoo.directory import Directory
from order_receiver.targets.odoo.errors import Overtaken
from order_receiver.targets.odoo.lines import Lines
from order_receiver.targets.odoo.notes import note_of, payment_references
from order_receiver.targets.odoo.tables import table_of, table_with_lines
from order_receiver.targets.places import Places
from order_receiver.targets.totals import is_rounding, wanted_total

MODEL = "sale.order"
LINE_MODEL = "sale.order.line"


class Sale(msgspec.Struct, gc=False):
    """A sale; its amounts are as Odoo reckoned them."""

    id: int
    name: str
    state: str
    currency_id: tuple[int, str]
    amount_tax: Decimal
    amount_total: Decimal

    @property
    def order_no(self) -> str:
        """The sale's number."""
        return self.name


class Done(msgspec.Struct, gc=False):
    """What became of a line since its sale was confirmed."""

    qty_delivered: Decimal
    qty_invoiced: Decimal


class ExternalId(msgspec.Struct, gc=False):
    """Which record an external id stands for."""

    res_id: int


@dataclass(frozen=True, slots=True)
class Totals:
    """What an order comes to, and what its sale comes to."""

    wanted: Decimal
    found: Decimal


class Sales:
    """The sales of one target."""

    def __init__(self, settings: OdooTarget, directory: Directory) -> None:
        self._settings = settings
        self._directory = directory
        self._setting = directory.erp.setting
        self._lines = Lines(settings, directory)

    async def find(self, key: str) -> list[Sale]:
        """The sale under a submission key, which is its external id; Odoo allows one."""
        client = await self._directory.client()
        named: Domain = [
            ["module", "=", self._settings.namespace],
            ["name", "=", _name("order", key)],
            ["model", "=", MODEL],
        ]
        found = await client.search("ir.model.data", named, ExternalId)
        if not found:
            return []
        return await client.search(MODEL, [["id", "in", [each.res_id for each in found]]], Sale)

    async def create(self, key: str, order: OrderPart, places: Places) -> int:
        """Make the sale with its lines, if there is none yet.

        Raises PermanentFailure for what Odoo does not know, Overtaken where another attempt makes it at this moment.
        """
        lines = await self._lines.of(order)
        cells = await self._cells(order, places)
        by_id = {self._id(f"line_{position}", key): line for position, line in enumerate(lines, 1)}
        table = table_with_lines(self._id("order", key), cells, "order_line", by_id)
        return await (await self._directory.client()).load(MODEL, table)

    async def settle(self, sale: Sale, order: OrderPart, key: str) -> bool:
        """Give a draft the line that takes up rounding, where it needs one. Returns whether it may have got one.

        Odoo's own total says what is missing, whichever way this version and company round.
        """
        totals = await self._totals(sale, order)
        if totals.wanted == totals.found:
            return False
        line = await self._lines.rounding(order, totals.wanted - totals.found)
        if line is None:
            return False
        table = table_of(self._id("rounding", key), {"order_id/.id": str(sale.id), **line})
        client = await self._directory.client()
        try:
            await client.load(LINE_MODEL, table)
        except Overtaken:
            await client.load(LINE_MODEL, table)
        return True

    async def compare(self, sale: Sale, order: OrderPart) -> None:
        """Raise PermanentFailure where Odoo's totals are not the order's; VAT may differ by its rounding."""
        totals, step = await self._totals(sale, order), (await self._directory.names()).price_step
        currency = await self._directory.currency(order.currency or "")
        if sale.currency_id[0] != currency.id:
            raise PermanentFailure(
                f"Odoo's sale {sale.name} is in {sale.currency_id[1]}, the order in {order.currency}; the sale was "
                f"not confirmed. Name a pricelist for the currency in {self._setting('pricelists')}, delete the sale "
                "in Odoo and retry the order."
            )
        if totals.wanted == totals.found and is_rounding(sale.amount_tax - order.totals.vat, order.rows, step):
            return
        raise PermanentFailure(
            f"Odoo's sale {sale.name} comes to {totals.found} with {sale.amount_tax} of VAT, the order to "
            f"{totals.wanted} with {order.totals.vat}; the sale was not confirmed. Where that is rounding, name a "
            f"product for it in {self._setting('rounding_product')} and retry the order. Otherwise see whether `taxes` "
            "names taxes with other rates, or taxes included in prices; then delete the sale there and retry."
        )

    async def confirm(self, sale: Sale) -> None:
        await (await self._directory.client()).press(MODEL, "action_confirm", sale.id)

    async def cancel(self, sale: Sale) -> None:
        """Without the question about an e-mail to the customer, which would leave the sale as it is."""
        await (await self._directory.client()).press(MODEL, "action_cancel", sale.id, disable_cancel_warning=True)

    async def is_under_way(self, sale: Sale) -> bool:
        """Whether anything of a sale was delivered or invoiced."""
        lines = await (await self._directory.client()).search(LINE_MODEL, [["order_id", "=", sale.id]], Done)
        return any(line.qty_delivered or line.qty_invoiced for line in lines)

    async def check(self) -> None:
        """Look up everything that the settings name. Raises PermanentFailure for what Odoo does not have."""
        settings, directory = self._settings, self._directory
        for name in settings.taxes.values():
            await directory.tax(name)
        for name in settings.payment_terms.values():
            await directory.payment_term(name)
        for name in settings.carriers.values():
            await directory.carrier(name)
        for name in settings.units.values():
            await directory.unit(name)
        for code, name in settings.pricelists.items():
            await directory.pricelist(name, code)
        await self._surroundings()
        codes = [*settings.row_products.values(), settings.default_product, settings.rounding_product]
        if named := [code for code in codes if code is not None]:
            await directory.products(named)

    async def _cells(self, order: OrderPart, places: Places) -> dict[str, str]:
        """Everything of a new sale but its lines; a field that is left out gets Odoo's own default."""
        names, company = await self._directory.names(), await self._directory.company()
        cells = {
            "company_id/.id": str(company.id),
            "client_order_ref": order.customer_reference or order.reference,
            "origin": order.reference,
            "note": note_of(order, html=names.html_note),
            "partner_id/.id": str(places.buyer.customer),
            "partner_invoice_id/.id": str(places.payer.address),
            "partner_shipping_id/.id": str(places.recipient.address),
        }
        if names.payment_reference:
            cells["reference"] = payment_references(order)
        return {**cells, **await self._currency(order), **await self._chosen(order), **await self._surroundings()}

    async def _currency(self, order: OrderPart) -> dict[str, str]:
        """The pricelist, which gives the sale its currency. Raises PermanentFailure where it would be another one."""
        if order.currency is None:
            raise PermanentFailure("The order names no currency.")
        name = self._settings.pricelists.get(order.currency)
        if name is not None:
            return {"pricelist_id/.id": str(await self._directory.pricelist(name, order.currency))}
        company, currency = await self._directory.company(), await self._directory.currency(order.currency)
        if company.currency_id[0] != currency.id:
            raise PermanentFailure(
                f"The order is in {order.currency}, the company in {company.currency_id[1]}. Name a pricelist for it: "
                f'add `{order.currency} = "name of the pricelist in Odoo"` to {self._setting("pricelists")}.',
                [f"currency:{order.currency}"],
            )
        return {}

    async def _chosen(self, order: OrderPart) -> dict[str, str]:
        """Payment term and shipping method; freight has its own row, so Odoo adds none."""
        cells = {}
        for payment in order.payments:
            if (name := self._settings.payment_terms.get(str(payment.code))) is not None:
                cells["payment_term_id/.id"] = str(await self._directory.payment_term(name))
                break
        method = order.shipping.method if order.shipping is not None else None
        if not self._settings.carriers or method is None:
            return cells
        if (name := self._settings.carriers.get(method)) is None:
            raise PermanentFailure(
                f'No shipping method is set for the delivery method {method!r}. Add `"{method}" = "name of the '
                f'shipping method in Odoo"` to {self._setting("carriers")}.',
                [f"delivery-method:{method}"],
            )
        return {**cells, "carrier_id/.id": str(await self._directory.carrier(name))}

    async def _surroundings(self) -> dict[str, str]:
        """Sales team and warehouse, the same for all sales of the target."""
        cells = {}
        if self._settings.team is not None:
            cells["team_id/.id"] = str(await self._directory.team(self._settings.team))
        if self._settings.warehouse is not None:
            cells["warehouse_id/.id"] = str(await self._directory.warehouse(self._settings.warehouse))
        return cells

    async def _totals(self, sale: Sale, order: OrderPart) -> Totals:
        digits = (await self._directory.currency(order.currency or "")).decimal_places
        return Totals(wanted_total(order, digits), sale.amount_total.quantize(Decimal(1).scaleb(-digits)))

    def _id(self, what: str, key: str) -> str:
        return f"{self._settings.namespace}.{_name(what, key)}"


def _name(what: str, key: str) -> str:
    """The second part of an external id: a key has no full stop, which would end the first part."""
    return f"{what}_{key}"
