"""What the contract suite has to know of one ERP and its adapter."""

import asyncio
import json
import secrets
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from order_receiver.orders.document import Document
from order_receiver.orders.identity import OrderKey
from order_receiver.targets.adapter import Adapter, Submission, Update

APPLICATION = "11111111-2222-3333-4444-555555555555"
FIRST_NAME, LAST_NAME = "Zebedaios", "Quaxlund"
EMAIL = "zq4711@contract.example"
STREET = "Kvastgatan 47110"
PHONE = "+46705554711"
PERSONAL = (FIRST_NAME, LAST_NAME, EMAIL, STREET, PHONE)
"""Marks in every order of the suite that must not appear in errors and logs."""

LONGEST_WAIT = 0.2


class CannotDo(Exception):
    """The subject has no means for this; the test that needs it is skipped with these words."""


class Subject(ABC):
    """One ERP, real or as near to it as can be, together with the adapter for it. Made anew for each test.

    Only `open_adapter` and `orders_in_erp` must be given. Every further method proves more; what is not given skips
    the tests that need it.
    """

    finds = True
    """Orders can be looked for in the ERP; where not, `find` gives nothing or raises PermanentFailure."""

    @abstractmethod
    def open_adapter(self) -> Adapter:
        """A fresh adapter, as after a restart of the program; the suite closes it."""

    @abstractmethod
    async def orders_in_erp(self, key: str) -> Sequence[str]:
        """All orders that the ERP really holds under the submission key: asked of the ERP, not of the adapter."""

    def new_reference(self) -> str:
        """A client order reference that no other test has."""
        return f"7{secrets.randbelow(10**9):09d}"

    def document(self, order: OrderKey) -> Document:
        """The mapped order as the ERP takes it; with the texts of `PERSONAL` wherever it has a place for them."""
        person = {"first_name": FIRST_NAME, "last_name": LAST_NAME, "email": EMAIL, "mobile": PHONE}
        buyer = {"name": f"{FIRST_NAME} {LAST_NAME}", "person": person, "address": {"line1": STREET, "country": "SE"}}
        row = {"line": 1, "part_no": "A-1", "quantity": 2, "unit_price_excl_vat": 100.00, "vat_rate": 25}
        content = {"reference": order.client_order_ref, "currency": "SEK", "buyer": buyer, "rows": [row]}
        return Document(json.dumps(content, ensure_ascii=False).encode(), "application/json", "json")

    async def wait(self, seconds: float) -> None:
        """Let time pass before a repeat, `seconds` being what the adapter asked for; give it where a clock is set."""
        await asyncio.sleep(min(seconds, LONGEST_WAIT))

    def away(self) -> AbstractAsyncContextManager[None]:
        """The ERP cannot be reached for as long as the context lasts."""
        raise CannotDo("The subject cannot make its ERP unreachable: it has no `away`.")

    def slow(self) -> AbstractAsyncContextManager[None]:
        """The ERP takes longer than the adapter waits; what it was sent may take effect, at the latest at the end."""
        raise CannotDo("The subject cannot make its ERP slow: it has no `slow`.")

    def dies_after_taking(self) -> AbstractAsyncContextManager[None]:
        """The ERP takes the next order and is gone before it answers; it is back when the context ends."""
        raise CannotDo("The subject cannot make its ERP die after an order was taken: it has no `dies_after_taking`.")

    def refuses(self) -> AbstractAsyncContextManager[None]:
        """The ERP refuses orders for good, and quotes names of the order where it gives reasons."""
        raise CannotDo("The subject cannot make its ERP refuse an order: it has no `refuses`.")

    async def answer(self, submission: Submission, number: str) -> None:
        """The ERP tells the order's number, for `poll` to find."""
        raise CannotDo("The subject cannot make its ERP tell a number: it has no `answer`.")

    async def keeps(self, update: Update) -> bool:
        """Whether what an update was read from is still there, where a person finds it."""
        raise CannotDo("The subject cannot say what became of an update that was set aside: it has no `keeps`.")
