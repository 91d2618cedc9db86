"""Rows of an order as lines of a sale in an ERP: their product and tax, by the settings of a target."""

from collections.abc import Mapping
from typing import Protocol

from order_receiver.orders.canonical import OrderPart, RowPart
from order_receiver.orders.outcomes import PermanentFailure
from order_receiver.targets.records import Erp


class Choices(Protocol):
    """What the settings of a target say about rows."""

    @property
    def taxes(self) -> Mapping[str, str]: ...
    @property
    def row_products(self) -> Mapping[str, str]: ...
    @property
    def default_product(self) -> str | None: ...


def check_rows(order: OrderPart) -> None:
    """Raise PermanentFailure for an order without rows, or with a fee or discount that is none of them."""
    if order.fees or order.discounts:
        raise PermanentFailure(
            "The order has a fee or discount that no row represents. Its VAT is not defined, so it cannot be "
            "entered: let the shop send it as a row, or enter the order by hand."
        )
    if not order.rows:
        raise PermanentFailure("The order has no rows.")


def product_code(row: RowPart, choices: Choices, erp: Erp) -> str:
    """The code that a row's product has in the ERP. Raises PermanentFailure where there is none."""
    code = choices.row_products.get(row.type or "") or row.erp_part_no or row.part_no or choices.default_product
    if code is None:
        raise PermanentFailure(
            f"Row {row.line} of the type {row.type!r} has no part number. Name a product for the type in "
            f"{erp.setting('row_products')}, or one for all such rows in {erp.setting('default_product')}.",
            [f"row-type:{row.type}"],
        )
    return code


def tax_name(row: RowPart, choices: Choices, erp: Erp) -> str | None:
    """The name that a row's tax has in the ERP; None: no tax. Raises PermanentFailure for a rate that is not set."""
    rate = format(row.vat_rate.normalize(), "f")
    name = row.vat_code or choices.taxes.get(rate)
    if name is None and row.vat_rate != 0:
        raise PermanentFailure(
            f'No tax is set for the VAT rate {rate} % of row {row.line}. Add `"{rate}" = "name of the tax in '
            f'{erp.name}"` to {erp.setting("taxes")}.',
            [f"vat-rate:{rate}"],
        )
    return name


def bundle_note(row: RowPart) -> str | None:
    """Which bundle a row is part of."""
    return None if row.parent_line is None else f"Part of the bundle in row {row.parent_line}"
