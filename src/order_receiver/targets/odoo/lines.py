"""Rows of an order as lines of a sale, with the prices and taxes that the shop sold at."""

from decimal import ROUND_HALF_UP, Decimal

from order_receiver.orders.canonical import OrderPart, RowPart
from order_receiver.orders.outcomes import PermanentFailure
from order_receiver.settings.targets import OdooTarget
from order_receiver.targets.odoo.directory import Directory, Product
from order_receiver.targets.odoo.tables import Cells
from order_receiver.targets.rows import bundle_note, check_rows, product_code, tax_name
from order_receiver.targets.totals import is_rounding, wanted_total

_HUNDRED = Decimal(100)


class Lines:
    """Makes the lines of sales into one target."""

    def __init__(self, settings: OdooTarget, directory: Directory) -> None:
        self._settings = settings
        self._directory = directory

    async def of(self, order: OrderPart) -> list[Cells]:
        """Lines in the order of the rows.

        Raises PermanentFailure for what cannot be entered: part number, VAT rate, unit, fee without row, rows that do
        not make the total.
        """
        check_rows(order)
        await self._check_total(order)
        codes = [product_code(row, self._settings, self._directory.erp) for row in order.rows]
        products = await self._directory.products(codes)
        rows = zip(order.rows, codes, strict=True)
        return [await self._line(at, row, products[code]) for at, (row, code) in enumerate(rows, 1)]

    async def rounding(self, order: OrderPart, difference: Decimal) -> Cells | None:
        """A line without VAT for what Odoo rounds differently.

        None where no product is set for it, or where the difference is more than rounding makes.
        """
        code, step = self._settings.rounding_product, (await self._directory.names()).price_step
        if code is None or not is_rounding(difference, order.rows, step):
            return None
        product = (await self._directory.products([code]))[code]
        names = await self._directory.names()
        return {
            "sequence": str(len(order.rows) + 1),
            "product_id/.id": str(product.id),
            "name": "Rounding",
            "product_uom_qty": "1",
            f"{names.unit}/.id": str(product.uom_id[0]),
            "price_unit": format(difference, "f"),
            "discount": "0",
            f"{names.tax}/.id": "",
        }

    async def _check_total(self, order: OrderPart) -> None:
        """Before anything is made; Odoo's own total is compared once it is there."""
        digits = (await self._directory.currency(order.currency or "")).decimal_places
        wanted = wanted_total(order, digits)
        total = sum(
            (row.quantity * row.unit_price_excl_vat * (1 + row.vat_rate / _HUNDRED) for row in order.rows), Decimal(0)
        )
        if not is_rounding(wanted - total, order.rows):
            raise PermanentFailure(
                f"The order comes to {wanted}, and its rows come to {total:.2f}. Rounding does not "
                "make that much: it is a mistake in the order's prices and VAT. Nothing was made in Odoo."
            )

    async def _line(self, position: int, row: RowPart, product: Product) -> Cells:
        names = await self._directory.names()
        tax = tax_name(row, self._settings, self._directory.erp)
        price, discount = price_and_discount(row, names.price_step, names.discount_step)
        return {
            "sequence": str(position),
            "product_id/.id": str(product.id),
            "name": _name(row, product),
            "product_uom_qty": format(row.quantity, "f"),
            f"{names.unit}/.id": str(await self._unit(row, product)),
            "price_unit": format(price, "f"),
            "discount": format(discount, "f"),
            f"{names.tax}/.id": "" if tax is None else str(await self._directory.tax(tax)),
        }

    async def _unit(self, row: RowPart, product: Product) -> int:
        name = self._settings.units.get(row.unit or "")
        return product.uom_id[0] if name is None else await self._directory.unit(name)


def price_and_discount(row: RowPart, price_step: Decimal, discount_step: Decimal) -> tuple[Decimal, Decimal]:
    """The price before discount and the percentage, where they make exactly the price sold at; else that and 0."""
    sold, original = row.unit_price_excl_vat, row.original_unit_price_excl_vat
    if original > sold >= 0 and original == original.quantize(price_step):
        discount = ((1 - sold / original) * _HUNDRED).quantize(discount_step, ROUND_HALF_UP)
        if original * (1 - discount / _HUNDRED) == sold:
            return original, discount
    return sold.quantize(price_step, ROUND_HALF_UP), Decimal(0)


def _name(row: RowPart, product: Product) -> str:
    """The description, and what the line's other fields do not say; Odoo prints it."""
    return "\n".join(filter(None, (row.description or product.default_code, bundle_note(row), row.comment)))
