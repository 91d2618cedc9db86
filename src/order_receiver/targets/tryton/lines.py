"""Rows of an order as lines of a sale, with the prices and taxes that the shop sold at."""

from decimal import Decimal

from order_receiver.orders.canonical import OrderPart, RowPart
from order_receiver.orders.outcomes import PermanentFailure
from order_receiver.settings.targets import TrytonTarget
from order_receiver.targets.rows import bundle_note, check_rows, product_code, tax_name
from order_receiver.targets.totals import is_rounding, wanted_total
from order_receiver.targets.tryton.directory import Directory, Product
from order_receiver.targets.tryton.encoding import Values, amount, link, quantity
from order_receiver.targets.tryton.totals import price, trytons_total


class Lines:
    """Makes the lines of sales into one target."""

    def __init__(self, settings: TrytonTarget, directory: Directory) -> None:
        self._settings = settings
        self._directory = directory
        self._setting = directory.erp.setting

    async def of(self, order: OrderPart) -> list[Values]:
        """Raises PermanentFailure for what cannot be entered: part number, VAT rate, unit, fee without row."""
        check_rows(order)
        codes = [product_code(row, self._settings, self._directory.erp) for row in order.rows]
        products = await self._directory.products(codes)
        rows = zip(order.rows, codes, strict=True)
        lines = [await self._line(at, row, products[code]) for at, (row, code) in enumerate(rows, 1)]
        return lines + await self._rounding(order)

    async def _rounding(self, order: OrderPart) -> list[Values]:
        """A line for what Tryton would round differently, within the same call that makes the sale.

        Raises PermanentFailure where no product is set for it, or where the totals differ by more.
        """
        currency = await self._directory.currency(order.currency or "")
        tax_by_row = await self._directory.tax_by_row()
        wanted = wanted_total(order, currency.digits)
        total = trytons_total(order.rows, currency.digits, tax_by_row=tax_by_row)
        if (difference := wanted - total) == 0:
            return []
        code = self._settings.rounding_product
        if code is None or not is_rounding(difference, order.rows):
            raise PermanentFailure(
                f"The order comes to {wanted}, and its rows would come to {total} in Tryton, which rounds each row. "
                f"Name a product for what rounding makes in {self._setting('rounding_product')}; it takes no "
                "more than that: a larger difference is a mistake in the order's prices and VAT."
            )
        product = (await self._directory.products([code]))[code]
        line: Values = {
            "type": "line",
            "sequence": len(order.rows) + 1,
            "product": product.id,
            "quantity": quantity(Decimal(1)),
            "unit": product.sale_uom,
            "unit_price": amount(difference),
            "taxes": [],
        }
        return [line]

    async def _line(self, position: int, row: RowPart, product: Product) -> Values:
        tax = tax_name(row, self._settings, self._directory.erp)
        line: Values = {
            "type": "line",
            "sequence": position,
            "product": product.id,
            "quantity": quantity(row.quantity),
            "unit": await self._unit(row, product),
            "unit_price": amount(price(row.unit_price_excl_vat)),
            "taxes": [] if tax is None else link([await self._directory.tax(tax)]),
            "description": row.description,
            "note": _note(row),
        }
        if row.original_unit_price_excl_vat > 0 and (await self._directory.modules()).discount:
            line["base_price"] = amount(price(row.original_unit_price_excl_vat))
        return line

    async def _unit(self, row: RowPart, product: Product) -> int:
        symbol = self._settings.units.get(row.unit or "")
        return product.sale_uom if symbol is None else await self._directory.unit(symbol)


def _note(row: RowPart) -> str | None:
    """What the line's own fields do not say; Tryton shows it and prints it nowhere."""
    return "\n".join(filter(None, (bundle_note(row), row.comment))) or None
