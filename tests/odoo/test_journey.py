"""The whole way through the program: Norce's orders become sales in Odoo, and Norce hears their numbers."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
from tests.e2e.conftest import Installation, environment, norce, password_hash
from tests.erps.journey import ORDERS, ended, make_orders, totals_of, travel
from tests.odoo.prepare import PASSWORD
from tests.odoo.server import DATABASE, Odoo

from order_receiver.simulator.server import RunningNorce

__all__ = ["environment", "norce", "password_hash"]

ODOO = """\
adapter = "odoo"
url = "{url}"
database = "{database}"
user = "web"
password = {{ env = "ODOO_PASSWORD" }}
taxes = {{ "25" = "Moms 25", "12" = "Moms 12", "6" = "Moms 6" }}
row_products = {{ Freight = "FREIGHT", PackingFee = "FEE", Invoice = "FEE" }}
rounding_product = "ROUNDING"
units = {{ m = "m" }}
vat_numbers = false
"""
"""VAT numbers of the simulator are made up, and Odoo would refuse them."""


@pytest.fixture
async def installation(tmp_path: Path, password_hash: str, environment: dict[str, str]) -> AsyncIterator[Installation]:
    own = {**environment, "ODOO_PASSWORD": PASSWORD}
    async with ended(Installation(tmp_path, password_hash, own)) as installation:
        yield installation


async def test_ten_orders_become_sales_and_their_numbers_come_back(
    installation: Installation, norce: RunningNorce, odoo: Odoo
) -> None:
    orders = make_orders()
    told = await travel(installation, norce, ODOO.format(url=odoo.url, database=DATABASE), orders)
    sales = odoo.read("sale.order", [["origin", "in", list(orders)]], "name", "origin", "amount_total", "state")
    assert {str(sale["origin"]): str(sale["name"]) for sale in sales} == told
    assert {sale["origin"]: Decimal(str(sale["amount_total"])) for sale in sales} == totals_of(orders)
    assert len(sales) == ORDERS
    assert {sale["state"] for sale in sales} == {"sale"}
