"""The adapter `odoo` passes the suite that every adapter passes, on the small Odoo."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec
import pytest
from aiohttp import web
from tests.erps.orders import order as make_order
from tests.erps.orders import row
from tests.integration.targets.odoo.conftest import OpenTarget
from tests.integration.targets.odoo.server import SmallOdoo

from order_receiver.orders.canonical import AddressPart, PartyPart, PersonPart
from order_receiver.orders.document import Document
from order_receiver.orders.identity import OrderKey
from order_receiver.targets.odoo.adapter import OdooAdapter
from order_receiver.testing import PERSONAL, AdapterContract, Subject

FIRST, LAST, EMAIL, STREET, PHONE = PERSONAL


@dataclass
class OdooSubject(Subject):
    """The small Odoo at the other end of a real socket."""

    odoo: SmallOdoo
    open_target: OpenTarget

    def open_adapter(self) -> OdooAdapter:
        return self.open_target(timeout=0.3).adapter

    async def orders_in_erp(self, key: str) -> Sequence[str]:
        sales = {number for name, (model, number) in self.odoo.external_ids.items() if name == f"norce.order_{key}"}
        for sale in sales:
            lines = [line for line in self.odoo.all("sale.order.line") if line["order_id"] == sale]
            assert len(lines) == 2, "a line is there twice"
        codes = [partner["ref"] for partner in self.odoo.all("res.partner")]
        assert len(codes) == len(set(codes)), "a customer is there twice"
        return [str(sale) for sale in sales]

    def document(self, order: OrderKey) -> Document:
        rows = (row(1, "ITEM001", "2", "300"), row(2, "DHL", "1", "49", type="Freight"))
        buyer = PartyPart(
            code=f"C{order.client_order_ref}",
            name=f"{FIRST} {LAST}",
            person=PersonPart(first_name=FIRST, last_name=LAST, email=EMAIL, mobile=PHONE),
            address=AddressPart(line1=STREET, postal_code="111 22", city="Stockholm", country="SE"),
        )
        made = make_order(order.client_order_ref, *rows, buyer=buyer, comment=f"To {FIRST}")
        return Document(msgspec.json.Encoder(decimal_format="number").encode(made), "application/json", "json")

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        self.odoo.before.extend([lambda: web.Response(status=502)] * 20)
        yield
        self.odoo.before.clear()

    @asynccontextmanager
    async def slow(self) -> AsyncIterator[None]:
        self.odoo.after["sale.order.load"].append(self.odoo.hang)
        yield
        self.odoo.after["sale.order.load"].clear()

    @asynccontextmanager
    async def dies_after_taking(self) -> AsyncIterator[None]:
        self.odoo.after["sale.order.load"].append(lambda: web.Response(status=502))
        yield
        self.odoo.after["sale.order.load"].clear()

    @asynccontextmanager
    async def refuses(self) -> AsyncIterator[None]:
        self.odoo.refusal = f"No sale to {FIRST} {LAST}, {STREET}: the period is closed."
        yield
        self.odoo.refusal = None


class TestOdoo(AdapterContract):
    @pytest.fixture
    def subject(self, odoo: SmallOdoo, open_target: OpenTarget) -> OdooSubject:
        return OdooSubject(odoo, open_target)
