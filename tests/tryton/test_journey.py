"""The whole way through the program: Norce's orders become sales in Tryton, and Norce hears their numbers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.e2e.conftest import Installation, environment, norce, password_hash
from tests.erps.journey import ORDERS, ended, make_orders, totals_of, travel
from tests.tryton.database import DATABASE, PASSWORD
from tests.tryton.server import Tryton

from order_receiver.simulator.server import RunningNorce

__all__ = ["environment", "norce", "password_hash"]

TRYTON = """\
adapter = "tryton"
url = "{url}"
database = "{database}"
user = "web"
password = {{ env = "TRYTON_PASSWORD" }}
shop = "Web"
taxes = {{ "25" = "Moms 25", "12" = "Moms 12", "6" = "Moms 6" }}
row_products = {{ Freight = "FREIGHT", PackingFee = "FEE", Invoice = "FEE" }}
rounding_product = "ROUNDING"
units = {{ m = "m" }}
vat_identifier = ""
"""
"""VAT numbers of the simulator are made up, and Tryton would refuse them."""


@pytest.fixture
async def installation(tmp_path: Path, password_hash: str, environment: dict[str, str]) -> AsyncIterator[Installation]:
    own = {**environment, "TRYTON_PASSWORD": PASSWORD}
    async with ended(Installation(tmp_path, password_hash, own)) as installation:
        yield installation


async def test_ten_orders_become_sales_and_their_numbers_come_back(
    installation: Installation, norce: RunningNorce, tryton: Tryton
) -> None:
    orders = make_orders()
    told = await travel(installation, norce, TRYTON.format(url=tryton.url, database=DATABASE), orders)
    fields = ("number", "reference", "total_amount", "state")
    sales = tryton.read("sale.sale", [["reference", "in", list(orders)]], *fields)
    assert {str(sale["reference"]): str(sale["number"]) for sale in sales} == told
    assert {sale["reference"]: sale["total_amount"] for sale in sales} == totals_of(orders)
    assert len(sales) == ORDERS
    assert {sale["state"] for sale in sales} == {"processing"}
