"""Sales of one web shop: found by web_id, made, and brought on step by step."""

import msgspec

from order_receiver.orders.canonical import OrderPart, PaymentPart
from order_receiver.orders.outcomes import PermanentFailure
from order_receiver.settings.targets import TrytonTarget
from order_receiver.targets.places import Places
from order_receiver.targets.totals import is_rounding, wanted_total
from order_receiver.targets.tryton.directory import Directory, Modules
from order_receiver.targets.tryton.encoding import Amount, Values, amount, calendar_date, create
from order_receiver.targets.tryton.lines import Lines

MODEL = "sale.sale"


class Sale(msgspec.Struct, gc=False):
    """A sale; `timestamp` is when it was changed last, in Tryton's form."""

    id: int
    number: str | None
    state: str
    party: int
    invoice_party: int | None
    tax_amount: Amount
    total_amount: Amount
    timestamp: str | None = msgspec.field(name="_timestamp", default=None)

    @property
    def order_no(self) -> str | None:
        """The sale's number."""
        return self.number


class Payment(msgspec.Struct, gc=False):
    """A payment that belongs to a sale."""

    id: int


class Sales:
    """The sales of one target."""

    def __init__(self, settings: TrytonTarget, directory: Directory) -> None:
        self._settings = settings
        self._directory = directory
        self._setting = directory.erp.setting
        self._lines = Lines(settings, directory)

    async def find(self, key: str) -> list[Sale]:
        """All sales under a submission key, which is their web_id; Tryton allows one for each shop."""
        shop = await self._directory.shop()
        client = await self._directory.client()
        return await client.search(MODEL, [["web_shop", "=", shop.id], ["web_id", "=", key]], Sale, 10)

    async def values(self, key: str, order: OrderPart, places: Places) -> Values:
        """Everything of a new sale: nothing is left to what Tryton's own client would fill in.

        Raises PermanentFailure for what Tryton does not know.
        """
        shop = await self._directory.shop()
        if order.currency is None:
            raise PermanentFailure("The order names no currency.")
        buyer, payer, recipient = places.buyer, places.payer, places.recipient
        values: Values = {
            "company": shop.company,
            "web_shop": shop.id,
            "web_id": key,
            "reference": order.reference,
            "description": order.customer_reference,
            "comment": _comment(order),
            "sale_date": calendar_date(order.order_date),
            "currency": (await self._directory.currency(order.currency)).id,
            "party": buyer.customer,
            "invoice_party": None if payer.customer == buyer.customer else payer.customer,
            "invoice_address": payer.address,
            "shipment_party": None if recipient.customer == buyer.customer else recipient.customer,
            "shipment_address": recipient.address,
            "lines": create(await self._lines.of(order)),
        }
        if shop.warehouses:
            values["warehouse"] = shop.warehouses[0]
        return {**values, **await self._terms(order), **await self._carrier(order, await self._directory.modules())}

    async def create(self, values: Values) -> int:
        return await (await self._directory.client()).create(MODEL, values)

    async def press(self, sale: Sale, button: str) -> None:
        await (await self._directory.client()).press(MODEL, button, sale.id, sale.timestamp)

    async def compare(self, sale: Sale, order: OrderPart) -> None:
        """Raise PermanentFailure where Tryton's totals are not the order's; VAT may differ by its rounding."""
        currency = await self._directory.currency(order.currency or "")
        wanted, total, tax = wanted_total(order, currency.digits), sale.total_amount.decimal, sale.tax_amount.decimal
        if wanted == total and is_rounding(tax - order.totals.vat, order.rows):
            return
        raise PermanentFailure(
            f"Tryton's sale with the id {sale.id} comes to {total} with {tax} of VAT, the order to {wanted} with "
            f"{order.totals.vat}; the sale was not confirmed. See which rule in Tryton changes prices or taxes, and "
            "whether `taxes` names taxes with other rates; then delete the sale there and retry the order."
        )

    async def add_payments(self, sale: Sale, order: OrderPart) -> bool:
        """Make the payments of a quotation, unless they are there. Returns whether any were made.

        Raises PermanentFailure for a payment code without journal.
        """
        payments = [payment for payment in order.payments if payment.amount != 0]
        if not payments or not self._settings.payments:
            return False
        records = [await self._payment(payment, sale, order) for payment in payments]
        client = await self._directory.client()
        if await client.search("account.payment", [["origin", "=", f"{MODEL},{sale.id}"]], Payment, 1):
            return False
        await client.write(MODEL, sale.id, {"payments": create(records)}, sale.timestamp)
        return True

    async def check(self) -> None:
        """Look up everything that the settings name. Raises PermanentFailure for what Tryton does not have."""
        settings = self._settings
        await self._directory.modules()
        for name in settings.taxes.values():
            await self._directory.tax(name)
        for name in settings.payments.values():
            await self._directory.journal(name)
        for name in settings.payment_terms.values():
            await self._directory.payment_term(name)
        for name in settings.carriers.values():
            await self._directory.carrier(name)
        for symbol in settings.units.values():
            await self._directory.unit(symbol)
        codes = [*settings.row_products.values(), settings.default_product, settings.rounding_product]
        if named := [code for code in codes if code is not None]:
            await self._directory.products(named)

    async def _payment(self, payment: PaymentPart, sale: Sale, order: OrderPart) -> Values:
        name = self._settings.payments.get(str(payment.code))
        if name is None:
            raise PermanentFailure(
                f'No payment journal is set for the payment code {payment.code} ({payment.method}). Add `"'
                f'{payment.code}" = "name of the journal in Tryton"` to {self._setting("payments")}.',
                [f"payment-code:{payment.code}"],
            )
        return {
            "company": (await self._directory.shop()).company,
            "journal": await self._directory.journal(name),
            "kind": "receivable" if payment.amount > 0 else "payable",
            "party": sale.invoice_party or sale.party,
            "amount": amount(abs(payment.amount)),
            "date": calendar_date(order.order_date),
            "reference": payment.reference,
        }

    async def _terms(self, order: OrderPart) -> Values:
        """The payment term of the first payment that has one; otherwise Tryton's own default."""
        for payment in order.payments:
            if (name := self._settings.payment_terms.get(str(payment.code))) is not None:
                return {"payment_term": await self._directory.payment_term(name)}
        return {}

    async def _carrier(self, order: OrderPart, modules: Modules) -> Values:
        """The carrier; freight has its own row, so Tryton must not reckon shipment costs."""
        method = order.shipping.method if order.shipping is not None else None
        if not self._settings.carriers or method is None:
            return {"shipment_cost_method": None} if modules.carriers else {}
        name = self._settings.carriers.get(method)
        if name is None:
            raise PermanentFailure(
                f'No carrier is set for the delivery method {method!r}. Add `"{method}" = "name of the carrier in '
                f'Tryton"` to {self._setting("carriers")}.',
                [f"delivery-method:{method}"],
            )
        return {"shipment_cost_method": None, "carrier": await self._directory.carrier(name)}


def _comment(order: OrderPart) -> str | None:
    """What the customer wrote, and what has no field of its own in Tryton."""
    pickup = order.shipping.pickup if order.shipping is not None else None
    invoice = order.invoice_reference
    parts = (
        order.comment,
        None if invoice is None else f"Invoice reference: {invoice}",
        None if pickup is None else f"Pick-up: {' '.join(filter(None, (pickup.code, pickup.name)))}",
    )
    return "\n".join(filter(None, parts)) or None
