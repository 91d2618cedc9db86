"""The adapter `tryton` passes the suite that every adapter passes, on a real Tryton."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import msgspec
import pytest
from tests.erps.gateway import Gateway, Trouble, gateway_to
from tests.erps.orders import order as make_order
from tests.erps.orders import row
from tests.tryton.conftest import OpenTarget
from tests.tryton.server import Tryton

from order_receiver.orders.canonical import AddressPart, PartyPart, PersonPart
from order_receiver.orders.document import Document
from order_receiver.orders.identity import OrderKey
from order_receiver.targets.tryton.adapter import TrytonAdapter
from order_receiver.testing import PERSONAL, AdapterContract, Subject

FIRST, LAST, EMAIL, STREET, PHONE = PERSONAL
MAKING = b'"model.sale.sale.create"'
TIMEOUT = 8.0
"""Seconds, of which a call takes one; a test waits for it to run out."""


@dataclass
class TrytonSubject(Subject):
    """A real Tryton, and a gateway in front of it that brings about what a network does."""

    tryton: Tryton
    gateway: Gateway
    open_target: OpenTarget

    def open_adapter(self) -> TrytonAdapter:
        return self.open_target(url=self.gateway.url, timeout=TIMEOUT).adapter

    async def orders_in_erp(self, key: str) -> Sequence[str]:
        sales = self.tryton.read("sale.sale", [["web_id", "=", key]], "lines")
        for sale in sales:
            assert isinstance(sale["lines"], list)
            assert len(sale["lines"]) == 2, "a line is there twice"
        return [str(sale["id"]) for sale in sales]

    def document(self, order: OrderKey) -> Document:
        """Services for one customer: they are confirmed in half the time."""
        buyer = PartyPart(
            code="CONTRACT",
            name=f"{FIRST} {LAST}",
            person=PersonPart(first_name=FIRST, last_name=LAST, email=EMAIL, mobile=PHONE),
            address=AddressPart(line1=STREET, postal_code="111 22", city="Stockholm", country="SE"),
        )
        rows = (row(1, "BUNDLE", "2", "300"), row(2, "DHL", "1", "49", type="Freight"))
        made = make_order(order.client_order_ref, *rows, buyer=buyer, comment=f"To {FIRST}")
        return Document(msgspec.json.Encoder(decimal_format="number").encode(made), "application/json", "json")

    @asynccontextmanager
    async def befallen(self, trouble: Trouble, at: bytes = b"") -> AsyncIterator[None]:
        self.gateway.befall(trouble, at)
        yield
        self.gateway.befall(None)

    def away(self) -> AbstractAsyncContextManager[None]:
        return self.befallen(Trouble.AWAY)

    def slow(self) -> AbstractAsyncContextManager[None]:
        return self.befallen(Trouble.SILENCE, MAKING)

    def dies_after_taking(self) -> AbstractAsyncContextManager[None]:
        return self.befallen(Trouble.GONE, MAKING)

    @asynccontextmanager
    async def refuses(self) -> AsyncIterator[None]:
        """The user lost its right to sales."""
        (user,) = self.tryton.read("res.user", [["login", "=", "web"]], "id")
        (group,) = self.tryton.read("res.group", [["name", "=", "Sales"]], "id")
        self.tryton.call("model.res.user.write", [user["id"]], {"groups": [["remove", [group["id"]]]]}, {})
        yield
        self.tryton.call("model.res.user.write", [user["id"]], {"groups": [["add", [group["id"]]]]}, {})


class TestTryton(AdapterContract):
    @pytest.fixture
    async def subject(self, tryton: Tryton, open_target: OpenTarget) -> AsyncIterator[TrytonSubject]:
        async with gateway_to(tryton.port) as gateway:
            yield TrytonSubject(tryton, gateway, open_target)
